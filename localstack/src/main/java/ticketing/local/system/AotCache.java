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

/// What a JVM has loaded and linked of an application before, so that the next one starts in half
/// the time (JEP 483). It lies beside the unpacked jar and goes with it; another JVM has another
/// one. A JVM that cannot use the file starts without it.
///
/// Making one is a run of its own up to the point where the application would connect to something:
/// nothing that runs is touched.
public final class AotCache {

  /// Of every JVM that makes a cache or uses one: the collector must be the same, and what the
  /// cache holds must fit into the first heap, or the JVM ends.
  static final List<String> HEAP = List.of("-Xms192m", "-Xmx256m", "-XX:+UseSerialGC");

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

  private static final List<String> UP_TO_CONNECTING =
      List.of(
          "-Dspring.context.exit=onRefresh",
          "-Dspring.jpa.properties.hibernate.boot.allow_jdbc_metadata_access=false");

  private AotCache() {}

  /// Options that make a JVM use the cache of this jar; none where there is no cache.
  static List<String> options(Path jar) {
    Path cache = cache(jar);
    // Quiet about a cache that does not fit: the log belongs to the application.
    return Files.exists(cache) ? List.of("-XX:AOTCache=" + cache, "-Xlog:aot*=off") : List.of();
  }

  /// Makes what is missing, one after the other, in a thread of its own.
  static Making make(List<Path> jars) {
    return make(jars, List.of());
  }

  /// Makes what is missing, all at the same time, and returns when it is there.
  static void makeAtOnce(List<Path> jars) throws InterruptedException {
    List<Making> makings = jars.stream().map(jar -> make(List.of(jar))).toList();
    try {
      for (Making making : makings) {
        making.await();
      }
    } finally {
      makings.forEach(Making::close);
    }
  }

  /// As [#make], but as a thing that may always wait: with the lowest priority where the system has
  /// `nice`.
  public static Making makeHumbly(List<Path> jars) {
    Path nice = Path.of("/usr/bin/nice");
    return make(jars, Files.isExecutable(nice) ? List.of(nice.toString(), "-n", "19") : List.of());
  }

  private static Making make(List<Path> jars, List<String> humbly) {
    List<Path> missing = jars.stream().distinct().filter(jar -> !exists(jar)).toList();
    Making making = new Making(missing, humbly);
    making.thread.start();
    return making;
  }

  private static boolean exists(Path jar) {
    return Files.exists(cache(jar));
  }

  private static Path cache(Path jar) {
    return jar.resolveSibling("for-java-" + Runtime.version() + ".aot");
  }

  /// Caches in the making, until it is closed; what is half done then is thrown away.
  public static final class Making implements AutoCloseable {

    private final List<Path> jars;
    private final List<String> humbly; // what a command begins with to be so
    private final Thread thread =
        Thread.ofPlatform().daemon().name("aot-caches").unstarted(this::run);
    private ManagedProcess running;
    private boolean closed;

    private Making(List<Path> jars, List<String> humbly) {
      this.jars = jars;
      this.humbly = humbly;
    }

    /// Returns when all are made or one could not be.
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
        // Nothing depends on a cache; why there is none stands in aot.log beside the jar.
      }
    }

    private void make(Path jar) throws IOException {
      Path recorded = jar.resolveSibling("recorded.aotconf");
      Path made = jar.resolveSibling("made.aot");
      List<String> record = List.of("-XX:AOTMode=record", "-XX:AOTConfiguration=" + recorded);
      List<String> create =
          List.of("-XX:AOTMode=create", "-XX:AOTConfiguration=" + recorded, "-XX:AOTCache=" + made);
      if (succeeds(jar, record) && succeeds(jar, create)) {
        // Last and at once: whoever sees the file sees all of it.
        Files.move(made, cache(jar), StandardCopyOption.ATOMIC_MOVE);
      }
      Files.deleteIfExists(recorded);
      Files.deleteIfExists(made);
    }

    private boolean succeeds(Path jar, List<String> mode) {
      List<String> command = new ArrayList<>(humbly);
      command.add(BootJar.java().toString());
      command.addAll(mode);
      command.addAll(ApplicationProcess.JVM);
      command.addAll(UP_TO_CONNECTING);
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
