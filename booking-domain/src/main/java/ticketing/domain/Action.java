package ticketing.domain;

/// Kind of a command. `CHANGE_SEATS` is an administrator's change of the seats on sale. It passes
/// through the queue because only the worker writes seats.
public enum Action {
  BOOK,
  CONFIRM,
  CANCEL,
  CHANGE_SEATS,
  /// Joins the waiting list of an event.
  JOIN,
  /// Leaves a waiting list.
  LEAVE;

  /// Returns true for a request for seats, the undecided ones of which are limited.
  public boolean requestsSeats() {
    return this == BOOK || this == JOIN;
  }
}
