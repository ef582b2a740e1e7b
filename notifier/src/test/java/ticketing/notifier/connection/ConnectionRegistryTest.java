package ticketing.notifier.connection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.InputStream;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
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

class ConnectionRegistryTest {

  private static final String BUYER = NotifierFixture.token(SimulatedBackend.BUYER);

  private static IngressStub ingress;
  private static NotifierFixture notifier;
  private static SimulatedBackend box;

  @BeforeAll
  static void start() {
    String redis = LocalServers.shared().redisAddress();
    ingress = new IngressStub();
    notifier =
        NotifierFixture.start(
            redis,
            ingress.url(),
            "ticketing.notifier.requests=20",
            "ticketing.notifier.max-sockets=3",
            "ticketing.notifier.max-unsent=16KB",
            "ticketing.notifier.socket-buffer=8KB",
            "ticketing.notifier.ping=200ms",
            "ticketing.notifier.unanswered=3s");
    box = new SimulatedBackend(redis);
    box.show(1, 5, 1);
  }

  @AfterAll
  static void stop() {
    notifier.close();
    box.close();
    ingress.close();
  }

  @AfterEach
  void leave() {
    notifier.leaveAll();
    await()
        .atMost(WebSocketTestClient.PATIENCE)
        .until(() -> notifier.gauge("ticketing.sockets") == 0);
  }

  @Test
  void noMoreHandshakesAreWorkedOnAtATimeThanTheHeapHasRoomFor() {
    assertThat(notifier.threadsOfTheServer())
        .isInstanceOfSatisfying(
            ThreadPoolExecutor.class,
            threads -> assertThat(threads.getMaximumPoolSize()).isEqualTo(20));
  }

  @Test
  void slowReaderIsDropped() {
    WebSocketTestClient client =
        notifier.noted(WebSocketTestClient.connect(notifier.uri("/ws/tickets"), BUYER, false));
    // Each bad frame is answered by an error frame, which nobody reads.
    await()
        .pollInterval(Duration.ofMillis(1))
        .atMost(Duration.ofSeconds(60))
        .until(
            () -> {
              for (int i = 0; i < 2_000; i++) {
                client.send("x");
              }
              return dropped("slow") > 0;
            });
    client.read();
    assertThat(client.closeCode()).isEqualTo(1013);
  }

  private static double dropped(String reason) {
    return notifier.count("ticketing.dropped", reason);
  }

  @Test
  void socketThatAnswersNoPingIsDropped() throws IOException {
    try (Socket raw = new Socket("127.0.0.1", notifier.port())) {
      raw.setSoTimeout(60_000);
      shakeHands(raw, "");
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

  /// Every browser makes this offer, and each socket would cost hundreds of kilobytes.
  @Test
  void offerToCompressIsNotTaken() throws IOException {
    try (Socket raw = new Socket("127.0.0.1", notifier.port())) {
      raw.setSoTimeout(60_000);
      shakeHands(raw, "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n");
      assertThat(readHead(raw.getInputStream()))
          .startsWith("HTTP/1.1 101")
          .doesNotContainIgnoringCase("Sec-WebSocket-Extensions");
    }
  }

  /// @param headers more of them, each with the end of its line
  private static void shakeHands(Socket raw, String headers) throws IOException {
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
  void socketThatAnswersPingsStaysUntilItsTokenExpires() throws InterruptedException {
    String token =
        NotifierFixture.tokens(Clock.systemUTC(), Duration.ofSeconds(5))
            .issue(SimulatedBackend.BUYER, "BUYER");
    WebSocketTestClient client = notifier.connect("/ws/tickets/" + box.accepted(), token);
    assertThat(client.nextStatus()).isEqualTo("PENDING");
    long start = System.nanoTime();
    assertThat(client.closeCode()).isEqualTo(1008);
    assertThat(Duration.ofNanos(System.nanoTime() - start)).isGreaterThan(Duration.ofSeconds(3));
  }

  @Test
  void oneSocketTooManyIsRefusedBeforeTheUpgrade() {
    WebSocketTestClient first = notifier.watch("/ws/events/1");
    notifier.watch("/ws/events/1");
    notifier.watch("/ws/events/1");
    var refusal = notifier.refusal("/ws/tickets", BUYER);
    assertThat(refusal.statusCode()).isEqualTo(503);
    assertThat(refusal.headers().firstValue("retry-after")).isPresent();
    first.leave();
    await()
        .atMost(WebSocketTestClient.PATIENCE)
        .ignoreExceptions()
        .untilAsserted(() -> notifier.connect("/ws/tickets", BUYER));
  }
}
