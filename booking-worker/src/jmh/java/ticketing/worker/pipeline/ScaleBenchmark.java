package ticketing.worker.pipeline;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintWriter;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
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
import java.util.concurrent.Semaphore;
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
import ticketing.worker.settings.WorkerSettings;

/// What one decision costs when more of them wait, when more of them lie in the tables, when they
/// are of more events, and when two workers share them. The backlog lies in memory: it is handed to
/// the worker's lanes as its listener does, with as many in flight as a worker takes, and the
/// waiting lines in Redis are as long as the backlog.
final class ScaleBenchmark {

  private static final int STANDARD = 100_000;
  private static final int LONGEST = Integer.getInteger("benchmark.backlog", STANDARD);

  /// In each measured turn, at least.
  private static final int DECISIONS = Integer.getInteger("benchmark.decisions", 15_000);

  private static final int SHARED = 100; // events that two workers share
  private static final double FLAT = 1.2;
  private static final int PLENTY = 2_000_000; // seats
  private static final int WINDOWS = 50; // of the longest backlog
  private static final int LINE = 10_000; // tickets put into a waiting line at a time

  private final BoxOffice boxOffice;
  private final JdbcTemplate sql;
  private final RedisGateway redis;
  private final WorkerSettings settings;
  private final LocalServers servers;

  private ScaleBenchmark(ConfigurableApplicationContext worker, LocalServers servers) {
    this.boxOffice = worker.getBean(BoxOffice.class);
    this.sql = worker.getBean(JdbcTemplate.class);
    this.redis = worker.getBean(RedisGateway.class);
    this.settings = worker.getBean(WorkerSettings.class);
    this.servers = servers;
  }

  /// @param arguments the folder for the figures; or, for another worker, its settings
  public static void main(String[] arguments) throws Exception {
    if (arguments.length > 1) {
      assist(arguments);
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
            LONGEST == STANDARD ? "scale" : "scale-large",
            "mvn -Pbenchmark -Dbenchmark.parts=scale"
                + (LONGEST == STANDARD ? "" : " -Dbenchmark.backlog=" + LONGEST));
    drain(commands(events(1), DECISIONS, 0), null); // warms up
    drain(commands(events(SHARED), DECISIONS, 0), null);
    measurement = measureBacklogs(measurement);
    measurement = measureEvents(measurement);
    return measureWorkers(measurement, settings);
  }

  private Measurement measureBacklogs(Measurement before) throws InterruptedException {
    Measurement measurement = before;
    double shortest = 0;
    List<double[]> points = new ArrayList<>();
    for (int backlog = 1_000; backlog <= LONGEST; backlog *= 10) {
      Turn turn = new Turn();
      List<double[]> windows = new ArrayList<>();
      for (int done = 0; done < Math.max(backlog, DECISIONS); done += backlog) {
        turn.add(drain(commands(events(1), backlog, backlog), windows));
      }
      shortest = backlog == 1_000 ? turn.micros() : shortest;
      points.add(new double[] {Math.log10(backlog), turn.micros()});
      measurement =
          measurement.with(
              flat(
                  "a decision, backlog of %,d".formatted(backlog),
                  turn,
                  "backlog of 1,000",
                  shortest));
      if (backlog * 10 > LONGEST) {
        measurement =
            measurement.with(
                new Series(
                    "while a backlog of %,d drains".formatted(backlog),
                    "decided so far",
                    "µs for a decision",
                    windows));
      }
    }
    return measurement.with(
        new Series("one event", "log10 of the backlog", "µs for a decision", points));
  }

  private Measurement measureEvents(Measurement before) throws InterruptedException {
    Measurement measurement = before;
    double one = 0;
    List<double[]> points = new ArrayList<>();
    for (int count : new int[] {1, 10, 100, 1_000}) {
      Turn turn = new Turn();
      turn.add(drain(commands(events(count), DECISIONS, DECISIONS / count), null));
      one = count == 1 ? turn.micros() : one;
      points.add(new double[] {Math.log10(count), turn.micros()});
      measurement =
          measurement.with(
              flat("a decision, %,d events at once".formatted(count), turn, "one event", one));
    }
    return measurement.with(
        new Series(
            "backlog of %,d".formatted(DECISIONS),
            "log10 of the events",
            "µs for a decision",
            points));
  }

  private Row flat(String figure, Turn turn, String baseline, double baselineMicros) {
    Row row = Row.of(figure, turn.micros(), "µs").withBaseline(baseline, baselineMicros);
    System.out.printf(Locale.ROOT, "%-45s %8.1f µs  %s%n", figure, turn.micros(), turn.processor());
    return row.withMaxRatio(FLAT).withNote(turn.processor());
  }

  /// One or more drained backlogs.
  private final class Turn {
    private int decisions;
    private int groups;
    private long nanos;
    private final Map<String, Duration> processor = new HashMap<>();

    void add(Drained drained) {
      decisions += drained.decisions;
      groups += drained.groups;
      nanos += drained.nanos;
      drained.processor.forEach((name, time) -> processor.merge(name, time, Duration::plus));
    }

    double micros() {
      return nanos / 1e3 / decisions;
    }

    /// Groups, and processor time of a decision, by process.
    String processor() {
      StringBuilder text =
          new StringBuilder(
              String.format(
                  Locale.ROOT, "%.0f in a group; processor", (double) decisions / groups));
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

  private record Drained(int decisions, int groups, long nanos, Map<String, Duration> processor) {}

  /// Hands the commands to the lanes as fast as the room for those in flight allows.
  ///
  /// @param windows gets the cost along the way; or null
  private Drained drain(List<Command> backlog, List<double[]> windows) throws InterruptedException {
    Map<String, Duration> before = processorTimes();
    Semaphore room = new Semaphore(settings.inFlight());
    AtomicInteger groups = new AtomicInteger();
    AtomicInteger decided = new AtomicInteger();
    int window = Math.max(1, backlog.size() / WINDOWS);
    long start = System.nanoTime();
    long[] since = {start};
    int[] mark = {0};
    try (EventBatcher<Command> lanes =
        new EventBatcher<>(
            settings.groupSize(),
            settings.groups(),
            (event, group, place) -> {
              Runnable announcement = boxOffice.commit(event, group, ticketId -> null);
              return () -> {
                announcement.run();
                groups.incrementAndGet();
                int now = decided.addAndGet(group.size());
                if (windows != null && now - mark[0] >= window) {
                  long time = System.nanoTime();
                  windows.add(new double[] {now, (time - since[0]) / 1e3 / (now - mark[0])});
                  since[0] = time;
                  mark[0] = now;
                }
                room.release(group.size());
              };
            })) {
      for (Command command : backlog) {
        room.acquire();
        lanes.submit(command.eventId(), command);
      }
      if (!lanes.finish(10, TimeUnit.MINUTES) || decided.get() != backlog.size()) {
        throw new IllegalStateException(
            decided.get() + " of " + backlog.size() + " commands were decided");
      }
    }
    long nanos = System.nanoTime() - start;
    Map<String, Duration> used = processorTimes();
    used.replaceAll((name, time) -> time.minus(before.getOrDefault(name, Duration.ZERO)));
    return new Drained(backlog.size(), groups.get(), nanos, used);
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

  /// New events, with seats for all.
  private List<Long> events(int count) {
    List<Long> ids = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      sql.update(
          """
          INSERT INTO events (event_name, total_seats, available_seats, event_date,
                 max_seats_per_user)
          VALUES ('Scale', ?, ?, '2030-01-01 10:00:00', 4)\
          """,
          PLENTY,
          PLENTY);
      long id = sql.queryForObject("SELECT MAX(id) FROM events", Long.class);
      sql.update("INSERT INTO seat_types VALUES (?, 'A', 10.00, ?, ?)", id, PLENTY, PLENTY);
      ids.add(id);
    }
    return ids;
  }

  /// @param line how many tickets to put into each event's waiting line, as ingress would have
  private List<Command> commands(List<Long> events, int count, int line) {
    Instant now = Instant.now().truncatedTo(ChronoUnit.MICROS);
    List<Command> commands =
        IntStream.range(0, count)
            .<Command>mapToObj(
                i ->
                    new BookSeats(
                        TicketIds.newId(),
                        UUID.randomUUID().toString(),
                        events.get(i % events.size()),
                        "A",
                        1,
                        now.plus(i, ChronoUnit.MICROS)))
            .toList();
    if (line > 0) {
      Map<Long, Map<Object, Double>> lines = new HashMap<>();
      for (Command command : commands) {
        Map<Object, Double> some = lines.computeIfAbsent(command.eventId(), id -> new HashMap<>());
        some.put(command.ticketId().toString(), (double) some.size());
        if (some.size() == LINE) {
          wait(command.eventId(), some);
        }
      }
      lines.forEach(this::wait);
    }
    return commands;
  }

  private void wait(long event, Map<Object, Double> some) {
    if (!some.isEmpty()) {
      redis.call(
          client ->
              client.getScoredSortedSet("waiting:" + event, StringCodec.INSTANCE).addAll(some));
      some.clear();
    }
  }

  private Measurement measureWorkers(Measurement before, List<String> settings) throws Exception {
    long[] events = events(SHARED).stream().mapToLong(Long::longValue).toArray();
    try (Assistant one = new Assistant(settings);
        Assistant other = new Assistant(settings)) {
      Measurement measurement = before;
      for (boolean shared : new boolean[] {true, false}) {
        // Each warms up beside nobody.
        one.drain(DECISIONS / 2, events);
        other.drain(DECISIONS / 2, events);
        Map<String, Duration> start = processorTimes();
        double alone = one.drain(DECISIONS, events);
        Map<String, Duration> middle = processorTimes();
        long begin = System.nanoTime();
        int half = events.length / 2;
        one.begin(DECISIONS / 2, shared ? events : LongStream.of(events).limit(half).toArray());
        other.begin(DECISIONS / 2, shared ? events : LongStream.of(events).skip(half).toArray());
        one.await();
        other.await();
        double both = DECISIONS * 1e9 / (System.nanoTime() - begin);
        Map<String, Duration> end = processorTimes();
        Row row =
            Row.of(
                    "two workers, %d events, %s"
                        .formatted(SHARED, shared ? "shared" : "half of them each"),
                    both,
                    "decisions/s")
                .withBaseline("one worker", alone)
                .withNote(
                    "MariaDB's processor for a decision: %.0f µs with one, %.0f µs with two"
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
        / DECISIONS;
  }

  /// A worker in a process of its own, as the other side of [#assist].
  private static final class Assistant implements AutoCloseable {
    private final Process process;
    private final PrintWriter to;
    private final BufferedReader from;

    Assistant(List<String> settings) throws IOException {
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

    /// @return ns that it took
    long await() throws IOException {
      for (String line = from.readLine(); line != null; line = from.readLine()) {
        if (line.startsWith("done ")) {
          return Long.parseLong(line.substring(5));
        }
      }
      throw new IOException("a worker has ended");
    }

    @Override
    public void close() {
      to.close();
      process.destroy();
    }
  }

  private static void assist(String[] settings) throws Exception {
    try (ConfigurableApplicationContext worker =
            SpringApplication.run(WorkerApplication.class, settings);
        BufferedReader orders = new BufferedReader(new InputStreamReader(System.in))) {
      ScaleBenchmark benchmark = new ScaleBenchmark(worker, null);
      System.out.println("done 0");
      for (String order = orders.readLine(); order != null; order = orders.readLine()) {
        List<Long> numbers = LongStream.of(numbers(order)).boxed().toList();
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
