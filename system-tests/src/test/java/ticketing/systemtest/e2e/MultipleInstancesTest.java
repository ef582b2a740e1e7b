package ticketing.systemtest.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.WebSocket;
import java.net.http.WebSocketHandshakeException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import ticketing.domain.Json;
import ticketing.domain.Ticket;
import ticketing.domain.TicketStatus;
import ticketing.local.system.DemoData;
import ticketing.systemtest.fleet.Fleet;

/// Two ingresses and two notifiers behind one client that never knows which of them it speaks to.
class MultipleInstancesTest {

  private static final Duration LIMIT = Duration.ofSeconds(60);
  private static final int BOOKINGS = 10;
  private static final int REPEATS = 6;

  private final Fleet fleet = Fleet.shared();
  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final String token = fleet.token("twin-" + UUID.randomUUID());
  private int turn;

  @AfterEach
  void leave() {
    http.shutdownNow();
  }

  /// Hears the final states that come over one socket.
  private static final class Ear implements WebSocket.Listener {
    final Map<UUID, Ticket> heard = new ConcurrentHashMap<>();
    private final StringBuilder text = new StringBuilder();

    @Override
    public CompletionStage<?> onText(WebSocket socket, CharSequence part, boolean last) {
      text.append(part);
      if (last) {
        Ticket ticket = Json.INTERNAL.readValue(text.toString(), Ticket.class);
        text.setLength(0);
        if (ticket.status().isFinal()) {
          heard.put(ticket.ticketId(), ticket);
        }
      }
      socket.request(1);
      return null;
    }
  }

  @Test
  void repeatsOverBothAreOneTicketAndSocketsOnEitherHearEveryDecision() throws Exception {
    long event = fleet.addEvent("Twins", null, null, new DemoData.SeatType("R", "10.00", 99, 99));
    List<Ear> ears = new ArrayList<>();
    List<WebSocket> sockets = new ArrayList<>();
    for (URI notifier : fleet.notifiers()) {
      Ear ear = new Ear();
      ears.add(ear);
      sockets.add(connect(notifier, ear));
    }
    List<UUID> tickets = new ArrayList<>();
    for (int number = 0; number < BOOKINGS; number++) {
      List<CompletableFuture<HttpResponse<String>>> repeats = new ArrayList<>();
      for (int i = 0; i < REPEATS; i++) {
        repeats.add(book(event, "key-" + number));
      }
      List<UUID> got = new ArrayList<>();
      for (CompletableFuture<HttpResponse<String>> answer : repeats) {
        assertThat(answer.join().statusCode()).as(answer.join().body()).isEqualTo(202);
        got.add(Json.INTERNAL.readValue(answer.join().body(), Ticket.class).ticketId());
      }
      assertThat(got).containsOnly(got.getFirst());
      tickets.add(got.getFirst());
      String subscribe =
          "{\"action\":\"subscribe\",\"ticketIds\":[\"%s\"]}".formatted(got.getFirst());
      for (WebSocket socket : sockets) {
        socket.sendText(subscribe, true).join();
      }
    }
    Awaitility.await()
        .atMost(LIMIT)
        .untilAsserted(
            () ->
                assertThat(ears)
                    .allSatisfy(ear -> assertThat(ear.heard.keySet()).containsAll(tickets)));
    assertThat(ears.getFirst().heard).isEqualTo(ears.getLast().heard);
    assertThat(ears.getFirst().heard.values())
        .allMatch(ticket -> ticket.status() == TicketStatus.CONFIRMED);
    for (UUID ticket : tickets) {
      for (URI ingress : fleet.ingresses()) {
        HttpResponse<String> poll =
            send(request(ingress, "/api/v1/tickets/" + ticket).build()).join();
        assertThat(Json.INTERNAL.readValue(poll.body(), Ticket.class))
            .isEqualTo(ears.getFirst().heard.get(ticket));
      }
    }
    assertThat(fleet.number("SELECT COUNT(*) FROM reservations WHERE event_id = ?", event))
        .isEqualTo(BOOKINGS);
  }

  @Test
  void tokenThatIsGivenBackAtOneWorksAtNone() {
    URI logout = fleet.ingresses().getFirst();
    for (URI ingress : fleet.ingresses()) {
      assertThat(account(ingress)).isNotEqualTo(401);
    }
    assertThat(
            send(request(logout, "/api/v1/auth/logout").POST(BodyPublishers.noBody()).build())
                .join()
                .statusCode())
        .isEqualTo(204);
    for (URI ingress : fleet.ingresses()) {
      Awaitility.await().atMost(LIMIT).until(() -> account(ingress) == 401);
    }
    for (URI notifier : fleet.notifiers()) {
      Awaitility.await().atMost(LIMIT).until(() -> isRefused(notifier));
    }
  }

  private int account(URI ingress) {
    return send(request(ingress, "/api/v1/users/me/reservations").build()).join().statusCode();
  }

  private boolean isRefused(URI notifier) {
    try {
      connect(notifier, new Ear()).abort();
      return false;
    } catch (CompletionException e) {
      return e.getCause() instanceof WebSocketHandshakeException refused
          && refused.getResponse().statusCode() == 401;
    }
  }

  private WebSocket connect(URI notifier, Ear ear) {
    URI address = URI.create(notifier.toString().replace("http", "ws") + "/ws/tickets");
    return http.newWebSocketBuilder()
        .header("Authorization", "Bearer " + token)
        .buildAsync(address, ear)
        .orTimeout(LIMIT.toSeconds(), TimeUnit.SECONDS)
        .join();
  }

  /// At the one and the other in turns.
  private CompletableFuture<HttpResponse<String>> book(long event, String key) {
    URI ingress = fleet.ingresses().get(turn++ % 2);
    return send(
        request(ingress, "/api/v1/reservations")
            .header("Content-Type", "application/json")
            .header("Idempotency-Key", key)
            .POST(
                BodyPublishers.ofString(
                    "{\"eventId\":%d,\"seatType\":\"R\",\"quantity\":1}".formatted(event)))
            .build());
  }

  private HttpRequest.Builder request(URI ingress, String path) {
    return HttpRequest.newBuilder(ingress.resolve(path))
        .timeout(LIMIT)
        .header("Authorization", "Bearer " + token);
  }

  private CompletableFuture<HttpResponse<String>> send(HttpRequest request) {
    return http.sendAsync(request, BodyHandlers.ofString());
  }
}
