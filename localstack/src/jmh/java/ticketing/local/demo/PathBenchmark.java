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

/// Rate of the whole path from POST to decision, with one command per message and with packed
/// messages. The baseline is the rate of the embedded queue without processing. Buyers, queue,
/// servers and applications share this machine; the applications start from AOT caches.
final class PathBenchmark {

  private static final int BUYERS = 10_000; // each books one seat
  private static final int WEBSOCKET_BUYERS = 1_000; // the other buyers poll
  private static final int WARM_UP_BOOKINGS = 10_000;
  private static final int MAX_COMMANDS_PER_MESSAGE = 50;
  private static final double REQUESTS_PER_MESSAGE = 3 / 10.0; // send, receive and delete in tens
  private static final double DOLLARS_PER_MILLION_REQUESTS = 0.40; // SQS standard queue

  /// Figures of one way to send.
  ///
  /// @param baseline messages a second of the bare queue
  /// @param rate decisions a second
  /// @param commands commands per message
  private record PathFigures(
      double baseline, double rate, double p50, double p99, double commands) {}

  private PathBenchmark() {}

  /// @param arguments folder of the results
  public static void main(String[] arguments) throws Exception {
    if (!Measurement.isSelected("path")) {
      return;
    }
    LocalSystem.makeCaches();
    PathFigures each = measure(1);
    PathFigures packed = measure(MAX_COMMANDS_PER_MESSAGE);
    Measurement.of("whole-path", "mvn -Pbenchmark -Dbenchmark.parts=path")
        .with(
            Row.of("POST to decision, one command per message", each.rate(), "bookings/s")
                .withBaseline("(d) bare queue, messages", each.baseline())
                .withMinRatio(0.6))
        .with(
            Row.of("POST to decision, packed", packed.rate(), "bookings/s")
                .withBaseline("(d) bare queue, messages", packed.baseline())
                .withMinRatio(1.5)
                .withNote("%.1f commands per message".formatted(packed.commands())))
        .with(
            Row.of("accepted to decided, p50, packed", packed.p50(), "ms")
                .withBaseline("one command per message", each.p50()))
        .with(
            Row.of("accepted to decided, p99, packed", packed.p99(), "ms")
                .withBaseline("one command per message", each.p99()))
        .with(
            Row.of("SQS requests for 1,000,000 bookings, packed", dollars(packed), "$")
                .withBaseline("one command per message", dollars(each)))
        .write(Path.of(arguments[0]));
    // The embedded queue has non-daemon threads.
    System.exit(0);
  }

  private static double dollars(PathFigures found) {
    return REQUESTS_PER_MESSAGE / found.commands() * DOLLARS_PER_MILLION_REQUESTS;
  }

  private static PathFigures measure(int commandsPerMessage) throws Exception {
    Path folder =
        Files.createDirectories(
            ProjectRoot.root().resolve("localstack/target/path-" + commandsPerMessage));
    Map<String, String> environment =
        Map.of(
            "TICKETING_QUEUE_COMMANDS_PER_MESSAGE",
            String.valueOf(commandsPerMessage),
            // Both compilers, as in the images.
            "_JAVA_OPTIONS",
            "-XX:TieredStopAtLevel=4");
    SystemSettings settings = SystemSettings.in(folder).withEnvironment(environment);
    try (LocalSystem system = LocalSystem.start(settings)) {
      DemoData.addTo(system.servers());
      Demo demo = new Demo(system);
      demo.warmUp(WARM_UP_BOOKINGS, WEBSOCKET_BUYERS);
      double baselineBefore = demo.measureQueue();
      double messages = received(system);
      SaleReport sale = demo.sell("rush", BUYERS, BUYERS, WEBSOCKET_BUYERS, baselineBefore);
      System.out.println(SaleReport.table(List.of(sale)));
      if (!sale.passes()) {
        throw new IllegalStateException("the sale violates an invariant");
      }
      double commands = BUYERS / (received(system) - messages);
      // Mean, because the queue becomes faster as it warms up.
      double baseline = (baselineBefore + demo.measureQueue()) / 2;
      return new PathFigures(
          baseline,
          sale.decisionRate(),
          sale.decisionMillis(0.5),
          sale.decisionMillis(0.99),
          commands);
    }
  }

  private static double received(LocalSystem system) {
    return system.workers().getFirst().metric("ticketing_received_messages_total");
  }
}
