package ticketing.worker.pipeline;

import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static ticketing.local.servers.schedule.Scenario.require;
import static ticketing.local.servers.schedule.Scenario.runConcurrently;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jetbrains.lincheck.Lincheck;
import org.jetbrains.lincheck.LincheckAssertionError;
import org.junit.jupiter.api.Test;
import ticketing.local.servers.schedule.MutantLoader;

/// Schedules of items of one event that are added while its batches are processed.
class EventBatcherScheduleTest {

  private static final int SCHEDULES = 50;

  @Test
  void everyItemIsInOneBatch() {
    Lincheck.runConcurrentTest(SCHEDULES, new Deliveries());
  }

  @Test
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
      batcher = new EventBatcher<>(1);
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
        List<Integer> batch = batcher.nextBatch(EVENT_ID);
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
