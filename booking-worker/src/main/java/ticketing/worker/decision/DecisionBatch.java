package ticketing.worker.decision;

import java.util.List;
import java.util.Map;
import ticketing.domain.EventView;
import ticketing.domain.EventView.SeatTypeView;

/// Decisions of a batch of commands, and their effect on the event.
///
/// @param decisions one for each command, in order of acceptance
/// @param expiries holds that expired, in order of their ends
/// @param availabilityChanges change of the available seats by seat type; negative if seats were
///   sold or held. It contains no seat type whose number is unchanged.
/// @param seatTypes seat types on sale after these decisions
/// @param seatTypesReplaced true if `seatTypes` differs in more than the available seats
/// @param revision revision of the event after these decisions; 0 without an event
/// @param changedReservations reservations with a new status
/// @param numberedSeats change of the bitmaps and of the seat map
public record DecisionBatch(
    List<Decision> decisions,
    List<Expiry> expiries,
    Map<String, Integer> availabilityChanges,
    List<SeatTypeView> seatTypes,
    boolean seatTypesReplaced,
    long revision,
    List<Reservation> changedReservations,
    NumberedSeats.Change numberedSeats) {

  /// Expiry of a hold.
  ///
  /// @param after number of decisions of the batch ahead of the expiry
  public record Expiry(Reservation hold, int after) {}

  /// Returns the number of decisions and expiries.
  public int countSteps() {
    return decisions.size() + expiries.size();
  }

  /// Returns the position of a decision among all decisions and expiries, from 1.
  public int positionOfDecision(int index) {
    long earlier = expiries.stream().filter(expiry -> expiry.after() <= index).count();
    return index + 1 + Math.toIntExact(earlier);
  }

  /// Returns the position of an expiry among all decisions and expiries, from 1.
  public int positionOfExpiry(int index) {
    return expiries.get(index).after() + index + 1;
  }

  /// Returns true if the row of the event or of its seat types changes.
  public boolean changesSeats() {
    return seatTypesReplaced || !availabilityChanges.isEmpty() || numberedSeats.isEffective();
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
            .seatMapRevision(
                numberedSeats.mapChanged() ? numberedSeats.revision() : event.seatMapRevision())
            .version(event.version() + 1)
            .build()
        : event;
  }
}
