package ticketing.client;

/// Seats to book.
///
/// @param quantity number of seats, 1 to 10
public record BookingRequest(long eventId, String seatType, int quantity) {}
