package ticketing.worker;

/// Seats are taken while `CONFIRMED` or `HELD`, and on sale again after.
enum ReservationStatus {
  CONFIRMED,
  HELD,
  CANCELLED,
  EXPIRED
}
