package ticketing.worker.decision;

/// Status of a reservation. Its seats are on sale again if it is `CANCELLED` or `EXPIRED`.
public enum ReservationStatus {
  CONFIRMED,
  HELD,
  CANCELLED,
  EXPIRED
}
