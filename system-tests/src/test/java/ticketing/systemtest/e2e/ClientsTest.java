package ticketing.systemtest.e2e;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import ticketing.domain.Json;
import ticketing.domain.Reason;
import ticketing.domain.Ticket;
import ticketing.domain.TicketStatus;
import ticketing.local.servers.ProjectRoot;
import ticketing.local.system.BootJar;
import ticketing.local.system.DemoData;
import ticketing.systemtest.fleet.Fleet;

/// The clients of `docs/clients` as processes, against the real system.
@Order(2) // mostly blocked, so it shares the processors with concurrent tests
class ClientsTest {

  private static final Duration TIMEOUT = Duration.ofSeconds(90);
  private static final String PASSWORD = "docs-clients";
  private static final Path LOGS = Path.of("target", "clients").toAbsolutePath();

  enum Language {
    JAVA("java/Booking.java", "java/TicketSocket.java", BootJar.java().toString()),
    JAVASCRIPT("javascript/booking.mjs", "javascript/ticket-socket.mjs", "node"),
    SHELL("shell/booking.sh", "shell/ticket-socket.sh", "bash");

    private final String booking;
    private final String socket;
    private final String interpreter;

    Language(String booking, String socket, String interpreter) {
      this.booking = booking;
      this.socket = socket;
      this.interpreter = interpreter;
    }

    private List<String> command(String program) throws IOException, InterruptedException {
      List<String> command = new ArrayList<>(List.of(interpreter));
      if (this == JAVA) {
        // One compiler tier, because the program ends after some seconds.
        command.addAll(List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC"));
        command.addAll(List.of("-cp", System.getProperty("java.class.path")));
      }
      if (this == JAVASCRIPT && nodeVersion() < 22) {
        command.add("--experimental-websocket");
      }
      command.add(ProjectRoot.root().resolve("docs/clients").resolve(program).toString());
      return command;
    }

    private void assumeInstalled() throws InterruptedException {
      assumeTrue(
          isInstalled(),
          "the clients in JavaScript need Node.js 20 or later, those in shell bash, curl and jq");
    }

    private boolean isInstalled() throws InterruptedException {
      return switch (this) {
        case JAVA -> true;
        case JAVASCRIPT -> nodeVersion() >= 20;
        case SHELL ->
            prints("bash", "-c", "curl --version && jq --version && echo there")
                .endsWith("there\n");
      };
    }

    private static int nodeVersion() throws InterruptedException {
      String version = prints("node", "-p", "process.versions.node");
      return version.isEmpty() ? 0 : Integer.parseInt(version.split("\\.")[0]);
    }

    private static String prints(String... command) throws InterruptedException {
      try {
        Process process =
            new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        return process.waitFor() == 0 ? output : "";
      } catch (IOException e) {
        return "";
      }
    }
  }

  private final Fleet fleet = Fleet.shared();
  private final HttpClient http = HttpClient.newHttpClient();
  private final List<Client> clients = new ArrayList<>();
  private final List<FaultyProxy> proxies = new ArrayList<>();

  @AfterEach
  void endClients() {
    clients.forEach(client -> client.process().destroyForcibly());
    proxies.forEach(FaultyProxy::close);
    fleet.network().heal("clients");
    http.close();
  }

  @ParameterizedTest
  @EnumSource
  void bookingClientReportsTheDecision(Language language) throws Exception {
    language.assumeInstalled();
    long event = fleet.addEvent("Limited", 2, null, new DemoData.SeatType("R", "10.00", 10, 10));
    String email = newAccount();
    String url = fleet.ingresses().getFirst().toString();

    Client confirmed = start(language, language.booking, email, url, "" + event, "R", "2");
    Client rejected = start(language, language.booking, newAccount(), url, "" + event, "R", "3");
    Client refused = start(language, language.booking, email, url, "" + event, "X", "1");

    assertThat(confirmed.exit()).as(confirmed.toString()).isZero();
    assertThat(confirmed.lastFrame().status()).isEqualTo(TicketStatus.CONFIRMED);
    assertThat(confirmed.lastFrame().totalPrice()).hasToString("20.00");
    assertThat(rejected.exit()).as(rejected.toString()).isEqualTo(1);
    assertThat(rejected.lastFrame().reason()).isEqualTo(Reason.LIMIT_EXCEEDED);
    assertThat(refused.exit()).as(refused.toString()).isEqualTo(1);
    assertThat(refused.errors()).contains("SEAT_TYPE_NOT_FOUND");
  }

  private record ProxiedClient(Client client, FaultyProxy proxy) {}

  /// All languages concurrently, because each client honours `Retry-After`.
  @Test
  void bookingClientsRepeatRequestsAndBookOnce() throws Exception {
    long event = fleet.addEvent("Faulty", null, null, new DemoData.SeatType("R", "10.00", 10, 10));
    List<ProxiedClient> proxiedClients = new ArrayList<>();
    try (Connection lock = locked(event)) {
      for (Language language : installed()) {
        FaultyProxy proxy = new FaultyProxy(fleet.ingresses().getFirst(), http);
        proxies.add(proxy);
        Client client =
            start(
                language, language.booking, newAccount(), proxy.url(), "" + event, "R", "1", "K1");
        proxiedClients.add(new ProxiedClient(client, proxy));
      }
      for (ProxiedClient proxied : proxiedClients) {
        Awaitility.await(proxied.client().toString())
            .atMost(TIMEOUT)
            .until(() -> proxied.proxy().polls.get() > 1 || !proxied.client().process().isAlive());
      }
      lock.rollback();
    }
    for (ProxiedClient proxied : proxiedClients) {
      Client client = proxied.client();
      assertThat(client.exit()).as(client.toString()).isZero();
      assertThat(proxied.proxy().keys).containsExactly("K1", "K1", "K1", "K1");
      assertThat(proxied.proxy().polls).hasValueGreaterThan(1);
      assertThat(client.lastFrame().status()).isEqualTo(TicketStatus.CONFIRMED);
    }
    assertThat(fleet.number("SELECT COUNT(*) FROM reservations WHERE event_id = ?", event))
        .isEqualTo(proxiedClients.size());
  }

  private static List<Language> installed() throws InterruptedException {
    List<Language> installed = new ArrayList<>();
    for (Language language : Language.values()) {
      if (language.isInstalled()) {
        installed.add(language);
      }
    }
    return installed;
  }

  /// Blocks the decisions of the event until the end of the transaction.
  private Connection locked(long event) throws SQLException {
    Connection connection = fleet.servers().connect();
    connection.setAutoCommit(false);
    try (var statement = connection.createStatement()) {
      statement.executeQuery("SELECT id FROM events WHERE id = " + event + " FOR UPDATE").close();
    }
    return connection;
  }

  /// All languages concurrently, because one fault interrupts all connections.
  @Test
  void socketClientsReceiveTheDecisionAfterReconnecting() throws Exception {
    long event = fleet.addEvent("Pushed", null, null, new DemoData.SeatType("R", "10.00", 9, 9));
    Map<Language, Client> followers = new EnumMap<>(Language.class);
    try (Connection lock = locked(event)) {
      for (Language language : installed()) {
        String email = newAccount();
        followers.put(
            language,
            start(
                language,
                language.socket,
                email,
                fleet.ingresses().getFirst().toString(),
                book(email, event)));
      }
      for (Client follower : followers.values()) {
        Awaitility.await(follower.toString())
            .atMost(TIMEOUT)
            .until(() -> follower.output().contains("PENDING") || !follower.process().isAlive());
      }
      fleet.network().cut("clients");
      fleet.network().heal("clients");
      lock.rollback();
    }
    for (Client follower : followers.values()) {
      assertThat(follower.exit()).as(follower.toString()).isZero();
      assertThat(follower.errors()).contains("connection lost").doesNotContain("Exception");
      assertThat(follower.lastFrame().status()).isEqualTo(TicketStatus.CONFIRMED);
    }
  }

  @ParameterizedTest
  @EnumSource
  void socketClientReportsAnUnknownTicket(Language language) throws Exception {
    language.assumeInstalled();
    String url = fleet.ingresses().getFirst().toString();
    Client client =
        start(language, language.socket, newAccount(), url, UUID.randomUUID().toString());

    assertThat(client.exit()).as(client.toString()).isEqualTo(1);
    assertThat(client.output()).contains("TICKET_NOT_FOUND");
  }

  private record Client(Process process, Path out, Path err) {

    int exit() throws InterruptedException {
      assertThat(process.waitFor(TIMEOUT.toSeconds(), TimeUnit.SECONDS)).as(toString()).isTrue();
      return process.exitValue();
    }

    String output() throws IOException {
      return Files.readString(out);
    }

    String errors() throws IOException {
      return Files.readString(err);
    }

    Ticket lastFrame() throws IOException {
      return Json.INTERNAL.readValue(output().strip().lines().toList().getLast(), Ticket.class);
    }

    @Override
    public String toString() {
      try {
        return output() + errors();
      } catch (IOException e) {
        return e.toString();
      }
    }
  }

  private Client start(
      Language language, String program, String email, String url, String... arguments)
      throws IOException, InterruptedException {
    Files.createDirectories(LOGS);
    Path out = Files.createTempFile(LOGS, "client", ".out");
    Path err = Files.createTempFile(LOGS, "client", ".err");
    List<String> command = language.command(program);
    command.addAll(List.of(arguments));
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .redirectOutput(out.toFile())
            .redirectError(err.toFile())
            .redirectInput(ProcessBuilder.Redirect.from(Path.of("/dev/null").toFile()));
    builder
        .environment()
        .putAll(
            Map.of(
                "TICKETING_URL", url,
                "TICKETING_SOCKETS",
                    fleet.notifiers().getFirst().toString().replaceFirst("^http", "ws"),
                "TICKETING_EMAIL", email,
                "TICKETING_PASSWORD", PASSWORD));
    Client client = new Client(builder.start(), out, err);
    clients.add(client);
    return client;
  }

  private String newAccount() throws IOException, InterruptedException {
    String email = UUID.randomUUID() + "@example.com";
    HttpResponse<String> response =
        post(
            "/api/v1/users",
            null,
            "{\"email\":\"%s\",\"password\":\"%s\",\"name\":\"Client\"}"
                .formatted(email, PASSWORD));
    assertThat(response.statusCode()).isEqualTo(201);
    return email;
  }

  private String book(String email, long event) throws IOException, InterruptedException {
    String token =
        Json.INTERNAL
            .readTree(
                post(
                        "/api/v1/auth/token",
                        null,
                        "{\"email\":\"%s\",\"password\":\"%s\"}".formatted(email, PASSWORD))
                    .body())
            .get("accessToken")
            .asString();
    HttpResponse<String> response =
        post(
            "/api/v1/reservations",
            token,
            "{\"eventId\":%d,\"seatType\":\"R\",\"quantity\":1}".formatted(event));
    assertThat(response.statusCode()).isEqualTo(202);
    return Json.INTERNAL.readTree(response.body()).get("ticketId").asString();
  }

  private HttpResponse<String> post(String path, String token, String body)
      throws IOException, InterruptedException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(fleet.ingresses().getFirst().resolve(path))
            .header("Content-Type", "application/json")
            .POST(HttpRequest.BodyPublishers.ofString(body));
    if (token != null) {
      request.header("Authorization", "Bearer " + token);
    }
    return http.send(request.build(), HttpResponse.BodyHandlers.ofString());
  }

  /// Proxy of ingress-api that loses the response to the first booking (503), and refuses the
  /// second (409), the third (429) and the first poll (429).
  private static final class FaultyProxy implements AutoCloseable {

    final Queue<String> keys = new ConcurrentLinkedQueue<>();
    final AtomicInteger polls = new AtomicInteger();
    private final URI target;
    private final HttpClient http;
    private final HttpServer server;

    FaultyProxy(URI target, HttpClient http) throws IOException {
      this.target = target;
      this.http = http;
      this.server = HttpServer.create(new InetSocketAddress("127.0.0.1", 0), 0);
      server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
      server.createContext("/", this::response);
      server.start();
    }

    String url() {
      return "http://127.0.0.1:" + server.getAddress().getPort();
    }

    private void response(HttpExchange exchange) throws IOException {
      try (exchange) {
        byte[] body = exchange.getRequestBody().readAllBytes();
        boolean booking = exchange.getRequestURI().getPath().equals("/api/v1/reservations");
        boolean poll = exchange.getRequestURI().getPath().startsWith("/api/v1/tickets/");
        if (booking) {
          keys.add(exchange.getRequestHeaders().getFirst("Idempotency-Key"));
        } else if (poll) {
          polls.incrementAndGet();
        }
        int attempt = booking ? keys.size() : 0;
        if (attempt == 2 || attempt == 3 || poll && polls.get() == 1) {
          refuse(exchange, attempt == 2 ? 409 : 429);
          return;
        }
        HttpResponse<byte[]> response = forward(exchange, body);
        if (attempt == 1) {
          refuse(exchange, 503);
          return;
        }
        for (String header : List.of("Location", "Retry-After", "Content-Type")) {
          response
              .headers()
              .firstValue(header)
              .ifPresent(value -> exchange.getResponseHeaders().set(header, value));
        }
        exchange.sendResponseHeaders(response.statusCode(), response.body().length);
        exchange.getResponseBody().write(response.body());
      }
    }

    private static void refuse(HttpExchange exchange, int status) throws IOException {
      byte[] body = "{\"code\":\"TRY_AGAIN\"}".getBytes(StandardCharsets.UTF_8);
      exchange.getResponseHeaders().set("Retry-After", "1");
      exchange.sendResponseHeaders(status, body.length);
      exchange.getResponseBody().write(body);
    }

    private HttpResponse<byte[]> forward(HttpExchange exchange, byte[] body) throws IOException {
      HttpRequest.Builder request =
          HttpRequest.newBuilder(target.resolve(exchange.getRequestURI()))
              .method(exchange.getRequestMethod(), HttpRequest.BodyPublishers.ofByteArray(body));
      for (String header : List.of("Authorization", "Content-Type", "Idempotency-Key", "Prefer")) {
        String value = exchange.getRequestHeaders().getFirst(header);
        if (value != null) {
          request.header(header, value);
        }
      }
      try {
        return http.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IOException(e);
      }
    }

    @Override
    public void close() {
      server.stop(0);
    }
  }
}
