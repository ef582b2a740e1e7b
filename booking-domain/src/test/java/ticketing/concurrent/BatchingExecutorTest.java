package ticketing.concurrent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class BatchingExecutorTest {

  private static final int PATIENCE = 30; // seconds

  @Test
  void loneItemGoesAtOnce() {
    BatchingExecutor<Integer, Integer> gathering =
        new BatchingExecutor<>("test", 10, 1, BatchingExecutorTest::doubled);
    assertThat(gathering.submit(21).orTimeout(PATIENCE, TimeUnit.SECONDS).join()).isEqualTo(42);
  }

  @Test
  void whatComesDuringARoundTripSharesTheNextUpToTheMost() throws InterruptedException {
    CountDownLatch firstIsUnderWay = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    ConcurrentLinkedQueue<Integer> sizes = new ConcurrentLinkedQueue<>();
    BatchingExecutor<Integer, Integer> gathering =
        new BatchingExecutor<>(
            "test",
            10,
            1,
            items -> {
              sizes.add(items.size());
              firstIsUnderWay.countDown();
              awaited(goOn);
              return doubled(items);
            });
    List<CompletableFuture<Integer>> results = new ArrayList<>();
    results.add(gathering.submit(0));
    firstIsUnderWay.await();
    for (int i = 1; i <= 25; i++) {
      results.add(gathering.submit(i));
    }
    goOn.countDown();
    for (int i = 0; i <= 25; i++) {
      assertThat(results.get(i).orTimeout(PATIENCE, TimeUnit.SECONDS).join()).isEqualTo(2 * i);
    }
    assertThat(sizes).containsExactly(1, 10, 10, 5);
  }

  @Test
  void cancelledItemIsLeftOut() throws InterruptedException {
    CountDownLatch firstIsUnderWay = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    ConcurrentLinkedQueue<Integer> seen = new ConcurrentLinkedQueue<>();
    BatchingExecutor<Integer, Integer> gathering =
        new BatchingExecutor<>(
            "test",
            10,
            1,
            items -> {
              seen.addAll(items);
              firstIsUnderWay.countDown();
              awaited(goOn);
              return items;
            });
    gathering.submit(1);
    firstIsUnderWay.await();
    gathering.submit(2).cancel(false);
    CompletableFuture<Integer> last = gathering.submit(3);
    goOn.countDown();
    last.orTimeout(PATIENCE, TimeUnit.SECONDS).join();
    assertThat(seen).containsExactly(1, 3);
  }

  @Test
  void failureReachesEverybodyInTheRoundTripAndNobodyElse() {
    AtomicInteger trips = new AtomicInteger();
    BatchingExecutor<Integer, Integer> gathering =
        new BatchingExecutor<>(
            "test",
            10,
            1,
            items -> {
              if (trips.incrementAndGet() == 1) {
                throw new IllegalStateException("down");
              }
              return items;
            });
    CompletableFuture<Integer> first = gathering.submit(1).orTimeout(PATIENCE, TimeUnit.SECONDS);
    assertThatThrownBy(first::join).hasRootCauseInstanceOf(IllegalStateException.class);
    assertThat(gathering.submit(2).orTimeout(PATIENCE, TimeUnit.SECONDS).join()).isEqualTo(2);
  }

  @Test
  void nothingIsForgottenAndNoMoreRoundTripsRunThanAllowed() {
    AtomicInteger now = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    BatchingExecutor<Integer, Integer> gathering =
        new BatchingExecutor<>(
            "test",
            7,
            3,
            items -> {
              most.accumulateAndGet(now.incrementAndGet(), Math::max);
              Thread.yield();
              now.decrementAndGet();
              return doubled(items);
            });
    List<CompletableFuture<Integer>> results =
        IntStream.range(0, 20_000).parallel().mapToObj(gathering::submit).toList();
    for (int i = 0; i < results.size(); i++) {
      assertThat(results.get(i).orTimeout(PATIENCE, TimeUnit.SECONDS).join()).isEqualTo(2 * i);
    }
    assertThat(most.get()).isBetween(1, 3);
  }

  private static List<Integer> doubled(List<Integer> items) {
    return items.stream().map(item -> 2 * item).toList();
  }

  private static void awaited(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
