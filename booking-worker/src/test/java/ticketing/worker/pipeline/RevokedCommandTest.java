package ticketing.worker.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.sql.Timestamp;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.springframework.boot.SpringApplication;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.TransactionDefinition;
import org.springframework.transaction.support.TransactionTemplate;
import software.amazon.awssdk.services.sqs.SqsAsyncClient;
import software.amazon.awssdk.services.sqs.model.QueueAttributeName;
import ticketing.domain.Command;
import ticketing.domain.Command.BookSeats;
import ticketing.domain.CommandCodec;
import ticketing.local.servers.LocalServers;
import ticketing.status.StatusEntry;
import ticketing.status.StatusStore;
import ticketing.worker.WorkerApplication;
import ticketing.worker.WorkerArguments;

/// What ingress has withdrawn, because it could not learn whether the queue had it, has no effect
/// when it arrives. Without the Redis lock: nothing of this may depend on it.
class RevokedCommandTest {

  private static final Duration PATIENCE = Duration.ofSeconds(20);

  private static final LocalServers SERVERS = LocalServers.shared();
  private static final String DATABASE = SERVERS.newDatabase();
  private static final String QUEUE = "withdrawals-" + UUID.randomUUID();
  private static ConfigurableApplicationContext worker;
  private static JdbcClient sql;
  private static StatusStore board;
  private static SqsAsyncClient sqs;

  @BeforeAll
  static void start() {
    SERVERS.newQueues(QUEUE);
    worker =
        SpringApplication.run(
            WorkerApplication.class,
            WorkerArguments.of(
                SERVERS,
                DATABASE,
                QUEUE,
                "--ticketing.worker.lock=false",
                "--ticketing.worker.dead-letters-every=200ms",
                "--ticketing.worker.withdrawals-every=200ms",
                "--ticketing.worker.poll-wait=1s",
                "--ticketing.worker.stop-timeout=5s"));
    sql = worker.getBean(JdbcClient.class);
    board = worker.getBean(StatusStore.class);
    sqs = worker.getBean(SqsAsyncClient.class);
  }

  @AfterAll
  static void stop() {
    worker.close();
  }

  @Test
  void itsNeighboursInTheMessageAreDecidedAndItIsForgottenByQueueAndBoard() {
    long event = event(10);
    BookSeats withdrawn = book(event, "ann", null);
    BookSeats neighbour = book(event, "bob", null);
    board.storePending(StatusEntry.pending(withdrawn)).join();
    assertThat(withdraw(withdrawn)).isTrue();
    send(QUEUE, withdrawn, neighbour);
    awaitDecided(neighbour);
    await().atMost(PATIENCE).until(() -> messages(QUEUE) == 0);
    assertThat(tickets(withdrawn)).isZero();
    await().atMost(PATIENCE).until(() -> board.find(withdrawn.ticketId()).isEmpty());
    assertThat(seatsSold(event)).isEqualTo(1);
  }

  @Test
  void theNextAttemptOfItsTicketIsDecidedOnceWheneverTheFirstArrives() {
    for (boolean firstArrivesFirst : new boolean[] {true, false}) {
      long event = event(10);
      BookSeats first = book(event, "ann", null);
      assertThat(withdraw(first)).isTrue();
      BookSeats second = book(event, "ann", first.ticketId());
      board.storePending(StatusEntry.pending(second)).join();
      List<BookSeats> order = firstArrivesFirst ? List.of(first, second) : List.of(second, first);
      order.forEach(one -> send(QUEUE, one));
      awaitDecided(second);
      await().atMost(PATIENCE).until(() -> messages(QUEUE) == 0);
      assertThat(tickets(second)).isEqualTo(1);
      assertThat(seatsSold(event)).isEqualTo(1);
      assertThat(board.find(first.ticketId()))
          .hasValueSatisfying(entry -> assertThat(entry.ticket().status().isFinal()).isTrue());
    }
  }

  @Test
  void itLeavesTheBoardToAnotherAttemptThatWaits() {
    long event = event(10);
    BookSeats first = book(event, "ann", null);
    BookSeats second = book(event, "ann", first.ticketId());
    withdraw(first);
    board.storePending(StatusEntry.pending(second)).join();
    worker.getBean(BoxOffice.class).decide(event, List.of(first));
    BookSeats other = book(event, "bob", null);
    board.storePending(StatusEntry.pending(other)).join();
    assertThat(board.find(second.ticketId()).orElseThrow().ticket().position()).isZero();
    assertThat(board.find(other.ticketId()).orElseThrow().ticket().position()).isEqualTo(1);
  }

  @Test
  void withdrawnCancellationAndConfirmationChangeNothing() {
    long event = event(10);
    BookSeats booked = book(event, "ann", null);
    BoxOffice office = worker.getBean(BoxOffice.class);
    office.decide(event, List.of(booked));
    long reservation =
        sql.sql("SELECT id FROM reservations WHERE ticket_id = ?")
            .param(booked.ticketId().toString())
            .query(Long.class)
            .single();
    List<Command> withdrawn =
        List.of(
            new Command.CancelReservation(
                UUID.randomUUID(),
                "ann",
                event,
                reservation,
                false,
                now(),
                "key",
                UUID.randomUUID()),
            new Command.ConfirmHold(
                UUID.randomUUID(), "ann", event, reservation, now(), "key", UUID.randomUUID()));
    withdrawn.forEach(one -> assertThat(withdraw(one)).isTrue());
    office.decide(event, withdrawn);
    withdrawn.forEach(one -> assertThat(tickets(one)).isZero());
    assertThat(seatsSold(event)).isEqualTo(1);
  }

  /// Both under the row's lock, whoever gets it first.
  @Test
  void eitherItIsWithdrawnOrItIsDecided() throws Exception {
    BoxOffice office = worker.getBean(BoxOffice.class);
    long event = event(200);
    int withdrawals = 0;
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < 60; i++) {
        BookSeats book = book(event, "buyer" + i, null);
        CyclicBarrier start = new CyclicBarrier(2);
        int delay = i % 6;
        Future<?> deciding =
            threads.submit(
                () -> {
                  start.await();
                  office.decide(event, List.of(book));
                  return null;
                });
        Future<Boolean> withdrawing =
            threads.submit(
                () -> {
                  start.await();
                  // So that it falls into every part of the decision.
                  Thread.sleep(delay);
                  return withdraw(book);
                });
        deciding.get();
        boolean withdrawn = withdrawing.get();
        withdrawals += withdrawn ? 1 : 0;
        assertThat(tickets(book)).as("withdrawn: %s", withdrawn).isEqualTo(withdrawn ? 0 : 1);
        // Delivered again, it stays what it was.
        office.decide(event, List.of(book));
        assertThat(tickets(book)).isEqualTo(withdrawn ? 0 : 1);
      }
    }
    assertThat(seatsSold(event)).isEqualTo(60 - withdrawals);
    System.out.println(withdrawals + " of 60 withdrawn");
  }

  @Test
  void asADeadLetterItIsNotGivenUpButDeleted() {
    String dead = QUEUE + "-dlq";
    long event = event(10);
    BookSeats alone = book(event, "ann", null);
    BookSeats besides = book(event, "bob", null);
    BookSeats lost = book(event, "eve", null);
    withdraw(alone);
    withdraw(besides);
    send(dead, alone);
    send(dead, besides, lost);
    await().atMost(PATIENCE).until(() -> tickets(lost) == 1 && messages(dead) == 1);
    assertThat(tickets(alone) + tickets(besides)).isZero();
    assertThat(
            sql.sql("SELECT reason FROM tickets WHERE id = ?")
                .param(lost.ticketId().toString())
                .query(String.class)
                .single())
        .isEqualTo("GAVE_UP");
    // It is in nobody's way.
    sqs.purgeQueue(request -> request.queueUrl(url(dead))).join();
  }

  @Test
  void itIsForgottenWhenItsMessageCannotArriveAnyMore() {
    long event = event(10);
    BookSeats old = book(event, "ann", null);
    BookSeats fresh = book(event, "ann", null);
    withdraw(old);
    withdraw(fresh);
    Instant longAgo = now().minus(Duration.ofDays(31));
    sql.sql("UPDATE revoked_commands SET created_at = ? WHERE attempt_id = ?")
        .params(Timestamp.from(longAgo), old.attemptId().toString())
        .update();
    String attempts = "SELECT attempt_id FROM revoked_commands WHERE event_id = " + event;
    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () ->
                assertThat(sql.sql(attempts).query(String.class).list())
                    .containsExactly(fresh.attemptId().toString()));
  }

  /// As ingress does it.
  ///
  /// @return false if it is decided
  private static boolean withdraw(Command command) {
    TransactionTemplate transaction =
        new TransactionTemplate(worker.getBean(PlatformTransactionManager.class));
    transaction.setIsolationLevel(TransactionDefinition.ISOLATION_READ_COMMITTED);
    return transaction.execute(
        tx -> {
          sql.sql("SELECT id FROM events WHERE id = ? FOR UPDATE")
              .param(command.eventId())
              .query(Long.class)
              .single();
          if (tickets(command) > 0) {
            return false;
          }
          sql.sql(
                  """
                  INSERT INTO revoked_commands (attempt_id, ticket_id, event_id, created_at)
                  VALUES (?, ?, ?, UTC_TIMESTAMP(6))\
                  """)
              .params(
                  command.attemptId().toString(), command.ticketId().toString(), command.eventId())
              .update();
          sql.sql("UPDATE events SET revoked_at = UTC_TIMESTAMP(6) WHERE id = ?")
              .param(command.eventId())
              .update();
          return true;
        });
  }

  private static long event(int seats) {
    sql.sql(
            """
            INSERT INTO events (event_name, total_seats, available_seats, event_date)
            VALUES ('Show', ?, ?, '2030-01-01 10:00:00')\
            """)
        .params(seats, seats)
        .update();
    long id = sql.sql("SELECT MAX(id) FROM events").query(Long.class).single();
    sql.sql("INSERT INTO seat_types VALUES (?, 'A', 10.00, ?, ?)")
        .params(id, seats, seats)
        .update();
    return id;
  }

  /// @param ticket null: a new one
  private static BookSeats book(long event, String user, UUID ticket) {
    UUID id = ticket == null ? UUID.randomUUID() : ticket;
    return new BookSeats(id, user, event, "A", 1, now(), "key", UUID.randomUUID());
  }

  private static Instant now() {
    return Instant.now().truncatedTo(ChronoUnit.MICROS);
  }

  private static void send(String queue, Command... commands) {
    String body = CommandCodec.encode(commands);
    sqs.sendMessage(request -> request.queueUrl(url(queue)).messageBody(body)).join();
  }

  private static String url(String queue) {
    return sqs.getQueueUrl(request -> request.queueName(queue)).join().queueUrl();
  }

  private static long messages(String queue) {
    Map<QueueAttributeName, String> attributes =
        sqs.getQueueAttributes(
                request ->
                    request
                        .queueUrl(url(queue))
                        .attributeNames(
                            QueueAttributeName.APPROXIMATE_NUMBER_OF_MESSAGES,
                            QueueAttributeName.APPROXIMATE_NUMBER_OF_MESSAGES_NOT_VISIBLE))
            .join()
            .attributes();
    return attributes.values().stream().mapToLong(Long::parseLong).sum();
  }

  private static void awaitDecided(Command command) {
    await().atMost(PATIENCE).until(() -> tickets(command) == 1);
  }

  private static long tickets(Command command) {
    return sql.sql("SELECT COUNT(*) FROM tickets WHERE id = ?")
        .param(command.ticketId().toString())
        .query(Long.class)
        .single();
  }

  private static long seatsSold(long event) {
    return sql.sql(
            """
            SELECT total_seats - available_seats FROM events WHERE id = ?
              AND total_seats - available_seats
                = (SELECT COUNT(*) FROM reservations WHERE event_id = events.id)\
            """)
        .param(event)
        .query(Long.class)
        .single();
  }
}
