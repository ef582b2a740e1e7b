package ticketing.local.system;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import ticketing.local.servers.ManagedProcess;
import ticketing.local.servers.ServerException;

/// Cache of loaded and linked classes of an application, which halves its start time (JEP 483). The
/// file is in the folder of the unpacked jar and has the version of the JVM in its name. A JVM that
/// cannot use the file starts without it.
///
/// A cache is made by a separate process that ends before the application connects to a server.
public final class AotCache {

  // A cache requires the collector that made it, and an initial heap that holds its objects.
  static final List<String> HEAP_OPTIONS = List.of("-Xms192m", "-Xmx256m", "-XX:+UseSerialGC");

  private static final Duration TIMEOUT = Duration.ofMinutes(5);
  private static final String UNREACHABLE = "127.0.0.1:1";

  private static final Map<String, String> WITHOUT_SERVERS =
      Map.of(
          "SPRING_PROFILES_ACTIVE", "local",
          "SPRING_FLYWAY_ENABLED", "false",
          "SPRING_DATASOURCE_HIKARI_INITIALIZATION_FAIL_TIMEOUT", "-1",
          "SPRING_JPA_DATABASE_PLATFORM", "org.hibernate.dialect.MySQLDialect",
          "TICKETING_DATABASE_URL", "jdbc:mysql://" + UNREACHABLE + "/ticketing",
          "TICKETING_REDIS_ADDRESSES", "redis://" + UNREACHABLE,
          "TICKETING_QUEUE_ENDPOINT", "http://" + UNREACHABLE,
          "AWS_REGION", "ap-northeast-2",
          "AWS_ACCESS_KEY_ID", "none",
          "AWS_SECRET_ACCESS_KEY", "none");

  private static final List<String> EXIT_BEFORE_CONNECTING =
      List.of(
          "-Dspring.context.exit=onRefresh",
          "-Dspring.jpa.properties.hibernate.boot.allow_jdbc_metadata_access=false");

  private AotCache() {}

  /// JVM options for the cache of this jar; empty if there is no cache.
  static List<String> options(Path jar) {
    Path cache = cache(jar);
    // Without this option a JVM logs that a cache is unusable.
    return Files.exists(cache) ? List.of("-XX:AOTCache=" + cache, "-Xlog:aot*=off") : List.of();
  }

  /// Starts a thread that makes the missing caches sequentially.
  static Making make(List<Path> jars) {
    return make(jars, List.of());
  }

  /// Makes the missing caches concurrently and returns when they exist.
  static void makeConcurrently(List<Path> jars) throws InterruptedException {
    List<Making> makings = jars.stream().map(jar -> make(List.of(jar))).toList();
    try {
      for (Making making : makings) {
        making.await();
      }
    } finally {
      makings.forEach(Making::close);
    }
  }

  /// Like [#make], with the lowest process priority if the system has `nice`.
  public static Making makeWithLowPriority(List<Path> jars) {
    Path nice = Path.of("/usr/bin/nice");
    return make(jars, Files.isExecutable(nice) ? List.of(nice.toString(), "-n", "19") : List.of());
  }

  private static Making make(List<Path> jars, List<String> commandPrefix) {
    List<Path> missing = jars.stream().distinct().filter(jar -> !exists(jar)).toList();
    Making making = new Making(missing, commandPrefix);
    making.thread.start();
    return making;
  }

  private static boolean exists(Path jar) {
    return Files.exists(cache(jar));
  }

  private static Path cache(Path jar) {
    return jar.resolveSibling("for-java-" + Runtime.version() + ".aot");
  }

  /// Handle of the thread that makes caches. Closing it discards an unfinished cache.
  public static final class Making implements AutoCloseable {

    private final List<Path> jars;
    private final List<String> commandPrefix;
    private final Thread thread =
        Thread.ofPlatform().daemon().name("aot-caches").unstarted(this::run);
    private ManagedProcess running;
    private boolean closed;

    private Making(List<Path> jars, List<String> commandPrefix) {
      this.jars = jars;
      this.commandPrefix = commandPrefix;
    }

    /// Blocks until all caches are made, or until one fails.
    void await() throws InterruptedException {
      thread.join();
    }

    @Override
    public void close() {
      synchronized (this) {
        closed = true;
        if (running != null) {
          running.kill();
        }
      }
    }

    private void run() {
      try {
        for (Path jar : jars) {
          make(jar);
        }
      } catch (ServerException | IOException e) {
        // A cache is optional. The error is in aot.log in the folder of the jar.
      }
    }

    private void make(Path jar) throws IOException {
      Path recorded = jar.resolveSibling("recorded.aotconf");
      Path made = jar.resolveSibling("made.aot");
      List<String> record = List.of("-XX:AOTMode=record", "-XX:AOTConfiguration=" + recorded);
      List<String> create =
          List.of("-XX:AOTMode=create", "-XX:AOTConfiguration=" + recorded, "-XX:AOTCache=" + made);
      if (succeeds(jar, record) && succeeds(jar, create)) {
        // An atomic move, so that other processes see only complete files.
        Files.move(made, cache(jar), StandardCopyOption.ATOMIC_MOVE);
      }
      Files.deleteIfExists(recorded);
      Files.deleteIfExists(made);
    }

    private boolean succeeds(Path jar, List<String> mode) {
      List<String> command = new ArrayList<>(commandPrefix);
      command.add(BootJar.java().toString());
      command.addAll(mode);
      command.addAll(ApplicationProcess.JVM_OPTIONS);
      command.addAll(EXIT_BEFORE_CONNECTING);
      command.addAll(List.of("-jar", jar.toString()));
      ManagedProcess process;
      synchronized (this) {
        if (closed) {
          return false;
        }
        Path folder = jar.getParent();
        process =
            ManagedProcess.start(
                "AOT cache", command, WITHOUT_SERVERS, folder, folder.resolve("aot.log"));
        running = process;
      }
      return process.awaitExit(TIMEOUT) == 0;
    }
  }
}
