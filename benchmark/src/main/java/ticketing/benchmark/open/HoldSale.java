package ticketing.benchmark.open;

import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import ticketing.client.ApiConnection;
import ticketing.client.BookingClient;
import ticketing.client.BookingRequest;
import ticketing.client.RetryPolicy;
import ticketing.client.Session;
import ticketing.client.Ticket;
import ticketing.client.TicketResult;

/// Closed model of buyers who await each decision. With holds, a share of them returns its seats to
/// the sale and the others confirm.
final class HoldSale {

  private static final Duration DECISION_TIMEOUT = Duration.ofSeconds(30);
  private static final int CYCLE = 10; // bookings
  private static final String SEAT_TYPE = "R";

  private final URI ingress;
  private final List<String> tokens;

  /// @param tokens of buyers, used in turn
  HoldSale(URI ingress, List<String> tokens) {
    this.ingress = ingress;
    this.tokens = tokens;
  }

  /// @param returned holds of ten bookings that return; empty: the event has no holds
  /// @return decisions a second
  double run(long event, OptionalInt returned, int buyers, Duration duration)
      throws InterruptedException {
    long end = System.nanoTime() + duration.toNanos();
    List<Future<Long>> decisions = new ArrayList<>();
    long sum = 0;
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int buyer = 0; buyer < buyers; buyer++) {
        int first = buyer;
        decisions.add(threads.submit(() -> sell(event, returned, first, buyers, end)));
      }
      for (Future<Long> count : decisions) {
        sum += count.get();
      }
    } catch (ExecutionException e) {
      throw new IllegalStateException("a buyer failed", e.getCause());
    }
    return sum / (duration.toMillis() / 1e3);
  }

  private long sell(long event, OptionalInt returned, int first, int step, long end)
      throws InterruptedException {
    long decisions = 0;
    try (ApiConnection connection = new ApiConnection(ingress)) {
      for (int booking = 0; System.nanoTime() < end; booking++) {
        String token = tokens.get((first + booking * step) % tokens.size());
        BookingClient client =
            new BookingClient(connection, Session.ofToken(token), RetryPolicy.NONE);
        Ticket booked =
            decided(client, client.book(new BookingRequest(event, SEAT_TYPE, 1), newKey()));
        decisions++;
        if (returned.isPresent()) {
          long reservation = booked.reservationId();
          decided(
              client,
              booking % CYCLE < returned.getAsInt()
                  ? client.cancel(reservation, newKey())
                  : client.confirm(reservation, newKey()));
          decisions++;
        }
      }
    }
    return decisions;
  }

  private static Ticket decided(BookingClient client, TicketResult accepted)
      throws InterruptedException {
    if (accepted instanceof TicketResult.Success(Ticket pending, _)
        && client.await(pending.ticketId(), DECISION_TIMEOUT)
            instanceof TicketResult.Success(Ticket ticket, _)
        && ticket.status() != Ticket.Status.REJECTED) {
      return ticket;
    }
    throw new IllegalStateException("not accepted, or rejected: " + accepted);
  }

  private static String newKey() {
    return UUID.randomUUID().toString();
  }
}
