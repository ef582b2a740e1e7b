package ticketing.local.servers;

import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
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
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// A database, Redis or Valkey, and an SQS queue on the loopback. They start together, and each of
/// them can be stopped and started again on the same port.
///
/// The schema of [#databaseUrl] exists and is empty. The queue `ticketing-bookings` and its
/// dead-letter queue exist. No child process outlives this JVM.
public final class LocalServers implements AutoCloseable {

  public static final String QUEUE = "ticketing-bookings";

  private static LocalServers shared;

  private final ServerSettings settings;
  private final FileChannel lockFile;
  private final Optional<TlsCertificate> certificate;
  private final TestSchemas database;
  private final LocalServer redis;
  private final TestQueues queue;
  private CompletableFuture<Void> queueStart = CompletableFuture.completedFuture(null);

  private LocalServers(ServerSettings settings, ExternalServers external, FileChannel lockFile) {
    this.settings = settings;
    this.lockFile = lockFile;
    this.certificate =
        settings.databaseTls()
            ? Optional.of(TlsCertificate.create(settings.folder().resolve("tls")))
            : Optional.empty();
    Path folder = settings.folder();
    Duration startTimeout = settings.startTimeout();
    this.database =
        external
            .database()
            .map(mysql -> TestSchemas.on(mysql, startTimeout))
            .orElseGet(() -> TestSchemas.on(newDatabaseServer()));
    this.redis =
        external
            .redis()
            .<LocalServer>map(address -> RedisServer.external(socket(address), startTimeout))
            .orElseGet(() ->
                new RedisServer(
                    folder,
                    Ports.orFree(settings.redisPort(), RedisServer.programName()),
                    settings.persistent(),
                    startTimeout));
    this.queue =
        new TestQueues(
            external
                .queue()
                .<LocalServer>map(address ->
                    TestQueues.external(
                        socket(address),
                        Ports.orFree(settings.queuePort(), "the queue"),
                        startTimeout))
                .orElseGet(() ->
                    new ElasticMq(
                        folder,
                        Ports.orFree(settings.queuePort(), "the queue"),
                        settings.separateQueue(),
                        settings.persistent(),
                        startTimeout)),
            settings.visibility(),
            startTimeout);
  }

  private DatabaseServer newDatabaseServer() {
    DatabasePrograms programs = DatabasePrograms.selected();
    return new DatabaseServer(
        programs,
        settings.folder(),
        Ports.orFree(settings.databasePort(), programs.name()),
        certificate,
        settings.startTimeout());
  }

  private static InetSocketAddress socket(URI address) {
    return new InetSocketAddress(address.getHost(), address.getPort());
  }

  /// Starts servers on free ports without persistence. The logs remain until the next start.
  public static LocalServers start(Path folder) {
    return start(ServerSettings.in(folder));
  }

  /// Names of the database and of Redis or Valkey, unless they are external.
  public static String names() {
    return DatabasePrograms.selected().name() + ", " + RedisServer.programName();
  }

  /// Starts the servers, which are ready on return. [ExternalServers] replace embedded ones, except
  /// with persistence or a separate queue process. [LocalStack] can be this process.
  ///
  /// @throws ServerException if a server does not become ready; then all servers are stopped
  public static LocalServers start(ServerSettings settings) {
    ExternalServers external = ExternalServers.NONE;
    if (!settings.persistent()) {
      external =
          settings.separateQueue() ? ExternalServers.queueOnly() : ExternalServers.configured();
    }
    return start(settings, external);
  }

  static LocalServers start(ServerSettings settings, ExternalServers external) {
    LocalServers servers = startConcurrently(settings, external);
    try {
      servers.awaitQueue();
      return servers;
    } catch (ServerException e) {
      servers.close();
      throw e;
    }
  }

  private static LocalServers startConcurrently(ServerSettings settings, ExternalServers external) {
    FileChannel lockFile = lock(settings.folder());
    LocalServers servers = null;
    try {
      servers = new LocalServers(settings, external, lockFile);
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

  /// The servers of all tests of a JVM, in `target/servers-<pid>`. They stop at the end of the JVM.
  /// The queue may still be starting on return. Calls that use it block until it has started.
  public static synchronized LocalServers shared() {
    if (shared == null) {
      ServerSettings settings =
          ServerSettings.in(Path.of("target", "servers-" + ProcessHandle.current().pid()));
      ExternalServers external = ExternalServers.configured();
      LocalServers servers = startConcurrently(settings, external);
      Runnable end = external.equals(ExternalServers.NONE) ? servers::discard : servers::close;
      Runtime.getRuntime().addShutdownHook(new Thread(end, "servers-stop"));
      shared = servers;
    }
    return shared;
  }

  public String databaseUrl() {
    return database.url();
  }

  public String databaseUser() {
    return database.user();
  }

  /// An account that may create accounts and grant access to the schemas. It has the same password.
  public String databaseOwner() {
    return database.owner();
  }

  public String databasePassword() {
    return database.password();
  }

  /// Certificate of the database.
  ///
  /// @throws IllegalStateException without [ServerSettings#databaseTls]
  public TlsCertificate databaseCertificate() {
    return certificate.orElseThrow(() -> new IllegalStateException("no database with TLS"));
  }

  public String redisAddress() {
    return "redis://127.0.0.1:" + redis.port();
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

  /// Environment variables of an application that uses these servers.
  public Map<String, String> environment() {
    Map<String, String> environment = new HashMap<>();
    environment.put("TICKETING_DATABASE_URL", databaseUrl());
    environment.put("TICKETING_DATABASE_USER", databaseUser());
    environment.put("TICKETING_DATABASE_PASSWORD", databasePassword());
    environment.put("TICKETING_REDIS_ADDRESSES", redisAddress());
    environment.put("TICKETING_QUEUE_ENDPOINT", queueEndpoint());
    environment.put("TICKETING_QUEUE_NAME", QUEUE);
    environment.put("AWS_REGION", TestQueues.REGION);
    environment.put("AWS_ACCESS_KEY_ID", "local");
    environment.put("AWS_SECRET_ACCESS_KEY", "local");
    if (database.isMariaDb()) {
      // With the driver of MySQL, Hibernate selects a dialect that MariaDB rejects.
      environment.put("SPRING_JPA_DATABASE_PLATFORM", "org.hibernate.dialect.MariaDBDialect");
    }
    return environment;
  }

  /// @return JDBC URL of a new, empty schema on the same server for the same user
  public String newDatabase() {
    return database.createSchema();
  }

  /// Creates a queue and its dead-letter queue `<name>-dlq`, with the redrive policy of production.
  public void newQueues(String name) {
    queue().create(name);
  }

  /// Like [#newQueues(String)]. A receive call that is already pending keeps the earlier timeout.
  ///
  /// @param visibility visibility timeout
  public void newQueues(String name, Duration visibility) {
    queue().create(name, visibility);
  }

  /// A connection to the schema `ticketing`, for tools and tests. Applications have their own pool.
  public Connection connect() throws SQLException {
    return database.connect();
  }

  /// Makes the database read-only, like a failover to a replica: it answers and rejects writes.
  ///
  /// @param readOnly false to accept writes again
  public void setDatabaseReadOnly(boolean readOnly) {
    database.setReadOnly(readOnly);
  }

  /// Sets a listener for running processes that end without a stop. It runs in another thread.
  public void onUnexpectedEnd(Consumer<ManagedProcess> listener) {
    processes().forEach(process -> process.onUnexpectedEnd(listener));
    if (queue.server() instanceof ElasticMq embedded) {
      embedded.onUnexpectedEnd(listener);
    }
  }

  /// Processor time of each process since its start. The queue runs in this JVM.
  public Map<String, Duration> processorTimes() {
    return processes().collect(Collectors.toMap(ServerProcess::name, ServerProcess::processorTime));
  }

  private Stream<ServerProcess> processes() {
    return Stream.of(database.server(), redis)
        .filter(ServerProcess.class::isInstance)
        .map(ServerProcess.class::cast);
  }

  public LocalServer database() {
    return database.server();
  }

  public LocalServer redis() {
    return redis;
  }

  public TestQueues queue() {
    awaitQueue();
    return queue;
  }

  public Path folder() {
    return settings.folder();
  }

  /// Stops the servers, and deletes their data without persistence. An interrupt does not end the
  /// stop.
  @Override
  public void close() {
    boolean interrupted = Thread.interrupted();
    try {
      queueStart.handle((started, failure) -> null).join();
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

  /// As [#close], without an orderly stop, which costs each test run a second. The queue ends with
  /// this JVM.
  private void discard() {
    redis.kill();
    database.server().kill();
    deleteData();
    unlock(lockFile);
  }

  /// Deletes the data of a killed run without persistence, and old logs.
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
      if (database.server() instanceof DatabaseServer embedded) {
        embedded.deleteData();
      }
      Binaries.delete(settings.folder().resolve("redis"));
      Files.deleteIfExists(settings.folder().resolve("queue.mv.db"));
    } catch (IOException e) {
      throw new ServerException("cannot delete data: " + Binaries.reason(e), e);
    }
  }

  /// Starts the queue in another thread, because its classes take seconds to load.
  private void startAll() {
    queueStart =
        CompletableFuture.runAsync(
            () -> {
              queue.start();
              queue.create(QUEUE);
            },
            start -> Thread.ofPlatform().daemon().name("queue-start").start(start));
    database.start();
    redis.start();
  }

  /// Blocks until the queue has started.
  ///
  /// @throws ServerException if its start failed
  private void awaitQueue() {
    try {
      queueStart.join();
    } catch (CompletionException e) {
      throw e.getCause() instanceof ServerException failure
          ? failure
          : new ServerException("cannot start the queue", e.getCause());
    }
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
        // Another instance in this JVM has the lock.
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
