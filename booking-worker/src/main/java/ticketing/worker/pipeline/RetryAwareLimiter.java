package ticketing.worker.pipeline;

import java.time.Duration;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;

/// Where a bounded number of lanes work at the same time, whoever came first first.
///
/// A lane whose work was in vain stands aside until it tries again, and at most half of the places
/// are given to such tries: however many lanes are stuck, the others find a place as soon as the
/// first tries before them are over.
final class RetryAwareLimiter {

  private final Semaphore all;
  private final Semaphore again;

  /// @param atOnce how many there are; of a single one, tries in vain may take that
  RetryAwareLimiter(int atOnce) {
    this.all = new Semaphore(atOnce, true);
    this.again = new Semaphore(Math.max(1, atOnce / 2), true);
  }

  /// Of one lane, whether it has it or waits for it; used by one thread.
  final class Place {

    private boolean stuck;
    private boolean taken;
    private boolean amongTheStuck; // what is taken

    void take() throws InterruptedException {
      take(Long.MAX_VALUE);
    }

    private boolean take(long nanos) throws InterruptedException {
      long since = System.nanoTime();
      if (stuck && !again.tryAcquire(nanos, TimeUnit.NANOSECONDS)) {
        return false;
      }
      amongTheStuck = stuck;
      try {
        taken = all.tryAcquire(nanos - (System.nanoTime() - since), TimeUnit.NANOSECONDS);
      } finally {
        if (!taken && amongTheStuck) {
          again.release();
        }
      }
      return taken;
    }

    boolean isTaken() {
      return taken;
    }

    void leave() {
      if (taken) {
        taken = false;
        all.release();
        if (amongTheStuck) {
          again.release();
        }
      }
    }

    /// Leaves it to others after a try in vain, and takes it again after a pause.
    ///
    /// @param until the [System#nanoTime] at which it is no longer waited for
    /// @return whether it is taken again
    boolean standAside(Duration pause, long until) throws InterruptedException {
      stuck = true;
      leave();
      TimeUnit.NANOSECONDS.sleep(pause.toNanos());
      return take(until - System.nanoTime());
    }

    /// After a try that was not in vain.
    void gotThrough() {
      stuck = false;
    }
  }
}
