package ticketing.worker.pipeline;

import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.springframework.boot.SpringApplication;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.jdbc.core.JdbcTemplate;
import software.amazon.awssdk.services.sqs.SqsAsyncClient;
import software.amazon.awssdk.services.sqs.model.SendMessageBatchRequestEntry;
import ticketing.benchmark.report.Measurement;
import ticketing.benchmark.report.Measurement.Row;
import ticketing.benchmark.report.Measurement.Series;
import ticketing.domain.Command;
import ticketing.domain.Command.BookSeats;
import ticketing.domain.CommandCodec;
import ticketing.domain.TicketIds;
import ticketing.local.servers.LocalServers;
import ticketing.status.StatusEntry;
import ticketing.status.StatusStore;
import ticketing.worker.WorkerApplication;
import ticketing.worker.WorkerArguments;

/// Distance between the order of confirmation and the order of acceptance, with one and with four
/// workers on the embedded queue. FIFO is a distance of zero. The baseline is the same rush with
/// workers that decide in the order in which they receive commands.
///
/// The position of a booking is its rank by reservation id, because ids follow the order of
/// decision. Its distance is the difference to its rank by acceptance time.
final class OrderBenchmark {

  private static final TicketIds IDS =
      new TicketIds(new byte[TicketIds.MIN_KEY_BYTES], Clock.systemUTC());

  private static final int BUYERS = Integer.getInteger("benchmark.buyers", 5_000);
  private static final int HALF_OF_THE_SEATS = BUYERS / 2;
  private static final int MAX_SEND_BATCH_SIZE = 10;
  private static final int MAX_CONCURRENT_SENDS = 8;
  private static final int MAX_LATER_MILLIS = 100;
  private static final double MAX_LATER_PERCENT = 1;
  private static final Duration DECISION_TIMEOUT = Duration.ofMinutes(3);

  private final LocalServers servers;
  private final String database;

  private OrderBenchmark(LocalServers servers) {
    this.servers = servers;
    this.database = servers.newDatabase();
  }

  /// @param arguments folder of the results
  public static void main(String[] arguments) throws Exception {
    if (!Measurement.isSelected("order")) {
      return;
    }
    new OrderBenchmark(LocalServers.shared()).run().write(Path.of(arguments[0]));
    System.exit(0);
  }

  private Measurement run() throws Exception {
    Measurement measurement =
        Measurement.of(
            "order",
            "mvn -Pbenchmark -Dbenchmark.parts=order"
                + (BUYERS == 5_000 ? "" : " -Dbenchmark.buyers=" + BUYERS));
    String queue = "order-" + UUID.randomUUID();
    servers.newQueues(queue);
    List<ConfigurableApplicationContext> running = new ArrayList<>();
    try {
      for (Workers workers :
          List.of(new Workers(1, true), new Workers(4, false), new Workers(4, true))) {
        running.forEach(ConfigurableApplicationContext::close);
        running.clear();
        while (running.size() < workers.count) {
          running.add(worker(queue, workers.inOrder));
        }
        sell(running.getFirst(), queue, BUYERS, BUYERS); // warms up
        OrderFigures forAll = sell(running.getFirst(), queue, BUYERS, BUYERS);
        OrderFigures forHalf = sell(running.getFirst(), queue, BUYERS, HALF_OF_THE_SEATS);
        measurement = withRows(measurement, workers, forAll, "seats for all");
        measurement = withRows(measurement, workers, forHalf, "seats for half");
      }
      return measurement;
    } finally {
      running.forEach(ConfigurableApplicationContext::close);
    }
  }

  /// @param inOrder false: in the order of receipt
  private record Workers(int count, boolean inOrder) {

    @Override
    public String toString() {
      return (count == 1 ? "1 worker" : count + " workers")
          + (inOrder ? "" : " in order of receipt");
    }
  }

  private ConfigurableApplicationContext worker(String queue, boolean inOrder) {
    return SpringApplication.run(
        WorkerApplication.class,
        WorkerArguments.of(
            servers,
            database,
            queue,
            "--ticketing.worker.order.enabled=" + inOrder,
            "--ticketing.redis.timeout=10s",
            "--spring.jmx.enabled=false",
            "--logging.level.root=WARN"));
  }

  /// Figures of one sale.
  ///
  /// @param positions distances in positions, sorted
  /// @param millis distances in acceptance time between the expected and the actual booking of a
  ///   position, sorted
  /// @param overtaken buyers without a seat who would have one in FIFO order
  /// @param overtakenLate those whose seat has a buyer who was accepted more than 100 ms later
  /// @param rate decisions a second
  private record OrderFigures(
      int[] positions, double[] millis, int overtaken, int overtakenLate, int seats, double rate) {

    int position(double percentile) {
      return positions[index(percentile, positions.length)];
    }

    double milli(double percentile) {
      return millis[index(percentile, millis.length)];
    }

    private static int index(double percentile, int length) {
      return (int) Math.ceil(percentile / 100 * length) - 1;
    }
  }

  private record DecidedTicket(UUID ticketId, Instant acceptedAt, Long reservation) {}

  private OrderFigures sell(
      ConfigurableApplicationContext worker, String queue, int buyers, int seats)
      throws InterruptedException {
    JdbcTemplate sql = worker.getBean(JdbcTemplate.class);
    sql.update(
        """
        INSERT INTO events (event_name, total_seats, available_seats, event_date)
        VALUES ('Order', ?, ?, '2030-01-01 10:00:00')\
        """,
        seats,
        seats);
    long event = sql.queryForObject("SELECT MAX(id) FROM events", Long.class);
    sql.update("INSERT INTO seat_types VALUES (?, 'A', 10.00, ?, ?)", event, seats, seats);
    long start = System.nanoTime();
    send(
        worker.getBean(StatusStore.class),
        worker.getBean(SqsAsyncClient.class),
        queue,
        event,
        buyers);
    long deadline = System.nanoTime() + DECISION_TIMEOUT.toNanos();
    while (decided(sql, event) < buyers) {
      if (System.nanoTime() - deadline > 0) {
        throw new IllegalStateException(
            "undecided bookings remain, decided=" + decided(sql, event));
      }
      TimeUnit.MILLISECONDS.sleep(50);
    }
    double rate = buyers * 1e9 / (System.nanoTime() - start);
    List<DecidedTicket> all =
        sql.query(
            "SELECT id, accepted_at, reservation_id FROM tickets WHERE event_id = ?",
            (row, i) ->
                new DecidedTicket(
                    UUID.fromString(row.getString(1)),
                    row.getTimestamp(2).toInstant(),
                    row.getObject(3, Long.class)),
            event);
    return figures(all, seats, rate);
  }

  private static Integer decided(JdbcTemplate sql, long event) {
    return sql.queryForObject(
        "SELECT COUNT(*) FROM tickets WHERE event_id = ?", Integer.class, event);
  }

  /// Stores each booking, then sends one message per booking in batches of ten, with concurrent
  /// sends, as ingress-api does.
  private static void send(
      StatusStore statusStore, SqsAsyncClient sqs, String queue, long event, int buyers)
      throws InterruptedException {
    String url = sqs.getQueueUrl(request -> request.queueName(queue)).join().queueUrl();
    Semaphore permits = new Semaphore(MAX_CONCURRENT_SENDS);
    List<CompletableFuture<?>> sends = new ArrayList<>();
    for (int from = 0; from < buyers; from += MAX_SEND_BATCH_SIZE) {
      permits.acquire();
      List<Command> commands =
          IntStream.range(from, Math.min(from + MAX_SEND_BATCH_SIZE, buyers))
              .<Command>mapToObj(i ->
                  new BookSeats(
                      IDS.newId("buyer"),
                      "buyer-" + i,
                      event,
                      "A",
                      1,
                      Instant.now().truncatedTo(ChronoUnit.MICROS)))
              .toList();
      List<SendMessageBatchRequestEntry> batch =
          commands.stream()
              .map(command ->
                  SendMessageBatchRequestEntry.builder()
                      .id(command.ticketId().toString())
                      .messageBody(CommandCodec.encode(command))
                      .messageGroupId(String.valueOf(event))
                      .build())
              .toList();
      CompletableFuture<?>[] stored =
          commands.stream()
              .map(StatusEntry::pending)
              .map(statusStore::storePending)
              .toArray(CompletableFuture[]::new);
      sends.add(
          CompletableFuture.allOf(stored)
              .thenCompose(
                  _ -> sqs.sendMessageBatch(request -> request.queueUrl(url).entries(batch)))
              .whenComplete((done, failure) -> permits.release()));
    }
    sends.forEach(CompletableFuture::join);
  }

  private static OrderFigures figures(List<DecidedTicket> all, int seats, double rate) {
    List<DecidedTicket> byAcceptance =
        all.stream()
            .sorted(
                Comparator.comparing(DecidedTicket::acceptedAt)
                    .thenComparing(DecidedTicket::ticketId))
            .toList();
    List<DecidedTicket> overtaken =
        byAcceptance.stream().limit(seats).filter(buyer -> buyer.reservation == null).toList();
    List<DecidedTicket> later =
        byAcceptance.stream().skip(seats).filter(buyer -> buyer.reservation != null).toList();
    int late = 0;
    for (int i = 0; i < overtaken.size(); i++) {
      if (ChronoUnit.MILLIS.between(overtaken.get(i).acceptedAt(), later.get(i).acceptedAt())
          > MAX_LATER_MILLIS) {
        late++;
      }
    }
    List<DecidedTicket> expected =
        byAcceptance.stream().filter(buyer -> buyer.reservation != null).toList();
    List<DecidedTicket> actual =
        expected.stream().sorted(Comparator.comparing(DecidedTicket::reservation)).toList();
    Map<UUID, Integer> rank = new HashMap<>();
    for (int i = 0; i < expected.size(); i++) {
      rank.put(expected.get(i).ticketId(), i);
    }
    int[] positions = new int[expected.size()];
    double[] millis = new double[expected.size()];
    for (int i = 0; i < actual.size(); i++) {
      positions[i] = Math.abs(rank.get(actual.get(i).ticketId()) - i);
      millis[i] =
          Math.abs(
                  ChronoUnit.MICROS.between(
                      expected.get(i).acceptedAt(), actual.get(i).acceptedAt()))
              / 1e3;
    }
    Arrays.sort(positions);
    Arrays.sort(millis);
    return new OrderFigures(
        positions, millis, overtaken.size(), late, Math.min(seats, all.size()), rate);
  }

  private static Measurement withRows(
      Measurement before, Workers workers, OrderFigures found, String seats) {
    String suffix = ", %s, %s".formatted(workers, seats);
    System.out.printf(
        Locale.ROOT,
        "%s: positions p50 %d p99 %d max %d; ms p50 %.1f p99 %.1f max %.1f; overtaken %d of %d;"
            + " %d of them by more than %d ms; %.0f/s%n",
        suffix,
        found.position(50),
        found.position(99),
        found.position(100),
        found.milli(50),
        found.milli(99),
        found.milli(100),
        found.overtaken,
        found.seats,
        found.overtakenLate,
        MAX_LATER_MILLIS,
        found.rate);
    List<double[]> points = new ArrayList<>();
    for (double percentile : new double[] {10, 25, 50, 75, 90, 95, 99, 99.9}) {
      points.add(new double[] {percentile, found.position(percentile)});
    }
    return before
        .with(
            Row.of("positions out of order, p99" + suffix, found.position(99), "positions")
                .withNote(
                    String.format(
                        Locale.ROOT,
                        "FIFO: 0; p50 %d, max %d, of %,d",
                        found.position(50),
                        found.position(100),
                        found.positions.length)))
        .with(
            Row.of("time out of order, p99" + suffix, found.milli(99), "ms")
                .withNote(
                    String.format(
                        Locale.ROOT,
                        "p50 %.1f ms, max %.1f ms, at %,.0f decisions a second",
                        found.milli(50),
                        found.milli(100),
                        found.rate)))
        .with(
            Row.of(
                    "seats sold to a later buyer" + suffix,
                    100.0 * found.overtaken / found.seats,
                    "%")
                .withNote("%d of %,d".formatted(found.overtaken, found.seats)))
        .with(laterRow(workers, found, suffix))
        .with(new Series("positions" + suffix, "percentile", "positions out of order", points));
  }

  private static Row laterRow(Workers workers, OrderFigures found, String suffix) {
    Row row =
        Row.of(
                "seats sold to a buyer who was more than %d ms later%s"
                    .formatted(MAX_LATER_MILLIS, suffix),
                100.0 * found.overtakenLate / found.seats,
                "%")
            .withNote("%d of %,d".formatted(found.overtakenLate, found.seats));
    return workers.inOrder ? row.withMax(MAX_LATER_PERCENT) : row;
  }
}
