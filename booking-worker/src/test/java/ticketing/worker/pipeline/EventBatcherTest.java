package ticketing.worker.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static ticketing.local.servers.schedule.Scenario.require;
import static ticketing.local.servers.schedule.Scenario.runConcurrently;

import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.jetbrains.lincheck.Lincheck;
import org.jetbrains.lincheck.LincheckAssertionError;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import ticketing.local.servers.schedule.MutantLoader;

@Timeout(60)
class EventBatcherTest {
  private static final int SCHEDULES = 50;

  private static final int MAX_BATCH_SIZE = 10;

  private final EventBatcher<Integer> batcher =
      new EventBatcher<>(MAX_BATCH_SIZE, Comparator.naturalOrder());

  private List<Integer> nextBatch(long event) {
    return batcher.nextBatch(event, item -> true);
  }

  @Test
  void batchesAreBoundedAndInOrder() {
    for (int item = 0; item < 25; item++) {
      batcher.add(7, item);
    }
    assertThat(nextBatch(7)).hasSize(MAX_BATCH_SIZE).startsWith(0).isSorted();
    assertThat(nextBatch(7)).hasSize(MAX_BATCH_SIZE).startsWith(10).isSorted();
    assertThat(nextBatch(7)).containsExactly(20, 21, 22, 23, 24);
    assertThat(nextBatch(7)).isEmpty();
  }

  @Test
  void batchesContainTheLowestMatchingItems() {
    IntStream.of(5, 3, 9, 3, 1).forEach(item -> batcher.add(7, item));
    assertThat(batcher.first(7)).containsExactly(1, 3, 3, 5, 9);
    assertThat(batcher.nextBatch(7, item -> item < 5)).containsExactly(1, 3, 3);
    batcher.restore(7, List.of(1, 3));
    assertThat(batcher.nextBatch(7, item -> item < 1)).isEmpty();
    assertThat(nextBatch(7)).containsExactly(1, 3, 5, 9);
  }

  @Test
  void eventsHaveSeparateBatches() {
    batcher.add(7, 1);
    batcher.add(8, 2);
    batcher.add(7, 3);
    assertThat(nextBatch(7)).containsExactly(1, 3);
    assertThat(nextBatch(8)).containsExactly(2);
  }

  @Test
  void firstItemOfIdleEventStartsProcessing() {
    assertThat(batcher.add(7, 1)).isTrue();
    assertThat(batcher.add(7, 2)).isFalse();
    assertThat(batcher.removeIfEmpty(7)).isFalse();
    nextBatch(7);
    assertThat(batcher.add(7, 3)).isFalse();
    nextBatch(7);
    assertThat(batcher.removeIfEmpty(7)).isTrue();
    assertThat(batcher.add(7, 4)).isTrue();
  }

  @Test
  void noItemIsLostWhenEventsBecomeIdle() {
    int items = 20_000;
    int events = 3;
    Map<Long, List<Integer>> processed = new ConcurrentHashMap<>();
    AtomicInteger concurrent = new AtomicInteger();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int item = 0; item < items; item++) {
        long event = item % events;
        if (batcher.add(event, item)) {
          threads.execute(() -> {
            do {
              if (event == 0 && concurrent.incrementAndGet() > 1) {
                throw new AssertionError("two threads of one event");
              }
              processed
                  .computeIfAbsent(event, id -> Collections.synchronizedList(new ArrayList<>()))
                  .addAll(nextBatch(event));
              if (event == 0) {
                concurrent.decrementAndGet();
              }
            } while (!batcher.removeIfEmpty(event));
          });
        }
        if (item % 97 == 0) {
          Thread.yield();
        }
      }
    }
    assertThat(processed.values()).allSatisfy(all -> assertThat(all).isSorted());
    assertThat(processed.values().stream().mapToInt(List::size).sum()).isEqualTo(items);
  }

  @Test
  @Tag("schedules")
  void everyItemIsInOneBatch() {
    Lincheck.runConcurrentTest(SCHEDULES, new Deliveries());
  }

  @Test
  @Tag("schedules")
  void removedRecheckLosesAnItem() {
    Runnable mutant =
        MutantLoader.withoutCall(EventBatcher.class, "removeIfEmpty", "isEmpty", true)
            .newInstance(Runnable.class, Deliveries.class);
    assertThatThrownBy(() -> Lincheck.runConcurrentTest(SCHEDULES, mutant))
        .isInstanceOf(LincheckAssertionError.class)
        .hasMessageContaining("an item is in no batch");
  }

  /// Two threads add an item each and process the event if it was idle, as [CommandListener] does.
  static final class Deliveries implements Runnable {

    private static final long EVENT_ID = 1;

    private EventBatcher<Integer> batcher;
    private AtomicInteger processing;
    private List<Integer> processed;

    @Override
    public void run() {
      batcher = new EventBatcher<>(1, Integer::compare);
      processing = new AtomicInteger();
      processed = new ArrayList<>();
      runConcurrently(() -> deliver(1), () -> deliver(2));
      require(processed.contains(1) && processed.contains(2), "an item is in no batch");
      require(processed.size() == 2, "an item is in two batches");
      require(batcher.add(EVENT_ID, 3), "the event is not idle");
    }

    private void deliver(int item) {
      if (batcher.add(EVENT_ID, item)) {
        process();
      }
    }

    private void process() {
      while (true) {
        List<Integer> batch = batcher.nextBatch(EVENT_ID, item -> true);
        if (!batch.isEmpty()) {
          require(processing.incrementAndGet() == 1, "two batches of an event were in progress");
          processed.addAll(batch);
          processing.decrementAndGet();
        } else if (batcher.removeIfEmpty(EVENT_ID)) {
          return;
        }
      }
    }
  }
}
