package ticketing.notifier.connection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.awaitility.Awaitility.await;

import java.net.http.HttpResponse;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import ticketing.local.servers.LocalServers;
import ticketing.notifier.IngressStub;
import ticketing.notifier.NotifierFixture;
import ticketing.notifier.SimulatedBackend;
import ticketing.notifier.WebSocketTestClient;

/// Limits of the connections of one user, one address and clients without a token, and of the
/// frames of one connection.
class ConnectionLimitsTest {

  private static final String TICKETS = "/ws/tickets";
  private static final String EVENT = "/ws/events/1";

  private static IngressStub ingress;
  private static NotifierFixture notifier;
  private static SimulatedBackend backend;

  @BeforeAll
  static void start() {
    String redis = LocalServers.shared().redisAddress();
    ingress = new IngressStub();
    notifier =
        NotifierFixture.start(
            redis,
            ingress.url(),
            "ticketing.notifier.connection.max-connections=10",
            "ticketing.notifier.connection.max-per-user=2",
            "ticketing.notifier.connection.max-per-address=7",
            "ticketing.notifier.connection.max-anonymous-percent=50",
            "ticketing.notifier.connection.frames-per-second=1",
            "ticketing.notifier.connection.frame-burst=5");
    backend = new SimulatedBackend(redis);
    backend.cacheEvent(1, 5, 1);
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

  private static void assertRateLimited(HttpResponse<?> response) {
    assertThat(response.statusCode()).isEqualTo(429);
    assertThat(response.headers().firstValue("retry-after")).isPresent();
  }

  @Test
  void connectionsOfOneUserAreLimited() {
    String user = NotifierFixture.token("user-a");
    WebSocketTestClient first = notifier.connect(TICKETS, user);
    notifier.connect(TICKETS, user);
    notifier.awaitConnections(2);
    assertRateLimited(notifier.refusedHandshake(TICKETS, user));
    notifier.connect(TICKETS, NotifierFixture.token("user-b"));
    first.abort();
    await()
        .atMost(WebSocketTestClient.TIMEOUT)
        .untilAsserted(
            () -> assertThatCode(() -> notifier.connect(TICKETS, user)).doesNotThrowAnyException());
  }

  @Test
  void anonymousClientsGetHalfOfAllConnections() {
    for (int i = 0; i < 5; i++) {
      notifier.connectAnonymously(EVENT);
    }
    notifier.awaitConnections(5);
    assertRateLimited(notifier.refusedHandshake(EVENT, null));
    notifier.connect(TICKETS, NotifierFixture.token("user-c"));
  }

  @Test
  void connectionsOfOneAddressAreLimited() {
    for (int i = 0; i < 7; i++) {
      notifier.connect(TICKETS, NotifierFixture.token("user-d" + i));
    }
    notifier.awaitConnections(7);
    assertRateLimited(notifier.refusedHandshake(TICKETS, NotifierFixture.token("user-e")));
  }

  @Test
  void excessFramesCloseTheConnection() throws InterruptedException {
    WebSocketTestClient client = notifier.connect(TICKETS, NotifierFixture.token("user-f"));
    for (int i = 0; i < 8; i++) {
      client.send("x");
    }
    String error = client.nextError();
    while (error.equals("BAD_FRAME")) {
      error = client.nextError();
    }
    assertThat(error).isEqualTo("TOO_MANY_FRAMES");
    assertThat(client.closeCode()).isEqualTo(1008);
  }
}
