package ticketing.concurrent;

import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/// Fair concurrency limiter. A task that failed releases its permit before it retries, and at most
/// half of the permits go to retries. So failing tasks never block the others for longer than their
/// first attempts.
public final class RetryAwareLimiter {

  private final Semaphore permits;
  private final Semaphore retryPermits;

  /// @param maxConcurrency number of permits; a single permit is available to retries too
  public RetryAwareLimiter(int maxConcurrency) {
    this.permits = new Semaphore(maxConcurrency, true);
    this.retryPermits = new Semaphore(Math.max(1, maxConcurrency / 2), true);
  }

  /// Returns a permit for a task of one thread. It is not acquired yet.
  public Permit newPermit() {
    return new Permit();
  }

  /// Permit of one task, for use by one thread.
  public final class Permit {

    private boolean retrying;
    private boolean acquired;
    private boolean holdsRetryPermit;

    private Permit() {}

    /// Blocks until the permit is acquired.
    public void acquire() throws InterruptedException {
      tryAcquire(Long.MAX_VALUE);
    }

    private boolean tryAcquire(long nanos) throws InterruptedException {
      long start = System.nanoTime();
      if (retrying && !retryPermits.tryAcquire(nanos, TimeUnit.NANOSECONDS)) {
        return false;
      }
      holdsRetryPermit = retrying;
      try {
        acquired = permits.tryAcquire(nanos - (System.nanoTime() - start), TimeUnit.NANOSECONDS);
      } finally {
        if (!acquired && holdsRetryPermit) {
          retryPermits.release();
        }
      }
      return acquired;
    }

    public boolean isAcquired() {
      return acquired;
    }

    /// Releases the permit if it is acquired.
    public void release() {
      if (acquired) {
        acquired = false;
        permits.release();
        if (holdsRetryPermit) {
          retryPermits.release();
        }
      }
    }

    /// Releases the permit after a failure and acquires it again after the delay.
    ///
    /// @param deadline [System#nanoTime] until which it blocks
    /// @return true if the permit is acquired again
    public boolean reacquireForRetry(Duration delay, long deadline) throws InterruptedException {
      retrying = true;
      release();
      TimeUnit.NANOSECONDS.sleep(delay.toNanos());
      return tryAcquire(deadline - System.nanoTime());
    }

    /// Records a success: the next acquisition is no retry.
    public void recordSuccess() {
      retrying = false;
    }
  }
}
