package ticketing.domain;

import java.util.Objects;

/// Number of seats of a seat type on sale, and their price.
///
/// @param seatType 1 to 10 characters
/// @param totalSeats 1 or more
public record SeatOffer(String seatType, Money price, int totalSeats) {
  public SeatOffer {
    Objects.requireNonNull(seatType, "seatType");
    Objects.requireNonNull(price, "price");
    if (totalSeats < 1) {
      throw new IllegalArgumentException("totalSeats must be 1 or more");
    }
    // The schema must be able to store the price of the largest booking.
    price.multiply(Command.MAX_QUANTITY);
  }
}
