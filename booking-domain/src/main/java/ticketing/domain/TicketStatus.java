package ticketing.domain;

/// State of a ticket: `PENDING`, then exactly one of the others.
public enum TicketStatus {
  PENDING,
  CONFIRMED,
  HELD,
  CANCELLED,
  REJECTED,
  /// The user is on the waiting list.
  JOINED,
  /// The user has left the waiting list.
  LEFT;

  public boolean isFinal() {
    return this != PENDING;
  }
}
