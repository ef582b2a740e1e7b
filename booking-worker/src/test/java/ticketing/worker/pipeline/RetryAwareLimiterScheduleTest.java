package ticketing.worker.pipeline;

import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static ticketing.local.servers.schedule.Scenario.require;
import static ticketing.local.servers.schedule.Scenario.runConcurrently;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jetbrains.lincheck.Lincheck;
import org.jetbrains.lincheck.LincheckAssertionError;
import org.junit.jupiter.api.Test;
import ticketing.local.servers.schedule.MutantLoader;

/// Schedules of tasks that fail once and retry.
class RetryAwareLimiterScheduleTest {

  private static final int SCHEDULES = 50;

  @Test
  void concurrencyIsLimited() {
    Lincheck.runConcurrentTest(SCHEDULES, new Tasks());
  }

  @Test
  void removedLimitIsFound() {
    Runnable mutant =
        MutantLoader.withoutCall(RetryAwareLimiter.Permit.class, "tryAcquire", "tryAcquire", true)
            .newInstance(Runnable.class, Tasks.class);
    assertThatThrownBy(() -> Lincheck.runConcurrentTest(SCHEDULES, mutant))
        .isInstanceOf(LincheckAssertionError.class)
        .hasMessageContaining("two tasks had the permit");
  }

  /// Two tasks share one permit. A retry has no time, so it fails if the permit is not available.
  static final class Tasks implements Runnable {

    private RetryAwareLimiter limiter;
    private AtomicInteger running;

    @Override
    public void run() {
      limiter = new RetryAwareLimiter(1);
      running = new AtomicInteger();
      runConcurrently(this::failOnce, this::failOnce);
      RetryAwareLimiter.Permit permit = limiter.newPermit();
      require(retry(permit), "a permit is lost");
      permit.release();
    }

    private void failOnce() {
      RetryAwareLimiter.Permit permit = limiter.newPermit();
      try {
        permit.acquire();
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
      runTask();
      if (retry(permit)) {
        runTask();
        permit.recordSuccess();
      }
      permit.release();
    }

    private void runTask() {
      require(running.incrementAndGet() == 1, "two tasks had the permit");
      running.decrementAndGet();
    }

    private static boolean retry(RetryAwareLimiter.Permit permit) {
      try {
        return permit.reacquireForRetry(
            Duration.ZERO, System.nanoTime() - TimeUnit.SECONDS.toNanos(1));
      } catch (InterruptedException e) {
        throw new IllegalStateException(e);
      }
    }
  }
}
