package ticketing.warmup;

import java.lang.management.CompilationMXBean;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.ToLongFunction;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.ApplicationArguments;
import org.springframework.boot.ApplicationRunner;
import org.springframework.context.event.ContextClosedEvent;
import org.springframework.context.event.EventListener;

/// Runs the warm-up tasks after the start of the web server and ahead of readiness, so that the
/// first buyers do not meet interpreted code.
///
/// Each task runs in rounds until the time of a round has settled and the compilers are idle, until
/// its maximum number of runs, or until the end of the maximum duration. On a busy machine a cold
/// process fails some runs, for example by a timeout. The others go on. A task that fails
/// [WarmUpSettings#maxFailures] times in a row ends: the warm-up never prevents a start.
public final class WarmUp implements ApplicationRunner {

  private static final Logger log = LoggerFactory.getLogger(WarmUp.class);

  private static final int RUNS_IN_ROUND = 200;
  private static final int SETTLED_ROUNDS = 3;
  private static final double SETTLED_GAIN = 0.05; // of the fastest earlier round
  private static final double IDLE_COMPILERS = 0.1; // compilation time / elapsed time
  private static final Duration PAUSE_AFTER_FAILURE = Duration.ofMillis(50);

  private final WarmUpSettings settings;
  private final List<WarmUpTask> tasks;
  private final @Nullable CompilationMXBean compilers;
  private volatile boolean closed;

  public WarmUp(WarmUpSettings settings, List<WarmUpTask> tasks) {
    this.settings = settings;
    this.tasks = List.copyOf(tasks);
    CompilationMXBean bean = ManagementFactory.getCompilationMXBean();
    this.compilers = bean != null && bean.isCompilationTimeMonitoringSupported() ? bean : null;
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
    Rounds rounds = new Rounds(task, threads, end);
    String reason;
    try {
      task.open();
      reason = rounds.run();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      reason = "interrupted";
    } catch (Exception | LinkageError e) {
      log.warn("warm-up task failed, task={}", task.name(), e);
      reason = "failed";
    } finally {
      close(task);
    }
    return "%s %d %s, %d failed"
        .formatted(task.name(), rounds.runs.sum(), reason, rounds.failures.sum());
  }

  private static void close(WarmUpTask task) {
    try {
      task.close();
    } catch (Exception e) {
      log.warn("cannot clean up after a warm-up task, task={}", task.name(), e);
    }
  }

  /// Rounds of one task.
  private final class Rounds {

    private final WarmUpTask task;
    private final ExecutorService threads;
    private final long end;
    private final RoundTimes times = new RoundTimes();
    private final LongAdder runs = new LongAdder();
    private final LongAdder failures = new LongAdder();
    private final AtomicInteger failuresInARow = new AtomicInteger();
    private final AtomicReference<Exception> lastFailure = new AtomicReference<>();

    private Rounds(WarmUpTask task, ExecutorService threads, long end) {
      this.task = task;
      this.threads = threads;
      this.end = end;
    }

    /// @return reason of the end
    /// @throws Exception the last failure of too many in a row
    private String run() throws Exception {
      while (true) {
        if (closed) {
          return "stopped";
        }
        if (hasFailed()) {
          throw lastFailure.get();
        }
        if (times.isSettled()) {
          return "settled";
        }
        if (runs.sum() >= settings.maxRuns()) {
          return "max-runs";
        }
        if (isOver()) {
          return "max-duration";
        }
        runRound();
      }
    }

    private boolean hasFailed() {
      return failuresInARow.get() >= settings.maxFailures();
    }

    private boolean isOver() {
      return closed || System.nanoTime() - end >= 0;
    }

    private void runRound() throws InterruptedException, ExecutionException {
      long startedAt = System.nanoTime();
      long compiledBefore = compilationTime();
      int share = RUNS_IN_ROUND / settings.threads() + 1;
      List<Future<?>> workers = new ArrayList<>();
      for (int thread = 0; thread < settings.threads(); thread++) {
        workers.add(
            threads.submit(() -> {
              for (int run = 0; run < share && !isOver() && !hasFailed(); run++) {
                runOnce();
              }
              return null;
            }));
      }
      for (Future<?> worker : workers) {
        worker.get();
      }
      times.add(System.nanoTime() - startedAt, compilationTime() - compiledBefore);
    }

    private void runOnce() throws InterruptedException {
      try {
        task.run();
        runs.increment();
        failuresInARow.set(0);
      } catch (InterruptedException e) {
        throw e;
      } catch (Exception e) {
        lastFailure.set(e);
        failures.increment();
        failuresInARow.incrementAndGet();
        Thread.sleep(PAUSE_AFTER_FAILURE);
      }
    }
  }

  /// Time that the compilers have used since the start, in nanoseconds; 0 if it is unknown.
  private long compilationTime() {
    return compilers == null
        ? 0
        : TimeUnit.MILLISECONDS.toNanos(compilers.getTotalCompilationTime());
  }

  /// Times of the rounds of a task. They have settled when the last rounds are hardly faster than
  /// all earlier ones, and the compilers were hardly active in them.
  static final class RoundTimes {

    private record Round(long nanos, long compilation) {}

    private final List<Round> rounds = new ArrayList<>();

    /// @param nanos time of a round
    /// @param compilation time of the compilers in it, in nanoseconds
    void add(long nanos, long compilation) {
      rounds.add(new Round(nanos, compilation));
    }

    boolean isSettled() {
      if (rounds.size() < 2 * SETTLED_ROUNDS) {
        return false;
      }
      List<Round> last = rounds.subList(rounds.size() - SETTLED_ROUNDS, rounds.size());
      long earlier = fastest(rounds.subList(0, rounds.size() - SETTLED_ROUNDS));
      return fastest(last) > earlier * (1 - SETTLED_GAIN)
          && sum(last, Round::compilation) <= IDLE_COMPILERS * sum(last, Round::nanos);
    }

    private static long fastest(List<Round> rounds) {
      return rounds.stream().mapToLong(Round::nanos).min().orElseThrow();
    }

    private static long sum(List<Round> rounds, ToLongFunction<Round> part) {
      return rounds.stream().mapToLong(part).sum();
    }
  }
}
