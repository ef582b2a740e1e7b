package ticketing.domain;

import java.util.Objects;

/// How many seats of a type go on sale, and for how much each.
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
    // The dearest booking must have a price that the schema can hold.
    price.multiply(Command.MAX_QUANTITY);
  }
}
