package ticketing.worker.store;

import org.jspecify.annotations.Nullable;
import ticketing.worker.decision.DecisionBatch;

/// Decided batch of a locked event, to be written.
public record DecidedBatch(LockedEvent event, DecisionBatch batch) {

  /// Returns the number of the last step ahead of the batch; null: no numbers. The first batch of
  /// an event without a recorded state records one.
  @Nullable Long lastStep() {
    return recordsState() ? (Long) 1L : event.sequence();
  }

  /// Returns true if the state of the event ahead of the batch is recorded.
  boolean recordsState() {
    Long last = event.sequence();
    return last != null && last == 0 && batch.countSteps() > 0;
  }

  /// Returns true if the event has another last step after the batch.
  boolean changesSequence() {
    return event.sequence() != null && batch.countSteps() > 0;
  }

  /// Returns the number of the last step of the event after the batch; null: no numbers.
  @Nullable Long sequence() {
    Long last = lastStep();
    return last == null ? null : (Long) (last + batch.countSteps());
  }
}
