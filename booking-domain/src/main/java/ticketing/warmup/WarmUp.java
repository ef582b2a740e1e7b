package ticketing.warmup;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.ApplicationArguments;
import org.springframework.boot.ApplicationRunner;
import org.springframework.context.event.ContextClosedEvent;
import org.springframework.context.event.EventListener;

/// Runs the warm-up tasks after the start of the web server and ahead of readiness, so that the
/// first buyers do not meet interpreted code.
///
/// Each task runs in rounds until the time of a round has settled, until its maximum number of
/// runs, or until the end of the maximum duration. A task that fails is skipped: the warm-up never
/// prevents a start.
public final class WarmUp implements ApplicationRunner {

  private static final Logger log = LoggerFactory.getLogger(WarmUp.class);

  private static final int RUNS_IN_ROUND = 200;
  private static final int SETTLED_ROUNDS = 3;
  private static final double SETTLED_GAIN = 0.05; // of the fastest earlier round

  private final WarmUpSettings settings;
  private final List<WarmUpTask> tasks;
  private volatile boolean closed;

  public WarmUp(WarmUpSettings settings, List<WarmUpTask> tasks) {
    this.settings = settings;
    this.tasks = List.copyOf(tasks);
  }

  @Override
  public void run(ApplicationArguments arguments) {
    switch (settings.mode()) {
      case BEFORE_READY -> warmUp();
      case BACKGROUND -> Thread.ofPlatform().daemon().name("warm-up").start(this::warmUp);
      case OFF -> {}
    }
  }

  @EventListener(ContextClosedEvent.class)
  void stop() {
    closed = true;
  }

  private void warmUp() {
    long startedAt = System.nanoTime();
    long end = startedAt + settings.maxDuration().toNanos();
    List<String> results = new ArrayList<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < tasks.size(); i++) {
        long share = (end - System.nanoTime()) / (tasks.size() - i);
        results.add(warmUp(tasks.get(i), threads, System.nanoTime() + share));
      }
    }
    log.info(
        "warm-up finished, seconds={} tasks={}",
        Duration.ofNanos(System.nanoTime() - startedAt).toMillis() / 1_000.0,
        results);
  }

  /// @param end [System#nanoTime] at which no further run begins
  /// @return name, runs and reason of the end
  private String warmUp(WarmUpTask task, ExecutorService threads, long end) {
    RoundTimes times = new RoundTimes();
    String reason;
    try {
      task.open();
      while (true) {
        if (closed) {
          reason = "stopped";
        } else if (times.isSettled()) {
          reason = "settled";
        } else if (times.count() * RUNS_IN_ROUND >= settings.maxRuns()) {
          reason = "max-runs";
        } else if (System.nanoTime() - end >= 0) {
          reason = "max-duration";
        } else {
          times.add(runRound(task, threads, end));
          continue;
        }
        break;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      reason = "interrupted";
    } catch (Exception | LinkageError e) {
      log.warn("warm-up task failed, task={}", task.name(), e);
      reason = "failed";
    } finally {
      close(task);
    }
    return "%s %d %s".formatted(task.name(), times.count() * RUNS_IN_ROUND, reason);
  }

  private static void close(WarmUpTask task) {
    try {
      task.close();
    } catch (Exception e) {
      log.warn("cannot clean up after a warm-up task, task={}", task.name(), e);
    }
  }

  /// @return time of the round in nanoseconds
  private long runRound(WarmUpTask task, ExecutorService threads, long end) throws Exception {
    long startedAt = System.nanoTime();
    List<Future<Void>> workers = new ArrayList<>();
    for (int thread = 0; thread < settings.threads(); thread++) {
      int runs = RUNS_IN_ROUND / settings.threads() + 1;
      Callable<Void> worker =
          () -> {
            for (int run = 0; run < runs && !closed && System.nanoTime() - end < 0; run++) {
              task.run();
            }
            return null;
          };
      workers.add(threads.submit(worker));
    }
    Exception failure = null;
    for (Future<Void> worker : workers) {
      try {
        worker.get();
      } catch (ExecutionException e) {
        failure = e;
      }
    }
    if (failure != null) {
      throw failure;
    }
    return System.nanoTime() - startedAt;
  }

  /// Times of the rounds of a task. They have settled when the last rounds are hardly faster than
  /// all earlier ones.
  static final class RoundTimes {

    private final List<Long> nanos = new ArrayList<>();

    void add(long time) {
      nanos.add(time);
    }

    int count() {
      return nanos.size();
    }

    boolean isSettled() {
      if (nanos.size() < 2 * SETTLED_ROUNDS) {
        return false;
      }
      long earlier = fastest(nanos.subList(0, nanos.size() - SETTLED_ROUNDS));
      long last = fastest(nanos.subList(nanos.size() - SETTLED_ROUNDS, nanos.size()));
      return last > earlier * (1 - SETTLED_GAIN);
    }

    private static long fastest(List<Long> times) {
      return times.stream().mapToLong(Long::longValue).min().orElseThrow();
    }
  }
}
