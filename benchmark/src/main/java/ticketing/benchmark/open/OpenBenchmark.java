package ticketing.benchmark.open;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import org.HdrHistogram.Histogram;
import org.springframework.util.FileSystemUtils;
import ticketing.benchmark.process.ProcessStatistics;
import ticketing.benchmark.report.Measurement;
import ticketing.benchmark.report.Measurement.Row;
import ticketing.benchmark.support.AccessTokens;
import ticketing.benchmark.support.Events;
import ticketing.benchmark.support.ImageOptions;
import ticketing.local.system.ApplicationProcess;
import ticketing.local.system.LocalSystem;
import ticketing.local.system.SystemSettings;

/// Response times under a fixed rate of requests on 10,000 open connections, bookings during a rush
/// of sign-ins, and decisions a second while holds return to the sale. Clients, servers and
/// applications share the processor cores of this machine.
final class OpenBenchmark {

  private static final String PART = "open";
  private static final int CONNECTIONS = Integer.getInteger("benchmark.open.connections", 10_000);
  private static final int RATE = Integer.getInteger("benchmark.open.requests", 1_000);
  private static final Duration MEASURED =
      Duration.ofSeconds(Integer.getInteger("benchmark.open.seconds", 20));
  private static final Duration WARM_UP = Duration.ofSeconds(40);
  private static final Duration RAMP = Duration.ofSeconds(10);
  private static final int SEATS = 10_000_000;
  private static final int READS = 9; // for each booking and each poll
  private static final double MAX_MEAN = 50; // ms
  private static final double MAX_P99 = 250; // ms
  private static final double MAX_RESIDENT = 512; // MiB
  private static final double MICROS = 1e3; // in a millisecond

  private static final int RUSH_CONNECTIONS = 100;
  private static final int RUSH_RATE = 200; // requests a second
  private static final int RUSH_ACCOUNTS = 100;
  private static final int RUSH_BUYERS = 16; // concurrent sign-ins
  private static final double MAX_RUSH_RATIO = 2; // times the p50 without the rush

  private static final int SALE_BUYERS = 64;
  private static final int SALE_TURNS = 3;
  private static final Duration SALE_TURN = Duration.ofSeconds(8);
  private static final int RETURNED = 4; // of ten holds

  /// Less than in the images, because garbage counts as resident memory.
  private static final String HEAP = "-Xmx400m";

  private static final String UNLIMITED = "100000000";

  private final LocalSystem system;
  private final URI ingress;
  private final List<String> tokens;

  private OpenBenchmark(LocalSystem system) {
    this.system = system;
    this.ingress = system.ingress().url();
    this.tokens = AccessTokens.ofBuyers("open-", CONNECTIONS);
  }

  /// @param arguments folder of the results; work folder
  public static void main(String[] arguments) throws Exception {
    if (!Measurement.isSelected(PART)) {
      return;
    }
    Path folder = Path.of(arguments[1]).toAbsolutePath();
    FileSystemUtils.deleteRecursively(folder);
    LocalSystem.makeCaches();
    SystemSettings settings =
        SystemSettings.in(Files.createDirectories(folder))
            .withEnvironment(
                Map.of(
                    "_JAVA_OPTIONS", ImageOptions.TEXT + " " + HEAP,
                    "MALLOC_ARENA_MAX", "2",
                    "TICKETING_RATES_SIGN_IN_ACCOUNT_TOKENS", UNLIMITED,
                    "TICKETING_RATES_ADDRESS_PER_SECOND", UNLIMITED,
                    "TICKETING_RATES_ADDRESS_BURST", UNLIMITED));
    try (LocalSystem system = LocalSystem.start(settings)) {
      new OpenBenchmark(system).run().write(Path.of(arguments[0]));
    }
    System.exit(0);
  }

  private Measurement run() throws IOException, InterruptedException {
    Measurement all = Measurement.of(PART, "mvn -Pbenchmark -Dbenchmark.parts=" + PART);
    long event = Events.create(ingress, "Open model", SEATS);
    all = withFixedRate(all, event, READS, WARM_UP);
    new OpenLoad(ingress, event, tokens, new OpenLoad.Plan(CONNECTIONS, RATE / 2, 0))
        .run(WARM_UP, Duration.ZERO);
    all = withFixedRate(all, event, 0, RAMP);
    all = withSignIns(all, event);
    return withReturnedHolds(all);
  }

  private Measurement withFixedRate(Measurement all, long event, int reads, Duration warmUp)
      throws IOException, InterruptedException {
    OpenLoad load =
        new OpenLoad(ingress, event, tokens, new OpenLoad.Plan(CONNECTIONS, RATE, reads));
    CompletableFuture<OpenLoad.Result> running =
        CompletableFuture.supplyAsync(
            () -> {
              try {
                return load.run(warmUp, MEASURED);
              } catch (IOException e) {
                throw new CompletionException(e);
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new CompletionException(e);
              }
            },
            task -> Thread.ofPlatform().start(task));
    long connections = 0;
    double resident = 0;
    ApplicationProcess process = system.ingress();
    while (!running.isDone()) {
      TimeUnit.SECONDS.sleep(1);
      connections = Math.max(connections, ProcessStatistics.connections(process.url().getPort()));
      resident = Math.max(resident, ProcessStatistics.residentMib(process.pid()));
    }
    OpenLoad.Result result = running.join();
    String title =
        "%,d requests/s, %s"
            .formatted(RATE, reads == 0 ? "book and poll 1:1" : "reads " + reads + ":1");
    Histogram times = result.all();
    Measurement added =
        all.with(
                Row.of(title + ": open connections", connections, "connections")
                    .withMin(CONNECTIONS))
            .with(
                Row.of(
                        title + ": responses",
                        times.getTotalCount() / (double) MEASURED.toSeconds(),
                        "responses/s")
                    .withNote("open model, from the planned start of each request"))
            .with(Row.of(title + ": mean", times.getMean() / MICROS, "ms").withMax(MAX_MEAN))
            .with(percentile(title + ": p99", times, 99).withMax(MAX_P99))
            .with(
                Row.of(title + ": errors", result.failed(), "errors")
                    .withMax(0)
                    .withNote(result.failure()))
            .with(
                Row.of(title + ": resident memory of ingress-api", resident, "MiB")
                    .withMax(MAX_RESIDENT));
    for (Map.Entry<OpenLoad.Kind, Histogram> kind : result.micros().entrySet()) {
      Histogram micros = kind.getValue();
      if (micros.getTotalCount() > 0) {
        added =
            added.with(
                Row.of(
                        title + ": " + kind.getKey().name().toLowerCase(Locale.ROOT) + ", mean",
                        micros.getMean() / MICROS,
                        "ms")
                    .withNote(
                        "p50 %.1f, p95 %.1f, p99 %.1f, max %.1f ms"
                            .formatted(
                                micros.getValueAtPercentile(50) / MICROS,
                                micros.getValueAtPercentile(95) / MICROS,
                                micros.getValueAtPercentile(99) / MICROS,
                                micros.getMaxValue() / MICROS)));
      }
    }
    print(
        "%s: mean %.1f ms, p99 %.1f ms, failed %d %s"
            .formatted(
                title,
                times.getMean() / MICROS,
                times.getValueAtPercentile(99) / MICROS,
                result.failed(),
                result.failure()));
    return added;
  }

  private Measurement withSignIns(Measurement all, long event)
      throws IOException, InterruptedException {
    SignInRush.createAccounts(ingress, RUSH_ACCOUNTS);
    Histogram without = bookings(event);
    Histogram during;
    double perSecond;
    try (SignInRush rush = new SignInRush(ingress, RUSH_ACCOUNTS, RUSH_BUYERS)) {
      long before = System.nanoTime();
      during = bookings(event);
      perSecond = rush.signedIn() / ((System.nanoTime() - before) / 1e9);
    }
    String title = "booking during %d concurrent sign-ins".formatted(RUSH_BUYERS);
    print("sign-ins %.1f/s".formatted(perSecond));
    return all.with(
            percentile(title + ": p50", during, 50)
                .withBaseline("without sign-ins", without.getValueAtPercentile(50) / MICROS)
                .withMaxRatio(MAX_RUSH_RATIO))
        .with(
            percentile(title + ": p99", during, 99)
                .withBaseline("without sign-ins", without.getValueAtPercentile(99) / MICROS))
        .with(Row.of("sign-ins beside " + RUSH_RATE + " requests/s", perSecond, "sign-ins/s"));
  }

  private Histogram bookings(long event) throws IOException, InterruptedException {
    return new OpenLoad(ingress, event, tokens, new OpenLoad.Plan(RUSH_CONNECTIONS, RUSH_RATE, 0))
        .run(Duration.ofSeconds(2), MEASURED)
        .micros()
        .get(OpenLoad.Kind.BOOK);
  }

  private Measurement withReturnedHolds(Measurement all) throws IOException, InterruptedException {
    HoldSale sale = new HoldSale(ingress, tokens);
    long plain = Events.create(ingress, "Without holds", SEATS);
    long held = Events.create(ingress, "With holds", SEATS, 5);
    double[] without = new double[SALE_TURNS];
    double[] with = new double[SALE_TURNS];
    sale.run(held, RETURNED, SALE_BUYERS, SALE_TURN); // warm-up
    for (int turn = 0; turn < SALE_TURNS; turn++) {
      without[turn] = sale.run(plain, -1, SALE_BUYERS, SALE_TURN);
      with[turn] = sale.run(held, RETURNED, SALE_BUYERS, SALE_TURN);
    }
    double decisions = Arrays.stream(with).average().orElseThrow();
    double baseline = Arrays.stream(without).average().orElseThrow();
    print("holds: %.0f decisions/s, without %.0f".formatted(decisions, baseline));
    return all.with(
        Row.of(
                "%d %% of the holds return during the sale".formatted(10 * RETURNED),
                decisions,
                "decisions/s")
            .withBaseline("bookings without holds", baseline)
            .withNote("%d buyers await each decision; the others confirm".formatted(SALE_BUYERS)));
  }

  private static Row percentile(String title, Histogram micros, double percentile) {
    return Row.of(title, micros.getValueAtPercentile(percentile) / MICROS, "ms");
  }

  private static void print(String line) {
    System.out.println("[open] " + line);
  }
}
