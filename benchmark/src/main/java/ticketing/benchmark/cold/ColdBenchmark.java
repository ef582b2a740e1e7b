package ticketing.benchmark.cold;

import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.springframework.util.FileSystemUtils;
import ticketing.benchmark.report.Measurement;
import ticketing.benchmark.report.Measurement.Row;
import ticketing.benchmark.report.Measurement.Series;
import ticketing.benchmark.support.Events;
import ticketing.benchmark.support.ImageOptions;
import ticketing.benchmark.support.Load;
import ticketing.benchmark.support.Peer;
import ticketing.benchmark.support.Percentiles;
import ticketing.local.servers.LocalServers;
import ticketing.local.system.LocalSystem;
import ticketing.local.system.SystemSettings;

/// Decisions a second by time since a fresh start: this system with and without its warm-up, and
/// the peer of [ticketing.benchmark.peer], which decides within the request.
///
/// The load begins when the processes report ready. Clients, servers and applications share the
/// processor cores of this machine.
final class ColdBenchmark {

  private static final String PART = "cold";
  private static final String UNIT = "decisions/s";
  private static final int SEATS = 10_000_000;
  private static final int FIRST_BOOKINGS = 1_000;
  private static final Duration LOAD_WARM_UP = Duration.ofSeconds(40);
  private static final int USERS = 10_000; // a user may book a few times a second
  private static final double MIN_FIRST_WINDOW = 0.6; // share of the last window
  private static final double MAX_FIRST_P99 = 3; // times the p99 in the last window
  private static final DateTimeFormatter DATABASE_TIME =
      DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss.SSSSSS").withZone(ZoneOffset.UTC);

  private final Path folder;
  private final int connections = Integer.getInteger("benchmark.cold.connections", 64);
  private final int windows = Integer.getInteger("benchmark.cold.windows", 4);
  private final int peerWindows = Integer.getInteger("benchmark.cold.peer-windows", 2);
  private final Duration window =
      Duration.ofSeconds(Integer.getInteger("benchmark.cold.seconds", 20));
  private final List<Variant> selected =
      Arrays.stream(
              System.getProperty("benchmark.cold.variants", "IMAGE,IMAGE_COLD,ROW,REDISSON")
                  .split(","))
          .map(Variant::valueOf)
          .toList();

  private ColdBenchmark(Path folder) {
    this.folder = folder;
  }

  private enum Variant {
    IMAGE("as the images start", ImageOptions.TEXT, "before-ready"),
    IMAGE_COLD("the same without warm-up", ImageOptions.TEXT, "off"),
    LOCAL("as mvn -Prun starts", "", "background"),
    LOCAL_COLD("as mvn -Prun, without warm-up", "", "off"),
    ROW("peer, row lock", "row-lock", null),
    REDISSON("peer, Redisson lock", "redisson-lock", null);

    private final String title;
    private final String option; // JVM options, or the path of the peer
    private final String warmUp;

    Variant(String title, String option, String warmUp) {
      this.title = title;
      this.option = option;
      this.warmUp = warmUp;
    }
  }

  /// @param readySeconds start of the applications to ready
  /// @param rates decisions a second in each window
  /// @param firstP99 of the first bookings, ms
  /// @param lastP99 of the last window, ms
  /// @param processor processor time of a decision by process, in the first and the last window
  private record Result(
      double readySeconds, double[] rates, double firstP99, double lastP99, String processor) {

    double last() {
      return rates[rates.length - 1];
    }
  }

  /// @param arguments folder of the results; work folder
  public static void main(String[] arguments) throws Exception {
    if (!Measurement.isSelected(PART)) {
      return;
    }
    Path folder = Path.of(arguments[1]).toAbsolutePath();
    FileSystemUtils.deleteRecursively(folder);
    new ColdBenchmark(Files.createDirectories(folder)).run().write(Path.of(arguments[0]));
    System.exit(0);
  }

  private Measurement run() throws Exception {
    LocalSystem.makeCaches();
    warmUpLoad();
    Map<Variant, Result> results = new LinkedHashMap<>();
    for (Variant variant : selected) {
      Result result = variant.warmUp == null ? runPeer(variant) : runSystem(variant);
      print(
          "%s: ready in %.1f s, %s decisions/s, p99 %.0f ms of the first, %.0f ms of the last; %s"
              .formatted(
                  variant.title,
                  result.readySeconds(),
                  Arrays.stream(result.rates()).mapToLong(Math::round).boxed().toList(),
                  result.firstP99(),
                  result.lastP99(),
                  result.processor()));
      results.put(variant, result);
    }
    return measurement(results);
  }

  private Measurement measurement(Map<Variant, Result> results) {
    Measurement all = Measurement.of(PART, "mvn -Pbenchmark -Dbenchmark.parts=" + PART);
    Result peer = results.get(Variant.ROW);
    for (Map.Entry<Variant, Result> entry : results.entrySet()) {
      Variant variant = entry.getKey();
      Result result = entry.getValue();
      double[] rates = result.rates();
      String first = "first %d s after ready, ".formatted(window.toSeconds()) + variant.title;
      Row row = Row.of(first, rates[0], UNIT).withBaseline("last window", result.last());
      boolean ofImages = variant == Variant.IMAGE;
      all =
          all.with(
              (ofImages ? row.withMinRatio(MIN_FIRST_WINDOW) : row)
                  .withNote(
                      "windows of %d s: %s; %s"
                          .formatted(
                              window.toSeconds(),
                              Arrays.stream(rates).mapToLong(Math::round).boxed().toList(),
                              result.processor())));
      if (variant.warmUp != null && peer != null) {
        Row ahead = Row.of(first, rates[0], UNIT).withBaseline("the same, peer", peer.rates()[0]);
        all = all.with(ofImages ? ahead.withMinRatio(1) : ahead);
        all =
            all.with(
                Row.of("last window, " + variant.title, result.last(), UNIT)
                    .withBaseline("the same, peer", peer.last()));
      }
      Row p99 =
          Row.of("p99 of the first 1,000 bookings, " + variant.title, result.firstP99(), "ms")
              .withBaseline("last window", result.lastP99());
      all = all.with(ofImages ? p99.withMaxRatio(MAX_FIRST_P99) : p99);
      all = all.with(Row.of("start to ready, " + variant.title, result.readySeconds(), "s"));
      all =
          all.with(
              new Series(
                  variant.title,
                  null,
                  UNIT,
                  IntStream.range(0, rates.length)
                      .mapToObj(i -> new double[] {(i + 1.0) * window.toSeconds(), rates[i]})
                      .toList()));
    }
    return all;
  }

  /// Runs the load and the embedded queue in this process, which stand for clients and for Amazon
  /// SQS and must not be cold. The system of this run is not measured.
  private void warmUpLoad() throws Exception {
    try (LocalSystem system = LocalSystem.start(SystemSettings.in(folder.resolve("warm-up")))) {
      URI ingress = system.ingress().url();
      long event = Events.create(ingress, "Warm-up", SEATS);
      Load.ofBookings(ingress, event, "warm-", USERS).run(connections, LOAD_WARM_UP);
    }
  }

  private Result runSystem(Variant variant) throws Exception {
    SystemSettings settings =
        SystemSettings.in(folder.resolve(variant.name().toLowerCase(Locale.ROOT)))
            .withEnvironment(
                Map.of("_JAVA_OPTIONS", variant.option, "TICKETING_WARM_UP_MODE", variant.warmUp));
    long startedAt = System.nanoTime();
    try (LocalSystem system = LocalSystem.start(settings)) {
      double ready = (System.nanoTime() - startedAt) / 1e9;
      URI ingress = system.ingress().url();
      long event = Events.create(ingress, "Cold start", SEATS);
      Load load = Load.ofBookings(ingress, event, "cold-", USERS);
      Instant begin = Instant.now();
      try (ProcessorSampler processor =
          new ProcessorSampler(window, windows, () -> times(system))) {
        load.run(connections, window.multipliedBy(windows));
        processor.end();
        return decisions(system.servers(), event, begin, ready, processor);
      }
    }
  }

  private static Map<String, Duration> times(LocalSystem system) {
    Map<String, Duration> times = times(system.servers());
    system.applications().forEach(process -> times.put(process.name(), process.processorTime()));
    return times;
  }

  private static Map<String, Duration> times(LocalServers servers) {
    Map<String, Duration> times = new TreeMap<>(servers.processorTimes());
    times.put(
        "queue and load", ProcessHandle.current().info().totalCpuDuration().orElse(Duration.ZERO));
    return times;
  }

  /// Processor time of a decision by process, for example `processor ms a decision: ingress-api 4.1
  /// to 0.4`.
  private static String describe(ProcessorSampler processor, double[] rates, Duration window) {
    Map<String, Duration> first = processor.used(0);
    Map<String, Duration> last = processor.used(rates.length - 1);
    return first.keySet().stream()
        .filter(last::containsKey)
        .map(name ->
            "%s %.2g to %.2g"
                .formatted(
                    name,
                    first.get(name).toNanos() / 1e6 / (rates[0] * window.toSeconds()),
                    last.get(name).toNanos()
                        / 1e6
                        / (rates[rates.length - 1] * window.toSeconds())))
        .collect(Collectors.joining(", ", "processor ms a decision: ", ""));
  }

  private Result decisions(
      LocalServers servers, long event, Instant begin, double ready, ProcessorSampler processor)
      throws SQLException {
    double[] rates = new double[windows];
    try (Connection connection = servers.connect()) {
      try (PreparedStatement count =
          connection.prepareStatement(
              """
              SELECT TIMESTAMPDIFF(MICROSECOND, ?, decided_at) DIV ?, COUNT(*) FROM tickets
              WHERE event_id = ? AND decided_at >= ? GROUP BY 1\
              """)) {
        count.setString(1, DATABASE_TIME.format(begin));
        count.setLong(2, window.toNanos() / 1_000);
        count.setLong(3, event);
        count.setString(4, DATABASE_TIME.format(begin));
        try (ResultSet rows = count.executeQuery()) {
          while (rows.next()) {
            int index = rows.getInt(1);
            if (index < windows) { // the others are decided after the load
              rates[index] = rows.getLong(2) / (double) window.toSeconds();
            }
          }
        }
      }
      String latest = DATABASE_TIME.format(begin.plus(window.multipliedBy(windows - 1L)));
      return new Result(
          ready,
          rates,
          p99(connection, event, DATABASE_TIME.format(begin), FIRST_BOOKINGS),
          p99(connection, event, latest, Integer.MAX_VALUE),
          describe(processor, rates, window));
    }
  }

  /// 99th percentile of the time from acceptance to decision, in milliseconds.
  private static double p99(Connection connection, long event, String from, int limit)
      throws SQLException {
    List<Double> millis = new ArrayList<>();
    try (PreparedStatement select =
        connection.prepareStatement(
            """
            SELECT TIMESTAMPDIFF(MICROSECOND, accepted_at, decided_at) FROM tickets
            WHERE event_id = ? AND accepted_at >= ? ORDER BY accepted_at LIMIT ?\
            """)) {
      select.setLong(1, event);
      select.setString(2, from);
      select.setInt(3, limit);
      try (ResultSet rows = select.executeQuery()) {
        while (rows.next()) {
          millis.add(rows.getLong(1) / 1e3);
        }
      }
    }
    return Percentiles.of(millis, 0.99);
  }

  private Result runPeer(Variant variant) throws Exception {
    Path work = folder.resolve(variant.name().toLowerCase(Locale.ROOT));
    try (LocalServers servers = LocalServers.start(work)) {
      long startedAt = System.nanoTime();
      try (Peer peer = Peer.start(servers, servers.databaseUrl(), variant.option, SEATS, work)) {
        double ready = (System.nanoTime() - startedAt) / 1e9;
        long begin = System.nanoTime();
        try (ProcessorSampler processor =
            new ProcessorSampler(
                window,
                peerWindows,
                () -> {
                  Map<String, Duration> times = times(servers);
                  times.put("peer", peer.processorTime());
                  return times;
                })) {
          List<Load.Answer> answers =
              peer.load().run(connections, window.multipliedBy(peerWindows));
          processor.end();
          return answers(answers, begin, ready, processor);
        }
      }
    }
  }

  private Result answers(
      List<Load.Answer> answers, long begin, double ready, ProcessorSampler processor) {
    double[] rates = new double[peerWindows];
    List<Double> last = new ArrayList<>();
    List<Load.Answer> sorted =
        answers.stream()
            .sorted((a, b) -> Long.compare(a.endedAt() - begin, b.endedAt() - begin))
            .toList();
    for (Load.Answer answer : sorted) {
      int index = (int) ((answer.endedAt() - begin) / window.toNanos());
      if (index < peerWindows) {
        rates[index] += 1.0 / window.toSeconds();
      }
      if (index == peerWindows - 1) {
        last.add(answer.nanos() / 1e6);
      }
    }
    List<Double> first =
        sorted.stream().limit(FIRST_BOOKINGS).map(answer -> answer.nanos() / 1e6).toList();
    return new Result(
        ready,
        rates,
        Percentiles.of(first, 0.99),
        Percentiles.of(last, 0.99),
        describe(processor, rates, window));
  }

  private static void print(String line) {
    System.out.println("[cold] " + line);
  }
}
