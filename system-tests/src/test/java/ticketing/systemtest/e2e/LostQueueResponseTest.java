package ticketing.systemtest.e2e;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import ticketing.domain.Json;
import ticketing.domain.Ticket;
import ticketing.domain.TicketStatus;
import ticketing.local.servers.LocalServers;
import ticketing.local.system.DemoData;
import ticketing.systemtest.fleet.Fleet;

/// Sends with a lost response from the queue. A refused command has no effect, and an accepted
/// command is decided.
@Order(2) // mostly blocked, so it shares the processors with concurrent tests
class LostQueueResponseTest {

  private static final Duration TIMEOUT = Duration.ofSeconds(60);
  private static final String INGRESS = Fleet.INGRESSES.getFirst();

  private final Fleet fleet = Fleet.shared();
  private final HttpClient http =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private final String user = "lost-" + UUID.randomUUID();

  @AfterEach
  void heal() {
    fleet.system().workers().forEach(worker -> fleet.network().heal(worker.name()));
    fleet.network().heal(INGRESS);
    http.close();
  }

  @Test
  void refusedCommandHasNoEffectAndIsRepeatable() throws Exception {
    long event = fleet.addEvent("Lost", null, null, new DemoData.SeatType("R", "10.00", 50, 50));
    long reservation = decided(send("POST", "", booking(event), "before").join()).reservationId();

    awaitEmptyQueue();
    // The messages remain in the queue, because no worker receives them.
    fleet.system().workers().forEach(worker -> fleet.network().cut(worker.name(), "queue"));
    // A pending receive call would take messages to a closed connection.
    TimeUnit.MILLISECONDS.sleep(Fleet.RECEIVE_WAIT.plusMillis(500).toMillis());
    fleet.network().silence(INGRESS, "queue");
    List<CompletableFuture<HttpResponse<String>>> calls = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      calls.add(send("POST", "", booking(event), null));
      calls.add(send("POST", "", booking(event), "key-" + i));
    }
    calls.add(send("DELETE", "/" + reservation, null, "cancel"));
    for (CompletableFuture<HttpResponse<String>> call : calls) {
      assertThat(call.join().statusCode()).as(call.join().body()).isEqualTo(503);
    }
    assertThat(fleet.servers().queue().backlog(LocalServers.QUEUE)).isPositive();
    heal(fleet);
    awaitEmptyQueue();
    assertThat(reservations("CONFIRMED")).as("reservations of refused bookings").isEqualTo(1);
    assertThat(reservations("CANCELLED")).as("refused cancellations").isZero();

    for (int i = 0; i < 3; i++) {
      Ticket ticket = decided(send("POST", "", booking(event), "key-" + i).join());
      assertThat(ticket.status()).isEqualTo(TicketStatus.CONFIRMED);
    }
    assertThat(decided(send("DELETE", "/" + reservation, null, "cancel").join()).status())
        .isEqualTo(TicketStatus.CANCELLED);
    assertThat(reservations("CONFIRMED")).isEqualTo(3);
    assertThat(reservations("CANCELLED")).isEqualTo(1);
    assertThat(fleet.number("SELECT available_seats FROM events WHERE id = ?", event))
        .isEqualTo(47);
  }

  @Test
  void commandDecidedBeforeItsRevocationIsAccepted() throws Exception {
    long event = fleet.addEvent("Faster", null, null, new DemoData.SeatType("R", "10.00", 9, 9));
    decided(send("POST", "", booking(event), "before").join());
    fleet.network().silence(INGRESS, "queue");
    HttpResponse<String> response = send("POST", "", booking(event), null).join();
    assertThat(response.statusCode()).as(response.body()).isEqualTo(202);
    assertThat(Json.INTERNAL.readValue(response.body(), Ticket.class).status())
        .isEqualTo(TicketStatus.CONFIRMED);
    assertThat(reservations("CONFIRMED")).isEqualTo(2);
  }

  private void awaitEmptyQueue() {
    Awaitility.await()
        .atMost(TIMEOUT)
        .until(() -> fleet.servers().queue().backlog(LocalServers.QUEUE) == 0);
  }

  private static void heal(Fleet fleet) {
    fleet.network().heal(INGRESS);
    fleet.system().workers().forEach(worker -> fleet.network().heal(worker.name()));
  }

  /// @param key null: none
  private CompletableFuture<HttpResponse<String>> send(
      String method, String path, String body, String key) {
    HttpRequest.Builder request =
        request("/api/v1/reservations" + path)
            .method(method, body == null ? BodyPublishers.noBody() : BodyPublishers.ofString(body))
            .header("Content-Type", "application/json");
    if (key != null) {
      request.header("Idempotency-Key", key);
    }
    return http.sendAsync(request.build(), BodyHandlers.ofString());
  }

  private HttpRequest.Builder request(String path) {
    URI ingress = fleet.ingresses().getFirst();
    return HttpRequest.newBuilder(ingress.resolve(path))
        .timeout(TIMEOUT)
        .header("Authorization", "Bearer " + fleet.token(user));
  }

  /// Polls an accepted ticket until its decision.
  private Ticket decided(HttpResponse<String> accepted) throws Exception {
    assertThat(accepted.statusCode()).as(accepted.body()).isEqualTo(202);
    Ticket ticket = Json.INTERNAL.readValue(accepted.body(), Ticket.class);
    HttpRequest poll =
        request("/api/v1/tickets/" + ticket.ticketId()).header("Prefer", "wait=20").build();
    ticket = Json.INTERNAL.readValue(http.send(poll, BodyHandlers.ofString()).body(), Ticket.class);
    assertThat(ticket.status().isFinal()).as("%s", ticket).isTrue();
    return ticket;
  }

  private static String booking(long event) {
    return "{\"eventId\":%d,\"seatType\":\"R\",\"quantity\":1}".formatted(event);
  }

  private long reservations(String status) throws SQLException {
    return fleet.number(
        "SELECT COUNT(*) FROM reservations WHERE user_id = ? AND status = ?", user, status);
  }
}
