package ticketing.systemtest.client;

import java.net.URI;
import java.time.Duration;
import java.util.UUID;
import ticketing.client.ApiConnection;
import ticketing.client.BookingClient;
import ticketing.client.BookingRequest;
import ticketing.client.RetryPolicy;
import ticketing.client.Session;
import ticketing.client.Ticket;
import ticketing.client.TicketResult;
import ticketing.systemtest.fleet.Fleet;

/// Measures the time from a booking request to its decision, one booking at a time.
public final class LatencyProbe {

  public static final String SEAT_TYPE = "R";

  private static final Duration DECISION_TIMEOUT = Duration.ofSeconds(180);

  /// Result of one booking.
  public enum Result {
    DECIDED,
    UNDECIDED,
    REFUSED,
    UNANSWERED
  }

  private final URI ingress;
  private final Session session;

  public LatencyProbe(Fleet fleet, String user, URI ingress) {
    this.ingress = ingress;
    this.session = Session.ofToken(fleet.token(user));
  }

  /// Books one seat and polls until the decision, for at most 180 s.
  ///
  /// @param times receives the time to the decision
  public Result book(long event, Percentiles times) throws InterruptedException {
    long start = System.nanoTime();
    try (ApiConnection connection = new ApiConnection(ingress)) {
      BookingClient client = new BookingClient(connection, session, RetryPolicy.NONE);
      return switch (client.book(booking(event), UUID.randomUUID().toString())) {
        case TicketResult.Success(Ticket ticket, _) -> awaitDecision(client, ticket, start, times);
        case TicketResult.Refused refused -> Result.REFUSED;
        case TicketResult.Unresolved unresolved -> Result.UNANSWERED;
      };
    }
  }

  private static Result awaitDecision(
      BookingClient client, Ticket accepted, long start, Percentiles times)
      throws InterruptedException {
    Ticket ticket = accepted;
    while (!ticket.isFinal()) {
      if (System.nanoTime() - start > DECISION_TIMEOUT.toNanos()) {
        return Result.UNDECIDED;
      }
      TicketResult result = client.poll(ticket.ticketId(), BookingClient.MAX_POLL_WAIT);
      if (result instanceof TicketResult.Success(Ticket polled, _)) {
        ticket = polled;
      } else if (result instanceof TicketResult.Unresolved) {
        return Result.UNANSWERED;
      }
    }
    times.addSince(start);
    return Result.DECIDED;
  }

  public static BookingRequest booking(long event) {
    return new BookingRequest(event, SEAT_TYPE, 1);
  }
}
