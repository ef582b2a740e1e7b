package ticketing.ingress.reservation;

import java.time.Instant;
import org.jspecify.annotations.Nullable;
import ticketing.domain.Money;

/// What a successful booking left, as it lies in Redis under `reservation:{id}`; its owner sees it
/// without `userId`.
///
/// @param expiresAt until when a hold lasts
/// @param userId whose it is
public record ReservationView(
    long reservationId,
    String ticketId,
    long eventId,
    String seatType,
    int quantity,
    Money totalPrice,
    Status status,
    Instant reservedAt,
    @Nullable Instant expiresAt,
    @Nullable Instant cancelledAt,
    String userId) {

  public enum Status {
    CONFIRMED,
    HELD,
    CANCELLED,
    EXPIRED
  }

  /// Whether a copy of it may be out of date although nobody asked for a change.
  boolean hasRunOut(Instant now) {
    return status == Status.HELD && expiresAt != null && !now.isBefore(expiresAt);
  }
}
