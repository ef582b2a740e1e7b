package ticketing.notifier.connection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import ticketing.domain.Json;
import ticketing.local.servers.LocalServers;
import ticketing.local.servers.TestKeyPair;
import ticketing.notifier.IngressStub;
import ticketing.notifier.NotifierFixture;
import ticketing.notifier.SimulatedBackend;
import ticketing.notifier.WebSocketTestClient;
import ticketing.security.AccessTokenIssuer;
import ticketing.security.AccessTokenSettings;
import ticketing.security.Role;
import ticketing.security.SigningSettings;
import tools.jackson.databind.JsonNode;

/// Malformed frames, forged tokens and floods of connections. All of them run on one notifier.
class HostileClientTest {

  private static final String BUYER = NotifierFixture.token(SimulatedBackend.BUYER);
  private static final Duration TIMEOUT = Duration.ofSeconds(30);
  private static final int HALF_OPEN = 200;
  private static final int CONNECTS = 1_000;
  private static final int CONNECTIONS = 150;

  private static IngressStub ingress;
  private static NotifierFixture notifier;
  private static SimulatedBackend backend;

  @BeforeAll
  static void start() {
    String redis = LocalServers.shared().redisAddress();
    ingress = new IngressStub();
    notifier = NotifierFixture.start(redis, ingress.url());
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

  /// The load balancer keeps an idle connection for 300 s. A shorter time of the server is a 502.
  @Test
  void idleConnectionOutlivesTheLoadBalancers() throws IOException {
    try (Socket socket = new Socket("127.0.0.1", notifier.port())) {
      socket.setSoTimeout((int) TIMEOUT.toMillis());
      String request = "GET /livez HTTP/1.1\r\nHost: a\r\nConnection: keep-alive\r\n\r\n";
      socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
      byte[] response = new byte[4_096];
      int length = socket.getInputStream().read(response);
      assertThat(new String(response, 0, length, StandardCharsets.US_ASCII))
          .startsWith("HTTP/1.1 200")
          .contains("Keep-Alive: timeout=310\r\n");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "GET, /unknown, 404, NOT_FOUND",
    "GET, /, 404, NOT_FOUND",
    "GET, /ws/unknown, 404, NOT_FOUND",
    "GET, /ws/events/1, 426, UPGRADE_REQUIRED",
    "POST, /unknown, 404, NOT_FOUND",
    "TRACE, /, 405, METHOD_NOT_ALLOWED",
    "GET, /%zz, 400, INVALID_REQUEST",
    "GET, /..\\x, 400, INVALID_REQUEST",
  })
  void refusedRequestGetsProblemDetails(String method, String path, int status, String code)
      throws IOException {
    String response = send(method + ' ' + path + " HTTP/1.0\r\nHost: a\r\n\r\n");
    assertThat(response)
        .startsWith("HTTP/1.1 " + status)
        .containsIgnoringCase("\r\nContent-Type: application/problem+json")
        .doesNotContain("resource", "Exception");
    JsonNode problem = Json.INTERNAL.readTree(response.split("\r\n\r\n", 2)[1]);
    assertThat(problem.path("code").asString()).isEqualTo(code);
    assertThat(problem.path("status").intValue()).isEqualTo(status);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Content-Type: *",
        "Content-Type: application/*",
        "Content-Type: multipart/form-data",
        "Content-Type: multipart/form-data; boundary=",
        "Accept: ,",
        "Accept: image/png",
      })
  void mediaTypesAreIgnored(String header) throws IOException {
    for (String method : List.of("GET", "POST")) {
      String end = " HTTP/1.0\r\nHost: a\r\n" + header + "\r\n\r\n";
      assertThat(send(method + " /ws/events/1" + end)).startsWith("HTTP/1.1 426");
      assertThat(send(method + " /unknown" + end)).startsWith("HTTP/1.1 404");
    }
    assertThat(send("GET /livez HTTP/1.0\r\nHost: a\r\n" + header + "\r\n\r\n"))
        .startsWith("HTTP/1.1 200");
  }

  private static String send(String request) throws IOException {
    try (Socket socket = new Socket("127.0.0.1", notifier.port())) {
      socket.setSoTimeout((int) TIMEOUT.toMillis());
      socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  @Test
  void malformedFramesLeaveTheConnectionUsable() throws InterruptedException {
    for (long seed = 0; seed < CONNECTIONS; seed++) {
      sendMalformedFrames(seed);
      notifier.disconnectAll();
    }
  }

  /// Sends mutated frames, then a valid frame on the same connection.
  private void sendMalformedFrames(long seed) throws InterruptedException {
    Random random = new Random(seed);
    UUID mine = backend.acceptTicket();
    WebSocketTestClient client = notifier.connect("/ws/tickets", BUYER);
    int noise = 1 + random.nextInt(8);
    for (int i = 0; i < noise; i++) {
      client.send(mutated(random, "{\"action\":\"subscribe\",\"ticketIds\":[\"" + mine + "\"]}"));
    }
    UUID last = backend.acceptTicket();
    client.subscribe(last);
    String id = "";
    while (!id.equals(last.toString())) {
      var frame = client.next();
      assertThat(frame.has("error") || frame.has("status")).as("seed %d: %s", seed, frame).isTrue();
      assertThat(frame.toString()).doesNotContain("Exception", "ticketing.notifier");
      id = frame.path("ticketId").asString("");
    }
    assertThat(client.isClosed()).as("seed %d", seed).isFalse();
  }

  private static String mutated(Random random, String frame) {
    String text = frame;
    for (int times = 1 + random.nextInt(3); times > 0; times--) {
      int from = random.nextInt(text.length());
      int to = from + random.nextInt(Math.min(30, text.length() - from) + 1);
      String piece =
          switch (random.nextInt(6)) {
            case 0 -> "[".repeat(2_000);
            case 1 -> "null";
            case 2 -> "\\u0000";
            case 3 -> "\"" + UUID.randomUUID() + "\",";
            case 4 -> "1e999";
            default -> String.valueOf((char) (1 + random.nextInt(0xd7fe)));
          };
      text = text.substring(0, from) + piece + text.substring(to) + " ";
    }
    return text;
  }

  @Test
  void forgedTokensAreRefused() {
    String[] parts = BUYER.split("\\.");
    String claims = new String(Base64.getUrlDecoder().decode(parts[1]), StandardCharsets.UTF_8);
    String admin = base64(claims.replace("\"BUYER\"", "\"ADMIN\""));
    TestKeyPair foreign = TestKeyPair.generate();
    List<String> forged = new ArrayList<>();
    for (String algorithm : List.of("none", "None", "HS512", "RS256")) {
      String header = base64("{\"alg\":\"" + algorithm + "\"}");
      forged.add(header + "." + admin + ".");
      forged.add(header + "." + admin + "." + parts[2]);
    }
    forged.add(parts[0] + "." + admin + "." + parts[2]);
    forged.add(
        new AccessTokenIssuer(
                AccessTokenSettings.of(foreign.publicKey()),
                new SigningSettings(foreign.privateKey(), Duration.ofHours(1)),
                true,
                Clock.systemUTC())
            .issue("admin", Role.ADMIN));
    for (String token : forged) {
      assertThat(notifier.refusedHandshake("/ws/tickets", token).statusCode())
          .as(token)
          .isEqualTo(401);
    }
  }

  @Test
  void idleAndAbortedConnectionsDoNotBlockClients() throws Exception {
    List<Socket> silent = new ArrayList<>();
    try {
      for (int i = 0; i < HALF_OPEN; i++) {
        Socket socket = new Socket("127.0.0.1", notifier.port());
        silent.add(socket);
        if (i % 2 == 0) {
          socket
              .getOutputStream()
              .write(
                  "GET /ws/tickets HTTP/1.1\r\nHost: x\r\nX".getBytes(StandardCharsets.US_ASCII));
        }
      }
      for (int i = 0; i < CONNECTS; i++) {
        try (Socket aborted = new Socket("127.0.0.1", notifier.port())) {
          aborted.setSoLinger(true, 0);
        }
      }
      WebSocketTestClient client =
          notifier.connect("/ws/tickets", BUYER).subscribe(backend.acceptTicket());
      assertThat(client.nextStatus()).isEqualTo("PENDING");
    } finally {
      for (Socket socket : silent) {
        close(socket);
      }
      notifier.disconnectAll();
    }
    await()
        .atMost(WebSocketTestClient.TIMEOUT)
        .until(() -> notifier.gauge("ticketing.sockets") == 0);
  }

  private static void close(Socket socket) {
    try {
      socket.close();
    } catch (IOException e) {
      // The socket is closed already.
    }
  }

  private static String base64(String text) {
    return Base64.getUrlEncoder()
        .withoutPadding()
        .encodeToString(text.getBytes(StandardCharsets.UTF_8));
  }
}
