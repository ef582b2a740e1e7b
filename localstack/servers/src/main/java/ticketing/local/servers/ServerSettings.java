package ticketing.local.servers;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;

/// Ports, folder and persistence of the servers. Port 0 means a free port.
///
/// @param folder folder of data and logs. It is created if absent and locked by one JVM.
/// @param separateQueue true: the queue is a child process with its messages on disk. False: it
///   runs in this JVM and is faster.
/// @param persistent true: rows, keys and messages survive a restart. False: a stop deletes them.
/// @param databaseTls true: the embedded database offers TLS, with a new certificate.
/// @param visibility visibility timeout of messages, in whole seconds, up to 12 hours.
/// @param startTimeout limit for the start of each server.
public record ServerSettings(
    Path folder,
    int databasePort,
    int redisPort,
    int queuePort,
    boolean separateQueue,
    boolean persistent,
    boolean databaseTls,
    Duration visibility,
    Duration startTimeout) {

  /// That of the queues on AWS.
  public static final Duration DEFAULT_VISIBILITY = Duration.ofSeconds(100);

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

  /// Free ports and no persistence.
  public static ServerSettings in(Path folder) {
    return new ServerSettings(
        folder, 0, 0, 0, false, false, false, DEFAULT_VISIBILITY, Duration.ofSeconds(60));
  }

  public ServerSettings withPorts(int database, int redis, int queue) {
    return new ServerSettings(
        folder,
        database,
        redis,
        queue,
        separateQueue,
        persistent,
        databaseTls,
        visibility,
        startTimeout);
  }

  public ServerSettings withPersistence(boolean keep) {
    return new ServerSettings(
        folder,
        databasePort,
        redisPort,
        queuePort,
        separateQueue,
        keep,
        databaseTls,
        visibility,
        startTimeout);
  }

  public ServerSettings withVisibility(Duration timeout) {
    return new ServerSettings(
        folder,
        databasePort,
        redisPort,
        queuePort,
        separateQueue,
        persistent,
        databaseTls,
        timeout,
        startTimeout);
  }

  public ServerSettings withSeparateQueue() {
    return new ServerSettings(
        folder,
        databasePort,
        redisPort,
        queuePort,
        true,
        persistent,
        databaseTls,
        visibility,
        startTimeout);
  }

  public ServerSettings withDatabaseTls() {
    return new ServerSettings(
        folder,
        databasePort,
        redisPort,
        queuePort,
        separateQueue,
        persistent,
        true,
        visibility,
        startTimeout);
  }

  private static void requirePort(int port) {
    if (port < 0 || port > 65_535) {
      throw new IllegalArgumentException("a port must be 0 to 65535, not " + port);
    }
  }
}
