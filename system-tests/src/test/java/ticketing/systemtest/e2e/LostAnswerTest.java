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
import ticketing.local.system.DemoData;
import ticketing.local.servers.LocalServers;
import ticketing.systemtest.fleet.Fleet;

/// The queue takes every message, and ingress hears of none: whatever is refused then is never
/// booked, confirmed or cancelled, and whatever is accepted is.
@Order(2) // waits more than it works, so it comes while others run beside it
class LostAnswerTest {

  private static final Duration LIMIT = Duration.ofSeconds(60);
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
  void whatIsRefusedHasNoEffectAndARepeatIsDecidedOnce() throws Exception {
    long event = fleet.addEvent("Lost", null, null, new DemoData.SeatType("R", "10.00", 50, 50));
    long reservation = decided(send("POST", "", booking(event), "before").join()).reservationId();

    awaitEmptyQueue();
    // The messages come to lie in the queue, as nobody takes them out.
    fleet.system().workers().forEach(worker -> fleet.network().cut(worker.name(), "queue"));
    // A poll of theirs that the queue still holds would take messages to nowhere.
    TimeUnit.MILLISECONDS.sleep(Fleet.POLL.plusMillis(500).toMillis());
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
    assertThat(reservations("CONFIRMED")).as("a booking after a 503").isEqualTo(1);
    assertThat(reservations("CANCELLED")).as("a cancellation after a 503").isZero();

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
  void whatTheWorkerWasFasterWithIsAccepted() throws Exception {
    long event = fleet.addEvent("Faster", null, null, new DemoData.SeatType("R", "10.00", 9, 9));
    decided(send("POST", "", booking(event), "before").join());
    fleet.network().silence(INGRESS, "queue");
    HttpResponse<String> answer = send("POST", "", booking(event), null).join();
    assertThat(answer.statusCode()).as(answer.body()).isEqualTo(202);
    assertThat(Json.INTERNAL.readValue(answer.body(), Ticket.class).status())
        .isEqualTo(TicketStatus.CONFIRMED);
    assertThat(reservations("CONFIRMED")).isEqualTo(2);
  }

  private void awaitEmptyQueue() {
    Awaitility.await()
        .atMost(LIMIT)
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
        .timeout(LIMIT)
        .header("Authorization", "Bearer " + fleet.token(user));
  }

  /// Follows an accepted ticket to its end.
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
