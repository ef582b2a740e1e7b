package ticketing.concurrent;

import java.time.Duration;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/// Runs computations on a fixed number of platform threads with low priority.
///
/// A computation on a virtual thread occupies a carrier, and a few concurrent ones delay all other
/// requests. The queue is bounded: a computation that finds it full is refused immediately.
public final class BoundedPool implements AutoCloseable {

  /// The queue is full, or the computation has no result in time.
  public static final class OverloadedException extends Exception {

    private OverloadedException(Throwable cause) {
      super(cause.toString(), cause);
    }
  }

  private final Duration timeout;
  private final ThreadPoolExecutor pool;

  /// @param name prefix of the thread names
  /// @param maxQueued computations queued for the threads
  /// @param timeout maximum time of a computation with its time in the queue
  public BoundedPool(String name, int threads, int maxQueued, Duration timeout) {
    this.timeout = timeout;
    this.pool =
        new ThreadPoolExecutor(
            threads,
            threads,
            0,
            TimeUnit.SECONDS,
            new ArrayBlockingQueue<>(maxQueued),
            Thread.ofPlatform()
                .name(name + '-', 0)
                .daemon()
                .priority(Thread.MIN_PRIORITY)
                .factory());
  }

  /// Runs the computation and returns its result.
  ///
  /// @throws ExecutionException if the computation failed
  public <T> T compute(Callable<T> computation) throws OverloadedException, ExecutionException {
    try {
      FutureTask<T> result = new FutureTask<>(computation);
      pool.execute(result);
      try {
        return result.get(timeout.toNanos(), TimeUnit.NANOSECONDS);
      } finally {
        // A caller that gave up needs no result.
        pool.remove(result);
      }
    } catch (RejectedExecutionException | TimeoutException e) {
      throw new OverloadedException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new OverloadedException(e);
    }
  }

  public int queued() {
    return pool.getQueue().size();
  }

  @Override
  public void close() {
    pool.shutdownNow();
  }
}
