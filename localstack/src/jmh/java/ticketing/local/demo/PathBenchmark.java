package ticketing.local.demo;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import ticketing.benchmark.report.Measurement;
import ticketing.benchmark.report.Measurement.Row;
import ticketing.local.servers.ProjectRoot;
import ticketing.local.system.DemoData;
import ticketing.local.system.LocalSystem;
import ticketing.local.system.SystemSettings;

/// Rate and latency of the whole path from POST to decision. The baseline is the rate of the
/// embedded queue without processing. Buyers, queue, servers and applications share this machine;
/// the applications start from AOT caches.
final class PathBenchmark {

  private static final int BUYERS = 10_000; // each books one seat
  private static final int WEBSOCKET_BUYERS = 1_000; // the other buyers poll
  private static final int WARM_UP_BOOKINGS = 10_000;

  /// @param baseline messages a second of the bare queue
  private record PathFigures(double baseline, SaleReport sale) {}

  private PathBenchmark() {}

  /// @param arguments folder of the results
  public static void main(String[] arguments) throws Exception {
    if (!Measurement.isSelected("path")) {
      return;
    }
    LocalSystem.makeCaches();
    PathFigures path = measure();
    Measurement.of("whole-path", "mvn -Pbenchmark -Dbenchmark.parts=path")
        .with(
            Row.of("POST to decision", path.sale().decisionRate(), "bookings/s")
                .withBaseline("(d) bare queue, messages", path.baseline())
                .withMinRatio(0.6))
        .with(Row.of("accepted to decided, p50", path.sale().decisionMillis(0.5), "ms"))
        .with(Row.of("accepted to decided, p99", path.sale().decisionMillis(0.99), "ms"))
        .write(Path.of(arguments[0]));
    // The embedded queue has non-daemon threads.
    System.exit(0);
  }

  private static PathFigures measure() throws Exception {
    Path folder = Files.createDirectories(ProjectRoot.root().resolve("localstack/target/path"));
    // Both compilers, as in the images.
    Map<String, String> environment = Map.of("_JAVA_OPTIONS", "-XX:TieredStopAtLevel=4");
    SystemSettings settings = SystemSettings.in(folder).withEnvironment(environment);
    try (LocalSystem system = LocalSystem.start(settings)) {
      DemoData.addTo(system.servers());
      Demo demo = new Demo(system);
      demo.warmUp(WARM_UP_BOOKINGS, WEBSOCKET_BUYERS);
      double baselineBefore = demo.measureQueue();
      SaleReport sale = demo.sell("rush", BUYERS, BUYERS, WEBSOCKET_BUYERS, baselineBefore);
      System.out.println(SaleReport.table(List.of(sale)));
      if (!sale.passes()) {
        throw new IllegalStateException("the sale violates an invariant");
      }
      // Mean, because the queue becomes faster as it warms up.
      return new PathFigures((baselineBefore + demo.measureQueue()) / 2, sale);
    }
  }
}
