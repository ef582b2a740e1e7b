package ticketing.systemtest.client;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import ticketing.domain.Json;
import ticketing.domain.Ticket;
import ticketing.systemtest.fleet.Fleet;
import tools.jackson.databind.JsonNode;

/// Clients as they should be: each request has its key and is repeated until it is answered, at
/// whichever ingress comes next; each ticket is followed by WebSocket and by poll. Everything they
/// were told is kept.
public final class TestClients implements AutoCloseable {

  private static final Duration REQUEST = Duration.ofSeconds(10);
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final long PAUSE_MILLIS = 200;

  private final Fleet fleet;
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
  private final HttpClient http =
      HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .connectTimeout(REQUEST)
          .executor(threads)
          .build();
  private final AtomicInteger turn = new AtomicInteger();
  private final Map<UUID, AcceptedRequest> claims = new ConcurrentHashMap<>();
  private final Map<String, TicketFollower> followers = new ConcurrentHashMap<>();
  private final Map<String, String> tokens = new ConcurrentHashMap<>();
  private final Map<String, LongAdder> refusals = new ConcurrentHashMap<>();
  private final Queue<String> wrong = new ConcurrentLinkedQueue<>();
  private final LongAdder repeated = new LongAdder();
  private final LongAdder turnedAway = new LongAdder();
  private final LongAdder unanswered = new LongAdder();
  private final LongAdder lostFromSight = new LongAdder();

  public TestClients(Fleet fleet) {
    this.fleet = fleet;
  }

  public Collection<AcceptedRequest> claims() {
    return claims.values();
  }

  /// Answers that no fault excuses.
  public Collection<String> wrong() {
    return wrong;
  }

  /// How often each refusal came, by its code.
  public Map<String, LongAdder> refusals() {
    return refusals;
  }

  /// Requests sent again: no answer, 429 or 503.
  public long repeated() {
    return repeated.sum();
  }

  /// Of these, those that were answered 429 or 503.
  public long turnedAway() {
    return turnedAway.sum();
  }

  /// Requests that were given up without an answer.
  public long unanswered() {
    return unanswered.sum();
  }

  /// How often a poll did not know an accepted ticket, for the time being.
  public long lostFromSight() {
    return lostFromSight.sum();
  }

  /// @return empty if it was refused, or never answered
  public Optional<AcceptedRequest> book(
      String userId, long eventId, String seatType, int quantity, String key)
      throws InterruptedException {
    return send(
        userId,
        "POST",
        "/api/v1/reservations",
        "{\"eventId\":%d,\"seatType\":\"%s\",\"quantity\":%d}"
            .formatted(eventId, seatType, quantity),
        key);
  }

  public Optional<AcceptedRequest> cancel(String userId, long reservationId, String key)
      throws InterruptedException {
    return send(userId, "DELETE", "/api/v1/reservations/" + reservationId, null, key);
  }

  public Optional<AcceptedRequest> confirm(String userId, long reservationId, String key)
      throws InterruptedException {
    return send(
        userId, "POST", "/api/v1/reservations/" + reservationId + "/confirmation", null, key);
  }

  private Optional<AcceptedRequest> send(
      String userId, String method, String path, String body, String key)
      throws InterruptedException {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (System.nanoTime() < deadline) {
      HttpRequest.Builder request =
          request(userId, path)
              .header("Idempotency-Key", key)
              .method(
                  method,
                  body == null
                      ? HttpRequest.BodyPublishers.noBody()
                      : HttpRequest.BodyPublishers.ofString(body));
      if (body != null) {
        request.header("Content-Type", "application/json");
      }
      try {
        HttpResponse<String> response =
            http.send(request.build(), HttpResponse.BodyHandlers.ofString());
        switch (response.statusCode()) {
          case 202 -> {
            return Optional.of(accepted(userId, response.body()));
          }
          case 404, 409 -> {
            refusals.computeIfAbsent(code(response), code -> new LongAdder()).increment();
            return Optional.empty();
          }
          case 429, 503 -> {
            repeated.increment();
            turnedAway.increment();
          }
          default -> {
            wrong.add(method + " " + path + ": " + response.statusCode() + " " + response.body());
            return Optional.empty();
          }
        }
      } catch (IOException e) {
        repeated.increment();
      }
      TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
    }
    unanswered.increment();
    return Optional.empty();
  }

  private AcceptedRequest accepted(String userId, String body) {
    return claim(userId, Json.INTERNAL.readValue(body, Ticket.class));
  }

  /// Follows a ticket from now on.
  public AcceptedRequest claim(String userId, Ticket ticket) {
    AcceptedRequest claim =
        claims.computeIfAbsent(ticket.ticketId(), id -> new AcceptedRequest(userId, ticket));
    if (!claim.userId().equals(userId)) {
      wrong.add("ticket " + ticket.ticketId() + " was given to two users");
    }
    // A repeat may come when it is decided already.
    claim.polled(ticket);
    followers
        .computeIfAbsent(
            userId, id -> new TicketFollower(fleet.notifiers(), http, token(id), threads))
        .follow(claim);
    return claim;
  }

  /// Asks for the ticket once.
  ///
  /// @param waitSeconds for the decision, at the server
  /// @return empty if it is not known to be decided
  public Optional<Ticket> poll(AcceptedRequest claim, int waitSeconds) throws InterruptedException {
    HttpRequest request =
        request(claim.userId(), "/api/v1/tickets/" + claim.accepted().ticketId())
            .header("Prefer", "wait=" + waitSeconds)
            .timeout(REQUEST.plusSeconds(waitSeconds))
            .build();
    try {
      HttpResponse<String> response = http.send(request, HttpResponse.BodyHandlers.ofString());
      switch (response.statusCode()) {
        case 200 -> {
          Ticket ticket = Json.INTERNAL.readValue(response.body(), Ticket.class);
          claim.polled(ticket);
          return Optional.of(ticket).filter(known -> known.status().isFinal());
        }
        case 404 -> lostFromSight.increment();
        case 429, 503 -> {
          repeated.increment();
          turnedAway.increment();
        }
        default -> wrong.add(request + ": " + response.statusCode() + " " + response.body());
      }
    } catch (IOException e) {
      repeated.increment();
    }
    return Optional.empty();
  }

  /// Polls until the end is known.
  ///
  /// @throws AssertionError if that takes too long
  public Ticket await(AcceptedRequest claim, Duration atMost) throws InterruptedException {
    long deadline = System.nanoTime() + atMost.toNanos();
    while (System.nanoTime() < deadline) {
      Optional<Ticket> end = poll(claim, 5);
      if (end.isPresent()) {
        return end.get();
      }
      TimeUnit.MILLISECONDS.sleep(PAUSE_MILLIS);
    }
    throw new AssertionError(
        "no end of " + claim.accepted() + " within " + atMost.toSeconds() + " s");
  }

  private HttpRequest.Builder request(String userId, String path) {
    URI ingress =
        fleet.ingresses().get(Math.floorMod(turn.getAndIncrement(), fleet.ingresses().size()));
    return HttpRequest.newBuilder(ingress.resolve(path))
        .timeout(REQUEST)
        .header("Authorization", "Bearer " + token(userId));
  }

  private String token(String userId) {
    return tokens.computeIfAbsent(userId, fleet::token);
  }

  private static String code(HttpResponse<String> response) {
    JsonNode problem = Json.INTERNAL.readTree(response.body());
    return response.statusCode() + " " + problem.path("code").asString("?");
  }

  @Override
  public void close() {
    followers.values().forEach(TicketFollower::close);
    http.shutdownNow();
    threads.shutdownNow();
  }
}
