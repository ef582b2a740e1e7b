package ticketing.client;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.util.List;

/// Seats to book. Without `seats`, the server chooses the best available ones of a seat map.
///
/// @param quantity number of seats, 1 to 10
/// @param seats ids of numbered seats, as many as the quantity; null: none are requested
/// @param otherwise `BEST` for the best available seats if a requested one is taken; null: the
///   booking is rejected then
@JsonInclude(JsonInclude.Include.NON_NULL)
public record BookingRequest(
    long eventId, String seatType, int quantity, List<String> seats, String otherwise) {

  /// Seats of any place.
  public BookingRequest(long eventId, String seatType, int quantity) {
    this(eventId, seatType, quantity, null, null);
  }
}
