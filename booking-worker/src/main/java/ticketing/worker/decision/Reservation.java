package ticketing.worker.decision;

import java.time.Instant;
import ticketing.domain.Money;

/// A row of `reservations`, as far as decisions need it.
public record Reservation(
    long id,
    String userId,
    String seatType,
    int quantity,
    Money totalPrice,
    ReservationStatus status,
    Instant expiresAt) {

  Reservation with(ReservationStatus changed) {
    return new Reservation(id, userId, seatType, quantity, totalPrice, changed, expiresAt);
  }
}
