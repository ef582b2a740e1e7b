package ticketing.notifier.connection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.concurrent.ThreadPoolExecutor;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import ticketing.local.servers.LocalServers;
import ticketing.notifier.IngressStub;
import ticketing.notifier.NotifierFixture;
import ticketing.notifier.SimulatedBackend;
import ticketing.notifier.WebSocketTestClient;
import ticketing.security.Role;

class ConnectionRegistryTest {

  private static final String BUYER = NotifierFixture.token(SimulatedBackend.BUYER);

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
            "ticketing.notifier.server.max-concurrent-requests=20",
            "ticketing.notifier.connection.max-connections=3",
            "ticketing.notifier.connection.max-anonymous-percent=100",
            "ticketing.notifier.connection.frame-burst=1000000",
            "ticketing.notifier.connection.max-send-queue-size=16KB",
            "ticketing.notifier.connection.socket-send-buffer=8KB",
            "ticketing.notifier.connection.ping-interval=200ms",
            "ticketing.notifier.connection.pong-timeout=3s");
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

  @Test
  void limitsConcurrentHandshakes() {
    assertThat(notifier.serverExecutor())
        .isInstanceOfSatisfying(
            ThreadPoolExecutor.class,
            threads -> assertThat(threads.getMaximumPoolSize()).isEqualTo(20));
  }

  @Test
  void dropsSlowReader() {
    WebSocketTestClient client =
        notifier.closeLater(WebSocketTestClient.connect(notifier.uri("/ws/tickets"), BUYER, false));
    // The server answers each bad frame with an error frame; the client reads none of them.
    await()
        .pollInterval(Duration.ofMillis(1))
        .atMost(Duration.ofSeconds(60))
        .until(() -> {
          for (int i = 0; i < 2_000; i++) {
            client.send("x");
          }
          return dropped("slow") > 0;
        });
    client.startReading();
    assertThat(client.closeCode()).isEqualTo(1013);
  }

  private static double dropped(String reason) {
    return notifier.count("ticketing.dropped", reason);
  }

  @Test
  void dropsClientWithoutPongs() throws IOException {
    try (Socket raw = new Socket("127.0.0.1", notifier.port())) {
      raw.setSoTimeout(60_000);
      sendHandshake(raw, "");
      InputStream in = raw.getInputStream();
      int pings = 0;
      int closeCode = 0;
      readHead(in);
      while (closeCode == 0) {
        int kind = in.read() & 0x0f;
        byte[] payload = in.readNBytes(in.read());
        if (kind == 0x9) {
          pings++;
        } else if (kind == 0x8) {
          closeCode = (payload[0] & 0xff) << 8 | payload[1] & 0xff;
        }
      }
      assertThat(pings).isGreaterThanOrEqualTo(2);
      assertThat(closeCode).isEqualTo(1001);
    }
  }

  /// Every browser offers compression, which costs hundreds of kilobytes for each connection.
  @Test
  void compressionIsNotNegotiated() throws IOException {
    try (Socket raw = new Socket("127.0.0.1", notifier.port())) {
      raw.setSoTimeout(60_000);
      sendHandshake(
          raw, "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n");
      assertThat(readHead(raw.getInputStream()))
          .startsWith("HTTP/1.1 101")
          .doesNotContainIgnoringCase("Sec-WebSocket-Extensions");
    }
  }

  /// @param headers additional header lines, each with its line end
  private static void sendHandshake(Socket raw, String headers) throws IOException {
    String head =
        """
        GET /ws/events/1 HTTP/1.1\r
        Host: localhost\r
        Upgrade: websocket\r
        Connection: Upgrade\r
        Sec-WebSocket-Version: 13\r
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r
        """;
    raw.getOutputStream().write((head + headers + "\r\n").getBytes(StandardCharsets.US_ASCII));
  }

  private static String readHead(InputStream in) throws IOException {
    StringBuilder head = new StringBuilder();
    while (head.indexOf("\r\n\r\n") < 0) {
      head.append((char) in.read());
    }
    return head.toString();
  }

  @Test
  void closesConnectionWhenItsTokenExpires() throws InterruptedException {
    // A token's times are whole seconds.
    Instant expiry = Instant.now().truncatedTo(ChronoUnit.SECONDS).plusSeconds(5);
    String token =
        NotifierFixture.tokens(Clock.systemUTC(), Duration.ofSeconds(5))
            .issue(SimulatedBackend.BUYER, Role.BUYER);
    WebSocketTestClient client = notifier.connect("/ws/tickets/" + backend.acceptTicket(), token);
    assertThat(client.nextStatus()).isEqualTo("PENDING");
    assertThat(client.closeCode()).isEqualTo(1008);
    assertThat(Instant.now()).isAfterOrEqualTo(expiry);
  }

  @Test
  void refusesExcessHandshakeBeforeTheUpgrade() {
    WebSocketTestClient first = notifier.connectAnonymously("/ws/events/1");
    notifier.connectAnonymously("/ws/events/1");
    notifier.connectAnonymously("/ws/events/1");
    notifier.awaitConnections(3);
    var response = notifier.refusedHandshake("/ws/tickets", BUYER);
    assertThat(response.statusCode()).isEqualTo(503);
    assertThat(response.headers().firstValue("retry-after")).isPresent();
    first.abort();
    await()
        .atMost(WebSocketTestClient.TIMEOUT)
        .ignoreExceptions()
        .untilAsserted(() -> notifier.connect("/ws/tickets", BUYER));
  }
}
