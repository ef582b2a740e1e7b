package ticketing.local.servers;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;

/// Where the servers listen and what they keep.
///
/// @param folder for data and logs; created if absent, used by one JVM at a time
/// @param databasePort 1 to 65535, or 0 for a free one; likewise the others
/// @param queueApart true: the queue is a process of its own, which keeps its messages on disk
///   while this instance lives; false: it is a part of this JVM, and faster
/// @param persistent true: rows, keys and queued messages survive close and start; false: the data
///   is deleted on close, and only logs stay
/// @param visibility how long a received message stays hidden; whole seconds, up to 12 hours
/// @param startTimeout for each server
public record ServerSettings(
    Path folder,
    int databasePort,
    int redisPort,
    int queuePort,
    boolean queueApart,
    boolean persistent,
    Duration visibility,
    Duration startTimeout) {

  private static final Duration MAX_VISIBILITY = Duration.ofHours(12);

  public ServerSettings {
    folder = folder.toAbsolutePath().normalize();
    requirePort(databasePort);
    requirePort(redisPort);
    requirePort(queuePort);
    Objects.requireNonNull(startTimeout, "startTimeout");
    if (visibility.toSeconds() < 0 || visibility.compareTo(MAX_VISIBILITY) > 0) {
      throw new IllegalArgumentException("visibility must be 0 seconds to 12 hours");
    }
  }

  /// Free ports, nothing kept.
  public static ServerSettings in(Path folder) {
    return new ServerSettings(
        folder, 0, 0, 0, false, false, Duration.ofSeconds(60), Duration.ofSeconds(60));
  }

  public ServerSettings withPorts(int database, int redis, int queue) {
    return new ServerSettings(
        folder, database, redis, queue, queueApart, persistent, visibility, startTimeout);
  }

  public ServerSettings withPersistence(boolean keep) {
    return new ServerSettings(
        folder, databasePort, redisPort, queuePort, queueApart, keep, visibility, startTimeout);
  }

  public ServerSettings withVisibility(Duration timeout) {
    return new ServerSettings(
        folder, databasePort, redisPort, queuePort, queueApart, persistent, timeout, startTimeout);
  }

  public ServerSettings withQueueApart() {
    return new ServerSettings(
        folder, databasePort, redisPort, queuePort, true, persistent, visibility, startTimeout);
  }

  private static void requirePort(int port) {
    if (port < 0 || port > 65_535) {
      throw new IllegalArgumentException("a port lies between 0 and 65535, not " + port);
    }
  }
}
