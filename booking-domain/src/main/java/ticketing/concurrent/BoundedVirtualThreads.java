package ticketing.concurrent;

import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/// Threads for the requests of a server whose heap is bounded.
///
/// A request that is being answered holds some 100 KiB of the heap, a connection without one only
/// its two buffers. A virtual thread for each request would let a few thousand clients that come
/// while the code is still being compiled fill the heap; so beyond the limit requests wait in line,
/// unread, and there are no more of those than connections.
public final class BoundedVirtualThreads {

  private static final int IDLE_SECONDS = 10;

  private BoundedVirtualThreads() {}

  /// Virtual ones, for what they wait is bounded and they cost little, but not without end.
  ///
  /// @param most at a time, at least 1; what is beyond waits for its turn
  public static ThreadPoolExecutor bounded(int most) {
    ThreadPoolExecutor threads =
        new ThreadPoolExecutor(
            most,
            most,
            IDLE_SECONDS,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            Thread.ofVirtual().name("request-", 0).factory());
    threads.allowCoreThreadTimeOut(true);
    return threads;
  }
}
