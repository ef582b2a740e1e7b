package ticketing.notifier.ingress;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.stereotype.Component;
import ticketing.domain.EventView.Availability;
import ticketing.domain.Json;
import ticketing.domain.Ticket;
import ticketing.domain.seatmap.SeatsView;
import ticketing.notifier.handshake.AuthenticatedUser;
import ticketing.security.RevokedToken;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/// Asynchronous client of ingress-api. At most 1,000 requests are queued; a further request fails
/// immediately, and its caller retries it with the next sweep.
@Component
public final class IngressClient implements DisposableBean {

  private static final Logger log = LoggerFactory.getLogger(IngressClient.class);
  private static final int MAX_QUEUED_REQUESTS = 1_000;
  private static final int IDLE_THREAD_SECONDS = 10;

  /// Result of a look-up.
  public sealed interface Lookup<T> {
    record Found<T>(T value) implements Lookup<T> {}

    /// The resource does not exist, or the user may not see it.
    record NotFound<T>() implements Lookup<T> {}

    /// The request failed; the resource may exist.
    record Failed<T>() implements Lookup<T> {}
  }

  private final IngressSettings settings;
  private final HttpClient client;
  private final ThreadPoolExecutor executor;

  IngressClient(IngressSettings settings) {
    this.settings = settings;
    this.client =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(settings.timeout())
            .build();
    this.executor =
        new ThreadPoolExecutor(
            settings.maxConcurrentCalls(),
            settings.maxConcurrentCalls(),
            IDLE_THREAD_SECONDS,
            TimeUnit.SECONDS,
            new ArrayBlockingQueue<>(MAX_QUEUED_REQUESTS),
            Thread.ofVirtual().name("ingress-", 0).factory());
    executor.allowCoreThreadTimeOut(true);
  }

  /// Looks up a ticket on behalf of a user. The callback runs on another thread, or on the caller's
  /// thread if the queue is full.
  public void findTicket(UUID ticketId, AuthenticatedUser user, Consumer<Lookup<Ticket>> callback) {
    submit("/api/v1/tickets/" + ticketId, user, Ticket.class, callback);
  }

  /// Looks up the availability of an event; see [#findTicket] for the callback.
  public void findAvailability(long eventId, Consumer<Lookup<Availability>> callback) {
    submit("/api/v1/events/" + eventId, AuthenticatedUser.ANONYMOUS, Availability.class, callback);
  }

  /// Public JSON of the bitmaps, which has no version.
  private record PublicSeats(long eventId, int revision, Map<String, String> sections) {}

  /// Looks up the bitmaps of an event, with the version 0; see [#findTicket] for the callback.
  public void findSeats(long eventId, Consumer<Lookup<SeatsView>> callback) {
    submit(
        "/api/v1/events/" + eventId + "/seats",
        AuthenticatedUser.ANONYMOUS,
        PublicSeats.class,
        found ->
            callback.accept(
                switch (found) {
                  case Lookup.Found<PublicSeats>(PublicSeats seats) ->
                      new Lookup.Found<>(
                          new SeatsView(seats.eventId(), seats.revision(), 0, seats.sections()));
                  case Lookup.NotFound<PublicSeats> _ -> new Lookup.NotFound<>();
                  case Lookup.Failed<PublicSeats> _ -> new Lookup.Failed<>();
                }));
  }

  /// Looks up a reservation on behalf of a user; see [#findTicket] for the callback.
  public void findReservation(
      long reservationId, AuthenticatedUser user, Consumer<Lookup<JsonNode>> callback) {
    submit("/api/v1/reservations/" + reservationId, user, JsonNode.class, callback);
  }

  /// Looks up the newest held reservations of a user, at most 100; see [#findTicket] for the
  /// callback.
  public void findHolds(AuthenticatedUser user, Consumer<Lookup<JsonNode>> callback) {
    submit("/api/v1/users/me/reservations?status=HELD&size=100", user, JsonNode.class, callback);
  }

  /// Page of revoked access tokens.
  ///
  /// @param complete false: further tokens exist that this page does not contain
  record RevokedTokenPage(List<RevokedToken> content, boolean complete) {
    RevokedTokenPage {
      content = List.copyOf(content);
    }
  }

  /// Finds the tokens that were revoked within the last seconds. Blocks, at most for the timeout.
  Lookup<RevokedTokenPage> findRevokedTokens(long withinSeconds) {
    return findRevokedTokens("?within=" + withinSeconds);
  }

  /// Finds a page of all revoked tokens. Blocks, at most for the timeout.
  ///
  /// @param id last id of the previous page; null: first page
  Lookup<RevokedTokenPage> findRevokedTokensAfter(@Nullable UUID id) {
    return findRevokedTokens(id == null ? "" : "?after=" + id);
  }

  private Lookup<RevokedTokenPage> findRevokedTokens(String query) {
    return get(
        "/api/v1/revoked-tokens" + query, AuthenticatedUser.ANONYMOUS, RevokedTokenPage.class);
  }

  private <T> void submit(
      String path, AuthenticatedUser user, Class<T> type, Consumer<Lookup<T>> callback) {
    try {
      executor.execute(() -> callback.accept(get(path, user, type)));
    } catch (RejectedExecutionException e) {
      callback.accept(new Lookup.Failed<>());
    }
  }

  private <T> Lookup<T> get(String path, AuthenticatedUser user, Class<T> type) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(baseUrl() + path))
            .timeout(settings.timeout())
            .header("Accept", "application/json");
    if (!user.token().isEmpty()) {
      request.header("Authorization", "Bearer " + user.token());
    }
    try {
      HttpResponse<String> response = client.send(request.build(), BodyHandlers.ofString());
      return switch (response.statusCode()) {
        case 200 -> new Lookup.Found<>(Json.INTERNAL.readValue(response.body(), type));
        case 404 -> new Lookup.NotFound<>();
        default -> {
          log.debug("request to ingress failed, path={} status={}", path, response.statusCode());
          yield new Lookup.Failed<>();
        }
      };
    } catch (IOException | JacksonException e) {
      log.debug("request to ingress failed, path={}", path, e);
      return new Lookup.Failed<>();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return new Lookup.Failed<>();
    }
  }

  private String baseUrl() {
    String url = settings.url().toString();
    return url.endsWith("/") ? url.substring(0, url.length() - 1) : url;
  }

  @Override
  public void destroy() {
    executor.shutdownNow();
    client.shutdownNow();
  }
}
