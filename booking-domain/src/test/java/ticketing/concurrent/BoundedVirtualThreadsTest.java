package ticketing.concurrent;

import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadPoolExecutor;
import org.junit.jupiter.api.Test;

class BoundedVirtualThreadsTest {

  private static final int THREADS = 100;

  /// The stack of an idle thread needs memory.
  @Test
  void burstLeavesNoIdleThreads() {
    ThreadPoolExecutor pool = BoundedVirtualThreads.bounded(THREADS);
    CountDownLatch burst = new CountDownLatch(THREADS);
    for (int i = 0; i < THREADS; i++) {
      pool.execute(() -> {
        burst.countDown();
        try {
          burst.await();
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
        }
      });
    }
    await().atMost(Duration.ofSeconds(5)).until(() -> pool.getPoolSize() == 0);
  }
}
