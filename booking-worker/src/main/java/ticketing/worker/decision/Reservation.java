package ticketing.worker.decision;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import ticketing.domain.Money;

/// Reservation with the values that decisions need.
///
/// @param expiresAt end of the hold; null if it is confirmed
/// @param seats ids of the numbered seats; empty without numbered seats
public record Reservation(
    long id,
    String userId,
    String seatType,
    int quantity,
    Money totalPrice,
    ReservationStatus status,
    @Nullable Instant expiresAt,
    List<String> seats) {

  public Reservation {
    seats = List.copyOf(seats);
  }

  /// Creates a reservation without numbered seats.
  public Reservation(
      long id,
      String userId,
      String seatType,
      int quantity,
      Money totalPrice,
      ReservationStatus status,
      @Nullable Instant expiresAt) {
    this(id, userId, seatType, quantity, totalPrice, status, expiresAt, List.of());
  }

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
        status == ReservationStatus.CONFIRMED ? null : expiresAt,
        seats);
  }
}
