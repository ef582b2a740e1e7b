package ticketing.worker.decision;

import java.util.List;
import java.util.Map;
import ticketing.domain.EventView.SeatTypeView;

/// What a group of commands does to an event.
///
/// @param decisions one for each command, in order of acceptance
/// @param released change of the free seats of each seat type that changes (negative: sold); of
///   types as they were before `seatTypes`
/// @param seatTypes what is on sale afterwards
/// @param offerChanged whether `seatTypes` differs from before in more than free seats
/// @param changed reservations that have a new status
public record DecisionBatch(
    List<Decision> decisions,
    Map<String, Integer> released,
    List<SeatTypeView> seatTypes,
    boolean offerChanged,
    List<Reservation> changed) {

  public boolean touchesSeats() {
    return offerChanged || !released.isEmpty();
  }
}
