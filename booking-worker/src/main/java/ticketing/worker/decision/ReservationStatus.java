package ticketing.worker.decision;

/// Seats are taken while `CONFIRMED` or `HELD`, and on sale again after.
public enum ReservationStatus {
  CONFIRMED,
  HELD,
  CANCELLED,
  EXPIRED
}
