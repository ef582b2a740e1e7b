package ticketing.worker;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class LanesTest {

  private static final int AT_ONCE = 3;
  private static final int EVENTS = 50;
  private static final long PATIENCE = 10; // s

  @Test
  void manyEventsAreWorkedOnAFewAtATime() throws InterruptedException {
    AtomicInteger now = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    CountDownLatch full = new CountDownLatch(AT_ONCE);
    CountDownLatch go = new CountDownLatch(1);
    AtomicInteger done = new AtomicInteger();
    try (Lanes<Integer> lanes =
        new Lanes<>(
            500,
            AT_ONCE,
            (event, group) -> {
              most.accumulateAndGet(now.incrementAndGet(), Math::max);
              full.countDown();
              await(go);
              now.decrementAndGet();
              done.addAndGet(group.size());
            })) {
      for (int i = 0; i < 2 * EVENTS; i++) {
        lanes.submit(i % EVENTS, i);
      }
      assertThat(full.await(PATIENCE, TimeUnit.SECONDS)).isTrue();
      go.countDown();
      assertThat(lanes.finish(PATIENCE, TimeUnit.SECONDS)).isTrue();
    }
    assertThat(done).hasValue(2 * EVENTS);
    assertThat(most).hasValue(AT_ONCE);
  }

  @Test
  void whatWaitsForItsTurnGathers() throws InterruptedException {
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch go = new CountDownLatch(1);
    Queue<List<Integer>> groups = new ConcurrentLinkedQueue<>();
    try (Lanes<Integer> lanes =
        new Lanes<>(
            500,
            1,
            (event, group) -> {
              groups.add(group);
              begun.countDown();
              await(go);
            })) {
      lanes.submit(1, 0);
      assertThat(begun.await(PATIENCE, TimeUnit.SECONDS)).isTrue();
      for (int i = 1; i <= 10; i++) {
        lanes.submit(2, i);
      }
      go.countDown();
      assertThat(lanes.finish(PATIENCE, TimeUnit.SECONDS)).isTrue();
    }
    assertThat(groups).containsExactly(List.of(0), List.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10));
  }

  private static void await(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
