package ticketing.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.SpringApplication;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.jdbc.core.simple.JdbcClient;
import software.amazon.awssdk.services.sqs.SqsAsyncClient;
import software.amazon.awssdk.services.sqs.model.QueueAttributeName;
import ticketing.domain.Command;
import ticketing.domain.Command.BookSeats;
import ticketing.domain.CommandCodec;
import ticketing.domain.Reason;
import ticketing.domain.Ticket;
import ticketing.domain.TicketBoard;
import ticketing.domain.TicketIds;
import ticketing.domain.TicketStatus;
import ticketing.local.servers.LocalServers;

/// One worker, or two, on a real database, a real Redis and a real queue.
class BoxOfficeTest {

  private final LocalServers servers = LocalServers.shared();
  private final String database = servers.newDatabase();
  private final String queue = "test-" + UUID.randomUUID();
  private final List<ConfigurableApplicationContext> workers = new ArrayList<>();
  private JdbcClient sql;

  @BeforeEach
  void queues() {
    servers.newQueues(queue);
  }

  @AfterEach
  void stop() {
    workers.forEach(ConfigurableApplicationContext::close);
  }

  @Test
  void aBookingBecomesARowADecisionAndATicket() {
    worker();
    long event = event(10, null, null);
    Command book = book(event, "ann", 2);
    send(book);
    Ticket ticket = decided(book);
    assertThat(ticket.status()).isEqualTo(TicketStatus.CONFIRMED);
    assertThat(ticket.totalPrice().toString()).isEqualTo("20.00");
    Map<String, Object> row =
        sql.sql("SELECT * FROM reservations WHERE id = ?")
            .param(ticket.reservationId())
            .query()
            .singleRow();
    assertThat(row).containsEntry("user_id", "ann").containsEntry("quantity", 2);
    assertThat(row).containsEntry("ticket_id", book.ticketId().toString());
    assertThat(available(event)).isEqualTo(8);
  }

  @Test
  void redeliveredCommandGetsTheSameDecision() {
    ConfigurableApplicationContext worker = worker();
    long event = event(10, null, null);
    Command book = book(event, "ann", 2);
    BoxOffice boxOffice = worker.getBean(BoxOffice.class);
    boxOffice.decide(event, List.of(book, book));
    Ticket first = decided(book);
    boxOffice.decide(event, List.of(book));
    assertThat(decided(book)).isEqualTo(first);
    assertThat(available(event)).isEqualTo(8);
    assertThat(count("SELECT COUNT(*) FROM reservations")).isEqualTo(1);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void twoWorkersSellEachSeatOnce(boolean lock) throws Exception {
    List<BoxOffice> offices =
        List.of(
            worker("--ticketing.worker.lock=" + lock).getBean(BoxOffice.class),
            worker("--ticketing.worker.lock=" + lock).getBean(BoxOffice.class));
    long event = event(50, null, null);
    List<Command> deliveries = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      Command book = book(event, "buyer" + i, 1);
      deliveries.add(book);
      deliveries.add(book);
    }
    Collections.shuffle(deliveries, new Random(42));
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<?>> running = new ArrayList<>();
      for (int from = 0; from < deliveries.size(); from += 8) {
        List<Command> group = deliveries.subList(from, from + 8);
        BoxOffice office = offices.get(from / 8 % 2);
        running.add(threads.submit(() -> office.decide(event, group)));
      }
      for (Future<?> one : running) {
        one.get();
      }
    }
    assertThat(count("SELECT COUNT(*) FROM tickets WHERE decision = 'CONFIRMED'")).isEqualTo(50);
    assertThat(count("SELECT COUNT(*) FROM tickets WHERE reason = 'SOLD_OUT'")).isEqualTo(150);
    assertThat(count("SELECT COUNT(*) FROM reservations")).isEqualTo(50);
    assertThat(count("SELECT COUNT(DISTINCT user_id) FROM reservations")).isEqualTo(50);
    assertThat(available(event)).isZero();
    assertThat(count("SELECT available_seats FROM seat_types")).isZero();
  }

  @Test
  void limitsCountWhatAUserAlreadyHas() {
    BoxOffice office = worker().getBean(BoxOffice.class);
    long event = event(50, 4, null);
    Command first = book(event, "ann", 3);
    office.decide(event, List.of(first));
    Command tooMany = book(event, "ann", 2);
    Command fits = book(event, "ann", 1);
    office.decide(event, List.of(tooMany, fits));
    assertThat(decided(tooMany).reason()).isEqualTo(Reason.LIMIT_EXCEEDED);
    assertThat(decided(fits).status()).isEqualTo(TicketStatus.CONFIRMED);
  }

  @Test
  void aHoldThatIsNotConfirmedGivesItsSeatsBack() {
    BoxOffice office = worker("--ticketing.worker.expiry-every=100ms").getBean(BoxOffice.class);
    long event = event(5, null, 10);
    Command kept = book(event, "ann", 2);
    Command lost = book(event, "bob", 3);
    office.decide(event, List.of(kept, lost));
    assertThat(decided(kept).status()).isEqualTo(TicketStatus.HELD);
    assertThat(available(event)).isZero();
    Command confirm =
        new Command.ConfirmHold(
            TicketIds.next(), "ann", event, decided(kept).reservationId(), now(), null);
    office.decide(event, List.of(confirm));
    assertThat(decided(confirm).status()).isEqualTo(TicketStatus.CONFIRMED);
    sql.sql("UPDATE reservations SET expires_at = '2020-01-01' WHERE user_id = 'bob'").update();
    await().atMost(Duration.ofSeconds(5)).until(() -> available(event) == 3);
    assertThat(
            sql.sql("SELECT status FROM reservations ORDER BY user_id").query(String.class).list())
        .containsExactly("CONFIRMED", "EXPIRED");
    Command late =
        new Command.ConfirmHold(
            TicketIds.next(), "bob", event, decided(lost).reservationId(), now(), null);
    office.decide(event, List.of(late));
    assertThat(decided(late).reason()).isEqualTo(Reason.HOLD_EXPIRED);
  }

  @Test
  void cancellingTwiceGivesTheSeatsBackOnce() {
    BoxOffice office = worker().getBean(BoxOffice.class);
    long event = event(5, null, null);
    Command book = book(event, "ann", 2);
    office.decide(event, List.of(book));
    for (int i = 0; i < 2; i++) {
      Command cancel = cancel(event, "ann", decided(book).reservationId());
      office.decide(event, List.of(cancel));
      assertThat(decided(cancel).status()).isEqualTo(TicketStatus.CANCELLED);
    }
    assertThat(available(event)).isEqualTo(5);
    Command foreign = cancel(event, "eve", decided(book).reservationId());
    office.decide(event, List.of(foreign));
    assertThat(decided(foreign).reason()).isEqualTo(Reason.RESERVATION_NOT_FOUND);
  }

  @Test
  void aMessageThatCannotBeReadDoesNotStopTheOthers() {
    worker();
    long event = event(10, null, null);
    sendBody("this is not JSON");
    sendBody("{\"version\":99,\"commands\":[{\"action\":\"BOOK\"}]}");
    Command book = book(event, "ann", 1);
    send(book);
    assertThat(decided(book).status()).isEqualTo(TicketStatus.CONFIRMED);
  }

  @Test
  void anUnknownEventIsADecisionToo() {
    worker();
    Command book = book(4711, "ann", 1);
    send(book);
    assertThat(decided(book).reason()).isEqualTo(Reason.EVENT_NOT_FOUND);
  }

  @Test
  void aDeadLetterIsGivenUpAndDecidedWhenItIsRedriven() {
    BoxOffice office =
        worker("--ticketing.worker.dead-letters-every=200ms").getBean(BoxOffice.class);
    long event = event(10, null, null);
    Command book = book(event, "ann", 1);
    sendTo(queue + "-dlq", CommandCodec.encode(book));
    assertThat(decided(book).reason()).isEqualTo(Reason.GAVE_UP);
    assertThat(available(event)).isEqualTo(10);
    office.decide(event, List.of(book));
    assertThat(decided(book).status()).isEqualTo(TicketStatus.CONFIRMED);
    assertThat(count("SELECT COUNT(*) FROM tickets")).isEqualTo(1);
    assertThat(available(event)).isEqualTo(9);
  }

  @Test
  void aWorkerKilledAfterItsCommitLeavesOneDecisionThatIsStillAnnounced(@TempDir Path folder)
      throws Exception {
    ConfigurableApplicationContext living = worker("--ticketing.worker.queue=" + otherQueue());
    long event = event(10, null, null);
    visibility(Duration.ofSeconds(2));
    Command book = book(event, "ann", 2);
    Path log = folder.resolve("dying.log");
    Process dying =
        new ProcessBuilder(command(arguments()))
            .redirectErrorStream(true)
            .redirectOutput(log.toFile())
            .start();
    try {
      send(book);
      assertThat(dying.waitFor(60, TimeUnit.SECONDS)).as(() -> text(log)).isTrue();
      assertThat(dying.exitValue()).as(() -> text(log)).isEqualTo(DyingWorker.KILLED);
    } finally {
      dying.destroyForcibly();
    }
    assertThat(count("SELECT COUNT(*) FROM tickets")).isEqualTo(1);
    TicketBoard board = living.getBean(TicketBoard.class);
    assertThat(board.find(book.ticketId())).isEmpty();
    BlockingQueue<TicketBoard.Announced> heard = new LinkedBlockingQueue<>();
    board.listen(heard::add, () -> {});

    worker();
    TicketBoard.Announced announced;
    do {
      announced = heard.poll(20, TimeUnit.SECONDS);
      assertThat(announced).isNotNull();
    } while (!announced.ticketId().equals(book.ticketId()));
    assertThat(announced.json()).contains("CONFIRMED");
    assertThat(decided(book).status()).isEqualTo(TicketStatus.CONFIRMED);
    assertThat(count("SELECT COUNT(*) FROM tickets")).isEqualTo(1);
    assertThat(count("SELECT COUNT(*) FROM reservations")).isEqualTo(1);
    assertThat(available(event)).isEqualTo(8);
    await().atMost(Duration.ofSeconds(10)).until(this::queueIsEmpty);
  }

  private String otherQueue() {
    String other = "other-" + UUID.randomUUID();
    servers.newQueues(other);
    return other;
  }

  private void visibility(Duration time) {
    sqs()
        .setQueueAttributes(
            request ->
                request
                    .queueUrl(url(queue))
                    .attributes(
                        Map.of(
                            QueueAttributeName.VISIBILITY_TIMEOUT,
                            String.valueOf(time.toSeconds()))))
        .join();
  }

  private boolean queueIsEmpty() {
    return sqs()
        .getQueueAttributes(
            request -> request.queueUrl(url(queue)).attributeNames(QueueAttributeName.ALL))
        .join()
        .attributes()
        .entrySet()
        .stream()
        .filter(attribute -> attribute.getKey().toString().startsWith("ApproximateNumberOf"))
        .allMatch(attribute -> attribute.getValue().equals("0"));
  }

  private static List<String> command(List<String> arguments) {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                DyingWorker.class.getName()));
    command.addAll(arguments);
    return command;
  }

  private static String text(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      return e.toString();
    }
  }

  private List<String> arguments() {
    return List.of(
        "--server.port=0",
        "--spring.datasource.url=" + database,
        "--spring.datasource.username=" + servers.databaseUser(),
        "--spring.datasource.password=" + servers.databasePassword(),
        "--ticketing.redis.addresses=" + servers.redisAddress(),
        "--spring.cloud.aws.sqs.endpoint=" + servers.queueEndpoint(),
        "--spring.cloud.aws.credentials.access-key=local",
        "--spring.cloud.aws.credentials.secret-key=local",
        "--ticketing.worker.queue=" + queue,
        "--ticketing.worker.poll-wait=1s",
        "--ticketing.worker.stop-timeout=5s");
  }

  private ConfigurableApplicationContext worker(String... more) {
    List<String> arguments = new ArrayList<>(arguments());
    arguments.addAll(List.of(more));
    ConfigurableApplicationContext worker =
        SpringApplication.run(WorkerApplication.class, arguments.toArray(String[]::new));
    workers.add(worker);
    sql = worker.getBean(JdbcClient.class);
    return worker;
  }

  private long event(int seats, Integer limit, Integer holdMinutes) {
    sql.sql(
            """
            INSERT INTO events (event_name, total_seats, available_seats, event_date,
                   max_seats_per_user, hold_minutes)
            VALUES ('Show', ?, ?, '2027-01-01 10:00:00', ?, ?)\
            """)
        .params(seats, seats, limit, holdMinutes)
        .update();
    long id = count("SELECT MAX(id) FROM events");
    sql.sql("INSERT INTO seat_types VALUES (?, 'A', 10.00, ?, ?)")
        .params(id, seats, seats)
        .update();
    return id;
  }

  private static BookSeats book(long event, String user, int quantity) {
    return new BookSeats(TicketIds.next(), user, event, "A", quantity, now(), null);
  }

  private static Command cancel(long event, String user, long reservation) {
    return new Command.CancelReservation(
        TicketIds.next(), user, event, reservation, false, now(), null);
  }

  private static Instant now() {
    return Instant.now().truncatedTo(ChronoUnit.MICROS);
  }

  private void send(Command command) {
    sendBody(CommandCodec.encode(command));
  }

  private void sendBody(String body) {
    sendTo(queue, body);
  }

  private void sendTo(String queue, String body) {
    sqs().sendMessage(request -> request.queueUrl(url(queue)).messageBody(body)).join();
  }

  private SqsAsyncClient sqs() {
    return workers.getFirst().getBean(SqsAsyncClient.class);
  }

  private String url(String queue) {
    return sqs().getQueueUrl(request -> request.queueName(queue)).join().queueUrl();
  }

  private Ticket decided(Command command) {
    TicketBoard board = workers.getFirst().getBean(TicketBoard.class);
    await().atMost(Duration.ofSeconds(20)).until(() -> board.find(command.ticketId()).isPresent());
    return board.find(command.ticketId()).orElseThrow().ticket();
  }

  private int available(long event) {
    return (int) count("SELECT available_seats FROM events WHERE id = " + event);
  }

  private long count(String query) {
    return sql.sql(query).query(Long.class).single();
  }
}
