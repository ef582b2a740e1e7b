package ticketing.notifier.user;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import ticketing.domain.Money;
import ticketing.domain.Ticket;
import ticketing.local.servers.LocalServers;
import ticketing.notifier.IngressStub;
import ticketing.notifier.NotifierFixture;
import ticketing.notifier.SimulatedBackend;
import ticketing.notifier.WebSocketTestClient;
import ticketing.status.StatusEntry;
import ticketing.userfeed.UserChange;
import ticketing.userfeed.UserChange.EventChanged.Kind;
import ticketing.userfeed.UserChange.ReservationEnded.Ending;
import tools.jackson.databind.JsonNode;

class UserFeedTest {

  private static final String BUYER = SimulatedBackend.BUYER;
  private static final String HOLDS = "/api/v1/users/me/reservations";
  private static final Duration LONG_HOLD = Duration.ofMinutes(10);

  private static IngressStub ingress;
  private static NotifierFixture notifier;
  private static SimulatedBackend backend;

  @BeforeAll
  static void start() {
    String redis = LocalServers.shared().redisAddress();
    ingress = new IngressStub();
    notifier =
        NotifierFixture.start(redis, ingress.url(), "ticketing.notifier.user.sweep-interval=300ms");
    backend = new SimulatedBackend(redis);
  }

  @AfterAll
  static void stop() {
    notifier.close();
    backend.close();
    ingress.close();
  }

  @AfterEach
  void disconnect() {
    notifier.disconnectAll();
    ingress.respond(HOLDS, "{\"content\":[]}");
    backend.statusStore.removeUndecided(BUYER, backend.statusStore.findUndecided(BUYER));
  }

  private static WebSocketTestClient connect(String user) {
    return notifier.connect("/ws/me", NotifierFixture.token(user));
  }

  /// Next frame that is no pending ticket: its position may change.
  private static JsonNode nextNotPending(WebSocketTestClient client) throws InterruptedException {
    while (true) {
      JsonNode frame = client.next();
      if (!frame.at("/ticket/status").asString("").equals("PENDING")) {
        return frame;
      }
    }
  }

  private static void accepted(StatusEntry entry) {
    backend.userChanges.publish(
        List.of(new UserChange.TicketAccepted(entry.ticket().ticketId(), List.of(entry.owner()))));
  }

  private static Instant hold(StatusEntry pending, long reservationId, Duration time) {
    Instant now = Instant.now().truncatedTo(ChronoUnit.MICROS);
    Ticket ticket = pending.ticket();
    Ticket held =
        ticket.held(
            new Ticket.Booked(
                reservationId, ticket.seatType(), ticket.quantity(), Money.of("300000.00")),
            now.plus(time),
            now);
    backend.publish(pending.decided(held));
    return held.expiresAt();
  }

  private static String reservation(
      long id, UUID ticketId, String status, Instant expiresAt, String more) {
    return """
    {"reservationId":%d,"ticketId":"%s","eventId":1,"seatType":"VIP","quantity":2,
     "totalPrice":"300000.00","status":"%s","reservedAt":"2026-11-24T10:00:02.654321Z",
     "expiresAt":"%s","cancelledAt":null%s}\
    """
        .formatted(id, ticketId, status, expiresAt, more);
  }

  @Test
  void sendsUndecidedTicketsAndRunningHoldsImmediately() throws InterruptedException {
    StatusEntry held = backend.accept(1);
    Instant end = hold(held, 501, LONG_HOLD);
    ingress.respond(
        HOLDS,
        "{\"content\":[%s]}"
            .formatted(reservation(501, held.ticket().ticketId(), "HELD", end, ",\"event\":{}")));
    StatusEntry undecided = backend.accept(1);

    WebSocketTestClient client = connect(BUYER);
    List<JsonNode> frames = List.of(client.next(), client.next());
    assertThat(frames).allMatch(frame -> frame.path("type").asString().equals("TICKET"));
    assertThat(frames.stream().map(frame -> frame.at("/ticket/ticketId").asString()))
        .containsExactlyInAnyOrder(
            held.ticket().ticketId().toString(), undecided.ticket().ticketId().toString());
    assertThat(frames.stream().map(frame -> frame.at("/ticket/status").asString()))
        .containsExactlyInAnyOrder("HELD", "PENDING");
  }

  @Test
  void runningOfferIsSentOnceAfterTheConnect() throws InterruptedException {
    Instant end = Instant.now().plus(LONG_HOLD);
    String offer = reservation(701, UUID.randomUUID(), "HELD", end, ",\"offer\":true");
    ingress.respond(
        HOLDS,
        "{\"content\":[%s,\"event\":{}}]}".formatted(offer.substring(0, offer.length() - 1)));
    ingress.respond("/api/v1/reservations/701", offer);
    WebSocketTestClient client = connect(BUYER);
    JsonNode frame = client.next();
    assertThat(frame.path("type").asString()).isEqualTo("OFFER");
    assertThat(frame.at("/reservation/offer").asBoolean()).isTrue();
    assertThat(frame.path("reservation").has("event")).isFalse();
    backend.userChanges.publish(List.of(new UserChange.OfferMade(701, List.of(BUYER))));
    StatusEntry undecided = backend.accept(1);
    accepted(undecided);
    // The repeated offer is not sent, so the next frame is the ticket.
    assertThat(client.next().path("type").asString()).isEqualTo("TICKET");
  }

  @Test
  void newOfferReachesItsUserAndEnds() throws InterruptedException {
    WebSocketTestClient client = connect(BUYER);
    WebSocketTestClient stranger = connect("18");
    Instant end = Instant.now().plusSeconds(30);
    UUID ticketId = UUID.randomUUID();
    ingress.respond(
        "/api/v1/reservations/702", reservation(702, ticketId, "HELD", end, ",\"offer\":true"));
    backend.userChanges.publish(List.of(new UserChange.OfferMade(702, List.of(BUYER))));
    assertThat(client.next().path("type").asString()).isEqualTo("OFFER");
    assertThat(client.next().path("type").asString()).isEqualTo("HOLD_ENDING");
    ingress.respond(
        "/api/v1/reservations/702", reservation(702, ticketId, "EXPIRED", end, ",\"offer\":true"));
    backend.userChanges.publish(
        List.of(
            new UserChange.ReservationEnded(
                702, UserChange.ReservationEnded.Ending.EXPIRED, List.of(BUYER))));
    assertThat(client.next().path("type").asString()).isEqualTo("EXPIRED");
    assertThat(stranger.frames()).isEmpty();
  }

  @Test
  void acceptedTicketReachesEveryDevice() throws InterruptedException {
    WebSocketTestClient phone = connect(BUYER);
    WebSocketTestClient laptop = connect(BUYER);
    WebSocketTestClient stranger = connect("18");
    StatusEntry entry = backend.accept(1);
    accepted(entry);
    for (WebSocketTestClient device : List.of(phone, laptop)) {
      assertThat(device.next().at("/ticket/status").asString()).isEqualTo("PENDING");
    }
    backend.confirm(entry);
    for (WebSocketTestClient device : List.of(phone, laptop)) {
      assertThat(nextNotPending(device).at("/ticket/status").asString()).isEqualTo("CONFIRMED");
    }
    assertThat(stranger.frames()).isEmpty();
  }

  @Test
  void lostAcceptanceIsFoundBySweep() throws InterruptedException {
    WebSocketTestClient client = connect(BUYER);
    StatusEntry entry = backend.accept(1);
    assertThat(client.next().at("/ticket/ticketId").asString())
        .isEqualTo(entry.ticket().ticketId().toString());
  }

  @Test
  void lostOfferIsFoundBySweep() throws InterruptedException {
    ingress.respond(HOLDS, "{\"content\":[%s]}".formatted(listedOffer(703)));
    WebSocketTestClient client = connect(BUYER);
    // After this offer, the feed of the connection has read its holds.
    assertThat(client.next().at("/reservation/reservationId").asLong()).isEqualTo(703);
    ingress.respond(HOLDS, "{\"content\":[%s,%s]}".formatted(listedOffer(703), listedOffer(704)));
    JsonNode frame = client.next();
    assertThat(frame.path("type").asString()).isEqualTo("OFFER");
    assertThat(frame.at("/reservation/reservationId").asLong()).isEqualTo(704);
  }

  private static String listedOffer(long id) {
    return reservation(
        id,
        UUID.randomUUID(),
        "HELD",
        Instant.now().plus(LONG_HOLD),
        ",\"offer\":true,\"event\":{}");
  }

  @Test
  void endOfHoldIsAnnouncedOnceThenReported() throws InterruptedException {
    WebSocketTestClient client = connect(BUYER);
    StatusEntry entry = backend.accept(1);
    UUID ticketId = entry.ticket().ticketId();
    accepted(entry);
    String path = "/api/v1/reservations/502";
    Instant end = Instant.now().plusSeconds(4).truncatedTo(ChronoUnit.MICROS);
    ingress.respond(path, reservation(502, ticketId, "HELD", end, ""));
    hold(entry, 502, Duration.between(Instant.now(), end));

    assertThat(nextNotPending(client).at("/ticket/status").asString()).isEqualTo("HELD");
    JsonNode ending = nextNotPending(client);
    assertThat(ending.path("type").asString()).isEqualTo("HOLD_ENDING");
    assertThat(ending.at("/reservation/reservationId").asLong()).isEqualTo(502);
    ingress.respond(path, reservation(502, ticketId, "EXPIRED", end, ""));
    JsonNode expired = nextNotPending(client);
    assertThat(expired.path("type").asString()).isEqualTo("EXPIRED");
    assertThat(expired.at("/reservation/status").asString()).isEqualTo("EXPIRED");
  }

  @Test
  void publishedExpiryIsReportedOnce() throws InterruptedException {
    WebSocketTestClient client = connect(BUYER);
    Instant end = Instant.now().minusSeconds(1);
    ingress.respond(
        "/api/v1/reservations/503", reservation(503, UUID.randomUUID(), "EXPIRED", end, ""));
    StatusEntry entry = backend.accept(1);
    client.next();
    var expired = new UserChange.ReservationEnded(503, Ending.EXPIRED, List.of(BUYER));
    backend.userChanges.publish(List.of(expired, expired));
    assertThat(nextNotPending(client).path("type").asString()).isEqualTo("EXPIRED");
    backend.userChanges.publish(List.of(expired));
    backend.confirm(entry);
    assertThat(nextNotPending(client).path("type").asString()).isEqualTo("TICKET");
  }

  @Test
  void administratorsCancellationReachesOwner() throws InterruptedException {
    WebSocketTestClient client = connect(BUYER);
    WebSocketTestClient stranger = connect("18");
    backend.accept(1);
    client.next();
    ingress.respond(
        "/api/v1/reservations/504",
        reservation(504, UUID.randomUUID(), "CANCELLED", Instant.now(), ""));
    backend.userChanges.publish(
        List.of(new UserChange.ReservationEnded(504, Ending.CANCELLED, List.of(BUYER))));
    JsonNode cancelled = nextNotPending(client);
    assertThat(cancelled.path("type").asString()).isEqualTo("CANCELLED");
    assertThat(cancelled.at("/reservation/reservationId").asLong()).isEqualTo(504);
    assertThat(stranger.frames()).isEmpty();
  }

  @Test
  void confirmedHoldHasNoFurtherFrames() throws InterruptedException {
    WebSocketTestClient client = connect(BUYER);
    StatusEntry entry = backend.accept(1);
    accepted(entry);
    ingress.respond(
        "/api/v1/reservations/505",
        reservation(505, entry.ticket().ticketId(), "CONFIRMED", Instant.now(), ""));
    hold(entry, 505, Duration.ofSeconds(1));
    assertThat(nextNotPending(client).at("/ticket/status").asString()).isEqualTo("HELD");
    StatusEntry next = backend.accept(1);
    accepted(next);
    assertThat(client.next().path("type").asString()).isEqualTo("TICKET");
  }

  @Test
  void eventChangeReachesItsUsersOnly() throws InterruptedException {
    WebSocketTestClient client = connect(BUYER);
    WebSocketTestClient stranger = connect("18");
    backend.accept(1);
    client.next();
    for (Kind kind : Kind.values()) {
      backend.userChanges.publish(
          List.of(
              new UserChange.EventChanged(
                  kind, SimulatedBackend.event(7, 10, 3), List.of("1", BUYER))));
      JsonNode frame = nextNotPending(client);
      assertThat(frame.path("type").asString()).isEqualTo(kind.name());
      assertThat(frame.at("/event/eventId").asLong()).isEqualTo(7);
    }
    assertThat(stranger.frames()).isEmpty();
  }

  @Test
  void feedContinuesAfterRedisRestart() throws InterruptedException {
    WebSocketTestClient client = connect(BUYER);
    LocalServers.shared().redis().stop();
    LocalServers.shared().redis().start();
    backend.awaitRedis();
    StatusEntry entry = backend.accept(1);
    assertThat(client.next().at("/ticket/ticketId").asString())
        .isEqualTo(entry.ticket().ticketId().toString());
    backend.confirm(entry);
    assertThat(nextNotPending(client).at("/ticket/status").asString()).isEqualTo("CONFIRMED");
  }

  @Test
  void handshakeNeedsToken() {
    assertThat(notifier.refusedHandshake("/ws/me", null).statusCode()).isEqualTo(401);
  }

  @Test
  void clientFrameGetsErrorFrame() throws InterruptedException {
    WebSocketTestClient client = connect("19");
    client.send("{}");
    assertThat(client.nextError()).isEqualTo("BAD_FRAME");
  }
}
