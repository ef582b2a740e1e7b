package ticketing.systemtest.client;

import java.io.IOException;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import ticketing.client.ApiConnection;
import ticketing.client.ApiResponse;
import ticketing.client.BookingClient;
import ticketing.client.BookingRequest;
import ticketing.client.RetryPolicy;
import ticketing.client.Session;
import ticketing.client.Ticket;
import ticketing.client.TicketFollower;
import ticketing.client.TicketResult;
import ticketing.client.TicketSocket;
import ticketing.domain.Json;
import ticketing.systemtest.fleet.Fleet;

/// Correct clients: each request has an idempotency key and is repeated until it has a response, at
/// the next ingress in turn. Each ticket is followed by WebSocket and by poll. All responses are
/// recorded for the [oracle][ticketing.systemtest.oracle.Oracle]. Thread-safe.
public final class TestClients implements AutoCloseable {

  private static final Duration REQUEST_TIMEOUT = Duration.ofSeconds(10);
  private static final RetryPolicy RETRIES =
      new RetryPolicy(
          1_000, Duration.ofSeconds(60), Duration.ofMillis(200), Duration.ofMillis(200));
  private static final Duration POLL_WAIT = Duration.ofSeconds(5);
  private static final long POLL_PAUSE = 200; // ms
  private static final Set<Integer> ALLOWED_REFUSALS = Set.of(404, 409);
  private static final Set<Integer> OVERLOAD_STATUSES = Set.of(408, 429, 503);

  /// Bounded, so that a restarted process gets requests again.
  private static final int MAX_REQUESTS_PER_CONNECTION = 50;

  private static final int OK = 200;
  private static final int NOT_FOUND = 404;

  private final Fleet fleet;
  private final AtomicInteger nextIngress = new AtomicInteger();
  private final Map<UUID, AcceptedRequest> requests = new ConcurrentHashMap<>();
  private final Map<String, TicketFollower> followers = new ConcurrentHashMap<>();
  private final Map<String, String> tokens = new ConcurrentHashMap<>();
  private final Map<String, Session> sessions = new ConcurrentHashMap<>();
  private final Map<String, LongAdder> refusals = new ConcurrentHashMap<>();
  private final Queue<String> violations = new ConcurrentLinkedQueue<>();
  private final LongAdder repeated = new LongAdder();
  private final LongAdder overloaded = new LongAdder();
  private final LongAdder unanswered = new LongAdder();
  private final LongAdder unknownTickets = new LongAdder();
  private final Queue<OpenConnection> idle = new ConcurrentLinkedQueue<>();

  public TestClients(Fleet fleet) {
    this.fleet = fleet;
  }

  public Collection<AcceptedRequest> requests() {
    return requests.values();
  }

  /// Responses that no fault permits.
  public Collection<String> violations() {
    return violations;
  }

  /// Number of refusals by status and code.
  public Map<String, LongAdder> refusals() {
    return refusals;
  }

  /// Requests sent again after a lost response, 408, 429 or 503.
  public long repeated() {
    return repeated.sum();
  }

  /// Responses 408, 429 and 503.
  public long overloaded() {
    return overloaded.sum();
  }

  /// Requests without a response, after repetitions for 60 s if they are commands.
  public long unanswered() {
    return unanswered.sum();
  }

  /// Polls with the response 404 for an accepted ticket.
  public long unknownTickets() {
    return unknownTickets.sum();
  }

  /// A keep-alive connection, for one request at a time.
  private record OpenConnection(ApiConnection connection, AtomicInteger requests) {}

  private interface Exchange<T> {
    T with(ApiConnection connection) throws InterruptedException;
  }

  private interface Command {
    TicketResult send(BookingClient client) throws InterruptedException;
  }

  /// @return empty if the request was refused or has no response
  public Optional<AcceptedRequest> book(
      String userId, long eventId, String seatType, int quantity, String key)
      throws InterruptedException {
    return book(userId, new BookingRequest(eventId, seatType, quantity), key);
  }

  /// @return empty if the request was refused or has no response
  public Optional<AcceptedRequest> book(String userId, BookingRequest booking, String key)
      throws InterruptedException {
    return send(userId, client -> client.book(booking, key));
  }

  /// @return empty if the request was refused or has no response
  public Optional<AcceptedRequest> joinWaitingList(
      String userId, long eventId, String seatType, int quantity, String key)
      throws InterruptedException {
    return send(userId, client -> client.joinWaitingList(eventId, seatType, quantity, key));
  }

  /// @return empty if the request was refused or has no response
  public Optional<AcceptedRequest> leaveWaitingList(String userId, long entryId, String key)
      throws InterruptedException {
    return send(userId, client -> client.leaveWaitingList(entryId, key));
  }

  /// Returns the ids of the user's offers; empty also if ingress-api does not respond with them.
  public List<Long> findOffers(String userId) throws InterruptedException {
    return exchange(connection -> findOffers(connection, userId));
  }

  private List<Long> findOffers(ApiConnection connection, String userId) {
    try {
      ApiResponse response =
          connection.send("GET", "/api/v1/users/me/reservations?status=HELD", token(userId), null);
      if (OVERLOAD_STATUSES.contains(response.status())) {
        overloaded.increment();
        return List.of();
      }
      if (response.status() != OK) {
        violations.add("response to a list of offers: " + response.status());
        return List.of();
      }
      return Json.INTERNAL
          .readTree(response.body())
          .path("content")
          .valueStream()
          .filter(reservation -> reservation.path("offer").asBoolean())
          .map(reservation -> reservation.path("reservationId").asLong())
          .toList();
    } catch (IOException e) {
      unanswered.increment();
      return List.of();
    }
  }

  /// @return empty if the request was refused or has no response
  public Optional<AcceptedRequest> cancel(String userId, long reservationId, String key)
      throws InterruptedException {
    return send(userId, client -> client.cancel(reservationId, key));
  }

  /// @return empty if the request was refused or has no response
  public Optional<AcceptedRequest> confirm(String userId, long reservationId, String key)
      throws InterruptedException {
    return send(userId, client -> client.confirm(reservationId, key));
  }

  private Optional<AcceptedRequest> send(String userId, Command command)
      throws InterruptedException {
    switch (exchange(connection -> command.send(client(connection, userId, RETRIES)))) {
      case TicketResult.Success(Ticket ticket, _) -> {
        return Optional.of(follow(userId, ticket));
      }
      case TicketResult.Refused(int status, String code, String detail, _, _) -> {
        if (OVERLOAD_STATUSES.contains(status)) {
          unanswered.increment();
        } else if (ALLOWED_REFUSALS.contains(status)) {
          refusals.computeIfAbsent(status + " " + code, _ -> new LongAdder()).increment();
        } else {
          violations.add("response " + status + " " + code + " " + detail);
        }
      }
      case TicketResult.Unresolved unresolved -> unanswered.increment();
    }
    return Optional.empty();
  }

  /// Follows a ticket by WebSocket and records its final states.
  public AcceptedRequest follow(String userId, Ticket ticket) {
    AcceptedRequest request =
        requests.computeIfAbsent(ticket.ticketId(), id -> new AcceptedRequest(userId, ticket));
    if (!request.userId().equals(userId)) {
      violations.add("ticket " + ticket.ticketId() + " has two users");
    }
    // A repetition may return a decided ticket.
    request.addPolled(ticket);
    followers.computeIfAbsent(userId, this::follower).follow(ticket.ticketId());
    return request;
  }

  private TicketFollower follower(String userId) {
    return new TicketFollower(
        fleet.notifiers(),
        session(userId),
        RETRIES,
        new TicketSocket.Listener() {
          @Override
          public void onTicket(Ticket ticket) {
            requests.get(ticket.ticketId()).addPushed(ticket);
          }
        });
  }

  /// Polls the ticket once.
  ///
  /// @param wait time that the server may delay the response until the decision
  /// @return empty if the ticket is undecided or its state is unknown
  public Optional<Ticket> poll(AcceptedRequest request, Duration wait) throws InterruptedException {
    TicketResult result =
        exchange(connection ->
            client(connection, request.userId(), RetryPolicy.NONE)
                .poll(request.accepted().ticketId(), wait));
    switch (result) {
      case TicketResult.Success(Ticket ticket, _) -> {
        request.addPolled(ticket);
        return Optional.of(ticket).filter(Ticket::isFinal);
      }
      case TicketResult.Refused(int status, String code, _, _, _) -> {
        if (status == NOT_FOUND) {
          unknownTickets.increment();
        } else if (!OVERLOAD_STATUSES.contains(status)) {
          violations.add("response to a poll: " + status + " " + code);
        }
      }
      case TicketResult.Unresolved unresolved -> {}
    }
    return Optional.empty();
  }

  /// Polls until the ticket is final.
  ///
  /// @throws AssertionError if the ticket is not final within the timeout
  public Ticket await(AcceptedRequest request, Duration timeout) throws InterruptedException {
    long deadline = System.nanoTime() + timeout.toNanos();
    while (System.nanoTime() < deadline) {
      Optional<Ticket> decided = poll(request, POLL_WAIT);
      if (decided.isPresent()) {
        return decided.get();
      }
      TimeUnit.MILLISECONDS.sleep(POLL_PAUSE);
    }
    throw new AssertionError(
        "no final state of " + request.accepted() + " within " + timeout.toSeconds() + " s");
  }

  private BookingClient client(ApiConnection connection, String userId, RetryPolicy retries) {
    return new BookingClient(connection, session(userId), retries, this::record);
  }

  private void record(BookingClient.Attempt attempt) {
    if (attempt.isRetryable()) {
      repeated.increment();
      if (OVERLOAD_STATUSES.contains(attempt.status())) {
        overloaded.increment();
      } else if (attempt.status() != 0) {
        violations.add(attempt.method() + " " + attempt.path() + ": status " + attempt.status());
      }
    }
  }

  private <T> T exchange(Exchange<T> exchange) throws InterruptedException {
    OpenConnection open = Optional.ofNullable(idle.poll()).orElseGet(this::open);
    try {
      return exchange.with(open.connection());
    } finally {
      if (open.requests().incrementAndGet() < MAX_REQUESTS_PER_CONNECTION) {
        idle.add(open);
      } else {
        open.connection().close();
      }
    }
  }

  /// A connection whose first request goes to the next ingress in turn.
  private OpenConnection open() {
    List<URI> ingresses = new ArrayList<>(fleet.ingresses());
    Collections.rotate(ingresses, nextIngress.getAndIncrement());
    return new OpenConnection(new ApiConnection(ingresses, REQUEST_TIMEOUT), new AtomicInteger());
  }

  private String token(String userId) {
    return tokens.computeIfAbsent(userId, fleet::token);
  }

  private Session session(String userId) {
    return sessions.computeIfAbsent(userId, id -> Session.ofToken(token(id)));
  }

  @Override
  public void close() {
    followers.values().forEach(TicketFollower::close);
    idle.forEach(open -> open.connection().close());
  }
}
