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
import ticketing.local.scaling.Autoscaler;
import ticketing.local.scaling.ScalingPolicy;
import ticketing.local.servers.ManagedProcess;
import ticketing.local.servers.ServerException;
import ticketing.local.system.AotCache;
import ticketing.local.system.ApplicationProcess;
import ticketing.local.system.DemoData;
import ticketing.local.system.LocalSystem;
import ticketing.local.system.SystemSettings;

/// `mvn -Prun`: starts the whole system, prints how to use it, and runs until it is stopped or
/// until a process ends unexpectedly.
///
/// A start error is printed as one sentence, with exit code 1. Ctrl-C, SIGTERM and the end of Maven
/// stop all processes in order, with exit code 0.
public final class Launcher {

  /// Task that runs on a started system.
  @FunctionalInterface
  public interface Task {
    /// @return exit code
    int run(LocalSystem system) throws InterruptedException, SQLException;
  }

  private static final int STOP_TIMEOUT = 90; // s

  private final PrintStream out;
  private final CountDownLatch finished = new CountDownLatch(1);
  private volatile boolean stopping;

  private Launcher(PrintStream out) {
    this.out = out;
  }

  public static void main(String[] arguments) {
    launch(system -> {
      System.out.println(new StartupMessage(system));
      LaunchProperties properties = new LaunchProperties(System.getProperties());
      try (AotCache.Making _ = AotCache.makeWithLowPriority(jarsToCache(system, properties))) {
        scaleUntilInterrupted(system, properties);
      }
      return 0;
    });
  }

  private static List<Path> jarsToCache(LocalSystem system, LaunchProperties properties) {
    return properties.makesCaches()
        ? system.applications().stream().map(ApplicationProcess::jar).toList()
        : List.of();
  }

  private static void scaleUntilInterrupted(LocalSystem system, LaunchProperties properties)
      throws InterruptedException {
    ScalingPolicy.Bounds bounds = properties.workers();
    if (bounds.min() < bounds.max()) {
      new Autoscaler(
              system,
              bounds,
              properties.initialWorkerRate(),
              change -> System.out.println("[scaling] " + change))
          .run();
    }
    TimeUnit.DAYS.sleep(Long.MAX_VALUE);
  }

  /// Starts the system, runs the task in this thread, stops the system and ends this JVM.
  public static void launch(Task task) {
    Launcher launcher = new Launcher(System.out);
    Thread main = Thread.currentThread();
    Runtime.getRuntime()
        .addShutdownHook(new Thread(() -> launcher.stopBySignal(main), "launcher-stop"));
    int code = launcher.run(task);
    launcher.finished.countDown();
    if (!launcher.stopping) {
      launcher.stopping = true;
      // System.exit would block on the shutdown hook.
      launcher.out.flush();
      Runtime.getRuntime().halt(code);
    }
  }

  private int run(Task task) {
    try {
      LaunchProperties properties = new LaunchProperties(System.getProperties());
      if (properties.watchesParent()) {
        stopWithParent();
      }
      SystemSettings settings = properties.system();
      // Read by logback.xml. Only the embedded queue logs in this JVM.
      System.setProperty(
          "ticketing.log", settings.servers().folder().resolve("queue.log").toString());
      try (LocalSystem system = LocalSystem.start(settings, this::printStep)) {
        Thread main = Thread.currentThread();
        CompletableFuture<ManagedProcess> ended = new CompletableFuture<>();
        system.onUnexpectedEnd(process -> {
          if (!stopping && ended.complete(process)) {
            main.interrupt();
          }
        });
        DemoData.addTo(system.servers());
        try {
          return task.run(system);
        } catch (InterruptedException e) {
          return ended.isDone() ? report(ended.get()) : 0;
        }
      }
    } catch (ServerException e) {
      if (stopping) {
        return 0;
      }
      out.println("\n" + sentence(e.getMessage()));
      return 1;
    } catch (SQLException e) {
      out.println("\nThe database reports an error: " + e.getMessage());
      return 1;
    } catch (InterruptedException | ExecutionException e) {
      throw new IllegalStateException(e);
    }
  }

  private int report(ManagedProcess process) {
    out.println(
        "\n%s (pid %d) ended unexpectedly with exit code %d. Last lines of %s:"
            .formatted(process.name(), process.pid(), process.exitCode(), process.log()));
    process.lastLines().forEach(line -> out.println("  | " + line));
    return 1;
  }

  /// Runs in the shutdown hook. The main thread stops the processes, because it started them.
  private void stopBySignal(Thread main) {
    if (stopping) {
      return;
    }
    stopping = true;
    out.println("\nStopping. This takes a few seconds.");
    main.interrupt();
    try {
      if (!finished.await(STOP_TIMEOUT, TimeUnit.SECONDS)) {
        out.println("Some processes did not stop within " + STOP_TIMEOUT + " s and are killed.");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    out.println("Stopped.");
    out.flush();
    // A requested stop is a success for each signal.
    Runtime.getRuntime().halt(0);
  }

  /// Stops with Maven, which does not forward SIGTERM or SIGKILL to its children.
  private void stopWithParent() {
    ProcessHandle.current()
        .parent()
        .ifPresent(parent ->
            Thread.ofPlatform()
                .daemon()
                .name("parent-watch")
                .start(() -> {
                  parent.onExit().join();
                  System.exit(0);
                }));
  }

  private static String sentence(String message) {
    return message.substring(0, 1).toUpperCase(Locale.ROOT) + message.substring(1);
  }

  private void printStep(String step) {
    out.println("[ticketing] " + step);
  }
}
