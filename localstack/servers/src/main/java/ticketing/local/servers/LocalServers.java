package ticketing.local.servers;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;

/// The three servers the system needs, on the loopback of this machine. Started together, and each one
/// can be stopped and started again alone, on the same port, to see what the system does without it.
///
/// The schema `ticketing` exists and is empty; the queue `ticketing-bookings` and its dead letters
/// exist. None of the processes outlives this JVM.
public final class LocalServers implements AutoCloseable {

  public static final String QUEUE = "ticketing-bookings";

  private static LocalServers shared;

  private final ServerSettings settings;
  private final FileChannel lockFile;
  private final MariaDb database;
  private final RedisServer redis;
  private final Queue queue;

  private LocalServers(ServerSettings settings, FileChannel lockFile) {
    this.settings = settings;
    this.lockFile = lockFile;
    Path folder = settings.folder();
    this.database =
        new MariaDb(
            folder, Ports.orFree(settings.databasePort(), "MariaDB"), settings.startTimeout());
    this.redis =
        new RedisServer(
            folder,
            Ports.orFree(settings.redisPort(), "Redis"),
            settings.persistent(),
            settings.startTimeout());
    this.queue =
        new Queue(
            folder,
            Ports.orFree(settings.queuePort(), "the queue"),
            settings.queueApart(),
            settings.persistent(),
            settings.visibility(),
            settings.startTimeout());
  }

  /// Free ports, nothing kept; the logs stay in the folder until the next start.
  public static LocalServers start(Path folder) {
    return start(ServerSettings.in(folder));
  }

  /// All three answer on return.
  ///
  /// @throws ServerException if one does not come up; none is left running then
  public static LocalServers start(ServerSettings settings) {
    FileChannel lockFile = lock(settings.folder());
    LocalServers servers = null;
    try {
      servers = new LocalServers(settings, lockFile);
      servers.deleteLeftovers();
      servers.startAll();
      return servers;
    } catch (ServerException e) {
      if (servers != null) {
        servers.close();
      } else {
        unlock(lockFile);
      }
      throw e;
    }
  }

  /// One instance for all tests of a JVM, under `target/servers-<pid>`, stopped when the JVM ends.
  public static synchronized LocalServers shared() {
    if (shared == null) {
      LocalServers servers =
          start(Path.of("target", "servers-" + ProcessHandle.current().pid()));
      Runtime.getRuntime().addShutdownHook(new Thread(servers::close, "servers-stop"));
      shared = servers;
    }
    return shared;
  }

  public String databaseUrl() {
    return database.url(MariaDb.SCHEMA);
  }

  public String databaseUser() {
    return MariaDb.USER;
  }

  public String databasePassword() {
    return MariaDb.PASSWORD;
  }

  public String redisAddress() {
    return redis.address();
  }

  public String queueEndpoint() {
    return queue.endpoint();
  }

  public String queueUrl() {
    return queue.url(QUEUE);
  }

  public String deadLetterUrl() {
    return queue.url(QUEUE + "-dlq");
  }

  /// What an application needs in its environment to find the servers.
  public Map<String, String> environment() {
    return Map.of(
        "TICKETING_DATABASE_URL", databaseUrl(),
        "TICKETING_DATABASE_USER", databaseUser(),
        "TICKETING_DATABASE_PASSWORD", databasePassword(),
        "TICKETING_REDIS_ADDRESSES", redisAddress(),
        "TICKETING_QUEUE_ENDPOINT", queueEndpoint(),
        "TICKETING_QUEUE_NAME", QUEUE,
        "AWS_REGION", Queue.REGION,
        "AWS_ACCESS_KEY_ID", "local",
        "AWS_SECRET_ACCESS_KEY", "local");
  }

  /// @return the JDBC URL of a new empty schema on the same server, for the same user
  public String newDatabase() {
    return database.createDatabase();
  }

  /// Creates a queue of this name and its dead letters, `<name>-dlq`, with the redrive policy of the
  /// real one.
  public void newQueues(String name) {
    queue.create(name);
  }

  /// A connection to the schema `ticketing`, for tools and tests; applications bring their own pool.
  public Connection connect() throws SQLException {
    return database.connect(MariaDb.SCHEMA);
  }

  /// Calls back, from another thread, when one of the processes running now ends although nobody told
  /// it to.
  public void onDeath(Consumer<ManagedProcess> listener) {
    database.onDeath(listener);
    redis.onDeath(listener);
    queue.onDeath(listener);
  }

  /// Processor time each process has used so far; the queue is a part of this JVM.
  public Map<String, Duration> processorTimes() {
    return Map.of("MariaDB", database.processorTime(), "Redis", redis.processorTime());
  }

  public MariaDb database() {
    return database;
  }

  public RedisServer redis() {
    return redis;
  }

  public Queue queue() {
    return queue;
  }

  public Path folder() {
    return settings.folder();
  }

  /// Stops all three, also when the thread is interrupted; without persistence their data is deleted.
  @Override
  public void close() {
    boolean interrupted = Thread.interrupted();
    try {
      queue.close();
    } finally {
      redis.stop();
      database.stop();
      deleteData();
      unlock(lockFile);
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /// What a run without persistence left that was killed, and the logs of the last one.
  private void deleteLeftovers() {
    if (settings.persistent()) {
      return;
    }
    deleteData();
    try (DirectoryStream<Path> logs = Files.newDirectoryStream(settings.folder(), "*.log")) {
      for (Path log : logs) {
        Files.delete(log);
      }
    } catch (IOException e) {
      throw new ServerException("cannot delete old logs: " + Binaries.reason(e), e);
    }
  }

  private void deleteData() {
    if (settings.persistent()) {
      return;
    }
    try {
      for (String data : List.of("mariadb", "mariadb.unfinished", "mariadb-tmp", "redis")) {
        Binaries.delete(settings.folder().resolve(data));
      }
      Files.deleteIfExists(settings.folder().resolve("queue.mv.db"));
    } catch (IOException e) {
      throw new ServerException("cannot delete data: " + Binaries.reason(e), e);
    }
  }

  private void startAll() {
    database.start();
    redis.start();
    queue.start();
    queue.create(QUEUE);
  }

  private static FileChannel lock(Path folder) {
    try {
      Files.createDirectories(folder);
      FileChannel channel =
          FileChannel.open(
              folder.resolve("servers.lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      FileLock lock = null;
      try {
        lock = channel.tryLock();
      } catch (OverlappingFileLockException e) {
        // Another instance in this JVM: as busy as one in another JVM.
      }
      if (lock == null) {
        channel.close();
        throw new ServerException("the folder " + folder + " is in use by another run");
      }
      return channel;
    } catch (IOException e) {
      throw new ServerException(
          "cannot write to the folder " + folder + ": " + Binaries.reason(e), e);
    }
  }

  private static void unlock(FileChannel channel) {
    try {
      channel.close();
    } catch (IOException e) {
      throw new ServerException("cannot release servers.lock: " + e.getMessage(), e);
    }
  }
}
