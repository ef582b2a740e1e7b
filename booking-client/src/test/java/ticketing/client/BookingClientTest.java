package ticketing.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static ticketing.client.ScriptedServer.response;

import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class BookingClientTest {

  private static final UUID ID = UUID.fromString("00000000-0000-4000-8000-000000000001");
  private static final BookingRequest REQUEST = new BookingRequest(1, "VIP", 2);
  private static final RetryPolicy RETRIES =
      new RetryPolicy(5, Duration.ofSeconds(20), Duration.ofMillis(1), Duration.ofMillis(2));
  private static final String ACCEPTED = response(202, ticket("PENDING"), "Retry-After: 0");

  private final List<AutoCloseable> resources = new ArrayList<>();
  private final List<BookingClient.Attempt> attempts = new ArrayList<>();

  @AfterEach
  void close() throws Exception {
    for (AutoCloseable resource : resources.reversed()) {
      resource.close();
    }
  }

  @Test
  void timedOutRequestIsRetried() throws Exception {
    ScriptedServer server = server(response(408, "{}"), ACCEPTED);

    assertThat(client(server, RETRIES).book(REQUEST, "key"))
        .isInstanceOf(TicketResult.Success.class);
    assertThat(server.requests).hasSize(2);
  }

  @Test
  void everyAttemptHasTheSameKeyAndBody() throws Exception {
    ScriptedServer server =
        server("", response(409, "{}", "Retry-After: 0"), response(503, "{}"), ACCEPTED);

    TicketResult result = client(server, RETRIES).book(REQUEST, "key-1");

    assertThat(result).isInstanceOf(TicketResult.Success.class);
    assertThat(((TicketResult.Success) result).ticket().ticketId()).isEqualTo(ID);
    assertThat(server.requests).hasSize(4);
    assertThat(server.requests)
        .extracting(r -> r.headers().get("idempotency-key"))
        .containsOnly("key-1");
    assertThat(server.requests)
        .extracting(ScriptedServer.Request::body)
        .containsOnly("{\"eventId\":1,\"seatType\":\"VIP\",\"quantity\":2}");
    assertThat(attempts)
        .extracting(BookingClient.Attempt::status)
        .containsExactly(0, 409, 503, 202);
  }

  @Test
  void retryAfterDelaysTheNextAttempt() throws Exception {
    ScriptedServer server = server(response(429, "{}", "Retry-After: 1"), ACCEPTED);
    long start = System.nanoTime();

    client(server, RETRIES).book(REQUEST, "key");

    assertThat(Duration.ofNanos(System.nanoTime() - start)).isGreaterThan(Duration.ofSeconds(1));
    assertThat(server.requests).hasSize(2);
  }

  @Test
  void tooLongRetryAfterEndsTheRepetitions() throws Exception {
    ScriptedServer server =
        server(response(503, "{\"code\":\"QUEUE_UNAVAILABLE\"}", "Retry-After: 60"));

    TicketResult result = client(server, RETRIES).book(REQUEST, "key");

    assertThat(result)
        .isEqualTo(
            new TicketResult.Refused(503, "QUEUE_UNAVAILABLE", "", Duration.ofSeconds(60), true));
  }

  @Test
  void finalRefusalIsNotRepeated() throws Exception {
    ScriptedServer server =
        server(response(409, "{\"code\":\"SALE_CLOSED\",\"detail\":\"The sale is closed\"}"));

    TicketResult result = client(server, RETRIES).book(REQUEST, "key");

    assertThat(result)
        .isEqualTo(
            new TicketResult.Refused(
                409, "SALE_CLOSED", "The sale is closed", Duration.ZERO, false));
    assertThat(server.requests).hasSize(1);
  }

  @Test
  void lostResponseBeforeARefusalIsUnresolved() throws Exception {
    RetryPolicy twice = new RetryPolicy(2, Duration.ofSeconds(9), Duration.ZERO, Duration.ZERO);

    assertThat(client(server("", response(503, "{}")), twice).book(REQUEST, "key"))
        .isInstanceOf(TicketResult.Unresolved.class);
    assertThat(client(server(response(504, "{}")), RetryPolicy.NONE).book(REQUEST, "key"))
        .isInstanceOf(TicketResult.Unresolved.class);
    assertThat(client(server(response(202, "no JSON")), RetryPolicy.NONE).book(REQUEST, "key"))
        .isInstanceOf(TicketResult.Unresolved.class);
    assertThat(client(server(response(503, "{}")), RetryPolicy.NONE).book(REQUEST, "key"))
        .isInstanceOf(TicketResult.Refused.class);
  }

  @Test
  void repetitionGoesToTheNextServer() throws Exception {
    ScriptedServer first = server(response(503, "{}"));
    ScriptedServer second = server(ACCEPTED);
    ApiConnection connection =
        new ApiConnection(List.of(first.url(), second.url()), Duration.ofSeconds(10));
    resources.add(connection);

    new BookingClient(connection, Session.ofToken("token"), RETRIES).book(REQUEST, "key");

    assertThat(second.requests).hasSize(1);
  }

  @Test
  void expiredTokenIsRenewed() throws Exception {
    ScriptedServer server = server(token("old"), response(401, "{}"), token("new"), ACCEPTED);
    Session session = Session.ofPassword(server.url(), "a@example.com", "secret \"1\"");

    TicketResult result = client(server, session).book(REQUEST, "key");

    assertThat(result).isInstanceOf(TicketResult.Success.class);
    assertThat(server.requests)
        .extracting(ScriptedServer.Request::path)
        .containsExactly(
            "/api/v1/auth/token",
            "/api/v1/reservations",
            "/api/v1/auth/token",
            "/api/v1/reservations");
    assertThat(server.requests.getFirst().body()).contains("\"secret \\\"1\\\"\"");
    assertThat(server.requests.getLast().headers()).containsEntry("authorization", "Bearer new");
  }

  @Test
  void givenTokenIsNotRenewed() throws Exception {
    ScriptedServer server = server(response(401, "{\"code\":\"UNAUTHORIZED\"}"));

    assertThat(client(server, RETRIES).book(REQUEST, "key"))
        .isInstanceOfSatisfying(
            TicketResult.Refused.class, refused -> assertThat(refused.retryable()).isFalse());
    assertThat(server.requests).hasSize(1);
  }

  @Test
  void wrongPasswordIsAFinalRefusal() throws Exception {
    ScriptedServer server = server(response(401, "{\"code\":\"INVALID_CREDENTIALS\"}"));
    Session session = Session.ofPassword(server.url(), "a@example.com", "wrong");

    assertThat(client(server, session).book(REQUEST, "key"))
        .isInstanceOfSatisfying(
            TicketResult.Refused.class,
            refused -> assertThat(refused.code()).isEqualTo("INVALID_CREDENTIALS"));
    assertThat(server.requests).hasSize(1);
  }

  @Test
  void awaitPollsUntilTheTicketIsFinal() throws Exception {
    ScriptedServer server =
        server(
            response(200, ticket("PENDING"), "Retry-After: 0"),
            response(503, "{}"),
            response(200, ticket("CONFIRMED")));

    TicketResult result = client(server, RETRIES).await(ID, Duration.ofSeconds(30));

    assertThat(result)
        .isInstanceOfSatisfying(
            TicketResult.Success.class,
            success -> assertThat(success.ticket().hasSeats()).isTrue());
    assertThat(server.requests).extracting(r -> r.headers().get("prefer")).containsOnly("wait=20");
    assertThat(server.requests.getFirst().path()).isEqualTo("/api/v1/tickets/" + ID);
  }

  @Test
  void awaitReturnsAPendingTicketAtItsTimeout() throws Exception {
    ScriptedServer server = server(response(200, ticket("PENDING"), "Retry-After: 30"));

    TicketResult result = client(server, RETRIES).await(ID, Duration.ofSeconds(3));

    assertThat(result)
        .isInstanceOfSatisfying(
            TicketResult.Success.class,
            success -> {
              assertThat(success.ticket().isFinal()).isFalse();
              assertThat(success.retryAfter()).isEqualTo(Duration.ofSeconds(30));
            });
  }

  @Test
  void reservationIsConfirmedAndCancelled() throws Exception {
    ScriptedServer server = server(ACCEPTED, ACCEPTED);
    BookingClient client = client(server, RETRIES);

    client.confirm(42, "key-1");
    client.cancel(42, "key-2");

    assertThat(server.requests)
        .extracting(r -> r.method() + " " + r.path())
        .containsExactly(
            "POST /api/v1/reservations/42/confirmation", "DELETE /api/v1/reservations/42");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "two words", "line\r\nX: y", "좌석"})
  void invalidKeyIsRejected(String key) throws Exception {
    BookingClient client = client(server(), RETRIES);

    assertThatThrownBy(() -> client.book(REQUEST, key))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void ticketOfANewerServerIsFinal() throws Exception {
    ScriptedServer server =
        server(
            response(
                200,
                "{\"ticketId\":\"%s\",\"status\":\"SWAPPED\",\"swapId\":7,\"totalPrice\":\"20.00\"}"
                    .formatted(ID)));

    assertThat(client(server, RETRIES).poll(ID, Duration.ZERO))
        .isInstanceOfSatisfying(
            TicketResult.Success.class,
            success -> {
              assertThat(success.ticket().status()).isEqualTo(Ticket.Status.OTHER);
              assertThat(success.ticket().isFinal()).isTrue();
              assertThat(success.ticket().toJson()).contains("\"totalPrice\":\"20.00\"");
            });
    assertThat(server.requests.getFirst().headers()).doesNotContainKey("prefer");
  }

  @Test
  void partyJoinsAndLeavesTheWaitingList() throws Exception {
    String joined =
        "{\"ticketId\":\"%s\",\"action\":\"JOIN\",\"status\":\"JOINED\",\"entryId\":7}"
            .formatted(ID);
    ScriptedServer server = server(response(202, joined), ACCEPTED);
    BookingClient client = client(server, RETRIES);

    assertThat(client.joinWaitingList(1, "VIP", 2, "join"))
        .isInstanceOfSatisfying(
            TicketResult.Success.class,
            success -> {
              assertThat(success.ticket().status()).isEqualTo(Ticket.Status.JOINED);
              assertThat(success.ticket().entryId()).isEqualTo(7);
            });
    client.leaveWaitingList(7, "leave");
    assertThat(server.requests)
        .extracting(ScriptedServer.Request::path)
        .containsExactly("/api/v1/waiting-list", "/api/v1/waiting-list/7");
    assertThat(server.requests.getFirst().body())
        .isEqualTo("{\"eventId\":1,\"seatType\":\"VIP\",\"quantity\":2}");
  }

  @Test
  void numberedSeatsAreSent() throws Exception {
    ScriptedServer server = server(ACCEPTED);

    client(server, RETRIES).book(new BookingRequest(1, "VIP", 1, List.of("A-1"), "BEST"), "key");

    assertThat(server.requests.getFirst().body())
        .contains("\"seats\":[\"A-1\"]", "\"otherwise\":\"BEST\"");
  }

  private static String ticket(String status) {
    return "{\"ticketId\":\"%s\",\"action\":\"BOOK\",\"status\":\"%s\"}".formatted(ID, status);
  }

  private static String token(String value) {
    return response(200, "{\"accessToken\":\"%s\"}".formatted(value), "Connection: close");
  }

  private ScriptedServer server(String... responses) throws IOException {
    ScriptedServer server = new ScriptedServer(responses);
    resources.add(server);
    return server;
  }

  private BookingClient client(ScriptedServer server, RetryPolicy retries) {
    return client(server, Session.ofToken("token"), retries);
  }

  private BookingClient client(ScriptedServer server, Session session) {
    return client(server, session, RETRIES);
  }

  private BookingClient client(ScriptedServer server, Session session, RetryPolicy retries) {
    ApiConnection connection = new ApiConnection(server.url());
    resources.add(connection);
    return new BookingClient(connection, session, retries, attempts::add);
  }
}
