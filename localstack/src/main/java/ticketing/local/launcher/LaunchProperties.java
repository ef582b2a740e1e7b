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

/// The `-Dticketing...` settings of `mvn -Prun` and `mvn -Pdemo`; an empty one counts as not given.
public final class LaunchProperties {

  private static final Pattern RANGE = Pattern.compile("(\\d{1,3})(?:-(\\d{1,3}))?");
  private static final Duration VISIBILITY = Duration.ofSeconds(60);
  private static final Duration START_TIMEOUT = Duration.ofSeconds(60);

  private final Properties properties;
  private final Map<Integer, String> ports = new HashMap<>();

  public LaunchProperties(Properties properties) {
    this.properties = properties;
  }

  /// @throws ServerException if a setting is wrong or one of its ports is in use
  SystemSettings system() {
    int most = workers().most();
    SystemSettings settings =
        new SystemSettings(
            new ServerSettings(
                folder(),
                port("database.port", 0),
                port("redis.port", 0),
                port("queue.port", 0),
                false,
                keepsData(),
                VISIBILITY,
                START_TIMEOUT),
            ProjectRoot.root(),
            workers().least(),
            port("ingress.port", 8080),
            port("ingress.management-port", 9080),
            port("notifier.port", 8081),
            port("notifier.management-port", 9081),
            port("worker.management-port", 9082),
            Map.of(),
            Map.of());
    for (int worker = 1; worker < most; worker++) {
      requireFree(settings.workerManagementPort() + worker, "worker.management-port");
    }
    return settings;
  }

  /// How many workers: from `3`, or from `1-4`, which scales with the backlog.
  ///
  /// @throws ServerException if it is neither, or out of range
  ScalingPolicy.Bounds workers() {
    String text = text("workers", "1");
    Matcher range = RANGE.matcher(text);
    if (range.matches()) {
      int least = Integer.parseInt(range.group(1));
      int most = range.group(2) == null ? least : Integer.parseInt(range.group(2));
      if (least >= 1 && least <= most && most <= SystemSettings.MAX_WORKERS) {
        return new ScalingPolicy.Bounds(
            least,
            most,
            Duration.ofSeconds(number("scaling.latency", 2, 1, 3_600)),
            Duration.ofSeconds(number("scaling.quiet", 30, 0, 3_600)));
      }
    }
    throw new ServerException(
        "-Dticketing.workers=%s must be a number from 1 to %d, or a range such as 1-4"
            .formatted(text, SystemSettings.MAX_WORKERS));
  }

  /// Decisions per second that one worker is taken to make before any are measured.
  int workerRate() {
    return number("scaling.rate", 500, 1, 100_000);
  }

  private boolean keepsData() {
    return !text("data", "").isEmpty();
  }

  /// Without `-Dticketing.data` every start begins with nothing.
  private Path folder() {
    String data = text("data", "");
    return data.isEmpty()
        ? ProjectRoot.root().resolve("target").resolve("run")
        : Path.of(text("started-in", "")).resolve(data).toAbsolutePath().normalize();
  }

  /// Whether the next start is prepared while this one runs.
  boolean makesCaches() {
    return Boolean.parseBoolean(text("aot", "false"));
  }

  boolean watchesParent() {
    return Boolean.parseBoolean(text("watch-parent", "false"));
  }

  /// @throws ServerException if it is no number or out of range
  public int number(String name, int otherwise, int least, int most) {
    String text = text(name, Integer.toString(otherwise));
    try {
      int number = Integer.parseInt(text);
      if (number >= least && number <= most) {
        return number;
      }
    } catch (NumberFormatException e) {
      // said below
    }
    throw new ServerException(
        "-Dticketing.%s=%s must be a number from %d to %d".formatted(name, text, least, most));
  }

  private int port(String name, int otherwise) {
    int port = number(name, otherwise, 0, 65_535);
    if (port != 0) {
      String other = ports.put(port, name);
      if (other != null) {
        throw new ServerException(
            "Port %d is wanted twice, by -Dticketing.%s and -Dticketing.%s"
                .formatted(port, other, name));
      }
      requireFree(port, name);
    }
    return port;
  }

  private static void requireFree(int port, String name) {
    if (!Ports.isFree(port)) {
      throw new ServerException(
          "Port %d is already in use: stop what listens there, or choose another port with -Dticketing.%s=..."
              .formatted(port, name));
    }
  }

  private String text(String name, String otherwise) {
    String value = properties.getProperty("ticketing." + name, "").strip();
    return value.isEmpty() ? otherwise : value;
  }
}
