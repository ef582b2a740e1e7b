package ticketing.notifier.ticket;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.net.URI;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.ByteBuffer;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import ticketing.domain.Json;
import ticketing.local.servers.LocalServers;
import ticketing.notifier.IngressStub;
import ticketing.notifier.NotifierFixture;
import ticketing.notifier.SimulatedBackend;
import ticketing.notifier.WebSocketTestClient;
import ticketing.security.AccessTokenIssuer;
import ticketing.security.AccessTokenSettings;
import ticketing.security.AccessTokenVerifier;
import ticketing.security.RevokedToken;
import ticketing.security.Role;
import ticketing.security.VerifiedToken;
import ticketing.status.StatusEntry;
import tools.jackson.databind.JsonNode;

class TicketSubscriptionsTest {

  private static final String BUYER = NotifierFixture.token(SimulatedBackend.BUYER);

  private static IngressStub ingress;
  private static NotifierFixture notifier;
  private static SimulatedBackend backend;

  @BeforeAll
  static void start() {
    String redis = LocalServers.shared().redisAddress();
    ingress = new IngressStub();
    // No sweep during a test: every frame results from a push or from the first read.
    notifier =
        NotifierFixture.start(
            redis,
            ingress.url(),
            "ticketing.notifier.ticket.sweep-interval=5m",
            "ticketing.notifier.connection.frame-burst=10000");
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
  }

  @Test
  void sendsStateThenDecisionThenCloses() throws InterruptedException {
    UUID ticket = backend.acceptTicket();
    WebSocketTestClient client = notifier.connect("/ws/tickets/" + ticket, BUYER);

    JsonNode pending = client.next();
    assertThat(pending.path("ticketId").asString()).isEqualTo(ticket.toString());
    assertThat(pending.path("status").asString()).isEqualTo("PENDING");
    assertThat(pending.path("position").asLong(-1)).isNotNegative();

    backend.confirm(ticket);
    JsonNode decided = client.next();
    assertThat(decided.path("status").asString()).isEqualTo("CONFIRMED");
    assertThat(decided.path("totalPrice").asString()).isEqualTo("300000.00");
    assertThat(decided.has("owner")).isFalse();
    assertThat(client.closeCode()).isEqualTo(1000);
    assertThat(client.frames()).isEmpty();
  }

  @Test
  void decidedTicketIsSentOnceThenCloses() throws InterruptedException {
    UUID ticket = backend.acceptTicket();
    backend.confirm(ticket);
    WebSocketTestClient client = notifier.connect("/ws/tickets/" + ticket, BUYER);
    assertThat(client.nextStatus()).isEqualTo("CONFIRMED");
    assertThat(client.closeCode()).isEqualTo(1000);
  }

  /// The worker stopped between the commit and the publication.
  @Test
  void sweepFindsDecisionThatWasNeverPublished() throws InterruptedException {
    StatusEntry entry = backend.accept(1);
    UUID ticket = entry.ticket().ticketId();
    ingress.respond(
        "/api/v1/tickets/" + ticket,
        Json.INTERNAL.writeValueAsString(SimulatedBackend.confirmed(entry).ticket()));
    try (NotifierFixture sweeping =
        NotifierFixture.start(
            LocalServers.shared().redisAddress(),
            ingress.url(),
            "ticketing.notifier.ticket.sweep-interval=100ms",
            "ticketing.notifier.ticket.overdue-after=1s")) {
      WebSocketTestClient client = sweeping.connect("/ws/tickets/" + ticket, BUYER);
      assertThat(client.nextStatus()).isEqualTo("PENDING");
      assertThat(client.nextFinal().path("status").asString()).isEqualTo("CONFIRMED");
      assertThat(client.closeCode()).isEqualTo(1000);
    }
  }

  @Test
  void everyConnectionOfATicketReceivesTheDecision() throws InterruptedException {
    UUID ticket = backend.acceptTicket();
    List<WebSocketTestClient> clients =
        Stream.generate(() -> notifier.connect("/ws/tickets/" + ticket, BUYER)).limit(5).toList();
    for (WebSocketTestClient client : clients) {
      assertThat(client.nextStatus()).isEqualTo("PENDING");
    }
    backend.confirm(ticket);
    for (WebSocketTestClient client : clients) {
      assertThat(client.nextStatus()).isEqualTo("CONFIRMED");
    }
  }

  @Test
  void decisionDuringSubscriptionIsNotLost() throws InterruptedException {
    WebSocketTestClient client = notifier.connect("/ws/tickets", BUYER);
    for (int round = 0; round < 40; round++) {
      List<StatusEntry> entries = Stream.generate(() -> backend.accept(1)).limit(25).toList();
      CountDownLatch go = new CountDownLatch(1);
      Thread worker =
          Thread.startVirtualThread(() -> {
            awaitQuietly(go);
            entries.forEach(backend::confirm);
          });
      go.countDown();
      entries.forEach(entry -> client.subscribe(entry.ticket().ticketId()));
      Set<String> decided = new HashSet<>();
      while (decided.size() < entries.size()) {
        decided.add(client.nextFinal().path("ticketId").asString());
      }
      worker.join();
    }
  }

  @Test
  void decisionDuringHandshakeIsNotLost() throws InterruptedException {
    for (int i = 0; i < 100; i++) {
      StatusEntry entry = backend.accept(1);
      Thread worker = Thread.startVirtualThread(() -> backend.confirm(entry));
      WebSocketTestClient client =
          notifier.connect("/ws/tickets/" + entry.ticket().ticketId(), BUYER);
      assertThat(client.nextFinal().path("status").asString()).isEqualTo("CONFIRMED");
      assertThat(client.closeCode()).isEqualTo(1000);
      worker.join();
    }
  }

  @Test
  void ticketOfAnotherUserIsUnknown() throws InterruptedException {
    UUID ticket = backend.acceptTicket();
    String otherUser = NotifierFixture.token("18");
    for (String path : List.of(ticket.toString(), UUID.randomUUID().toString(), "no-uuid")) {
      WebSocketTestClient client = notifier.connect("/ws/tickets/" + path, otherUser);
      assertThat(client.nextError()).isEqualTo("TICKET_NOT_FOUND");
      assertThat(client.closeCode()).isEqualTo(1008);
      assertThat(client.frames()).isEmpty();
    }
    backend.confirm(ticket);
  }

  @Test
  void decisionIsNotSentToAnotherUser() throws InterruptedException {
    for (int i = 0; i < 50; i++) {
      StatusEntry entry = backend.accept(1);
      Thread worker = Thread.startVirtualThread(() -> backend.confirm(entry));
      WebSocketTestClient otherUser =
          notifier.connect("/ws/tickets/" + entry.ticket().ticketId(), NotifierFixture.token("18"));
      assertThat(otherUser.nextError()).isEqualTo("TICKET_NOT_FOUND");
      assertThat(otherUser.closeCode()).isEqualTo(1008);
      assertThat(otherUser.frames()).isEmpty();
      worker.join();
    }
  }

  @Test
  void administratorSeesEveryTicket() throws InterruptedException {
    WebSocketTestClient client =
        notifier.connect("/ws/tickets/" + backend.acceptTicket(), NotifierFixture.adminToken());
    assertThat(client.nextStatus()).isEqualTo("PENDING");
  }

  @Test
  void evictedTicketIsReadWithTheClientsToken() throws InterruptedException {
    StatusEntry entry = SimulatedBackend.confirmed(backend.pending(1));
    String path = "/api/v1/tickets/" + entry.ticket().ticketId();
    ingress.respond(path, Json.INTERNAL.writeValueAsString(entry.ticket()));
    WebSocketTestClient client =
        notifier.connect("/ws/tickets/" + entry.ticket().ticketId(), BUYER);
    assertThat(client.nextStatus()).isEqualTo("CONFIRMED");
    assertThat(client.closeCode()).isEqualTo(1000);
    assertThat(ingress.requests()).contains(new IngressStub.Request(path, "Bearer " + BUYER));
  }

  @Test
  void invalidTokenIsRefusedBeforeTheUpgrade() {
    Clock past = Clock.offset(Clock.systemUTC(), Duration.ofHours(-2));
    String expired =
        NotifierFixture.tokens(past, Duration.ofHours(1)).issue(SimulatedBackend.BUYER, Role.BUYER);
    for (String path : List.of("/ws/tickets", "/ws/tickets/" + UUID.randomUUID())) {
      for (String token : new String[] {null, "", "x", BUYER + "x", expired}) {
        HttpResponse<?> response = notifier.refusedHandshake(path, token);
        assertThat(response.statusCode()).isEqualTo(401);
        assertThat(response.headers().firstValue("content-type"))
            .hasValue("application/problem+json");
        assertThat(response.headers().firstValue("www-authenticate")).hasValue("Bearer");
      }
    }
  }

  @Test
  void revokedTokenIsRefused() throws InterruptedException {
    AccessTokenIssuer tokens = NotifierFixture.tokens(Clock.systemUTC(), Duration.ofHours(1));
    String token = tokens.issue(SimulatedBackend.BUYER, Role.BUYER);
    WebSocketTestClient early = notifier.connect("/ws/tickets", token);
    RevokedToken revoked = revoked(token);

    await()
        .atMost(Duration.ofSeconds(30))
        .untilAsserted(() -> {
          backend.revokedTokens.publish(revoked);
          assertThat(notifier.refusedHandshake("/ws/tickets", token).statusCode()).isEqualTo(401);
        });
    assertThat(early.closeCode()).isEqualTo(1008);
    assertThat(early.frames()).isEmpty();
  }

  @Test
  void revocationIsKnownWithoutRedisMessage() throws InterruptedException {
    AccessTokenIssuer tokens = NotifierFixture.tokens(Clock.systemUTC(), Duration.ofHours(1));
    String token = tokens.issue(SimulatedBackend.BUYER, Role.BUYER);
    WebSocketTestClient early = notifier.connect("/ws/tickets", token);
    RevokedToken revoked = revoked(token);

    ingress.respond(
        "/api/v1/revoked-tokens",
        Json.INTERNAL.writeValueAsString(Map.of("content", List.of(revoked), "complete", true)));

    assertThat(early.closeCode()).isEqualTo(1008);
    assertThat(notifier.refusedHandshake("/ws/tickets", token).statusCode()).isEqualTo(401);
    assertThat(notifier.connect("/ws/tickets", BUYER).socket().isOutputClosed()).isFalse();
  }

  @Test
  void revokedSessionOrGenerationClosesTheSocket() throws InterruptedException {
    AccessTokenIssuer tokens = NotifierFixture.tokens(Clock.systemUTC(), Duration.ofHours(1));
    UUID session = UUID.randomUUID();
    String user = "user-" + UUID.randomUUID();
    String inSession = tokens.issue(user, Role.BUYER, 1, session);
    String inGeneration = tokens.issue(user, Role.BUYER, 2, null);
    WebSocketTestClient first = notifier.connect("/ws/tickets", inSession);
    WebSocketTestClient second = notifier.connect("/ws/tickets", inGeneration);
    Instant expiresAt = Instant.now().plusSeconds(3_600);
    List<RevokedToken> revoked =
        List.of(
            RevokedToken.of(RevokedToken.idOfSession(session), expiresAt, Instant.now()),
            RevokedToken.of(RevokedToken.idOfGeneration(user, 2), expiresAt, Instant.now()));

    ingress.respond(
        "/api/v1/revoked-tokens",
        Json.INTERNAL.writeValueAsString(Map.of("content", revoked, "complete", true)));

    assertThat(first.closeCode()).isEqualTo(1008);
    assertThat(second.closeCode()).isEqualTo(1008);
    String next = tokens.issue(user, Role.BUYER, 3, UUID.randomUUID());
    assertThat(notifier.connect("/ws/tickets", next).socket().isOutputClosed()).isFalse();
  }

  private static RevokedToken revoked(String token) {
    VerifiedToken verified =
        new AccessTokenVerifier(AccessTokenSettings.of(), true, Clock.systemUTC())
            .verify(token)
            .orElseThrow();
    return RevokedToken.of(verified.tokenId(), verified.expiresAt(), Instant.now());
  }

  @Test
  void subprotocolAuthenticates() throws InterruptedException {
    URI uri = notifier.uri("/ws/tickets/" + backend.acceptTicket());
    WebSocketTestClient client =
        notifier.closeLater(WebSocketTestClient.connectWithSubprotocols(uri, BUYER));
    assertThat(client.socket().getSubprotocol()).isEqualTo("ticketing.v1");
    assertThat(client.nextStatus()).isEqualTo("PENDING");
  }

  @Test
  void refusalIsAProblemDetail() throws Exception {
    HttpResponse<String> answer =
        NotifierFixture.HTTP.send(
            HttpRequest.newBuilder(
                    URI.create("http://127.0.0.1:" + notifier.port() + "/ws/tickets"))
                .build(),
            BodyHandlers.ofString());
    assertThat(answer.statusCode()).isEqualTo(401);
    JsonNode problem = Json.INTERNAL.readTree(answer.body());
    assertThat(problem.path("status").asInt()).isEqualTo(401);
    assertThat(problem.path("code").asString()).isEqualTo("UNAUTHENTICATED");
  }

  @Test
  void oneConnectionFollowsManyTickets() throws InterruptedException {
    UUID first = backend.acceptTicket();
    UUID second = backend.acceptTicket();
    WebSocketTestClient client = notifier.connect("/ws/tickets", BUYER).subscribe(first, second);
    Set<String> pending = new HashSet<>();
    pending.add(client.next().path("ticketId").asString());
    pending.add(client.next().path("ticketId").asString());
    assertThat(pending).containsExactlyInAnyOrder(first.toString(), second.toString());

    backend.confirm(second);
    assertThat(client.next().path("ticketId").asString()).isEqualTo(second.toString());
    backend.confirm(first);
    assertThat(client.next().path("ticketId").asString()).isEqualTo(first.toString());

    UUID unknown = UUID.randomUUID();
    client.subscribe(unknown);
    JsonNode error = client.next().path("error");
    assertThat(error.path("code").asString()).isEqualTo("TICKET_NOT_FOUND");
    assertThat(error.path("ticketId").asString()).isEqualTo(unknown.toString());
    assertThat(client.isClosed()).isFalse();
  }

  @Test
  void unsubscribedTicketSendsNoFrames() throws InterruptedException {
    UUID first = backend.acceptTicket();
    UUID second = backend.acceptTicket();
    WebSocketTestClient client = notifier.connect("/ws/tickets", BUYER).subscribe(first);
    assertThat(client.nextStatus()).isEqualTo("PENDING");
    client.unsubscribe(first).subscribe(second);
    assertThat(client.next().path("ticketId").asString()).isEqualTo(second.toString());
    backend.confirm(first);
    backend.confirm(second);
    assertThat(client.next().path("ticketId").asString()).isEqualTo(second.toString());
  }

  @Test
  void connectionHasAtMostAHundredLiveSubscriptions() throws InterruptedException {
    List<UUID> hundred = new ArrayList<>();
    for (int i = 0; i < 100; i++) {
      hundred.add(backend.acceptTicket());
    }
    WebSocketTestClient client = notifier.connect("/ws/tickets", BUYER).subscribe(hundred);
    for (int i = 0; i < 100; i++) {
      assertThat(client.nextStatus()).isEqualTo("PENDING");
    }
    UUID oneMore = backend.acceptTicket();
    assertThat(client.subscribe(oneMore).nextError()).isEqualTo("TOO_MANY_SUBSCRIPTIONS");

    client.subscribe(hundred.getFirst());
    assertThat(client.nextStatus()).as("a repeated subscription counts once").isEqualTo("PENDING");

    client.unsubscribe(hundred.getFirst());
    assertThat(client.subscribe(oneMore).nextStatus()).isEqualTo("PENDING");

    backend.confirm(oneMore);
    assertThat(client.nextStatus()).isEqualTo("CONFIRMED");
    client.subscribe(hundred.getFirst());
    assertThat(client.nextStatus()).as("a final state ends its subscription").isEqualTo("PENDING");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "hello",
        "null",
        "[]",
        "{}",
        "{\"action\":\"subscribe\"}",
        "{\"action\":\"dance\",\"ticketIds\":[]}",
        "{\"action\":0,\"ticketIds\":[]}",
        "{\"action\":\"subscribe\",\"ticketIds\":\"x\"}",
        "{\"action\":\"subscribe\",\"ticketIds\":[1]}",
        "{\"action\":\"subscribe\",\"ticketIds\":[null]}",
        "{\"action\":\"subscribe\",\"ticketIds\":[],\"more\":1}",
        "{\"action\":\"subscribe\",\"ticketIds\":[]} x",
        "{\"action\":\"subscribe\",\"action\":\"unsubscribe\",\"ticketIds\":[]}"
      })
  void badFrameGetsErrorFrameAndKeepsConnection(String frame) throws InterruptedException {
    WebSocketTestClient client = notifier.connect("/ws/tickets", BUYER).send(frame);
    assertThat(client.nextError()).isEqualTo("BAD_FRAME");
    assertThat(client.subscribe(backend.acceptTicket()).nextStatus()).isEqualTo("PENDING");
  }

  @Test
  void binaryFrameIsABadFrame() throws InterruptedException {
    WebSocketTestClient client = notifier.connect("/ws/tickets", BUYER);
    client.socket().sendBinary(ByteBuffer.wrap(new byte[200]), true).join();
    assertThat(client.nextError()).isEqualTo("BAD_FRAME");
    assertThat(client.subscribe(backend.acceptTicket()).nextStatus()).isEqualTo("PENDING");
  }

  @Test
  void frameOverEightKibibytesClosesTheConnection() throws InterruptedException {
    WebSocketTestClient client = notifier.connect("/ws/tickets", BUYER).send("x".repeat(8192));
    assertThat(client.nextError()).isEqualTo("BAD_FRAME");
    client.send("x".repeat(8193));
    assertThat(client.closeCode()).isEqualTo(1009);

    WebSocketTestClient foreign =
        notifier.connect("/ws/tickets", BUYER).send("\uc11c".repeat(3000));
    assertThat(foreign.closeCode()).as("bytes count, not characters").isEqualTo(1009);

    WebSocketTestClient slow = notifier.connect("/ws/tickets", BUYER);
    slow.socket().sendText("x".repeat(5000), false).join();
    slow.socket().sendText("x".repeat(5000), true).join();
    assertThat(slow.closeCode()).as("fragments count together").isEqualTo(1009);
  }

  @Test
  void managementIsOnlyOnItsOwnPort() throws Exception {
    assertThat(status(notifier.port(), "/livez")).isEqualTo(200);
    assertThat(status(notifier.port(), "/readyz")).isEqualTo(200);
    assertThat(status(notifier.port(), "/actuator/health")).isEqualTo(404);
    assertThat(status(notifier.port(), "/actuator/prometheus")).isEqualTo(404);
    assertThat(status(notifier.managementPort(), "/actuator/health/liveness")).isEqualTo(200);
    assertThat(status(notifier.managementPort(), "/actuator/health/readiness")).isEqualTo(200);
    assertThat(status(notifier.managementPort(), "/actuator/prometheus")).isEqualTo(200);
  }

  @Test
  void closedConnectionsAreRemoved() throws InterruptedException {
    WebSocketTestClient client = notifier.connect("/ws/tickets/" + backend.acceptTicket(), BUYER);
    assertThat(client.nextStatus()).isEqualTo("PENDING");
    client.abort();
    await()
        .atMost(WebSocketTestClient.TIMEOUT)
        .untilAsserted(() -> {
          assertThat(notifier.gauge("ticketing.sockets")).isZero();
          assertThat(notifier.gauge("ticketing.subscribed")).isZero();
        });
  }

  private static int status(int port, String path) throws Exception {
    return get(port, path).statusCode();
  }

  private static HttpResponse<String> get(int port, String path) throws Exception {
    return NotifierFixture.HTTP.send(
        HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path)).build(),
        BodyHandlers.ofString());
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
