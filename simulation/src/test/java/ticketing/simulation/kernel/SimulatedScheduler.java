package ticketing.simulation.kernel;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.AbstractExecutorService;
import java.util.concurrent.Callable;
import java.util.concurrent.Delayed;
import java.util.concurrent.FutureTask;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;

/// Scheduled executor in simulated time. Each run has its own thread.
final class SimulatedScheduler extends AbstractExecutorService implements ScheduledExecutorService {

  private final SimulatedProcess process;
  private volatile boolean shutdown;

  SimulatedScheduler(SimulatedProcess process) {
    this.process = process;
  }

  private static final class Task<T> extends FutureTask<T> implements ScheduledFuture<T> {
    Task(Callable<T> task) {
      super(task);
    }

    @Override
    public long getDelay(TimeUnit unit) {
      throw unsupported();
    }

    @Override
    public int compareTo(Delayed other) {
      throw unsupported();
    }

    private static UnsupportedOperationException unsupported() {
      return new UnsupportedOperationException("the production code only cancels its tasks");
    }

    @Override
    protected boolean runAndReset() {
      return super.runAndReset();
    }
  }

  private void startAfter(long delayNanos, Runnable task) {
    process.startAfter(
        delayNanos,
        "scheduled",
        () -> {
          if (!shutdown) {
            task.run();
          }
        });
  }

  @Override
  public ScheduledFuture<?> schedule(Runnable command, long delay, TimeUnit unit) {
    return schedule(
        () -> {
          command.run();
          return null;
        },
        delay,
        unit);
  }

  @Override
  public <V> ScheduledFuture<V> schedule(Callable<V> callable, long delay, TimeUnit unit) {
    Task<V> task = new Task<>(callable);
    startAfter(unit.toNanos(delay), task);
    return task;
  }

  @Override
  public ScheduledFuture<?> scheduleAtFixedRate(
      Runnable command, long initialDelay, long period, TimeUnit unit) {
    return scheduleWithFixedDelay(command, initialDelay, period, unit);
  }

  @Override
  public ScheduledFuture<?> scheduleWithFixedDelay(
      Runnable command, long initialDelay, long delay, TimeUnit unit) {
    Task<Object> task =
        new Task<>(() -> {
          command.run();
          return null;
        });
    startAfter(unit.toNanos(initialDelay), () -> repeat(task, unit.toNanos(delay)));
    return task;
  }

  private void repeat(Task<?> task, long delayNanos) {
    if (task.runAndReset()) {
      startAfter(delayNanos, () -> repeat(task, delayNanos));
    }
  }

  @Override
  public void execute(Runnable command) {
    startAfter(0, command);
  }

  @Override
  public void shutdown() {
    shutdown = true;
  }

  @Override
  public List<Runnable> shutdownNow() {
    shutdown = true;
    return new ArrayList<>();
  }

  @Override
  public boolean isShutdown() {
    return shutdown;
  }

  @Override
  public boolean isTerminated() {
    return shutdown;
  }

  @Override
  public boolean awaitTermination(long timeout, TimeUnit unit) {
    return shutdown;
  }
}
