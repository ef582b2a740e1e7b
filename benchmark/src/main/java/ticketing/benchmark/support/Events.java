package ticketing.benchmark.support;

import java.io.IOException;
import java.net.URI;
import ticketing.client.ApiConnection;
import ticketing.client.ApiResponse;
import ticketing.domain.Json;
import ticketing.security.Role;

/// Events with one seat type, which is `R`.
public final class Events {

  private Events() {}

  /// Creates an event by the API. Bookings are confirmed immediately.
  ///
  /// @return its id
  public static long create(URI ingress, String name, int seats) throws IOException {
    return create(ingress, name, seats, null);
  }

  /// Creates an event by the API.
  ///
  /// @param holdMinutes null: bookings are confirmed immediately
  /// @return its id
  public static long create(URI ingress, String name, int seats, Integer holdMinutes)
      throws IOException {
    String body =
        """
        {"eventName":"%s","eventDate":"2030-12-24T10:00:00Z","venueName":"Hall",
         "venueAddress":"Seoul","holdMinutes":%d,
         "seatTypes":[{"seatType":"R","price":"55000.00","totalSeats":%d}]}
        """
            .formatted(name, holdMinutes, seats);
    String administrator = AccessTokens.issuer().issue("admin", Role.ADMIN);
    try (ApiConnection connection = new ApiConnection(ingress)) {
      ApiResponse response = connection.send("POST", "/api/v1/events", administrator, body);
      if (response.status() != 201) {
        throw new IOException(response.status() + " " + response.body());
      }
      return Json.INTERNAL.readTree(response.body()).path("eventId").asLong();
    }
  }
}
