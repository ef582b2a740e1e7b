package ticketing.worker.pipeline;

import java.math.BigDecimal;
import java.nio.file.Path;
import java.sql.Timestamp;
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
import ticketing.domain.Command;
import ticketing.domain.Command.BookSeats;
import ticketing.domain.TicketIds;
import ticketing.local.servers.LocalServers;
import ticketing.redis.RedisGateway;
import ticketing.redis.RedisUnavailableException;
import ticketing.worker.WorkerApplication;
import ticketing.worker.WorkerArguments;

/// How many bookings of one hot event a worker decides in a second, beside what it replaces (a lock
/// and a transaction for each booking) and beside the most that the database could do (rows
/// inserted with no lock and no question).
///
/// All in one process, against the same servers, in turns: only the ratios mean something.
final class WorkerCoreBenchmark {

  private static final int WARM_UP = 4; // rounds
  private static final int ROUNDS = 3;
  private static final Duration TURN = Duration.ofSeconds(1);
  private static final int GROUP = 500; // bookings in a transaction, as a worker's default
  private static final int ROOM = 4 * GROUP; // bookings that wait or are in work
  private static final int BUYERS = 10; // at once, where each has a transaction; the pool's size
  private static final long RETRY_MILLIS = 100;
  private static final long LEASE_SECONDS = 10;
  private static final int PLENTY = 2_000_000; // seats
  private static final String SEAT_TYPE = "A";

  /// Does one step of the work and says how many bookings that was.
  private interface Step {
    int run(long event) throws InterruptedException;
  }

  private record Variant(String name, int threads, Step step) {}

  private final BoxOffice boxOffice;
  private final JdbcTemplate sql;
  private final TransactionTemplate transaction;
  private final RedisGateway redis;
  private final AtomicLong buyer = new AtomicLong();
  private final Semaphore room = new Semaphore(ROOM);
  private final EventBatcher<Command> lanes =
      new EventBatcher<>(GROUP, 1, (event, group, place) -> decide(event, group));

  private WorkerCoreBenchmark(ConfigurableApplicationContext worker) {
    this.boxOffice = worker.getBean(BoxOffice.class);
    this.sql = worker.getBean(JdbcTemplate.class);
    this.transaction = new TransactionTemplate(worker.getBean(PlatformTransactionManager.class));
    this.redis = worker.getBean(RedisGateway.class);
  }

  /// @param arguments the folder for the figures
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
            new Variant("core", 1, this::submitGroup),
            new Variant("setnx", BUYERS, event -> holdingKey(event, () -> bookOne(event))),
            new Variant("redisson", BUYERS, event -> holdingLock(event, () -> bookOne(event))),
            new Variant("rowLock", BUYERS, this::bookOne),
            new Variant("insertBoth", 1, event -> insert(event, true)),
            new Variant("insertReservations", 1, event -> insert(event, false)));
    Map<String, List<Double>> rates = new LinkedHashMap<>();
    for (int round = -WARM_UP; round < ROUNDS; round++) {
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
    long end = start + TURN.toNanos();
    try (ExecutorService threads = Executors.newFixedThreadPool(variant.threads())) {
      List<Future<?>> all = new ArrayList<>();
      for (int thread = 0; thread < variant.threads(); thread++) {
        all.add(
            threads.submit(
                () -> {
                  while (System.nanoTime() - end < 0) {
                    try {
                      done.addAndGet(variant.step().run(event));
                    } catch (RedisUnavailableException e) {
                      System.out.println(variant.name() + " did not get through: " + e);
                    }
                  }
                  return null;
                }));
      }
      for (Future<?> one : all) {
        one.get();
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
        PLENTY,
        PLENTY);
    long event = sql.queryForObject("SELECT MAX(id) FROM events", Long.class);
    sql.update(
        "INSERT INTO seat_types VALUES (?, ?, 10.00, ?, ?)", event, SEAT_TYPE, PLENTY, PLENTY);
    return event;
  }

  private String nextBuyer() {
    return "buyer-" + buyer.incrementAndGet();
  }

  /// Hands a group to the worker's lanes, of which a few groups may wait, as at a worker that has
  /// more to do than it can.
  private int submitGroup(long event) throws InterruptedException {
    room.acquire(GROUP);
    Instant now = Instant.now().truncatedTo(ChronoUnit.MICROS);
    for (int i = 0; i < GROUP; i++) {
      lanes.submit(event, new BookSeats(TicketIds.newId(), nextBuyer(), event, SEAT_TYPE, 1, now));
    }
    return GROUP;
  }

  private Runnable decide(long event, List<Command> group) {
    Runnable announcement = boxOffice.commit(event, group, ticketId -> null);
    return () -> {
      announcement.run();
      room.release(group.size());
    };
  }

  /// Until everything submitted is decided and announced.
  private void drain() throws InterruptedException {
    room.acquire(ROOM);
    room.release(ROOM);
  }

  /// Set if absent, with a sleep between two tries, as the brief writes it; but released by its
  /// owner alone.
  private int holdingKey(long event, Runnable work) throws InterruptedException {
    String owner = UUID.randomUUID().toString();
    Duration lease = Duration.ofSeconds(LEASE_SECONDS);
    while (!redis.<Boolean>call(client -> key(client, event).setIfAbsent(owner, lease))) {
      TimeUnit.MILLISECONDS.sleep(RETRY_MILLIS);
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

  private int holdingLock(long event, Runnable work) {
    RLock lock = redis.call(client -> client.getLock("naive-lock:event:" + event));
    lock.lock(LEASE_SECONDS, TimeUnit.SECONDS);
    try {
      work.run();
    } finally {
      lock.unlock();
    }
    return 1;
  }

  /// The brief's transaction: one booking, its seats and the eviction of the event's copy.
  private int bookOne(long event) {
    transaction.executeWithoutResult(
        status -> {
          int left =
              sql.queryForObject(
                  "SELECT available_seats FROM events WHERE id = ? FOR UPDATE",
                  Integer.class,
                  event);
          if (left < 1) {
            throw new IllegalStateException("sold out");
          }
          sql.update("UPDATE events SET available_seats = available_seats - 1 WHERE id = ?", event);
          sql.update(RESERVATION, reservation(event));
        });
    redis.call(client -> client.getBucket("naive:event-copy:" + event).delete());
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
      TicketIds.newId().toString(),
      event,
      nextBuyer(),
      BigDecimal.TEN,
      Timestamp.from(Instant.now())
    };
  }

  /// @param both the ticket's row as well, as a decision leaves it
  private int insert(long event, boolean both) {
    List<Object[]> reservations =
        IntStream.range(0, GROUP).mapToObj(i -> reservation(event)).toList();
    transaction.executeWithoutResult(
        status -> {
          sql.batchUpdate(RESERVATION, reservations);
          if (both) {
            sql.batchUpdate(
                TICKET,
                reservations.stream()
                    .map(row -> new Object[] {row[0], row[2], event, row[3], row[4], row[4]})
                    .toList());
          }
        });
    return GROUP;
  }

  private static Measurement measurement(Map<String, Double> figures) {
    Row core = Row.of("the worker's core, one hot event", figures.get("core"), "bookings/s");
    return Measurement.of("worker-core", "mvn -Pbenchmark -Dbenchmark.parts=core")
        .with(
            core.withBaseline("(a) set if absent, a transaction each", figures.get("setnx"))
                .withMinRatio(25))
        .with(
            core.withBaseline("(a) Redisson's lock, a transaction each", figures.get("redisson"))
                .withMinRatio(25))
        .with(core.withBaseline("(b) FOR UPDATE, a transaction each", figures.get("rowLock")))
        .with(
            core.withBaseline("(c) bare INSERT, reservation and ticket", figures.get("insertBoth"))
                .withMinRatio(0.8))
        .with(
            core.withBaseline(
                "(c) bare INSERT, reservation only", figures.get("insertReservations")));
  }
}
