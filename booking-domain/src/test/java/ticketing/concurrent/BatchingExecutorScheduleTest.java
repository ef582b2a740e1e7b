package ticketing.concurrent;

import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static ticketing.local.servers.schedule.Scenario.join;
import static ticketing.local.servers.schedule.Scenario.require;
import static ticketing.local.servers.schedule.Scenario.runConcurrently;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.jetbrains.lincheck.Lincheck;
import org.jetbrains.lincheck.LincheckAssertionError;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import ticketing.local.servers.schedule.MutantLoader;

/// Schedules of concurrent submissions.
@Tag("schedules")
class BatchingExecutorScheduleTest {

  private static final int SCHEDULES = 50;

  @Test
  void everyItemIsExecutedOnce() {
    Lincheck.runConcurrentTest(SCHEDULES, new Submissions());
  }

  @Test
  void removedRecheckLosesAnItem() {
    Runnable mutant =
        MutantLoader.withoutCall(BatchingExecutor.class, "executeBatches", "isEmpty", true)
            .newInstance(Runnable.class, Submissions.class);
    assertThatThrownBy(() -> Lincheck.runConcurrentTest(SCHEDULES, mutant))
        .isInstanceOf(LincheckAssertionError.class)
        .hasMessageContaining("an item was not executed");
  }

  /// Two threads submit one item each to an executor with one thread.
  static final class Submissions implements Runnable {

    private final Queue<Thread> threads = new ConcurrentLinkedQueue<>();
    private final AtomicInteger running = new AtomicInteger();
    private final List<Integer> executed = new ArrayList<>();

    @Override
    public void run() {
      running.set(0);
      executed.clear();
      BatchingExecutor<Integer, Integer> executor =
          new BatchingExecutor<>(this::newThread, 2, 1, Duration.ZERO, this::execute);
      runConcurrently(() -> executor.submit(1), () -> executor.submit(2));
      for (Thread thread = threads.poll(); thread != null; thread = threads.poll()) {
        join(thread);
      }
      require(executed.contains(1) && executed.contains(2), "an item was not executed");
      require(executed.size() == 2, "an item was executed twice");
    }

    private Thread newThread(Runnable work) {
      Thread thread = new Thread(work);
      threads.add(thread);
      return thread;
    }

    private List<Integer> execute(List<Integer> items) {
      require(running.incrementAndGet() == 1, "two batches were in progress");
      executed.addAll(items);
      running.decrementAndGet();
      return items;
    }
  }
}
