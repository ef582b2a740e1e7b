package ticketing.domain;

/// State of a ticket: `PENDING`, then exactly one of the others.
public enum TicketStatus {
  PENDING,
  CONFIRMED,
  HELD,
  CANCELLED,
  REJECTED;

  public boolean isFinal() {
    return this != PENDING;
  }
}
