package ticketing.worker.decision;

import java.util.List;
import java.util.Map;
import ticketing.domain.EventView;
import ticketing.domain.EventView.SeatTypeView;

/// Decisions of a batch of commands, and their effect on the event.
///
/// @param decisions one for each command, in order of acceptance
/// @param availabilityChanges change of the available seats by seat type; negative if seats were
///   sold or held. It contains no seat type whose number is unchanged.
/// @param seatTypes seat types on sale after these decisions
/// @param seatTypesReplaced true if `seatTypes` differs in more than the available seats
/// @param revision revision of the event after these decisions; 0 without an event
/// @param changedReservations reservations with a new status
public record DecisionBatch(
    List<Decision> decisions,
    Map<String, Integer> availabilityChanges,
    List<SeatTypeView> seatTypes,
    boolean seatTypesReplaced,
    long revision,
    List<Reservation> changedReservations) {

  /// Returns true if the row of the event or of its seat types changes.
  public boolean changesSeats() {
    return seatTypesReplaced || !availabilityChanges.isEmpty();
  }

  /// Returns the number of holds that expired.
  public int countExpired() {
    return Math.toIntExact(
        changedReservations.stream()
            .filter(reservation -> reservation.status() == ReservationStatus.EXPIRED)
            .count());
  }

  /// Returns the event after these decisions.
  public EventView applyTo(EventView event) {
    return changesSeats()
        ? event.toBuilder()
            .seatTypes(seatTypes)
            .revision(revision)
            .version(event.version() + 1)
            .build()
        : event;
  }
}
