package ticketing.worker.decision;

import java.time.Instant;
import org.jspecify.annotations.Nullable;
import ticketing.domain.Money;

/// Reservation with the values that decisions need.
///
/// @param expiresAt end of the hold; null if it is confirmed
public record Reservation(
    long id,
    String userId,
    String seatType,
    int quantity,
    Money totalPrice,
    ReservationStatus status,
    @Nullable Instant expiresAt) {

  /// Returns true if the hold has ended. A hold without `expiresAt` has no end.
  boolean hasEndedAt(Instant time) {
    return expiresAt != null && !time.isBefore(expiresAt);
  }

  /// A confirmed reservation has no end, also if a later command cancels it.
  Reservation withStatus(ReservationStatus status) {
    return new Reservation(
        id,
        userId,
        seatType,
        quantity,
        totalPrice,
        status,
        status == ReservationStatus.CONFIRMED ? null : expiresAt);
  }
}
