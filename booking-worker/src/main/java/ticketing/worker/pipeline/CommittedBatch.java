package ticketing.worker.pipeline;

import java.util.List;
import java.util.UUID;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import ticketing.domain.EventView;
import ticketing.status.StatusEntry;

/// Result of a committed transaction, to be published.
///
/// @param decided decisions of this transaction
/// @param known decisions of earlier transactions, for redelivered commands
/// @param changedEvent event after the transaction; null if it is unchanged
/// @param changedReservations ids of reservations with a new status
/// @param revoked commands without effect because they were revoked
public record CommittedBatch(
    List<StatusEntry> decided,
    List<StatusEntry> known,
    @Nullable EventView changedEvent,
    List<Long> changedReservations,
    List<StatusEntry> revoked) {

  /// Returns this batch with the `traceparent` of each decision.
  CommittedBatch withTraces(Function<UUID, @Nullable String> traces) {
    return new CommittedBatch(
        withTraces(decided, traces),
        withTraces(known, traces),
        changedEvent,
        changedReservations,
        revoked);
  }

  private static List<StatusEntry> withTraces(
      List<StatusEntry> entries, Function<UUID, @Nullable String> traces) {
    return entries.stream()
        .map(entry -> entry.withTrace(traces.apply(entry.ticket().ticketId())))
        .toList();
  }
}
