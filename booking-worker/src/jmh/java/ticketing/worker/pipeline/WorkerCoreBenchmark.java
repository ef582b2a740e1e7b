package ticketing.worker.pipeline;

import java.math.BigDecimal;
import java.nio.file.Path;
import java.sql.Timestamp;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import org.redisson.api.RBucket;
import org.redisson.api.RLock;
import org.redisson.api.RedissonClient;
import org.redisson.client.codec.StringCodec;
import org.springframework.boot.SpringApplication;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;
import ticketing.benchmark.report.Measurement;
import ticketing.benchmark.report.Measurement.Row;
import ticketing.domain.Command.BookSeats;
import ticketing.domain.TicketIds;
import ticketing.local.servers.LocalServers;
import ticketing.redis.RedisGateway;
import ticketing.redis.RedisUnavailableException;
import ticketing.worker.WorkerApplication;
import ticketing.worker.WorkerArguments;

/// Decisions a second of one worker for one hot event. Baselines are the naive flow (one lock and
/// one transaction per booking) and the upper bound of the database (rows inserted without lock and
/// read).
///
/// All variants run in this process on the same servers in alternating turns, so only the ratios
/// apply elsewhere.
final class WorkerCoreBenchmark {

  private static final TicketIds IDS =
      new TicketIds(new byte[TicketIds.MIN_KEY_BYTES], Clock.systemUTC());

  private static final int WARM_UP_ROUNDS = 4;
  private static final int MEASURED_ROUNDS = 3;
  private static final Duration TURN_TIME = Duration.ofSeconds(1);
  private static final int BATCH_SIZE = 500; // default of a worker
  private static final int MAX_IN_FLIGHT = 4 * BATCH_SIZE;
  private static final int CONCURRENT_BUYERS = 10; // size of the connection pool
  private static final long RETRY_DELAY_MILLIS = 100;
  private static final long LEASE_SECONDS = 10;
  private static final int SEATS = 2_000_000;
  private static final String SEAT_TYPE = "A";

  /// One step of a variant. It returns the number of bookings.
  private interface Step {
    int run(long event) throws InterruptedException;
  }

  private record Variant(String name, int threads, Step step) {}

  private final JdbcTemplate sql;
  private final TransactionTemplate transaction;
  private final RedisGateway redis;
  private final AtomicLong buyer = new AtomicLong();
  private final Semaphore permits = new Semaphore(MAX_IN_FLIGHT);
  private final InMemoryCommandQueue queue = new InMemoryCommandQueue(permits::release);

  private WorkerCoreBenchmark(ConfigurableApplicationContext worker) {
    this.sql = worker.getBean(JdbcTemplate.class);
    this.transaction = new TransactionTemplate(worker.getBean(PlatformTransactionManager.class));
    this.redis = worker.getBean(RedisGateway.class);
    queue.startListener(worker);
  }

  /// @param arguments folder of the results
  public static void main(String[] arguments) throws Exception {
    if (!Measurement.isSelected("core")) {
      return;
    }
    LocalServers servers = LocalServers.shared();
    String queue = "benchmark-" + UUID.randomUUID();
    servers.newQueues(queue);
    List<String> settings =
        List.of(
            WorkerArguments.of(
                servers,
                servers.newDatabase(),
                queue,
                "--ticketing.redis.timeout=10s",
                "--logging.level.root=WARN"));
    try (ConfigurableApplicationContext worker =
        SpringApplication.run(WorkerApplication.class, settings.toArray(String[]::new))) {
      measurement(new WorkerCoreBenchmark(worker).run()).write(Path.of(arguments[0]));
    }
    System.exit(0);
  }

  private Map<String, Double> run() throws InterruptedException, ExecutionException {
    List<Variant> variants =
        List.of(
            new Variant("core", 1, this::submitBatch),
            new Variant(
                "setnx",
                CONCURRENT_BUYERS,
                event -> withSetIfAbsentLock(event, () -> bookOne(event))),
            new Variant(
                "redisson",
                CONCURRENT_BUYERS,
                event -> withRedissonLock(event, () -> bookOne(event))),
            new Variant("rowLock", CONCURRENT_BUYERS, this::bookOne),
            new Variant("insertBoth", 1, event -> insert(event, true)),
            new Variant("insertReservations", 1, event -> insert(event, false)));
    Map<String, List<Double>> rates = new LinkedHashMap<>();
    for (int round = -WARM_UP_ROUNDS; round < MEASURED_ROUNDS; round++) {
      for (Variant variant : variants) {
        double rate = measure(variant);
        if (round >= 0) {
          rates.computeIfAbsent(variant.name(), name -> new ArrayList<>()).add(rate);
        }
      }
    }
    Map<String, Double> medians = new LinkedHashMap<>();
    rates.forEach((name, all) -> medians.put(name, median(all)));
    return medians;
  }

  private static double median(List<Double> all) {
    double[] sorted = all.stream().mapToDouble(Double::doubleValue).sorted().toArray();
    return sorted[sorted.length / 2];
  }

  private double measure(Variant variant) throws InterruptedException, ExecutionException {
    long event = newEvent();
    AtomicLong done = new AtomicLong();
    long start = System.nanoTime();
    long end = start + TURN_TIME.toNanos();
    try (ExecutorService threads = Executors.newFixedThreadPool(variant.threads())) {
      List<Future<?>> all = new ArrayList<>();
      for (int thread = 0; thread < variant.threads(); thread++) {
        all.add(
            threads.submit(() -> {
              while (System.nanoTime() - end < 0) {
                try {
                  done.addAndGet(variant.step().run(event));
                } catch (RedisUnavailableException e) {
                  System.out.println("booking failed, variant=" + variant.name() + " cause=" + e);
                }
              }
              return null;
            }));
      }
      for (Future<?> future : all) {
        future.get();
      }
      drain();
    }
    double rate = done.get() * 1e9 / (System.nanoTime() - start);
    System.out.printf(Locale.ROOT, "%-20s %,10.0f bookings/s%n", variant.name(), rate);
    return rate;
  }

  private long newEvent() {
    sql.update(
        """
        INSERT INTO events (event_name, total_seats, available_seats, event_date)
        VALUES ('Hot', ?, ?, '2030-01-01 10:00:00')\
        """,
        SEATS,
        SEATS);
    long event = sql.queryForObject("SELECT MAX(id) FROM events", Long.class);
    sql.update("INSERT INTO seat_types VALUES (?, ?, 10.00, ?, ?)", event, SEAT_TYPE, SEATS, SEATS);
    return event;
  }

  private String nextBuyer() {
    return "buyer-" + buyer.incrementAndGet();
  }

  /// Submits a batch. Up to four batches are in flight, as in a worker with a backlog.
  private int submitBatch(long event) throws InterruptedException {
    permits.acquire(BATCH_SIZE);
    Instant now = Instant.now().truncatedTo(ChronoUnit.MICROS);
    queue.send(
        IntStream.range(0, BATCH_SIZE)
            .mapToObj(i -> new BookSeats(IDS.newId("buyer"), nextBuyer(), event, SEAT_TYPE, 1, now))
            .toList());
    return BATCH_SIZE;
  }

  /// Blocks until all submitted bookings are decided and published.
  private void drain() throws InterruptedException {
    permits.acquire(MAX_IN_FLIGHT);
    permits.release(MAX_IN_FLIGHT);
  }

  /// Lock by set-if-absent with a fixed retry delay. Only its owner releases it.
  private int withSetIfAbsentLock(long event, Runnable work) throws InterruptedException {
    String owner = UUID.randomUUID().toString();
    Duration lease = Duration.ofSeconds(LEASE_SECONDS);
    while (!redis.<Boolean>call(client -> key(client, event).setIfAbsent(owner, lease))) {
      TimeUnit.MILLISECONDS.sleep(RETRY_DELAY_MILLIS);
    }
    try {
      work.run();
    } finally {
      redis.call(client -> key(client, event).compareAndSet(owner, null));
    }
    return 1;
  }

  private static RBucket<String> key(RedissonClient client, long event) {
    return client.getBucket("naive:event:" + event, StringCodec.INSTANCE);
  }

  private int withRedissonLock(long event, Runnable work) {
    RLock lock = redis.call(client -> client.getLock("naive-lock:event:" + event));
    lock.lock(LEASE_SECONDS, TimeUnit.SECONDS);
    try {
      work.run();
    } finally {
      lock.unlock();
    }
    return 1;
  }

  /// Naive transaction of one booking, and eviction of the cached event.
  private int bookOne(long event) {
    transaction.executeWithoutResult(status -> {
      int available =
          sql.queryForObject(
              "SELECT available_seats FROM events WHERE id = ? FOR UPDATE", Integer.class, event);
      if (available < 1) {
        throw new IllegalStateException("sold out");
      }
      sql.update("UPDATE events SET available_seats = available_seats - 1 WHERE id = ?", event);
      sql.update(RESERVATION, reservation(event));
    });
    redis.call(client -> client.getBucket("naive:event-cache:" + event).delete());
    return 1;
  }

  private static final String RESERVATION =
      """
      INSERT INTO reservations (ticket_id, event_id, user_id, quantity, seat_type, total_price,
             status, reserved_at)
      VALUES (?, ?, ?, 1, 'A', ?, 'CONFIRMED', ?)\
      """;

  private static final String TICKET =
      """
      INSERT INTO tickets (id, action, user_id, event_id, seat_type, quantity, decision,
             reservation_id, total_price, accepted_at, decided_at)
      VALUES (?, 'BOOK', ?, ?, 'A', 1, 'CONFIRMED', 1, ?, ?, ?)\
      """;

  private Object[] reservation(long event) {
    return new Object[] {
      IDS.newId("buyer").toString(),
      event,
      nextBuyer(),
      BigDecimal.TEN,
      Timestamp.from(Instant.now())
    };
  }

  /// @param both true: also inserts the ticket row of a decision
  private int insert(long event, boolean both) {
    List<Object[]> reservations =
        IntStream.range(0, BATCH_SIZE).mapToObj(i -> reservation(event)).toList();
    transaction.executeWithoutResult(status -> {
      sql.batchUpdate(RESERVATION, reservations);
      if (both) {
        sql.batchUpdate(
            TICKET,
            reservations.stream()
                .map(row -> new Object[] {row[0], row[2], event, row[3], row[4], row[4]})
                .toList());
      }
    });
    return BATCH_SIZE;
  }

  private static Measurement measurement(Map<String, Double> figures) {
    Row core = Row.of("worker core, one hot event", figures.get("core"), "bookings/s");
    return Measurement.of("worker-core", "mvn -Pbenchmark -Dbenchmark.parts=core")
        .with(
            core.withBaseline("(a) SETNX lock, one transaction per booking", figures.get("setnx"))
                .withMinRatio(25))
        .with(
            core.withBaseline(
                    "(a) Redisson lock, one transaction per booking", figures.get("redisson"))
                .withMinRatio(25))
        .with(
            core.withBaseline(
                "(b) FOR UPDATE, one transaction per booking", figures.get("rowLock")))
        .with(
            core.withBaseline(
                    "(c) bare INSERT of reservation and ticket", figures.get("insertBoth"))
                .withMinRatio(0.8))
        .with(
            core.withBaseline("(c) bare INSERT of reservation", figures.get("insertReservations")));
  }
}
