package ticketing.ingress.sales;

import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import ticketing.domain.Money;
import ticketing.domain.Reason;

/// Sales of an event. The figures may be a few seconds old.
///
/// @param revenue of the confirmed reservations
/// @param rejections number of the newest rejections by reason
/// @param curve seats that are sold or held, from the first booking; empty without a booking
/// @param soldOutAt expected end of the seats at the rate of the last ten minutes; null without
///   sales in this time, or without available seats
record EventSales(
    long eventId,
    Money revenue,
    List<TypeSales> seatTypes,
    Map<Reason, Long> rejections,
    List<Point> curve,
    @Nullable Instant soldOutAt) {

  /// @param revenue of the confirmed reservations
  record TypeSales(
      String seatType,
      Money price,
      int totalSeats,
      int availableSeats,
      long soldSeats,
      long heldSeats,
      Money revenue) {}

  /// @param seats sold or held at this time
  record Point(Instant at, long seats) {}
}
