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

/// Books seats and polls until the decision, with the client of the module `booking-client`.
///
/// `java Booking.java EVENT_ID SEAT_TYPE QUANTITY [KEY]` with `TICKETING_URL`, `TICKETING_EMAIL`
/// and `TICKETING_PASSWORD` in the environment. Prints the final ticket. Exit code 0: seats are
/// booked or held. 1: the booking is refused or rejected. 2: no decision in time; run it again with
/// the KEY.
public class Booking {

  private static final Duration TIMEOUT = Duration.ofMinutes(2);

  public static void main(String[] args) throws InterruptedException {
    // Store the key before the first attempt: a repetition with the same key is the same booking.
    String key = args.length > 3 ? args[3] : UUID.randomUUID().toString();
    BookingRequest request =
        new BookingRequest(Long.parseLong(args[0]), args[1], Integer.parseInt(args[2]));
    URI server = URI.create(System.getenv("TICKETING_URL"));
    Session session =
        Session.ofPassword(
            server, System.getenv("TICKETING_EMAIL"), System.getenv("TICKETING_PASSWORD"));
    try (ApiConnection connection = new ApiConnection(server)) {
      BookingClient client =
          new BookingClient(connection, session, RetryPolicy.STANDARD, Booking::print);
      TicketResult result = client.book(request, key);
      if (result instanceof TicketResult.Success(Ticket accepted, _)) {
        System.err.println("accepted, position " + accepted.position());
        result = client.await(accepted.ticketId(), TIMEOUT);
      }
      System.exit(exitCode(result, key));
    }
  }

  private static int exitCode(TicketResult result, String key) {
    return switch (result) {
      case TicketResult.Success(Ticket ticket, _) when ticket.isFinal() -> {
        System.out.println(ticket.toJson());
        yield ticket.hasSeats() ? 0 : 1;
      }
      case TicketResult.Refused(int status, String code, String detail, _, boolean retryable)
          when !retryable -> {
        System.err.println(status + " " + code + " " + detail);
        yield 1;
      }
      default -> {
        System.err.println("no decision in time: " + result + "; run it again with the key " + key);
        yield 2;
      }
    };
  }

  private static void print(BookingClient.Attempt attempt) {
    if (attempt.isRetryable()) {
      System.err.println(attempt.method() + " " + attempt.path() + ": status " + attempt.status());
    }
  }
}
