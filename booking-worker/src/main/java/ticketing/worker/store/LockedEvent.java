package ticketing.worker.store;

import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import ticketing.domain.EventView;
import ticketing.worker.decision.WaitingList;

/// Event with a row lock until the end of the transaction.
///
/// @param eventId id of the event, also if it does not exist
/// @param event empty if the event does not exist
/// @param sequence number of the last decision, expiry, offer or recorded state; 0: no state is
///   recorded; null: the event does not exist or has no numbers
/// @param waitingCounters counters of the waiting list by seat type; without those that are all 0
/// @param waitingSequence sequence of the last entry of the waiting list; 0: none
/// @param revokedAt time of the last revocation of a command of this event; null: never
public record LockedEvent(
    long eventId,
    Optional<EventView> event,
    @Nullable Long sequence,
    Map<String, WaitingList.Counters> waitingCounters,
    long waitingSequence,
    @Nullable Instant revokedAt) {

  /// Returns true if free seats are kept for a waiting party.
  public boolean keepsSeats() {
    return waitingCounters.values().stream().anyMatch(counters -> counters.kept() > 0);
  }

  /// Returns true if the waiting list may affect a decision.
  public boolean usesWaitingList() {
    return event.map(EventView::waitingList).orElse(false) || !waitingCounters.isEmpty();
  }
}
