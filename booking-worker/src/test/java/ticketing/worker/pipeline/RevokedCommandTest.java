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

/// A revoked command has no effect. The Redis lock is disabled, because the rule must not depend on
/// it.
class RevokedCommandTest {

  private static final Duration TIMEOUT = Duration.ofSeconds(20);

  private static final LocalServers SERVERS = LocalServers.shared();
  private static final String DATABASE = SERVERS.newDatabase();
  private static final String QUEUE = "revoked-" + UUID.randomUUID();
  private static ConfigurableApplicationContext worker;
  private static JdbcClient sql;
  private static StatusStore store;
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
                "--ticketing.worker.lock.enabled=false",
                "--ticketing.worker.maintenance.dead-letter-interval=200ms",
                "--ticketing.worker.maintenance.revoked-commands-interval=200ms",
                "--ticketing.worker.maintenance.revoked-commands-batch-size=2",
                "--ticketing.worker.pipeline.poll-wait=1s",
                "--ticketing.worker.pipeline.stop-timeout=5s"));
    sql = worker.getBean(JdbcClient.class);
    store = worker.getBean(StatusStore.class);
    sqs = worker.getBean(SqsAsyncClient.class);
  }

  @AfterAll
  static void stop() {
    worker.close();
  }

  @Test
  void otherCommandsOfTheMessageAreDecided() {
    long event = event(10);
    BookSeats revoked = book(event, "ann", null);
    BookSeats other = book(event, "bob", null);
    store.storePending(StatusEntry.pending(revoked)).join();
    assertThat(revoke(revoked)).isTrue();
    send(QUEUE, revoked, other);
    awaitDecided(other);
    await().atMost(TIMEOUT).until(() -> messages(QUEUE) == 0);
    assertThat(tickets(revoked)).isZero();
    await().atMost(TIMEOUT).until(() -> store.find(revoked.ticketId()).isEmpty());
    assertThat(seatsSold(event)).isEqualTo(1);
  }

  @Test
  void nextAttemptIsDecidedOnceInAnyOrder() {
    for (boolean firstArrivesFirst : new boolean[] {true, false}) {
      long event = event(10);
      BookSeats first = book(event, "ann", null);
      assertThat(revoke(first)).isTrue();
      BookSeats second = book(event, "ann", first.ticketId());
      store.storePending(StatusEntry.pending(second)).join();
      List<BookSeats> order = firstArrivesFirst ? List.of(first, second) : List.of(second, first);
      order.forEach(one -> send(QUEUE, one));
      awaitDecided(second);
      await().atMost(TIMEOUT).until(() -> messages(QUEUE) == 0);
      assertThat(tickets(second)).isEqualTo(1);
      assertThat(seatsSold(event)).isEqualTo(1);
      assertThat(store.find(first.ticketId()))
          .hasValueSatisfying(entry -> assertThat(entry.ticket().status().isFinal()).isTrue());
    }
  }

  @Test
  void pendingEntryOfAnotherAttemptIsKept() {
    long event = event(10);
    BookSeats first = book(event, "ann", null);
    BookSeats second = book(event, "ann", first.ticketId());
    revoke(first);
    store.storePending(StatusEntry.pending(second)).join();
    decide(event, List.of(first));
    BookSeats other = book(event, "bob", null);
    store.storePending(StatusEntry.pending(other)).join();
    assertThat(store.find(second.ticketId()).orElseThrow().ticket().position()).isZero();
    assertThat(store.find(other.ticketId()).orElseThrow().ticket().position()).isEqualTo(1);
  }

  @Test
  void revokedCancellationAndConfirmationHaveNoEffect() {
    long event = event(10);
    BookSeats booked = book(event, "ann", null);
    decide(event, List.of(booked));
    long reservation =
        sql.sql("SELECT id FROM reservations WHERE ticket_id = ?")
            .param(booked.ticketId().toString())
            .query(Long.class)
            .single();
    List<Command> revoked =
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
    revoked.forEach(one -> assertThat(revoke(one)).isTrue());
    decide(event, revoked);
    revoked.forEach(one -> assertThat(tickets(one)).isZero());
    assertThat(seatsSold(event)).isEqualTo(1);
  }

  @Test
  void commandIsEitherRevokedOrDecided() throws Exception {
    long event = event(200);
    int revocations = 0;
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < 60; i++) {
        BookSeats book = book(event, "buyer" + i, null);
        CyclicBarrier start = new CyclicBarrier(2);
        int delay = i % 6;
        Future<?> deciding =
            threads.submit(() -> {
              start.await();
              decide(event, List.of(book));
              return null;
            });
        Future<Boolean> revoking =
            threads.submit(() -> {
              start.await();
              // The delays cover every step of the decision.
              Thread.sleep(delay);
              return revoke(book);
            });
        deciding.get();
        boolean revoked = revoking.get();
        revocations += revoked ? 1 : 0;
        assertThat(tickets(book)).as("revoked: %s", revoked).isEqualTo(revoked ? 0 : 1);
        // A redelivery changes no decision.
        decide(event, List.of(book));
        assertThat(tickets(book)).isEqualTo(revoked ? 0 : 1);
      }
    }
    assertThat(seatsSold(event)).isEqualTo(60 - revocations);
  }

  @Test
  void revokedDeadLetterIsDeleted() {
    String dead = QUEUE + "-dlq";
    long event = event(10);
    BookSeats alone = book(event, "ann", null);
    BookSeats together = book(event, "bob", null);
    BookSeats lost = book(event, "eve", null);
    revoke(alone);
    revoke(together);
    send(dead, alone);
    send(dead, together, lost);
    await().atMost(TIMEOUT).until(() -> tickets(lost) == 1 && messages(dead) == 1);
    assertThat(tickets(alone) + tickets(together)).isZero();
    assertThat(
            sql.sql("SELECT reason FROM tickets WHERE id = ?")
                .param(lost.ticketId().toString())
                .query(String.class)
                .single())
        .isEqualTo("GAVE_UP");
    // The message would be visible in other tests.
    sqs.purgeQueue(request -> request.queueUrl(url(dead))).join();
  }

  @Test
  void revocationsAreDeletedAfterTheRetention() {
    long event = event(10);
    BookSeats fresh = book(event, "ann", null);
    revoke(fresh);
    Instant longAgo = now().minus(Duration.ofDays(31));
    for (int i = 0; i < 5; i++) {
      BookSeats old = book(event, "ann", null);
      revoke(old);
      sql.sql("UPDATE revoked_commands SET created_at = ? WHERE attempt_id = ?")
          .params(Timestamp.from(longAgo), old.attemptId().toString())
          .update();
    }
    String attempts = "SELECT attempt_id FROM revoked_commands WHERE event_id = " + event;
    await()
        .atMost(TIMEOUT)
        .untilAsserted(() ->
            assertThat(sql.sql(attempts).query(String.class).list())
                .containsExactly(fresh.attemptId().toString()));
  }

  private static void decide(long event, List<? extends Command> commands) {
    worker
        .getBean(DecisionPublisher.class)
        .publish(worker.getBean(BoxOffice.class).decide(event, commands));
  }

  /// Revokes a command like the ingress API.
  ///
  /// @return false if the command is decided
  private static boolean revoke(Command command) {
    TransactionTemplate transaction =
        new TransactionTemplate(worker.getBean(PlatformTransactionManager.class));
    transaction.setIsolationLevel(TransactionDefinition.ISOLATION_READ_COMMITTED);
    return transaction.execute(tx -> {
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
          .params(command.attemptId().toString(), command.ticketId().toString(), command.eventId())
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

  /// @param ticket null: a new ticket
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
        sqs.getQueueAttributes(request ->
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
    await().atMost(TIMEOUT).until(() -> tickets(command) == 1);
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
