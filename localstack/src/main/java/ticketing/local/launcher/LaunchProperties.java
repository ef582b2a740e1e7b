package ticketing.local.launcher;

import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import ticketing.local.scaling.ScalingPolicy;
import ticketing.local.servers.Ports;
import ticketing.local.servers.ProjectRoot;
import ticketing.local.servers.ServerException;
import ticketing.local.servers.ServerSettings;
import ticketing.local.system.SystemSettings;

/// System properties `ticketing.*` of `mvn -Prun` and `mvn -Pdemo`. An empty value means the
/// default.
public final class LaunchProperties {

  private static final Pattern RANGE = Pattern.compile("(\\d{1,3})(?:-(\\d{1,3}))?");
  private static final Duration START_TIMEOUT = Duration.ofSeconds(60);

  private final Properties properties;
  private final Map<Integer, String> ports = new HashMap<>();

  public LaunchProperties(Properties properties) {
    this.properties = properties;
  }

  /// @throws ServerException if a value is invalid or a port is in use
  SystemSettings system() {
    int maxWorkers = workers().max();
    SystemSettings settings =
        new SystemSettings(
            new ServerSettings(
                folder(),
                port("database.port", 0),
                port("redis.port", 0),
                port("queue.port", 0),
                false,
                keepsData(),
                false,
                ServerSettings.DEFAULT_VISIBILITY,
                START_TIMEOUT),
            ProjectRoot.root(),
            workers().min(),
            port("ingress.port", 8080),
            port("ingress.management-port", 9080),
            port("notifier.port", 8081),
            port("notifier.management-port", 9081),
            port("worker.management-port", 9082),
            environment(),
            Map.of());
    for (int worker = 1; worker < maxWorkers; worker++) {
      requireFree(settings.workerManagementPort() + worker, "worker.management-port");
    }
    return settings;
  }

  /// Number of workers: fixed, such as `3`, or a range, such as `1-4`, which scales with the
  /// backlog.
  ///
  /// @throws ServerException if the value is invalid
  ScalingPolicy.Bounds workers() {
    String text = text("workers", "1");
    Matcher range = RANGE.matcher(text);
    if (range.matches()) {
      int min = Integer.parseInt(range.group(1));
      int max = range.group(2) == null ? min : Integer.parseInt(range.group(2));
      if (min >= 1 && min <= max && max <= SystemSettings.MAX_WORKERS) {
        return new ScalingPolicy.Bounds(
            min,
            max,
            Duration.ofSeconds(number("scaling.latency", 2, 1, 3_600)),
            Duration.ofSeconds(number("scaling.quiet", 30, 0, 3_600)));
      }
    }
    throw new ServerException(
        "-Dticketing.workers=%s must be a number from 1 to %d, or a range such as 1-4"
            .formatted(text, SystemSettings.MAX_WORKERS));
  }

  /// Decisions per second of one worker, until the rate is measured.
  int initialWorkerRate() {
    return number("scaling.rate", 500, 1, 100_000);
  }

  /// Warm-up in the background, and limits that apply to client addresses.
  private Map<String, String> environment() {
    String warmUp = "TICKETING_WARM_UP_MODE";
    String limits = text("limits", "local");
    return switch (limits) {
      case "local" -> Map.of(warmUp, "background");
      case "production" ->
          Map.of(warmUp, "background", "SPRING_PROFILES_ACTIVE", "local,production-limits");
      default ->
          throw new ServerException(
              "-Dticketing.limits=%s must be local or production".formatted(limits));
    };
  }

  private boolean keepsData() {
    return !text("data", "").isEmpty();
  }

  /// Without `-Dticketing.data` each start has empty servers.
  private Path folder() {
    String data = text("data", "");
    return data.isEmpty()
        ? ProjectRoot.root().resolve("target").resolve("run")
        : Path.of(text("started-in", "")).resolve(data).toAbsolutePath().normalize();
  }

  /// True if AOT caches for the next start are made while the system runs.
  boolean makesCaches() {
    return Boolean.parseBoolean(text("aot", "false"));
  }

  boolean watchesParent() {
    return Boolean.parseBoolean(text("watch-parent", "false"));
  }

  /// @throws ServerException if the value is not a number from `min` to `max`
  public int number(String name, int defaultValue, int min, int max) {
    String text = text(name, Integer.toString(defaultValue));
    try {
      int number = Integer.parseInt(text);
      if (number >= min && number <= max) {
        return number;
      }
    } catch (NumberFormatException e) {
      // The exception below has the message.
    }
    throw new ServerException(
        "-Dticketing.%s=%s must be a number from %d to %d".formatted(name, text, min, max));
  }

  private int port(String name, int defaultPort) {
    int port = number(name, defaultPort, 0, 65_535);
    if (port != 0) {
      String other = ports.put(port, name);
      if (other != null) {
        throw new ServerException(
            "Port %d is configured twice, by -Dticketing.%s and -Dticketing.%s"
                .formatted(port, other, name));
      }
      requireFree(port, name);
    }
    return port;
  }

  private static void requireFree(int port, String name) {
    if (!Ports.isFree(port)) {
      throw new ServerException(
          ("Port %d is in use. Stop the process that uses it, or choose another port with"
                  + " -Dticketing.%s=...")
              .formatted(port, name));
    }
  }

  private String text(String name, String defaultValue) {
    String value = properties.getProperty("ticketing." + name, "").strip();
    return value.isEmpty() ? defaultValue : value;
  }
}
