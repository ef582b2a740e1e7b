import java.net.URI;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import ticketing.client.RetryPolicy;
import ticketing.client.Session;
import ticketing.client.Ticket;
import ticketing.client.TicketFollower;

/// Follows tickets over one WebSocket until each is final, with the client of the module
/// `booking-client`.
///
/// `java TicketSocket.java TICKET_ID...` with `TICKETING_URL`, `TICKETING_SOCKETS` (the notifier,
/// `ws://...`), `TICKETING_EMAIL` and `TICKETING_PASSWORD` in the environment. Prints each frame.
/// Exit code 0: all tickets are final. 1: a ticket is unknown, or the sign-in is refused. 2: no
/// final state in time.
public class TicketSocket {

  private static final Duration TIMEOUT = Duration.ofMinutes(5);
  private static final int FINAL = 0;
  private static final int UNKNOWN = 1;
  private static final int TIMED_OUT = 2;

  public static void main(String[] ticketIds) throws Exception {
    Session session =
        Session.ofPassword(
            URI.create(System.getenv("TICKETING_URL")),
            System.getenv("TICKETING_EMAIL"),
            System.getenv("TICKETING_PASSWORD"));
    if (session.signIn() instanceof Session.SignIn.Denied(var response)) {
      System.err.println(response.status() + " " + response.body());
      System.exit(UNKNOWN);
    }
    BlockingQueue<Integer> exitCodes = new LinkedBlockingQueue<>();
    List<URI> notifiers = List.of(URI.create(System.getenv("TICKETING_SOCKETS")));
    try (TicketFollower follower =
        new TicketFollower(
            notifiers, session, RetryPolicy.STANDARD, new Printer(ticketIds.length, exitCodes))) {
      for (String ticketId : ticketIds) {
        follower.follow(UUID.fromString(ticketId));
      }
      Integer exitCode = exitCodes.poll(TIMEOUT.toSeconds(), TimeUnit.SECONDS);
      System.exit(exitCode == null ? TIMED_OUT : exitCode);
    }
  }

  private static final class Printer implements ticketing.client.TicketSocket.Listener {
    private final BlockingQueue<Integer> exitCodes;
    private int undecided;

    Printer(int undecided, BlockingQueue<Integer> exitCodes) {
      this.undecided = undecided;
      this.exitCodes = exitCodes;
    }

    @Override
    public void onTicket(Ticket ticket) {
      System.out.println(ticket.toJson());
      if (ticket.isFinal() && --undecided == 0) {
        exitCodes.add(FINAL);
      }
    }

    @Override
    public void onError(String code, String detail) {
      System.out.println(code + ": " + detail);
      exitCodes.add(UNKNOWN);
    }

    @Override
    public void onConnectionLost(String cause) {
      // The follower connects and subscribes again, so no final state is missed.
      System.err.println("connection lost: " + cause);
    }
  }
}
