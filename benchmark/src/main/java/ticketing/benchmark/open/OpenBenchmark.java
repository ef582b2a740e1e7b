package ticketing.benchmark.open;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.HdrHistogram.Histogram;
import ticketing.benchmark.process.ProcessStatistics;
import ticketing.benchmark.report.Measurement;
import ticketing.benchmark.report.Measurement.Row;
import ticketing.benchmark.support.AccessTokens;
import ticketing.benchmark.support.Events;
import ticketing.benchmark.support.SignIns;
import ticketing.benchmark.support.UnlimitedSystem;
import ticketing.client.ApiConnection;
import ticketing.client.ApiResponse;
import ticketing.local.system.ApplicationProcess;
import ticketing.local.system.LocalSystem;

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
  private static final Duration RUSH_PAUSE = Duration.ofMillis(100); // after a refusal
  private static final String PASSWORD = "correct-horse-battery";
  private static final double MAX_RUSH_RATIO = 2; // times the p50 without the rush

  private static final int SALE_BUYERS = 64;
  private static final int SALE_TURNS = 3;
  private static final Duration SALE_TURN = Duration.ofSeconds(8);
  private static final int RETURNED = 4; // of ten holds

  /// Less than in the images, because garbage counts as resident memory.
  private static final String HEAP = "-Xmx400m";

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
    try (LocalSystem system =
        UnlimitedSystem.start(
            Path.of(arguments[1]).toAbsolutePath(), HEAP, Map.of("MALLOC_ARENA_MAX", "2"))) {
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
    long connections = 0;
    double resident = 0;
    ApplicationProcess process = system.ingress();
    OpenLoad.Result result;
    try (ExecutorService thread = Executors.newSingleThreadExecutor()) {
      Future<OpenLoad.Result> running = thread.submit(() -> load.run(warmUp, MEASURED));
      while (!running.isDone()) {
        TimeUnit.SECONDS.sleep(1);
        connections = Math.max(connections, ProcessStatistics.connections(process.url().getPort()));
        resident = Math.max(resident, ProcessStatistics.residentMib(process.pid()));
      }
      result = running.get();
    } catch (ExecutionException e) {
      throw new IllegalStateException("the load failed", e.getCause());
    }
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
    createAccounts();
    Histogram without = bookings(event);
    Histogram during;
    double perSecond;
    AtomicInteger next = new AtomicInteger();
    try (SignIns rush =
        new SignIns(
            ingress,
            RUSH_BUYERS,
            _ -> SignIns.body(email(next.getAndIncrement() % RUSH_ACCOUNTS), PASSWORD),
            Set.of(200),
            RUSH_PAUSE)) {
      long before = System.nanoTime();
      during = bookings(event);
      perSecond = rush.requests() / ((System.nanoTime() - before) / 1e9);
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
        .with(Row.of("sign-ins during " + RUSH_RATE + " requests/s", perSecond, "sign-ins/s"));
  }

  private void createAccounts() throws IOException {
    try (ApiConnection connection = new ApiConnection(ingress)) {
      for (int account = 0; account < RUSH_ACCOUNTS; account++) {
        String body =
            "{\"email\":\"%s\",\"password\":\"%s\",\"name\":\"Buyer\"}"
                .formatted(email(account), PASSWORD);
        ApiResponse response = connection.send("POST", "/api/v1/users", null, body);
        if (response.status() != 201) {
          throw new IOException(response.status() + " " + response.body());
        }
      }
    }
  }

  private static String email(int account) {
    return "rush%d@example.com".formatted(account);
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
    sale.run(held, OptionalInt.of(RETURNED), SALE_BUYERS, SALE_TURN); // warm-up
    for (int turn = 0; turn < SALE_TURNS; turn++) {
      without[turn] = sale.run(plain, OptionalInt.empty(), SALE_BUYERS, SALE_TURN);
      with[turn] = sale.run(held, OptionalInt.of(RETURNED), SALE_BUYERS, SALE_TURN);
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
