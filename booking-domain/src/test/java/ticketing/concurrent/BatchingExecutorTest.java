package ticketing.concurrent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class BatchingExecutorTest {

  private static final int TIMEOUT_SECONDS = 30;

  @Test
  void singleItemIsExecutedWithoutDelay() {
    BatchingExecutor<Integer, Integer> executor =
        new BatchingExecutor<>("test", 10, 1, BatchingExecutorTest::doubled);
    assertThat(executor.submit(21).orTimeout(TIMEOUT_SECONDS, TimeUnit.SECONDS).join())
        .isEqualTo(42);
  }

  @Test
  void itemsSubmittedDuringABatchFormTheNext() throws InterruptedException {
    CountDownLatch firstStarted = new CountDownLatch(1);
    CountDownLatch release = new CountDownLatch(1);
    ConcurrentLinkedQueue<Integer> sizes = new ConcurrentLinkedQueue<>();
    BatchingExecutor<Integer, Integer> executor =
        new BatchingExecutor<>(
            "test",
            10,
            1,
            items -> {
              sizes.add(items.size());
              firstStarted.countDown();
              awaitLatch(release);
              return doubled(items);
            });
    List<CompletableFuture<Integer>> results = new ArrayList<>();
    results.add(executor.submit(0));
    firstStarted.await();
    for (int i = 1; i <= 25; i++) {
      results.add(executor.submit(i));
    }
    release.countDown();
    for (int i = 0; i <= 25; i++) {
      assertThat(results.get(i).orTimeout(TIMEOUT_SECONDS, TimeUnit.SECONDS).join())
          .isEqualTo(2 * i);
    }
    assertThat(sizes).containsExactly(1, 10, 10, 5);
  }

  @Test
  void cancelledItemIsSkipped() throws InterruptedException {
    CountDownLatch firstStarted = new CountDownLatch(1);
    CountDownLatch release = new CountDownLatch(1);
    ConcurrentLinkedQueue<Integer> seen = new ConcurrentLinkedQueue<>();
    BatchingExecutor<Integer, Integer> executor =
        new BatchingExecutor<>(
            "test",
            10,
            1,
            items -> {
              seen.addAll(items);
              firstStarted.countDown();
              awaitLatch(release);
              return items;
            });
    executor.submit(1);
    firstStarted.await();
    executor.submit(2).cancel(false);
    CompletableFuture<Integer> last = executor.submit(3);
    release.countDown();
    last.orTimeout(TIMEOUT_SECONDS, TimeUnit.SECONDS).join();
    assertThat(seen).containsExactly(1, 3);
  }

  @Test
  void failureCompletesOnlyTheItemsOfItsBatch() {
    AtomicInteger batches = new AtomicInteger();
    BatchingExecutor<Integer, Integer> executor =
        new BatchingExecutor<>(
            "test",
            10,
            1,
            items -> {
              if (batches.incrementAndGet() == 1) {
                throw new IllegalStateException("down");
              }
              return items;
            });
    CompletableFuture<Integer> first =
        executor.submit(1).orTimeout(TIMEOUT_SECONDS, TimeUnit.SECONDS);
    assertThatThrownBy(first::join).hasRootCauseInstanceOf(IllegalStateException.class);
    assertThat(executor.submit(2).orTimeout(TIMEOUT_SECONDS, TimeUnit.SECONDS).join()).isEqualTo(2);
  }

  @Test
  void everyItemIsExecutedWithinTheConcurrencyLimit() {
    AtomicInteger running = new AtomicInteger();
    AtomicInteger maxRunning = new AtomicInteger();
    BatchingExecutor<Integer, Integer> executor =
        new BatchingExecutor<>(
            "test",
            7,
            3,
            items -> {
              maxRunning.accumulateAndGet(running.incrementAndGet(), Math::max);
              Thread.yield();
              running.decrementAndGet();
              return doubled(items);
            });
    List<CompletableFuture<Integer>> results =
        IntStream.range(0, 20_000).parallel().mapToObj(executor::submit).toList();
    for (int i = 0; i < results.size(); i++) {
      assertThat(results.get(i).orTimeout(TIMEOUT_SECONDS, TimeUnit.SECONDS).join())
          .isEqualTo(2 * i);
    }
    assertThat(maxRunning.get()).isBetween(1, 3);
  }

  @Test
  void itemsGatherWhileAnotherBatchIsInProgress() throws InterruptedException {
    Gathering batches = new Gathering(Duration.ofHours(1));
    for (int i = 1; i <= 9; i++) {
      batches.executor.submit(i);
    }
    assertThat(batches.sizes.poll(200, TimeUnit.MILLISECONDS)).isNull();
    batches.executor.submit(10);
    assertThat(batches.sizes.poll(TIMEOUT_SECONDS, TimeUnit.SECONDS)).isEqualTo(10);
    CompletableFuture<Integer> last = batches.executor.submit(11);
    batches.release.countDown();
    assertThat(last.orTimeout(TIMEOUT_SECONDS, TimeUnit.SECONDS).join()).isEqualTo(11);
  }

  @Test
  void itemsGatherForTheLingerTimeAtMost() throws InterruptedException {
    Gathering batches = new Gathering(Duration.ofMillis(50));
    batches.executor.submit(1);
    batches.executor.submit(2);
    assertThat(batches.sizes.poll(TIMEOUT_SECONDS, TimeUnit.SECONDS)).isEqualTo(2);
    batches.release.countDown();
  }

  /// Executor whose first batch is in progress. Batches end after the release.
  private static final class Gathering {
    final BlockingQueue<Integer> sizes = new LinkedBlockingQueue<>();
    final CountDownLatch release = new CountDownLatch(1);
    final BatchingExecutor<Integer, Integer> executor;

    Gathering(Duration linger) throws InterruptedException {
      executor =
          new BatchingExecutor<>(
              "test",
              10,
              4,
              linger,
              items -> {
                sizes.add(items.size());
                awaitLatch(release);
                return items;
              });
      executor.submit(0);
      assertThat(sizes.poll(TIMEOUT_SECONDS, TimeUnit.SECONDS)).isEqualTo(1);
    }
  }

  @Test
  void everyItemIsExecutedWithLinger() {
    BatchingExecutor<Integer, Integer> executor =
        new BatchingExecutor<>("test", 7, 3, Duration.ofMillis(1), BatchingExecutorTest::doubled);
    List<CompletableFuture<Integer>> results =
        IntStream.range(0, 20_000).parallel().mapToObj(executor::submit).toList();
    for (int i = 0; i < results.size(); i++) {
      assertThat(results.get(i).orTimeout(TIMEOUT_SECONDS, TimeUnit.SECONDS).join())
          .isEqualTo(2 * i);
    }
  }

  private static List<Integer> doubled(List<Integer> items) {
    return items.stream().map(item -> 2 * item).toList();
  }

  private static void awaitLatch(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
