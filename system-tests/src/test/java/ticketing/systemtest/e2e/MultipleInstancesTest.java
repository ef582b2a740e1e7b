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

/// Two ingresses and two notifiers with one client that uses both in turn.
class MultipleInstancesTest {

  private static final Duration TIMEOUT = Duration.ofSeconds(60);
  private static final int BOOKINGS = 10;
  private static final int REPETITIONS = 6;

  private final Fleet fleet = Fleet.shared();
  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final String token = fleet.token("twin-" + UUID.randomUUID());
  private int nextIngress;

  @AfterEach
  void closeClients() {
    http.shutdownNow();
  }

  /// Records the final states of one connection.
  private static final class StateRecorder implements WebSocket.Listener {
    final Map<UUID, Ticket> finalStates = new ConcurrentHashMap<>();
    private final StringBuilder text = new StringBuilder();

    @Override
    public CompletionStage<?> onText(WebSocket socket, CharSequence part, boolean last) {
      text.append(part);
      if (last) {
        Ticket ticket = Json.INTERNAL.readValue(text.toString(), Ticket.class);
        text.setLength(0);
        if (ticket.status().isFinal()) {
          finalStates.put(ticket.ticketId(), ticket);
        }
      }
      socket.request(1);
      return null;
    }
  }

  @Test
  void repetitionsAtBothIngressesGiveOneTicket() throws Exception {
    long event = fleet.addEvent("Twins", null, null, new DemoData.SeatType("R", "10.00", 99, 99));
    List<StateRecorder> recorders = new ArrayList<>();
    List<WebSocket> sockets = new ArrayList<>();
    for (URI notifier : fleet.notifiers()) {
      StateRecorder recorder = new StateRecorder();
      recorders.add(recorder);
      sockets.add(connect(notifier, recorder));
    }
    List<UUID> tickets = new ArrayList<>();
    for (int number = 0; number < BOOKINGS; number++) {
      List<CompletableFuture<HttpResponse<String>>> repetitions = new ArrayList<>();
      for (int i = 0; i < REPETITIONS; i++) {
        repetitions.add(book(event, "key-" + number));
      }
      List<UUID> ticketIds = new ArrayList<>();
      for (CompletableFuture<HttpResponse<String>> response : repetitions) {
        assertThat(response.join().statusCode()).as(response.join().body()).isEqualTo(202);
        ticketIds.add(Json.INTERNAL.readValue(response.join().body(), Ticket.class).ticketId());
      }
      assertThat(ticketIds).containsOnly(ticketIds.getFirst());
      tickets.add(ticketIds.getFirst());
      String subscribe =
          "{\"action\":\"subscribe\",\"ticketIds\":[\"%s\"]}".formatted(ticketIds.getFirst());
      for (WebSocket socket : sockets) {
        socket.sendText(subscribe, true).join();
      }
    }
    Awaitility.await()
        .atMost(TIMEOUT)
        .untilAsserted(() ->
            assertThat(recorders)
                .allSatisfy(
                    recorder -> assertThat(recorder.finalStates.keySet()).containsAll(tickets)));
    assertThat(recorders.getFirst().finalStates).isEqualTo(recorders.getLast().finalStates);
    assertThat(recorders.getFirst().finalStates.values())
        .allMatch(ticket -> ticket.status() == TicketStatus.CONFIRMED);
    for (UUID ticket : tickets) {
      for (URI ingress : fleet.ingresses()) {
        HttpResponse<String> poll =
            send(request(ingress, "/api/v1/tickets/" + ticket).build()).join();
        assertThat(Json.INTERNAL.readValue(poll.body(), Ticket.class))
            .isEqualTo(recorders.getFirst().finalStates.get(ticket));
      }
    }
    assertThat(fleet.number("SELECT COUNT(*) FROM reservations WHERE event_id = ?", event))
        .isEqualTo(BOOKINGS);
  }

  @Test
  void revokedTokenIsRefusedByAllProcesses() {
    URI logout = fleet.ingresses().getFirst();
    for (URI ingress : fleet.ingresses()) {
      assertThat(accountStatus(ingress)).isNotEqualTo(401);
    }
    assertThat(
            send(request(logout, "/api/v1/auth/logout").POST(BodyPublishers.noBody()).build())
                .join()
                .statusCode())
        .isEqualTo(204);
    for (URI ingress : fleet.ingresses()) {
      Awaitility.await().atMost(TIMEOUT).until(() -> accountStatus(ingress) == 401);
    }
    for (URI notifier : fleet.notifiers()) {
      Awaitility.await().atMost(TIMEOUT).until(() -> isRefused(notifier));
    }
  }

  private int accountStatus(URI ingress) {
    return send(request(ingress, "/api/v1/users/me/reservations").build()).join().statusCode();
  }

  private boolean isRefused(URI notifier) {
    try {
      connect(notifier, new StateRecorder()).abort();
      return false;
    } catch (CompletionException e) {
      return e.getCause() instanceof WebSocketHandshakeException refused
          && refused.getResponse().statusCode() == 401;
    }
  }

  private WebSocket connect(URI notifier, StateRecorder recorder) {
    URI address = URI.create(notifier.toString().replace("http", "ws") + "/ws/tickets");
    return http.newWebSocketBuilder()
        .header("Authorization", "Bearer " + token)
        .buildAsync(address, recorder)
        .orTimeout(TIMEOUT.toSeconds(), TimeUnit.SECONDS)
        .join();
  }

  /// Sends the booking to the next ingress in turn.
  private CompletableFuture<HttpResponse<String>> book(long event, String key) {
    URI ingress = fleet.ingresses().get(nextIngress++ % 2);
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
        .timeout(TIMEOUT)
        .header("Authorization", "Bearer " + token);
  }

  private CompletableFuture<HttpResponse<String>> send(HttpRequest request) {
    return http.sendAsync(request, BodyHandlers.ofString());
  }
}
