package ticketing.local.launcher;

import java.io.PrintStream;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import ticketing.local.system.DemoData;
import ticketing.local.scaling.Autoscaler;
import ticketing.local.scaling.ScalingPolicy;
import ticketing.local.servers.ManagedProcess;
import ticketing.local.servers.ServerException;
import ticketing.local.system.AotCache;
import ticketing.local.system.ApplicationProcess;
import ticketing.local.system.LocalSystem;
import ticketing.local.system.SystemSettings;

/// `mvn -Prun`: starts the whole system, prints how to use it, and runs until it is told to stop or
/// one of the processes dies.
///
/// What can go wrong on somebody's machine is said in a sentence, with exit code 1. After Ctrl-C,
/// SIGTERM or the end of Maven everything is stopped in order, with exit code 0.
public final class Launcher {

  /// What runs on a started system.
  @FunctionalInterface
  public interface Work {
    /// @return the exit code
    int on(LocalSystem system) throws InterruptedException, SQLException;
  }

  private static final int STOP_SECONDS = 90;

  private final PrintStream out;
  private final CountDownLatch finished = new CountDownLatch(1);
  private volatile boolean stopping;

  private Launcher(PrintStream out) {
    this.out = out;
  }

  public static void main(String[] arguments) {
    launch(
        system -> {
          System.out.println(new StartupMessage(system));
          LaunchProperties properties = new LaunchProperties(System.getProperties());
          try (AotCache.Making _ = AotCache.makeHumbly(withoutCache(system, properties))) {
            scaleOrWait(system, properties);
          }
          return 0;
        });
  }

  private static List<Path> withoutCache(LocalSystem system, LaunchProperties properties) {
    return properties.makesCaches()
        ? system.applications().stream().map(ApplicationProcess::jar).toList()
        : List.of();
  }

  /// Until it is interrupted.
  private static void scaleOrWait(LocalSystem system, LaunchProperties properties)
      throws InterruptedException {
    ScalingPolicy.Bounds bounds = properties.workers();
    if (bounds.least() < bounds.most()) {
      new Autoscaler(
              system,
              bounds,
              properties.workerRate(),
              change -> System.out.println("[scaling] " + change))
          .run();
    }
    TimeUnit.DAYS.sleep(Long.MAX_VALUE);
  }

  /// Starts the system, lets the work run in this thread and stops the system; then ends this JVM.
  public static void launch(Work work) {
    Launcher launcher = new Launcher(System.out);
    Thread main = Thread.currentThread();
    Runtime.getRuntime()
        .addShutdownHook(new Thread(() -> launcher.stopBySignal(main), "launcher-stop"));
    int code = launcher.run(work);
    launcher.finished.countDown();
    if (!launcher.stopping) {
      launcher.stopping = true;
      // Not exit: it would wait for the shutdown hook, which has nothing left to do.
      launcher.out.flush();
      Runtime.getRuntime().halt(code);
    }
  }

  private int run(Work work) {
    try {
      LaunchProperties properties = new LaunchProperties(System.getProperties());
      if (properties.watchesParent()) {
        stopWithParent();
      }
      SystemSettings settings = properties.system();
      // The embedded queue is the only part of this JVM that logs; see logback.xml.
      System.setProperty(
          "ticketing.log", settings.servers().folder().resolve("queue.log").toString());
      try (LocalSystem system = LocalSystem.start(settings, this::say)) {
        Thread worker = Thread.currentThread();
        CompletableFuture<ManagedProcess> death = new CompletableFuture<>();
        system.onDeath(
            dead -> {
              if (!stopping && death.complete(dead)) {
                worker.interrupt();
              }
            });
        DemoData.addTo(system.servers());
        try {
          return work.on(system);
        } catch (InterruptedException e) {
          return death.isDone() ? report(death.get()) : 0;
        }
      }
    } catch (ServerException e) {
      if (stopping) {
        return 0;
      }
      out.println("\n" + sentence(e.getMessage()));
      return 1;
    } catch (SQLException e) {
      out.println("\nThe database refuses: " + e.getMessage());
      return 1;
    } catch (InterruptedException | ExecutionException e) {
      throw new IllegalStateException(e);
    }
  }

  private int report(ManagedProcess dead) {
    out.println(
        "\n%s (pid %d) has died with exit code %d. Its last lines, from %s:"
            .formatted(dead.name(), dead.pid(), dead.exitCode(), dead.log()));
    dead.lastLines().forEach(line -> out.println("  | " + line));
    return 1;
  }

  /// Runs in the shutdown hook: the main thread does the work, because it knows how far it has
  /// come.
  private void stopBySignal(Thread main) {
    if (stopping) {
      return;
    }
    stopping = true;
    out.println("\nStopping; this may take some seconds.");
    main.interrupt();
    try {
      if (!finished.await(STOP_SECONDS, TimeUnit.SECONDS)) {
        out.println("Not everything stopped within " + STOP_SECONDS + " s; the rest is killed.");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    out.println("Stopped.");
    out.flush();
    // A stop that was asked for is a success, whatever the signal.
    Runtime.getRuntime().halt(0);
  }

  /// Maven does not pass SIGTERM on, and cannot pass on a `kill -9`.
  private void stopWithParent() {
    ProcessHandle.current()
        .parent()
        .ifPresent(
            parent ->
                Thread.ofPlatform()
                    .daemon()
                    .name("watching-maven")
                    .start(
                        () -> {
                          parent.onExit().join();
                          System.exit(0);
                        }));
  }

  private static String sentence(String message) {
    return message.substring(0, 1).toUpperCase(Locale.ROOT) + message.substring(1);
  }

  private void say(String step) {
    out.println("[ticketing] " + step);
  }
}
