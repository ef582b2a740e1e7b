package ticketing.concurrent;

import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

/// Pools of virtual threads with a bounded number of threads, for the requests of a server.
///
/// A request in progress uses about 100 KiB of the heap, an idle connection only its two buffers.
/// One virtual thread for each request would exhaust the heap at a few thousand concurrent clients.
/// An idle thread keeps the stack of its last request, about 28 KiB, until it ends after a second.
public final class BoundedVirtualThreads {

  private static final int IDLE_SECONDS = 1;

  private BoundedVirtualThreads() {}

  /// Returns a pool with an unbounded queue. The number of queued requests is bounded by the number
  /// of connections.
  ///
  /// @param maxThreads at least 1
  public static ThreadPoolExecutor bounded(int maxThreads) {
    ThreadPoolExecutor threads =
        new ThreadPoolExecutor(
            maxThreads,
            maxThreads,
            IDLE_SECONDS,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            Thread.ofVirtual().name("request-", 0).factory());
    threads.allowCoreThreadTimeOut(true);
    return threads;
  }
}
