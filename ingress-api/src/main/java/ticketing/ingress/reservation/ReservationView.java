package ticketing.ingress.reservation;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import ticketing.domain.Money;

/// Reservation, as cached in Redis under `reservation:{id}`. Clients get it without `userId`.
///
/// @param expiresAt end of a hold
/// @param seats ids of its numbered seats; null without numbered seats
/// @param offer true if the hold was an offer to a waiting party; null: false (an older version
///   cached the reservation)
/// @param userId its owner
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
    @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable List<String> seats,
    Boolean offer,
    String userId) {

  public ReservationView {
    offer = offer != null && offer;
    Objects.requireNonNull(ticketId, "ticketId");
    Objects.requireNonNull(status, "status");
    Objects.requireNonNull(reservedAt, "reservedAt");
    Objects.requireNonNull(userId, "userId");
  }

  public enum Status {
    CONFIRMED,
    HELD,
    CANCELLED,
    EXPIRED
  }

  /// Returns the end of the time in which a confirmation is accepted. A second confirmation has no
  /// end, and neither has a hold without `expiresAt`.
  Instant endOfConfirmation() {
    return switch (status) {
      case HELD, EXPIRED -> expiresAt == null ? Instant.MAX : expiresAt;
      case CONFIRMED, CANCELLED -> Instant.MAX;
    };
  }

  /// Returns true for a hold past its end, of which the cached status may be outdated.
  boolean isExpiredHold(Instant now) {
    return status == Status.HELD && expiresAt != null && !now.isBefore(expiresAt);
  }
}
