package ticketing.worker.pipeline;

import java.nio.file.Path;
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
import ticketing.worker.WorkerApplication;
import ticketing.worker.WorkerArguments;

/// How far the order of confirmation departs from the order of acceptance, through the real queue,
/// with one worker and with four. First come, first served would be a distance of zero.
///
/// A booking's place is its place among the reservations' ids, which a group gets in the order in
/// which it was decided; its distance is that to the place which its time of acceptance gives it.
final class OrderBenchmark {

  private static final int BUYERS = Integer.getInteger("benchmark.buyers", 5_000);
  private static final int SEATS = BUYERS / 2; // of the second sale
  private static final int TEN = 10; // messages of a send
  private static final int AT_ONCE = 8; // sends
  private static final Duration PATIENCE = Duration.ofMinutes(3);

  private final LocalServers servers;
  private final String database;

  private OrderBenchmark(LocalServers servers) {
    this.servers = servers;
    this.database = servers.newDatabase();
  }

  /// @param arguments the folder for the figures
  public static void main(String[] arguments) throws Exception {
    if (!Measurement.isSelected("order")) {
      return;
    }
    new OrderBenchmark(LocalServers.shared()).run().write(Path.of(arguments[0]));
    System.exit(0);
  }

  /// Workers join those that run: whoever has worked before is warm.
  private Measurement run() throws Exception {
    Measurement measurement =
        Measurement.of(
            "order",
            "mvn -Pbenchmark -Dbenchmark.parts=order"
                + (BUYERS == 5_000 ? "" : " -Dbenchmark.buyers=" + BUYERS));
    String queue = "order-" + UUID.randomUUID();
    servers.newQueues(queue);
    List<ConfigurableApplicationContext> running = new ArrayList<>(List.of(worker(queue)));
    try {
      JdbcTemplate sql = running.getFirst().getBean(JdbcTemplate.class);
      SqsAsyncClient sqs = running.getFirst().getBean(SqsAsyncClient.class);
      for (int workers : new int[] {1, 4}) {
        while (running.size() < workers) {
          running.add(worker(queue));
        }
        sell(sql, sqs, queue, BUYERS / 5, BUYERS); // warms up
        Departures forAll = sell(sql, sqs, queue, BUYERS, BUYERS);
        Departures forHalf = sell(sql, sqs, queue, BUYERS, SEATS);
        measurement = told(measurement, workers, forAll, "seats for all");
        measurement = told(measurement, workers, forHalf, "seats for half");
      }
      return measurement;
    } finally {
      running.forEach(ConfigurableApplicationContext::close);
    }
  }

  private ConfigurableApplicationContext worker(String queue) {
    return SpringApplication.run(
        WorkerApplication.class,
        WorkerArguments.of(
            servers,
            database,
            queue,
            "--ticketing.redis.timeout=10s",
            "--spring.jmx.enabled=false",
            "--logging.level.root=WARN"));
  }

  /// @param positions distances in places, sorted
  /// @param millis distances in time between the one whose turn it was and the one who was served,
  ///   sorted
  /// @param turned buyers who would have had a seat by the order of acceptance and got none
  private record Departures(
      int[] positions, double[] millis, int turned, int seats, double perSecond) {

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

  private record Served(UUID ticketId, Instant acceptedAt, Long reservation) {}

  private Departures sell(JdbcTemplate sql, SqsAsyncClient sqs, String queue, int buyers, int seats)
      throws InterruptedException {
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
    send(sqs, queue, event, buyers);
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (decided(sql, event) < buyers) {
      if (System.nanoTime() - end > 0) {
        throw new IllegalStateException("not all were decided: " + decided(sql, event));
      }
      TimeUnit.MILLISECONDS.sleep(50);
    }
    double perSecond = buyers * 1e9 / (System.nanoTime() - start);
    List<Served> all =
        sql.query(
            "SELECT id, accepted_at, reservation_id FROM tickets WHERE event_id = ?",
            (row, i) ->
                new Served(
                    UUID.fromString(row.getString(1)),
                    row.getTimestamp(2).toInstant(),
                    row.getObject(3, Long.class)),
            event);
    return departures(all, seats, perSecond);
  }

  private static Integer decided(JdbcTemplate sql, long event) {
    return sql.queryForObject(
        "SELECT COUNT(*) FROM tickets WHERE event_id = ?", Integer.class, event);
  }

  /// As ingress does under load: in tens, several sends at once, each booking a message.
  private static void send(SqsAsyncClient sqs, String queue, long event, int buyers)
      throws InterruptedException {
    String url = sqs.getQueueUrl(request -> request.queueName(queue)).join().queueUrl();
    Semaphore room = new Semaphore(AT_ONCE);
    List<CompletableFuture<?>> sends = new ArrayList<>();
    for (int from = 0; from < buyers; from += TEN) {
      room.acquire();
      List<SendMessageBatchRequestEntry> ten =
          IntStream.range(from, Math.min(from + TEN, buyers))
              .mapToObj(
                  i -> {
                    Command command =
                        new BookSeats(
                            TicketIds.newId(),
                            "buyer-" + i,
                            event,
                            "A",
                            1,
                            Instant.now().truncatedTo(ChronoUnit.MICROS));
                    return SendMessageBatchRequestEntry.builder()
                        .id(String.valueOf(i))
                        .messageBody(CommandCodec.encode(command))
                        .messageGroupId(String.valueOf(event))
                        .build();
                  })
              .toList();
      sends.add(
          sqs.sendMessageBatch(request -> request.queueUrl(url).entries(ten))
              .whenComplete((done, failure) -> room.release()));
    }
    sends.forEach(CompletableFuture::join);
  }

  private static Departures departures(List<Served> all, int seats, double perSecond) {
    List<Served> asked =
        all.stream()
            .sorted(Comparator.comparing(Served::acceptedAt).thenComparing(Served::ticketId))
            .toList();
    long turned = asked.stream().limit(seats).filter(buyer -> buyer.reservation == null).count();
    List<Served> due = asked.stream().filter(buyer -> buyer.reservation != null).toList();
    List<Served> served = due.stream().sorted(Comparator.comparing(Served::reservation)).toList();
    Map<UUID, Integer> place = new HashMap<>();
    for (int i = 0; i < due.size(); i++) {
      place.put(due.get(i).ticketId(), i);
    }
    int[] positions = new int[due.size()];
    double[] millis = new double[due.size()];
    for (int i = 0; i < served.size(); i++) {
      positions[i] = Math.abs(place.get(served.get(i).ticketId()) - i);
      millis[i] =
          Math.abs(ChronoUnit.MICROS.between(due.get(i).acceptedAt(), served.get(i).acceptedAt()))
              / 1e3;
    }
    Arrays.sort(positions);
    Arrays.sort(millis);
    return new Departures(positions, millis, (int) turned, Math.min(seats, all.size()), perSecond);
  }

  private static Measurement told(Measurement before, int workers, Departures found, String seats) {
    String on = ", %s, %s".formatted(workers == 1 ? "one worker" : workers + " workers", seats);
    System.out.printf(
        Locale.ROOT,
        "%s: places p50 %d p99 %d max %d; ms p50 %.1f p99 %.1f max %.1f; turned away %d of %d;"
            + " %.0f/s%n",
        on,
        found.position(50),
        found.position(99),
        found.position(100),
        found.milli(50),
        found.milli(99),
        found.milli(100),
        found.turned,
        found.seats,
        found.perSecond);
    List<double[]> points = new ArrayList<>();
    for (double percentile : new double[] {10, 25, 50, 75, 90, 95, 99, 99.9}) {
      points.add(new double[] {percentile, found.position(percentile)});
    }
    return before
        .with(
            Row.of("places out of order, p99" + on, found.position(99), "places")
                .withNote(
                    String.format(
                        Locale.ROOT,
                        "first come, first served: 0; p50 %d, most %d, of %,d",
                        found.position(50),
                        found.position(100),
                        found.positions.length)))
        .with(
            Row.of("time out of order, p99" + on, found.milli(99), "ms")
                .withNote(
                    String.format(
                        Locale.ROOT,
                        "p50 %.1f ms, most %.1f ms, at %,.0f decisions a second",
                        found.milli(50),
                        found.milli(100),
                        found.perSecond)))
        .with(
            Row.of("seats that went to a later buyer" + on, 100.0 * found.turned / found.seats, "%")
                .withNote("%d of %,d".formatted(found.turned, found.seats)))
        .with(new Series("places" + on, "percentile", "places out of order", points));
  }
}
