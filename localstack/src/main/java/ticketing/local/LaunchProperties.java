package ticketing.local;

import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Properties;
import ticketing.local.servers.Checkout;
import ticketing.local.servers.Ports;
import ticketing.local.servers.ServerException;
import ticketing.local.servers.ServerSettings;

/// The `-Dticketing...` settings of `mvn -Prun` and `mvn -Pdemo`; an empty one counts as not given.
final class LaunchProperties {

  private static final Duration VISIBILITY = Duration.ofSeconds(60);
  private static final Duration START_TIMEOUT = Duration.ofSeconds(60);

  private final Properties properties;
  private final Map<Integer, String> ports = new HashMap<>();

  LaunchProperties(Properties properties) {
    this.properties = properties;
  }

  /// @throws ServerException if a setting is wrong or one of its ports is in use
  SystemSettings system() {
    int workers = number("workers", 1, 1, 8);
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
            Checkout.root(),
            workers,
            port("ingress.port", 8080),
            port("ingress.management-port", 9080),
            port("notifier.port", 8081),
            port("notifier.management-port", 9081),
            port("worker.management-port", 9082),
            Map.of(),
            Map.of());
    for (int worker = 1; worker < workers; worker++) {
      requireFree(settings.workerManagementPort() + worker, "worker.management-port");
    }
    return settings;
  }

  private boolean keepsData() {
    return !text("data", "").isEmpty();
  }

  /// Without `-Dticketing.data` every start begins with nothing.
  private Path folder() {
    String data = text("data", "");
    return data.isEmpty()
        ? Checkout.root().resolve("target").resolve("run")
        : Path.of(text("started-in", "")).resolve(data).toAbsolutePath().normalize();
  }

  boolean watchesParent() {
    return Boolean.parseBoolean(text("watch-parent", "false"));
  }

  /// @throws ServerException if it is no number or out of range
  int number(String name, int otherwise, int least, int most) {
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
