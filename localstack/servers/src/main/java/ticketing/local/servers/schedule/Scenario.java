package ticketing.local.servers.schedule;

import java.util.concurrent.atomic.AtomicReference;

/// Threads and checks of a scenario. Platform threads, because a model checker cannot schedule
/// virtual ones; and no assertion library, because the model checker would schedule its code too.
public final class Scenario {

  private Scenario() {}

  /// Runs each task on its own thread and blocks until all of them end. It throws the error of a
  /// task.
  public static void runConcurrently(Runnable... tasks) {
    AtomicReference<AssertionError> failure = new AtomicReference<>();
    Thread[] threads = new Thread[tasks.length];
    for (int i = 0; i < tasks.length; i++) {
      Runnable task = tasks[i];
      threads[i] = new Thread(() -> run(task, failure));
      threads[i].start();
    }
    for (Thread thread : threads) {
      join(thread);
    }
    if (failure.get() != null) {
      throw failure.get();
    }
  }

  private static void run(Runnable task, AtomicReference<AssertionError> failure) {
    try {
      task.run();
    } catch (AssertionError e) {
      failure.set(e);
    }
  }

  /// Blocks until a thread ends.
  public static void join(Thread thread) {
    try {
      thread.join();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /// @throws AssertionError with the message if the condition is false
  public static void require(boolean condition, String message) {
    if (!condition) {
      throw new AssertionError(message);
    }
  }
}
