package ticketing.client;

import java.io.IOException;
import java.time.Duration;
import java.util.Set;
import java.util.UUID;
import java.util.function.Consumer;
import tools.jackson.core.JacksonException;

/// Commands and polls of one user over one [ApiConnection]. Not thread-safe; an instance is cheap,
/// so several users can take turns on one connection.
///
/// A command is idempotent: repetitions with the same key have one effect and give one ticket. The
/// methods return refusals as [TicketResult] and throw only [InterruptedException].
public final class BookingClient {

  /// One request and its response.
  ///
  /// @param status HTTP status; 0 if no complete response arrived
  /// @param elapsed time from the request to the response or the error
  /// @param isRetryable true if the client repeats the request within the limits of its policy.
  public record Attempt(
      String method, String path, int status, Duration elapsed, boolean isRetryable) {}

  /// Longest time that the server delays the response to a poll.
  public static final Duration MAX_POLL_WAIT = Duration.ofSeconds(20);

  private static final String RESERVATIONS_PATH = "/api/v1/reservations";
  private static final String WAITING_LIST_PATH = "/api/v1/waiting-list";
  private static final String TICKETS_PATH = "/api/v1/tickets/";
  private static final int CONFLICT = 409;
  private static final Set<Integer> RETRYABLE_STATUSES = Set.of(408, 429, 500, 502, 503, 504);

  /// Statuses of a gateway that lost the response of ingress-api.
  private static final Set<Integer> IN_DOUBT_STATUSES = Set.of(502, 504);

  private final ApiConnection connection;
  private final Session session;
  private final RetryPolicy retries;
  private final Consumer<Attempt> listener;

  public BookingClient(ApiConnection connection, Session session, RetryPolicy retries) {
    this(connection, session, retries, attempt -> {});
  }

  /// @param listener receives every attempt, in the calling thread
  public BookingClient(
      ApiConnection connection, Session session, RetryPolicy retries, Consumer<Attempt> listener) {
    this.connection = connection;
    this.session = session;
    this.retries = retries;
    this.listener = listener;
  }

  /// @param idempotencyKey 1 to 255 printable ASCII characters, stored before the first attempt
  public TicketResult book(BookingRequest request, String idempotencyKey)
      throws InterruptedException {
    return sendCommand("POST", RESERVATIONS_PATH, Payloads.write(request), idempotencyKey);
  }

  /// Confirms a held reservation.
  public TicketResult confirm(long reservationId, String idempotencyKey)
      throws InterruptedException {
    return sendCommand(
        "POST", RESERVATIONS_PATH + "/" + reservationId + "/confirmation", null, idempotencyKey);
  }

  /// Cancels a reservation; the seats return to sale.
  public TicketResult cancel(long reservationId, String idempotencyKey)
      throws InterruptedException {
    return sendCommand("DELETE", RESERVATIONS_PATH + "/" + reservationId, null, idempotencyKey);
  }

  /// Joins the waiting list of an event.
  ///
  /// @param seatType type of the seats to wait for
  /// @param quantity number of seats, 1 to 10
  public TicketResult joinWaitingList(
      long eventId, String seatType, int quantity, String idempotencyKey)
      throws InterruptedException {
    String body = Payloads.write(new BookingRequest(eventId, seatType, quantity));
    return sendCommand("POST", WAITING_LIST_PATH, body, idempotencyKey);
  }

  /// Leaves a waiting list.
  public TicketResult leaveWaitingList(long entryId, String idempotencyKey)
      throws InterruptedException {
    return sendCommand("DELETE", WAITING_LIST_PATH + "/" + entryId, null, idempotencyKey);
  }

  /// Gets the ticket's state.
  ///
  /// @param wait time that the server may delay the response until the ticket is final; 0 to 20 s,
  ///   rounded down to whole seconds
  public TicketResult poll(UUID ticketId, Duration wait) throws InterruptedException {
    String header = wait.toSeconds() > 0 ? "Prefer: wait=" + wait.toSeconds() + "\r\n" : "";
    return send("GET", TICKETS_PATH + ticketId, header, null, wait);
  }

  /// Polls until the ticket is final or the time is over.
  ///
  /// @return the final ticket, or the last result: a pending ticket, a refusal or an error
  public TicketResult await(UUID ticketId, Duration timeout) throws InterruptedException {
    long deadline = System.nanoTime() + timeout.toNanos();
    while (true) {
      Duration remaining = Duration.ofNanos(Math.max(0, deadline - System.nanoTime()));
      Duration wait = remaining.compareTo(MAX_POLL_WAIT) < 0 ? remaining : MAX_POLL_WAIT;
      TicketResult result = poll(ticketId, wait);
      if (!(result instanceof TicketResult.Success(Ticket ticket, Duration retryAfter))
          || ticket.isFinal()
          || System.nanoTime() + retryAfter.toNanos() > deadline) {
        return result;
      }
      Thread.sleep(RetryPolicy.withJitter(retryAfter));
    }
  }

  private TicketResult sendCommand(String method, String path, String body, String idempotencyKey)
      throws InterruptedException {
    requireValidKey(idempotencyKey);
    return send(method, path, "Idempotency-Key: " + idempotencyKey + "\r\n", body, Duration.ZERO);
  }

  private static void requireValidKey(String key) {
    if (key.isEmpty() || key.length() > 255 || !key.chars().allMatch(c -> c > 0x20 && c < 0x7f)) {
      throw new IllegalArgumentException("idempotency key must be 1-255 printable characters");
    }
  }

  private TicketResult send(
      String method, String path, String headerLines, String body, Duration wait)
      throws InterruptedException {
    long start = System.nanoTime();
    boolean inDoubt = false;
    for (int attempt = 1; ; attempt++) {
      TicketResult result = attempt(method, path, headerLines, body, wait);
      Duration pause;
      switch (result) {
        case TicketResult.Success success -> {
          return success;
        }
        case TicketResult.Refused refused -> {
          if (!refused.retryable()) {
            return refused;
          }
          inDoubt |= IN_DOUBT_STATUSES.contains(refused.status());
          pause = refused.retryAfter().isZero() ? retries.backoff(attempt) : refused.retryAfter();
        }
        case TicketResult.Unresolved unresolved -> {
          inDoubt = true;
          pause = retries.backoff(attempt);
        }
      }
      long elapsed = System.nanoTime() - start;
      if (attempt >= retries.maxAttempts()
          || elapsed + pause.toNanos() > retries.timeout().toNanos()) {
        return inDoubt ? unresolved(result) : result;
      }
      connection.useNextServer();
      Thread.sleep(RetryPolicy.withJitter(pause));
    }
  }

  private static TicketResult unresolved(TicketResult last) {
    return last instanceof TicketResult.Refused(int status, String code, _, _, _)
        ? new TicketResult.Unresolved("no certain response, last status " + status + " " + code)
        : last;
  }

  private record Exchange(int status, TicketResult result) {}

  private TicketResult attempt(
      String method, String path, String headerLines, String body, Duration wait) {
    long start = System.nanoTime();
    Exchange exchange = exchange(method, path, headerLines, body, wait);
    boolean retryable =
        switch (exchange.result()) {
          case TicketResult.Success success -> false;
          case TicketResult.Refused refused -> refused.retryable();
          case TicketResult.Unresolved unresolved -> true;
        };
    Duration elapsed = Duration.ofNanos(System.nanoTime() - start);
    listener.accept(new Attempt(method, path, exchange.status(), elapsed, retryable));
    return exchange.result();
  }

  private Exchange exchange(
      String method, String path, String headerLines, String body, Duration wait) {
    try {
      return switch (session.signIn()) {
        case Session.SignIn.Denied(ApiResponse response) ->
            new Exchange(response.status(), refused(response, false));
        case Session.SignIn.Token(String token) -> {
          ApiResponse response = connection.send(method, path, token, headerLines, body, wait);
          yield new Exchange(response.status(), result(response, token));
        }
      };
    } catch (IOException e) {
      return new Exchange(0, new TicketResult.Unresolved(HttpSocket.failureText(e)));
    }
  }

  private TicketResult result(ApiResponse response, String token) {
    return switch (response.status()) {
      case 200, 202 -> {
        try {
          yield new TicketResult.Success(
              Payloads.read(response.body(), Ticket.class),
              response.retryAfter(Duration.ofSeconds(1)));
        } catch (JacksonException e) {
          yield new TicketResult.Unresolved("no ticket in response: " + e.getOriginalMessage());
        }
      }
      case 401 -> refused(response, session.discard(token));
      default -> refused(response, false);
    };
  }

  private static TicketResult.Refused refused(ApiResponse response, boolean renewable) {
    return new TicketResult.Refused(
        response.status(),
        response.problemCode(),
        Payloads.field(response.body(), "detail"),
        response.retryAfter(Duration.ZERO),
        renewable || isRetryable(response));
  }

  /// A conflict with `Retry-After` ends with the opening of the sale.
  private static boolean isRetryable(ApiResponse response) {
    return RETRYABLE_STATUSES.contains(response.status())
        || response.status() == CONFLICT && response.hasRetryAfter();
  }
}
