package ticketing.local.demo;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import ticketing.benchmark.report.Measurement;
import ticketing.benchmark.report.Measurement.Row;
import ticketing.local.servers.ProjectRoot;
import ticketing.local.system.LocalSystem;
import ticketing.local.system.SystemSettings;

/// The whole path of a booking, from its POST to its decision, beside what the embedded queue can
/// carry when nothing is done with its messages: with a message for each booking, and with those
/// that wait at the same moment packed into one. Buyers, queue, servers and applications share this
/// machine; the applications start from AOT caches, as those of the images do.
final class PathBenchmark {

  private static final int BUYERS = 10_000; // in a sale, each of one seat
  private static final int SOCKETS = 1_000; // of them wait at a WebSocket, the others poll
  private static final int WARM_UP = 10_000; // bookings
  private static final int PACKED = 50; // most commands of a message, where they are packed
  private static final double QUEUE_CALLS =
      3 / 10.0; // per message: sent, received, deleted in tens
  private static final double DOLLARS = 0.40; // for a million calls of a standard queue

  /// What one way to send gave.
  ///
  /// @param ceiling messages per second of the bare queue
  /// @param rate decisions per second
  /// @param commands per message
  private record Found(double ceiling, double rate, double p50, double p99, double commands) {}

  private PathBenchmark() {}

  /// @param arguments the folder for the figures
  public static void main(String[] arguments) throws Exception {
    if (!Measurement.isSelected("path")) {
      return;
    }
    LocalSystem.makeCaches();
    Found each = measure(1);
    Found packed = measure(PACKED);
    Measurement.of("whole-path", "mvn -Pbenchmark -Dbenchmark.parts=path")
        .with(
            Row.of("POST to decision, a message for each booking", each.rate(), "bookings/s")
                .withBaseline("(d) the bare queue, messages", each.ceiling())
                .withMinRatio(0.6))
        .with(
            Row.of("POST to decision, packed", packed.rate(), "bookings/s")
                .withBaseline("(d) the bare queue, messages", packed.ceiling())
                .withMinRatio(1.5)
                .withNote("%.1f commands in a message".formatted(packed.commands())))
        .with(
            Row.of("accepted to decided, p50, packed", packed.p50(), "ms")
                .withBaseline("a message for each booking", each.p50()))
        .with(
            Row.of("accepted to decided, p99, packed", packed.p99(), "ms")
                .withBaseline("a message for each booking", each.p99()))
        .with(
            Row.of("calls of SQS for a million bookings, packed", dollars(packed), "$")
                .withBaseline("a message for each booking", dollars(each)))
        .write(Path.of(arguments[0]));
    // The embedded queue leaves threads behind.
    System.exit(0);
  }

  private static double dollars(Found found) {
    return QUEUE_CALLS / found.commands() * DOLLARS;
  }

  private static Found measure(int commandsPerMessage) throws Exception {
    Path folder =
        Files.createDirectories(
            ProjectRoot.root().resolve("localstack/target/path-" + commandsPerMessage));
    Map<String, String> environment =
        Map.of(
            "TICKETING_QUEUE_COMMANDS_PER_MESSAGE",
            String.valueOf(commandsPerMessage),
            // Both compilers, as in the images; the warm-up gives them the time for it.
            "_JAVA_OPTIONS",
            "-XX:TieredStopAtLevel=4");
    SystemSettings settings = SystemSettings.in(folder).withEnvironment(environment);
    try (LocalSystem system = LocalSystem.start(settings)) {
      DemoData.addTo(system.servers());
      Demo demo = new Demo(system);
      demo.warmUp(WARM_UP, SOCKETS);
      double before = demo.ceiling();
      double messages = received(system);
      SaleReport sale = demo.hold("rush", BUYERS, BUYERS, SOCKETS, before);
      System.out.println(SaleReport.table(List.of(sale)));
      if (!sale.holds()) {
        throw new IllegalStateException("the figures of a sale that broke a promise are no good");
      }
      double commands = BUYERS / (received(system) - messages);
      // The machine has not stood still meanwhile.
      double ceiling = (before + demo.ceiling()) / 2;
      return new Found(
          ceiling, sale.rate(), sale.decisionMillis(0.5), sale.decisionMillis(0.99), commands);
    }
  }

  private static double received(LocalSystem system) {
    return system.workers().getFirst().metric("ticketing_received_messages_total");
  }
}
