package ticketing.worker.decision;

import java.util.List;
import java.util.Map;
import ticketing.domain.Command;
import ticketing.domain.EventView;
import ticketing.domain.EventView.SeatTypeView;

/// Decisions of a batch of commands, and their effect on the event.
///
/// @param decisions one for each decided command, in order of acceptance
/// @param positions positions of the decisions among all steps of the batch, from 1
/// @param expiries holds that expired, in order of their ends
/// @param availabilityChanges change of the available seats by seat type; negative if seats were
///   sold or held. It contains no seat type whose number is unchanged.
/// @param seatTypes seat types on sale after these decisions
/// @param seatTypesReplaced true if `seatTypes` differs in more than the available seats
/// @param revision revision of the event after these decisions; 0 without an event
/// @param changedReservations reservations with a new status
/// @param numberedSeats change of the bitmaps and of the seat map
/// @param waitingList change of the waiting list
/// @param postponed commands that another batch decides, because this one made many offers
public record DecisionBatch(
    List<Decision> decisions,
    List<Integer> positions,
    List<Expiry> expiries,
    Map<String, Integer> availabilityChanges,
    List<SeatTypeView> seatTypes,
    boolean seatTypesReplaced,
    long revision,
    List<Reservation> changedReservations,
    NumberedSeats.Change numberedSeats,
    WaitingList.Change waitingList,
    List<Command> postponed) {

  /// Expiry of a hold.
  ///
  /// @param position position among all steps of the batch, from 1
  public record Expiry(Reservation hold, int position) {}

  /// Returns the number of decisions, expiries and offers.
  public int countSteps() {
    return decisions.size() + expiries.size() + waitingList.offers().size();
  }

  /// Returns the position of a decision among all steps, from 1.
  public int positionOfDecision(int index) {
    return positions.get(index);
  }

  /// Returns the position of an expiry among all steps, from 1.
  public int positionOfExpiry(int index) {
    return expiries.get(index).position();
  }

  /// Returns true if the available seats, the seat types or the bitmaps change.
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
