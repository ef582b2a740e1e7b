package ticketing.ingress.sales;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import ticketing.domain.Money;
import ticketing.ingress.reservation.ReservationView;

/// Reservation of an event with its buyer.
///
/// @param name null if a foreign issuer manages the account
/// @param email null if a foreign issuer manages the account
record SoldReservation(
    long reservationId,
    String userId,
    @Nullable String name,
    @Nullable String email,
    @Nullable String seatType,
    int quantity,
    @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable List<String> seats,
    @Nullable Money totalPrice,
    ReservationView.Status status,
    Instant reservedAt,
    @Nullable Instant expiresAt,
    @Nullable Instant cancelledAt) {

  static SoldReservation of(
      ReservationView reservation, @Nullable String name, @Nullable String email) {
    return new SoldReservation(
        reservation.reservationId(),
        reservation.userId(),
        name,
        email,
        reservation.seatType(),
        reservation.quantity(),
        reservation.seats(),
        reservation.totalPrice(),
        reservation.status(),
        reservation.reservedAt(),
        reservation.expiresAt(),
        reservation.cancelledAt());
  }
}
