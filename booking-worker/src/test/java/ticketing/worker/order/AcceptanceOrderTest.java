package ticketing.worker.order;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.micrometer.core.instrument.MeterRegistry;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.springframework.boot.SpringApplication;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.jdbc.core.JdbcTemplate;
import software.amazon.awssdk.services.sqs.SqsAsyncClient;
import software.amazon.awssdk.services.sqs.model.SendMessageBatchRequestEntry;
import ticketing.domain.Command;
import ticketing.domain.Command.BookSeats;
import ticketing.domain.CommandCodec;
import ticketing.domain.TicketIds;
import ticketing.local.servers.LocalServers;
import ticketing.status.StatusEntry;
import ticketing.status.StatusStore;
import ticketing.worker.WorkerApplication;
import ticketing.worker.WorkerArguments;

/// Two workers, each with a queue of its own, sell the seats of one event.
@Timeout(120)
class AcceptanceOrderTest {

  private static final Duration TIMEOUT = Duration.ofSeconds(60);
  private static final TicketIds IDS =
      new TicketIds(new byte[TicketIds.MIN_KEY_BYTES], Clock.systemUTC());

  private static LocalServers servers;
  private static List<String> queues;
  private static List<ConfigurableApplicationContext> workers;

  @BeforeAll
  static void startWorkers() {
    servers = LocalServers.shared();
    String database = servers.newDatabase();
    queues =
        IntStream.range(0, 2)
            .mapToObj(worker -> "order-" + worker + "-" + UUID.randomUUID())
            .peek(servers::newQueues)
            .toList();
    workers =
        queues.stream()
            .map(queue ->
                SpringApplication.run(
                    WorkerApplication.class,
                    WorkerArguments.of(
                        servers,
                        database,
                        queue,
                        "--ticketing.worker.order.max-stall=5s",
                        "--ticketing.worker.pipeline.max-concurrent-batches=1",
                        "--ticketing.worker.pipeline.poll-wait=1s")))
            .toList();
  }

  @AfterAll
  static void stopWorkers() {
    workers.forEach(ConfigurableApplicationContext::close);
  }

  @Test
  void earlierBuyersGetTheLastSeats() {
    long event = newEvent(10);
    List<Command> commands = accept(event, 20, Duration.ofMillis(20));
    List<Command> earlier = commands.subList(0, 10);
    long transactions = countTransactions(1);
    receive(1, commands.subList(10, 20));
    await().atMost(TIMEOUT).until(() -> countTransactions(1) > transactions);
    receive(0, earlier);
    await().atMost(TIMEOUT).until(() -> countDecided(event) == 20);
    assertThat(confirmed(event)).containsExactlyInAnyOrderElementsOf(ids(earlier));
  }

  /// The waiting line of the event contains commands that no worker receives. The only permit of
  /// the worker stays available to another event meanwhile.
  @Test
  void waitIsBoundedAndDelaysNoOtherEvent() {
    long event = newEvent(1);
    long other = newEvent(1_000);
    List<Command> commands = accept(event, 2, Duration.ofSeconds(1));
    List<Command> ofOther = accept(other, 1, Duration.ZERO);
    receive(0, List.of(commands.getLast(), ofOther.getFirst()));
    await().atMost(TIMEOUT).until(() -> countDecided(other) == 1);
    assertThat(countDecided(event)).isZero();
    await().atMost(TIMEOUT).until(() -> countDecided(event) == 1);
    assertThat(confirmed(event)).containsExactly(commands.getLast().ticketId().toString());
  }

  @Test
  void commandsAreDecidedWithoutRedis() {
    long event = newEvent(1);
    List<Command> commands = accept(event, 2, Duration.ofSeconds(1));
    long timedOut = countTimedOut();
    servers.redis().stop();
    try {
      receive(0, commands.subList(1, 2));
      await().atMost(TIMEOUT).until(() -> countDecided(event) == 1);
    } finally {
      servers.redis().start();
    }
    assertThat(countTimedOut()).isEqualTo(timedOut);
  }

  /// Transactions of a worker, also those that were rolled back because seats are scarce.
  private static long countTransactions(int worker) {
    return workers
        .get(worker)
        .getBean(MeterRegistry.class)
        .get("ticketing.transaction")
        .timer()
        .count();
  }

  private static long countTimedOut() {
    return workers
        .getFirst()
        .getBean(MeterRegistry.class)
        .get("ticketing.order.wait")
        .tag("result", "timed_out")
        .timer()
        .count();
  }

  private static void receive(int worker, List<Command> commands) {
    SqsAsyncClient sqs = workers.get(worker).getBean(SqsAsyncClient.class);
    String url =
        sqs.getQueueUrl(request -> request.queueName(queues.get(worker))).join().queueUrl();
    sqs.sendMessageBatch(request ->
            request
                .queueUrl(url)
                .entries(
                    commands.stream()
                        .map(command ->
                            SendMessageBatchRequestEntry.builder()
                                .id(command.ticketId().toString())
                                .messageBody(CommandCodec.encode(command))
                                .messageGroupId(String.valueOf(command.eventId()))
                                .build())
                        .toList()))
        .join();
  }

  private static JdbcTemplate sql() {
    return workers.getFirst().getBean(JdbcTemplate.class);
  }

  /// Other tests with the same Redis have events with low ids.
  private static long newEvent(int seats) {
    long id = ThreadLocalRandom.current().nextLong(1L << 32, 1L << 52);
    sql()
        .update(
            """
            INSERT INTO events (id, event_name, total_seats, available_seats, event_date)
            VALUES (?, 'Order', ?, ?, '2030-01-01 10:00:00')\
            """,
            id,
            seats,
            seats);
    sql().update("INSERT INTO seat_types VALUES (?, 'A', 10.00, ?, ?)", id, seats, seats);
    return id;
  }

  /// Stores pending bookings, as ingress-api does.
  private static List<Command> accept(long event, int count, Duration distance) {
    Instant first = Instant.now().truncatedTo(ChronoUnit.MICROS).minusSeconds(2);
    List<Command> commands =
        IntStream.range(0, count)
            .<Command>mapToObj(i ->
                new BookSeats(
                    IDS.newId("buyer"),
                    "buyer-" + i,
                    event,
                    "A",
                    1,
                    first.plus(distance.multipliedBy(i))))
            .toList();
    StatusStore statusStore = workers.getFirst().getBean(StatusStore.class);
    commands.forEach(command -> statusStore.storePending(StatusEntry.pending(command)).join());
    return commands;
  }

  private static int countDecided(long event) {
    return sql()
        .queryForObject("SELECT COUNT(*) FROM tickets WHERE event_id = ?", Integer.class, event);
  }

  private static List<String> confirmed(long event) {
    return sql()
        .queryForList(
            "SELECT id FROM tickets WHERE event_id = ? AND decision = 'CONFIRMED'",
            String.class,
            event);
  }

  private static List<String> ids(List<Command> commands) {
    return commands.stream().map(command -> command.ticketId().toString()).toList();
  }
}
