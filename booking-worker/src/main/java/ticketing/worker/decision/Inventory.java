package ticketing.worker.decision;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import ticketing.domain.EventView;

/// State of an event on which a batch of commands is decided, read under the row lock.
///
/// @param event empty if the event does not exist
/// @param seatsOfUser held and confirmed seats by user. Complete for every user with a booking or a
///   confirmation in the batch if the event has a limit, else empty.
/// @param reservations reservations that the commands name, by id
/// @param dueHolds holds that expire, unless a command accepted before their end confirms or
///   cancels them
/// @param numberedSeats complete if the event has a seat map or gets one
/// @param waitingList complete if the event has a waiting list, or kept seats of a former one
public record Inventory(
    Optional<EventView> event,
    Map<String, Integer> seatsOfUser,
    Map<Long, Reservation> reservations,
    List<Reservation> dueHolds,
    NumberedSeats numberedSeats,
    WaitingList waitingList) {

  /// Creates the inventory of an event without a waiting list.
  public Inventory(
      Optional<EventView> event,
      Map<String, Integer> seatsOfUser,
      Map<Long, Reservation> reservations,
      List<Reservation> dueHolds,
      NumberedSeats numberedSeats) {
    this(event, seatsOfUser, reservations, dueHolds, numberedSeats, WaitingList.NONE);
  }

  /// Creates the inventory of an event without numbered seats and without a waiting list.
  public Inventory(
      Optional<EventView> event,
      Map<String, Integer> seatsOfUser,
      Map<Long, Reservation> reservations,
      List<Reservation> dueHolds) {
    this(event, seatsOfUser, reservations, dueHolds, NumberedSeats.NONE);
  }
}
