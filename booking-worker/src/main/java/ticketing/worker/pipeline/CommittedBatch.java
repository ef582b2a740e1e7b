package ticketing.worker.pipeline;

import java.util.List;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import ticketing.domain.EventView;
import ticketing.domain.seatmap.SeatsView;
import ticketing.status.StatusEntry;
import ticketing.userfeed.UserChange;

/// Result of one or more committed transactions of an event, to be published.
///
/// @param decided decisions of these transactions
/// @param known decisions of earlier transactions, for redelivered commands
/// @param changedEvent event after the last transaction; null if it is unchanged
/// @param changedSeats changed bitmaps of numbered seats; null: none changed
/// @param changedReservations ids of reservations with a new status
/// @param userChanges changes of reservations that concern users without a ticket for them
/// @param revoked commands without effect because they were revoked
/// @param scarce true if the next such batch may take seats from earlier commands of other workers
public record CommittedBatch(
    List<StatusEntry> decided,
    List<StatusEntry> known,
    @Nullable EventView changedEvent,
    SeatsView.@Nullable Change changedSeats,
    List<Long> changedReservations,
    List<UserChange> userChanges,
    List<StatusEntry> revoked,
    boolean scarce) {

  static final CommittedBatch EMPTY =
      new CommittedBatch(List.of(), List.of(), null, null, List.of(), List.of(), List.of(), false);

  /// Returns true if a reservation has a new status, or an offer was made.
  public boolean changesReservations() {
    return !changedReservations.isEmpty()
        || userChanges.stream().anyMatch(UserChange.OfferMade.class::isInstance);
  }

  /// Returns the result of this transaction and the next one of the same event.
  CommittedBatch followedBy(CommittedBatch next) {
    return this == EMPTY
        ? next
        : new CommittedBatch(
            concat(decided, next.decided),
            concat(known, next.known),
            next.changedEvent == null ? changedEvent : next.changedEvent,
            merge(changedSeats, next.changedSeats),
            concat(changedReservations, next.changedReservations),
            concat(userChanges, next.userChanges),
            concat(revoked, next.revoked),
            next.scarce);
  }

  private static SeatsView.@Nullable Change merge(
      SeatsView.@Nullable Change first, SeatsView.@Nullable Change next) {
    if (first == null || next == null) {
      return first == null ? next : first;
    }
    return first.followedBy(next);
  }

  private static <T> List<T> concat(List<T> first, List<T> second) {
    return Stream.concat(first.stream(), second.stream()).toList();
  }

  /// Returns this batch with the `traceparent` of each decision.
  CommittedBatch withTraces(Function<UUID, @Nullable String> traces) {
    return new CommittedBatch(
        withTraces(decided, traces),
        withTraces(known, traces),
        changedEvent,
        changedSeats,
        changedReservations,
        userChanges,
        revoked,
        scarce);
  }

  private static List<StatusEntry> withTraces(
      List<StatusEntry> entries, Function<UUID, @Nullable String> traces) {
    return entries.stream()
        .map(entry -> entry.withTrace(traces.apply(entry.ticket().ticketId())))
        .toList();
  }
}
