package ticketing.concurrent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static ticketing.local.servers.schedule.Scenario.require;
import static ticketing.local.servers.schedule.Scenario.runConcurrently;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.jetbrains.lincheck.Lincheck;
import org.jetbrains.lincheck.LincheckAssertionError;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import ticketing.concurrent.RetryAwareLimiter.Permit;
import ticketing.local.servers.schedule.MutantLoader;

@Timeout(60)
class RetryAwareLimiterTest {
  private static final int SCHEDULES = 50;

  private static final int MAX_CONCURRENCY = 4;
  private static final long TIMEOUT_SECONDS = 30;

  private final RetryAwareLimiter limiter = new RetryAwareLimiter(MAX_CONCURRENCY);
  private final AtomicInteger running = new AtomicInteger();
  private final AtomicInteger maxRunning = new AtomicInteger();

  @Test
  void concurrencyIsLimited() throws InterruptedException {
    CountDownLatch full = new CountDownLatch(MAX_CONCURRENCY);
    CountDownLatch end = new CountDownLatch(1);
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int task = 0; task < 10 * MAX_CONCURRENCY; task++) {
        threads.submit(() -> {
          Permit permit = limiter.newPermit();
          permit.acquire();
          maxRunning.accumulateAndGet(running.incrementAndGet(), Math::max);
          full.countDown();
          end.await();
          running.decrementAndGet();
          permit.release();
          return null;
        });
      }
      assertThat(full.await(TIMEOUT_SECONDS, TimeUnit.SECONDS)).isTrue();
      end.countDown();
    }
    assertThat(maxRunning).hasValue(MAX_CONCURRENCY);
  }

  @Test
  void retriesUseAtMostHalfOfThePermits() throws InterruptedException {
    int failingTasks = 3 * MAX_CONCURRENCY;
    CountDownLatch firstAttempts = new CountDownLatch(failingTasks);
    CountDownLatch end = new CountDownLatch(1);
    AtomicInteger otherTasks = new AtomicInteger();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int task = 0; task < failingTasks; task++) {
        threads.submit(() -> {
          Permit permit = limiter.newPermit();
          permit.acquire();
          firstAttempts.countDown();
          permit.reacquireForRetry(Duration.ofMillis(1), deadline(TIMEOUT_SECONDS));
          maxRunning.accumulateAndGet(running.incrementAndGet(), Math::max);
          end.await();
          running.decrementAndGet();
          permit.release();
          return null;
        });
      }
      assertThat(firstAttempts.await(TIMEOUT_SECONDS, TimeUnit.SECONDS)).isTrue();
      await().until(() -> running.get() == MAX_CONCURRENCY / 2);
      for (int task = 0; task < failingTasks; task++) {
        threads.submit(() -> {
          Permit permit = limiter.newPermit();
          permit.acquire();
          otherTasks.incrementAndGet();
          permit.release();
          return null;
        });
      }
      await().until(() -> otherTasks.get() == failingTasks);
      end.countDown();
    }
    assertThat(maxRunning).hasValue(MAX_CONCURRENCY / 2);
  }

  @Test
  void retryFailsAtItsDeadline() throws InterruptedException {
    RetryAwareLimiter two = new RetryAwareLimiter(2);
    Permit first = two.newPermit();
    Permit second = two.newPermit();
    first.acquire();
    second.acquire();
    assertThat(first.reacquireForRetry(Duration.ZERO, deadline(TIMEOUT_SECONDS))).isTrue();
    assertThat(second.reacquireForRetry(Duration.ZERO, deadline(0))).isFalse();
    assertThat(second.isAcquired()).isFalse();
    second.release();
    first.release();
    assertThat(second.reacquireForRetry(Duration.ZERO, deadline(TIMEOUT_SECONDS))).isTrue();
    // After a success the permit is acquired as a first attempt.
    first.recordSuccess();
    first.acquire();
    assertThat(first.isAcquired()).isTrue();
  }

  private static long deadline(long seconds) {
    return System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
  }

  @Test
  @Tag("schedules")
  void eachScheduleLimitsTheTasks() {
    Lincheck.runConcurrentTest(SCHEDULES, new Tasks());
  }

  @Test
  @Tag("schedules")
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
