package ticketing.systemtest.client;

import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import ticketing.domain.Json;
import ticketing.local.demo.HttpConnection;
import ticketing.systemtest.fleet.Fleet;
import tools.jackson.databind.JsonNode;

/// One buyer who books in one event, waits for the decision and tells how long that took.
public final class LatencyProbe {

  public static final String SEATS = "R";

  private static final Duration END = Duration.ofSeconds(180);

  /// @param status of the answer to the booking
  /// @param decided whether the decision came
  public record Seen(int status, boolean decided) {}

  private final URI ingress;
  private final String headers;

  public LatencyProbe(Fleet fleet, String user, URI ingress) {
    this.ingress = ingress;
    this.headers = "Authorization: Bearer " + fleet.token(user) + "\r\n";
  }

  /// @param times gets the time from the request to the decision, if there is one
  /// @throws IOException if a connection fails
  public Seen book(long event, Percentiles times) throws IOException {
    long since = System.nanoTime();
    try (HttpConnection connection = new HttpConnection(ingress)) {
      HttpConnection.Response response =
          connection.send("POST", "/api/v1/reservations", headers, booking(event));
      int status = response.status();
      if (status != 202) {
        return new Seen(status, false);
      }
      JsonNode ticket = Json.INTERNAL.readTree(response.body());
      String path = "/api/v1/tickets/" + ticket.path("ticketId").asString();
      while (ticket.path("status").asString().equals("PENDING")) {
        if (System.nanoTime() - since > END.toNanos()) {
          return new Seen(status, false);
        }
        response = connection.send("GET", path, headers + "Prefer: wait=20\r\n", null);
        if (response.status() == 200) {
          ticket = Json.INTERNAL.readTree(response.body());
        }
      }
      times.noteSince(since);
      return new Seen(status, true);
    }
  }

  public static String booking(long event) {
    return "{\"eventId\":%d,\"seatType\":\"%s\",\"quantity\":1}".formatted(event, SEATS);
  }
}
