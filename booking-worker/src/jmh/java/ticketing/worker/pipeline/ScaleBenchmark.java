package ticketing.worker.pipeline;

import io.micrometer.core.instrument.MeterRegistry;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.redisson.client.codec.StringCodec;
import org.springframework.boot.SpringApplication;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.jdbc.core.JdbcTemplate;
import ticketing.benchmark.report.Measurement;
import ticketing.benchmark.report.Measurement.Row;
import ticketing.benchmark.report.Measurement.Series;
import ticketing.domain.Command;
import ticketing.domain.Command.BookSeats;
import ticketing.domain.TicketIds;
import ticketing.local.servers.LocalServers;
import ticketing.redis.RedisGateway;
import ticketing.worker.WorkerApplication;
import ticketing.worker.WorkerArguments;

/// Cost of one decision by length of the backlog, by number of events, and with two workers. The
/// backlog is a queue in memory. The waiting lines in Redis are as long as the backlog.
final class ScaleBenchmark {

  private static final TicketIds IDS =
      new TicketIds(new byte[TicketIds.MIN_KEY_BYTES], Clock.systemUTC());

  private static final int STANDARD_BACKLOG = 100_000;
  private static final int MAX_BACKLOG = Integer.getInteger("benchmark.backlog", STANDARD_BACKLOG);

  /// Minimum number of decisions of a figure.
  private static final int MIN_DECISIONS = Integer.getInteger("benchmark.decisions", 15_000);

  private static final int EVENTS_OF_TWO_WORKERS = 100;
  private static final double MAX_RATIO = 1.2;
  private static final int SEATS = 2_000_000;
  private static final int SERIES_POINTS = 50;
  private static final int WAITING_LINE_BATCH_SIZE = 10_000;

  private final ConfigurableApplicationContext worker;
  private final JdbcTemplate sql;
  private final RedisGateway redis;
  private final LocalServers servers;

  private ScaleBenchmark(ConfigurableApplicationContext worker, LocalServers servers) {
    this.worker = worker;
    this.sql = worker.getBean(JdbcTemplate.class);
    this.redis = worker.getBean(RedisGateway.class);
    this.servers = servers;
  }

  /// @param arguments folder of the results; in a worker process, the settings of the worker
  public static void main(String[] arguments) throws Exception {
    if (arguments.length > 1) {
      serve(arguments);
      System.exit(0);
    }
    if (!Measurement.isSelected("scale")) {
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
      ScaleBenchmark benchmark = new ScaleBenchmark(worker, servers);
      benchmark.measure(settings).write(Path.of(arguments[0]));
    }
    System.exit(0);
  }

  private Measurement measure(List<String> settings) throws Exception {
    Measurement measurement =
        Measurement.of(
            MAX_BACKLOG == STANDARD_BACKLOG ? "scale" : "scale-large",
            "mvn -Pbenchmark -Dbenchmark.parts=scale"
                + (MAX_BACKLOG == STANDARD_BACKLOG ? "" : " -Dbenchmark.backlog=" + MAX_BACKLOG));
    drain(commands(events(1), MIN_DECISIONS, 0), null); // warm-up
    drain(commands(events(EVENTS_OF_TWO_WORKERS), MIN_DECISIONS, 0), null);
    measurement = measureBacklogs(measurement);
    measurement = measureEvents(measurement);
    return measureWorkers(measurement, settings);
  }

  private Measurement measureBacklogs(Measurement before) throws InterruptedException {
    Measurement measurement = before;
    double shortest = 0;
    List<double[]> points = new ArrayList<>();
    for (int backlog = 1_000; backlog <= MAX_BACKLOG; backlog *= 10) {
      Turn turn = new Turn();
      List<double[]> windows = new ArrayList<>();
      for (int done = 0; done < Math.max(backlog, MIN_DECISIONS); done += backlog) {
        turn.add(drain(commands(events(1), backlog, backlog), windows));
      }
      shortest = backlog == 1_000 ? turn.micros() : shortest;
      points.add(new double[] {backlog, turn.micros()});
      measurement =
          measurement.with(
              flatRow(
                  "decision, backlog of %,d".formatted(backlog),
                  turn,
                  "backlog of 1,000",
                  shortest));
      if (backlog * 10 > MAX_BACKLOG) {
        measurement =
            measurement.with(
                new Series(
                    "backlog of %,d during its drain".formatted(backlog),
                    "decided so far",
                    "µs per decision",
                    windows));
      }
    }
    return measurement.with(new Series("one event", "backlog", "µs per decision", points));
  }

  private Measurement measureEvents(Measurement before) throws InterruptedException {
    Measurement measurement = before;
    double one = 0;
    List<double[]> points = new ArrayList<>();
    for (int count : new int[] {1, 10, 100, 1_000}) {
      Turn turn = new Turn();
      turn.add(drain(commands(events(count), MIN_DECISIONS, MIN_DECISIONS / count), null));
      one = count == 1 ? turn.micros() : one;
      points.add(new double[] {count, turn.micros()});
      measurement =
          measurement.with(
              flatRow(
                  count == 1
                      ? "decision, 1 event"
                      : "decision, %,d concurrent events".formatted(count),
                  turn,
                  "one event",
                  one));
    }
    return measurement.with(
        new Series("backlog of %,d".formatted(MIN_DECISIONS), "events", "µs per decision", points));
  }

  private static Row flatRow(String figure, Turn turn, String baseline, double baselineMicros) {
    Row row = Row.of(figure, turn.micros(), "µs").withBaseline(baseline, baselineMicros);
    System.out.printf(Locale.ROOT, "%-45s %8.1f µs  %s%n", figure, turn.micros(), turn.processor());
    return row.withMaxRatio(MAX_RATIO).withNote(turn.processor());
  }

  /// Sum of one or more drained backlogs.
  private final class Turn {
    private int decisions;
    private int batches;
    private long nanos;
    private final Map<String, Duration> processor = new HashMap<>();

    void add(Drained drained) {
      decisions += drained.decisions;
      batches += drained.batches;
      nanos += drained.nanos;
      drained.processor.forEach((name, time) -> processor.merge(name, time, Duration::plus));
    }

    double micros() {
      return nanos / 1e3 / decisions;
    }

    /// Mean batch size, and processor time of a decision by process.
    String processor() {
      StringBuilder text =
          new StringBuilder(
              String.format(
                  Locale.ROOT,
                  "%.0f commands in a batch; processor time",
                  (double) decisions / batches));
      for (String name : new String[] {"worker", "MariaDB", "Redis"}) {
        Duration time = processor.get(name);
        if (time != null) {
          text.append(
              String.format(Locale.ROOT, " %s %.0f µs", name, time.toNanos() / 1e3 / decisions));
        }
      }
      return text.toString();
    }
  }

  private record Drained(int decisions, int batches, long nanos, Map<String, Duration> processor) {}

  /// Decides a backlog of a queue in memory.
  ///
  /// @param windows receives the cost during the drain; or null
  private Drained drain(List<Command> backlog, List<double[]> windows) throws InterruptedException {
    Map<String, Duration> before = processorTimes();
    AtomicInteger decided = new AtomicInteger();
    int window = Math.max(1, backlog.size() / SERIES_POINTS);
    long start = System.nanoTime();
    long[] since = {start};
    int[] mark = {0};
    CountDownLatch acknowledged = new CountDownLatch(backlog.size());
    InMemoryCommandQueue queue =
        new InMemoryCommandQueue(count -> {
          int now = decided.addAndGet(count);
          if (windows != null) {
            synchronized (windows) {
              if (now - mark[0] >= window) {
                long time = System.nanoTime();
                windows.add(new double[] {now, (time - since[0]) / 1e3 / (now - mark[0])});
                since[0] = time;
                mark[0] = now;
              }
            }
          }
          for (int i = 0; i < count; i++) {
            acknowledged.countDown();
          }
        });
    long batchesBefore = countBatches();
    queue.send(backlog);
    CommandListener listener = queue.startListener(worker);
    long nanos;
    try {
      if (!acknowledged.await(10, TimeUnit.MINUTES)) {
        throw new IllegalStateException(
            decided.get() + " of " + backlog.size() + " commands were decided");
      }
      nanos = System.nanoTime() - start;
    } finally {
      listener.stop();
    }
    Map<String, Duration> used = processorTimes();
    used.replaceAll((name, time) -> time.minus(before.getOrDefault(name, Duration.ZERO)));
    return new Drained(
        backlog.size(), Math.toIntExact(countBatches() - batchesBefore), nanos, used);
  }

  private long countBatches() {
    return worker.getBean(MeterRegistry.class).get("ticketing.batch.size").summary().count();
  }

  private Map<String, Duration> processorTimes() {
    Map<String, Duration> times =
        servers == null ? new HashMap<>() : new HashMap<>(servers.processorTimes());
    times.put(
        "worker",
        ProcessHandle.current()
            .info()
            .totalCpuDuration()
            .orElse(Duration.ofMillis(ManagementFactory.getRuntimeMXBean().getUptime())));
    return times;
  }

  /// Creates events with seats for all bookings.
  private List<Long> events(int count) {
    List<Long> ids = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      sql.update(
          """
          INSERT INTO events (event_name, total_seats, available_seats, event_date,
                 max_seats_per_user)
          VALUES ('Scale', ?, ?, '2030-01-01 10:00:00', 4)\
          """,
          SEATS,
          SEATS);
      long id = sql.queryForObject("SELECT MAX(id) FROM events", Long.class);
      sql.update("INSERT INTO seat_types VALUES (?, 'A', 10.00, ?, ?)", id, SEATS, SEATS);
      ids.add(id);
    }
    return ids;
  }

  /// @param line number of tickets in the waiting line of each event
  private List<Command> commands(List<Long> events, int count, int line) {
    Instant now = Instant.now().truncatedTo(ChronoUnit.MICROS);
    List<Command> commands =
        IntStream.range(0, count)
            .<Command>mapToObj(i ->
                new BookSeats(
                    IDS.newId("buyer"),
                    UUID.randomUUID().toString(),
                    events.get(i % events.size()),
                    "A",
                    1,
                    now.plus(i, ChronoUnit.MICROS)))
            .toList();
    if (line > 0) {
      Map<Long, Map<Object, Double>> lines = new HashMap<>();
      for (Command command : commands) {
        Map<Object, Double> tickets =
            lines.computeIfAbsent(command.eventId(), id -> new HashMap<>());
        tickets.put(command.ticketId().toString(), (double) tickets.size());
        if (tickets.size() == WAITING_LINE_BATCH_SIZE) {
          addToWaitingLine(command.eventId(), tickets);
        }
      }
      lines.forEach(this::addToWaitingLine);
    }
    return commands;
  }

  private void addToWaitingLine(long event, Map<Object, Double> tickets) {
    if (!tickets.isEmpty()) {
      redis.call(client ->
          client.getScoredSortedSet("waiting:" + event, StringCodec.INSTANCE).addAll(tickets));
      tickets.clear();
    }
  }

  private Measurement measureWorkers(Measurement before, List<String> settings) throws Exception {
    long[] events = events(EVENTS_OF_TWO_WORKERS).stream().mapToLong(Long::longValue).toArray();
    try (WorkerProcess first = new WorkerProcess(settings);
        WorkerProcess second = new WorkerProcess(settings)) {
      Measurement measurement = before;
      for (boolean shared : new boolean[] {true, false}) {
        // Each worker warms up alone.
        first.drain(MIN_DECISIONS / 2, events);
        second.drain(MIN_DECISIONS / 2, events);
        Map<String, Duration> start = processorTimes();
        double alone = first.drain(MIN_DECISIONS, events);
        Map<String, Duration> middle = processorTimes();
        long bothStart = System.nanoTime();
        int half = events.length / 2;
        first.begin(
            MIN_DECISIONS / 2, shared ? events : LongStream.of(events).limit(half).toArray());
        second.begin(
            MIN_DECISIONS / 2, shared ? events : LongStream.of(events).skip(half).toArray());
        first.await();
        second.await();
        double both = MIN_DECISIONS * 1e9 / (System.nanoTime() - bothStart);
        Map<String, Duration> end = processorTimes();
        Row row =
            Row.of(
                    shared
                        ? "two workers, %d events shared".formatted(EVENTS_OF_TWO_WORKERS)
                        : "two workers, %d events each".formatted(EVENTS_OF_TWO_WORKERS / 2),
                    both,
                    "decisions/s")
                .withBaseline("one worker", alone)
                .withNote(
                    "processor time of MariaDB for a decision: %.0f µs with one, %.0f µs with two"
                        .formatted(
                            micros(start, middle, "MariaDB"), micros(middle, end, "MariaDB")));
        System.out.println(row);
        measurement = measurement.with(row);
      }
      return measurement;
    }
  }

  private static double micros(
      Map<String, Duration> from, Map<String, Duration> to, String process) {
    return to.getOrDefault(process, Duration.ZERO)
            .minus(from.getOrDefault(process, Duration.ZERO))
            .toNanos()
        / 1e3
        / MIN_DECISIONS;
  }

  /// Client of a worker in a separate process, which runs [#serve].
  private static final class WorkerProcess implements AutoCloseable {
    private final Process process;
    private final PrintWriter to;
    private final BufferedReader from;

    WorkerProcess(List<String> settings) throws IOException {
      List<String> command = new ArrayList<>();
      command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
      command.addAll(
          List.of(
              "-Xmx512m",
              "-XX:+UseSerialGC",
              "--enable-native-access=ALL-UNNAMED",
              "-classpath",
              System.getProperty("java.class.path"),
              ScaleBenchmark.class.getName()));
      command.addAll(settings);
      process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
      to = new PrintWriter(process.outputWriter(), true);
      from = new BufferedReader(new InputStreamReader(process.getInputStream()));
      await();
    }

    /// @return decisions in a second
    double drain(int decisions, long... events) throws IOException {
      begin(decisions, events);
      return decisions * 1e9 / await();
    }

    void begin(int decisions, long... events) {
      StringBuilder line = new StringBuilder().append(decisions);
      LongStream.of(events).forEach(event -> line.append(' ').append(event));
      to.println(line);
    }

    /// @return elapsed nanoseconds
    long await() throws IOException {
      for (String line = from.readLine(); line != null; line = from.readLine()) {
        if (line.startsWith("done ")) {
          return Long.parseLong(line.substring(5));
        }
      }
      throw new IOException("a worker process has exited");
    }

    @Override
    public void close() {
      to.close();
      process.destroy();
    }
  }

  private static void serve(String[] settings) throws Exception {
    try (ConfigurableApplicationContext worker =
            SpringApplication.run(WorkerApplication.class, settings);
        BufferedReader requests = new BufferedReader(new InputStreamReader(System.in))) {
      ScaleBenchmark benchmark = new ScaleBenchmark(worker, null);
      System.out.println("done 0");
      for (String request = requests.readLine(); request != null; request = requests.readLine()) {
        List<Long> numbers = LongStream.of(numbers(request)).boxed().toList();
        int decisions = Math.toIntExact(numbers.getFirst());
        List<Command> backlog =
            benchmark.commands(numbers.subList(1, numbers.size()), decisions, 0);
        System.out.println("done " + benchmark.drain(backlog, null).nanos());
      }
    }
  }

  private static long[] numbers(String line) {
    return Arrays.stream(line.split(" ")).mapToLong(Long::parseLong).toArray();
  }
}
