package ticketing.systemtest.observability;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.WebSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import ticketing.domain.Json;
import ticketing.domain.Reason;
import ticketing.domain.Ticket;
import ticketing.domain.TicketStatus;
import ticketing.local.servers.ProjectRoot;
import ticketing.local.system.ApplicationProcess;
import ticketing.local.system.DemoData;
import ticketing.local.system.LocalSystem;
import ticketing.systemtest.fleet.Fleet;
import ticketing.systemtest.fleet.SpanCollector;
import tools.jackson.databind.JsonNode;

/// Metrics, logs and traces of the running system, compared with `docs/`. One booking was decided
/// and pushed by WebSocket.
@Order(1) // runs first, because the figures of other tests would appear in the metrics
class ObservabilityTest {

  private static final Path DOCS = ProjectRoot.root().resolve("docs");
  private static final Path PAGE = DOCS.resolve("reference/metrics.md");
  private static final Path LIST = DOCS.resolve("reference/metric-list.md");
  private static final String LIST_HEAD =
      """
      <!-- Generated from a running system: mvn -pl system-tests -am test -Dtest=ObservabilityTest -Dmetrics.write=true -->

      # Metric list

      Labels and their values are described in [metrics](metrics.md).

      | metric | type | process | labels | meaning |
      |---|---|---|---|---|
      """;
  private static final Duration TIMEOUT = Duration.ofSeconds(30);
  private static final int BOOKINGS = 500;
  private static final Pattern NAME =
      Pattern.compile("\\b(ticketing|http|hikaricp|jvm|process|system)_[a-z0-9_]+");

  private static final HttpClient HTTP =
      HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
  private static final String EMAIL = "observed@example.com";
  private static final String PASSWORD = "observed-password";
  private static final LocalSystem SYSTEM = Fleet.shared().system();

  private static long event;
  private static String token;
  private static Ticket booked;

  @BeforeAll
  static void bookOnce() throws Exception {
    event =
        Fleet.shared()
            .addEvent("Observed", null, null, new DemoData.SeatType("R", "10.00", 1_000, 1_000));
    String account = "{\"email\":\"%s\",\"password\":\"%s\"".formatted(EMAIL, PASSWORD);
    post("/api/v1/users", null, account + ",\"name\":\"Observed\"}");
    token =
        Json.INTERNAL
            .readTree(post("/api/v1/auth/token", null, account + "}"))
            .get("accessToken")
            .asString();
    booked = book();
    assertThat(lastFrame(booked).status()).isEqualTo(TicketStatus.CONFIRMED);
  }

  @AfterAll
  static void closeClient() {
    HTTP.close();
  }

  @Test
  void metricListContainsAllMetrics() throws IOException {
    PrometheusScrape scrape = scrape();
    String table =
        scrape.metrics().entrySet().stream()
            .filter(metric -> isOurs(metric.getKey()))
            .map(metric -> row(metric.getKey(), metric.getValue()))
            .collect(Collectors.joining("\n"));
    String page = LIST_HEAD + table + "\n";
    if (Boolean.getBoolean("metrics.write")) {
      Files.writeString(LIST, page);
    }
    assertThat(Files.readString(LIST))
        .as("the test with -Dmetrics.write=true rewrites docs/reference/metric-list.md")
        .isEqualTo(page);
  }

  @Test
  void labelValuesAreListedOnTheMetricsPage() throws IOException {
    PrometheusScrape scrape = scrape();
    Set<String> allowed = new TreeSet<>();
    for (List<String> row : rows(section("labels"))) {
      for (String value : row.get(2).split(", ")) {
        allowed.add(row.get(0) + " " + row.get(1) + "=" + value);
      }
    }
    Set<String> seen = new TreeSet<>();
    scrape
        .metrics()
        .forEach((name, metric) -> {
          if (isOurs(name)) {
            metric
                .labels()
                .forEach((label, values) ->
                    values.forEach(value -> seen.add(name + " " + label + "=" + value)));
          }
        });
    assertThat(seen).isNotEmpty();
    assertThat(allowed).containsAll(seen);
    for (Reason reason : Reason.values()) {
      assertThat(allowed)
          .contains("ticketing_decisions_total reason=" + reason.name().toLowerCase(Locale.ROOT));
    }
  }

  @Test
  void dashboardAndAlertsUseListedMetrics() throws IOException {
    Set<String> known = new TreeSet<>();
    rows(Files.readString(LIST).substring(LIST_HEAD.length()))
        .forEach(row -> known.add(row.getFirst()));
    Set<String> ofLibraries = new TreeSet<>();
    rows(section("libraries")).forEach(row -> ofLibraries.add(row.getFirst()));
    assertThat(scrape().metrics().keySet()).containsAll(ofLibraries);
    known.addAll(ofLibraries);
    Path folder = DOCS.resolve("observability");
    for (String file : List.of("grafana-dashboard.json", "alerts.yaml", "cloudwatch-agent.json")) {
      Set<String> used = new TreeSet<>();
      Matcher name = NAME.matcher(Files.readString(folder.resolve(file)));
      while (name.find()) {
        used.add(
            PrometheusScrape.family(name.group().replaceFirst("_seconds_max$", "_seconds"), known));
      }
      assertThat(used).as(file).isNotEmpty();
      assertThat(known).as(file).containsAll(used);
    }
  }

  @Test
  void traceConnectsRequestDecisionAndFrame() {
    await().atMost(TIMEOUT).until(() -> !Fleet.collector().spans("send frame").isEmpty());
    SpanCollector.ReceivedSpan frame = Fleet.collector().spans("send frame").getFirst();
    await().atMost(TIMEOUT).until(() -> !Fleet.collector().spans("decide").isEmpty());
    await().atMost(TIMEOUT).until(() -> !posts(frame.trace()).isEmpty());
    SpanCollector.ReceivedSpan decide =
        Fleet.collector().spans("decide").stream()
            .filter(span -> span.id().equals(frame.parent()))
            .findFirst()
            .orElseThrow();
    SpanCollector.ReceivedSpan request = posts(frame.trace()).getFirst();
    SpanCollector.ReceivedSpan batch =
        Fleet.collector().spans("commit batch").stream()
            .filter(span -> decide.links().contains(span.id()))
            .findFirst()
            .orElseThrow();
    assertThat(decide.parent()).isEqualTo(request.id());
    assertThat(batch.links()).contains(request.id());
    assertThat(List.of(request.process(), decide.process(), frame.process()))
        .containsExactly("ingress-api", "booking-worker", "notifier");
    assertThat(List.of(request.trace(), decide.trace()))
        .containsExactly(frame.trace(), frame.trace());
  }

  private static List<SpanCollector.ReceivedSpan> posts(String trace) {
    return Fleet.collector().spans("http post /api/v1/reservations").stream()
        .filter(span -> span.trace().equals(trace))
        .toList();
  }

  @Test
  void logIsJsonWithoutPersonalData() throws Exception {
    int before = logLines().size();
    List<UUID> tickets = new ArrayList<>();
    try (ExecutorService buyers = Executors.newFixedThreadPool(16)) {
      List<Future<Ticket>> booking = new ArrayList<>();
      for (int i = 0; i < BOOKINGS; i++) {
        booking.add(buyers.submit(ObservabilityTest::book));
      }
      for (Future<Ticket> future : booking) {
        tickets.add(future.get().ticketId());
      }
    }
    for (int i = 0; i < 3; i++) {
      assertThat(lastFrame(book()).status()).isEqualTo(TicketStatus.CONFIRMED);
    }
    for (UUID ticket : tickets) {
      assertThat(isDecided(ticket)).isTrue();
    }
    List<String> lines = logLines();
    assertThat(lines)
        .allSatisfy(line -> {
          JsonNode json = Json.INTERNAL.readTree(line);
          assertThat(json.at("/@timestamp").asString()).isNotEmpty();
          assertThat(json.at("/log/level").asString()).isIn("INFO", "WARN", "ERROR");
          assertThat(json.at("/service/name").asString())
              .isIn("ingress-api", "booking-worker", "notifier");
        });
    assertThat(lines).hasSizeGreaterThan(0).hasSizeLessThan(before + BOOKINGS / 100);
    assertThat(String.join("\n", lines)).doesNotContain(EMAIL, PASSWORD, token);
    // A warning of a busy machine may name the ticket that it concerns.
    String information =
        lines.stream()
            .filter(line -> line.contains("\"level\":\"INFO\""))
            .collect(Collectors.joining("\n"));
    assertThat(information)
        .doesNotContain(tickets.stream().map(UUID::toString).toList())
        .doesNotContain(booked.ticketId().toString());
  }

  /// Log lines of all applications, without warnings of the JVM itself.
  private static List<String> logLines() {
    return SYSTEM.applications().stream()
        .flatMap(application -> application.readLog().lines())
        .filter(line -> !line.startsWith("WARNING: "))
        .toList();
  }

  /// A `traceparent` with the sampled flag.
  private static String sampledTraceparent() {
    return "00-" + UUID.randomUUID().toString().replace("-", "") + "-b7ad6b7169203331-01";
  }

  private static Ticket book() throws IOException {
    return Json.INTERNAL.readValue(
        post(
            "/api/v1/reservations",
            token,
            "{\"eventId\":%d,\"seatType\":\"R\",\"quantity\":1}".formatted(event)),
        Ticket.class);
  }

  /// Polls with `Prefer: wait=20`.
  private static boolean isDecided(UUID ticket) throws IOException {
    return Json.INTERNAL
        .readValue(
            send(
                HttpRequest.newBuilder(SYSTEM.ingress().url().resolve("/api/v1/tickets/" + ticket))
                    .header("Authorization", "Bearer " + token)
                    .header("Prefer", "wait=20")
                    .build()),
            Ticket.class)
        .status()
        .isFinal();
  }

  private static PrometheusScrape scrape() throws IOException {
    PrometheusScrape scrape = new PrometheusScrape();
    // The first queue figures exist some seconds after the start.
    await()
        .atMost(TIMEOUT)
        .until(() ->
            !text(SYSTEM.ingress())
                .contains("ticketing_queue_depth_messages{application=\"ingress-api\"} NaN"));
    for (ApplicationProcess application : SYSTEM.applications()) {
      scrape.add(application.name().replaceFirst("-\\d$", ""), text(application));
    }
    return scrape;
  }

  private static String text(ApplicationProcess application) throws IOException {
    return send(
        HttpRequest.newBuilder(application.managementUrl().resolve("/actuator/prometheus"))
            .build());
  }

  /// The maximum of a timer or summary is not listed separately.
  private static boolean isOurs(String name) {
    return name.startsWith("ticketing_") && !name.endsWith("_max");
  }

  private static String row(String name, PrometheusScrape.Metric metric) {
    return "| `%s` | %s | %s | %s | %s |"
        .formatted(
            name,
            metric.type(),
            String.join(", ", metric.processes()),
            String.join(", ", metric.labels().keySet()),
            metric.help());
  }

  /// @return rows of the table between the markers, without its header
  private static String section(String name) throws IOException {
    String page = Files.readString(PAGE);
    int from = page.indexOf("<!-- " + name + " -->");
    int to = page.indexOf("<!-- end of " + name + " -->");
    assertThat(from).as(name).isNotNegative();
    return page.substring(from, to).lines().skip(3).collect(Collectors.joining("\n"));
  }

  private static List<List<String>> rows(String table) {
    return table
        .lines()
        .map(line ->
            Arrays.stream(line.split("\\|"))
                .skip(1)
                .map(cell -> cell.replace("`", "").strip())
                .toList())
        .toList();
  }

  private static String post(String path, String bearer, String body) throws IOException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(SYSTEM.ingress().url().resolve(path))
            .header("Content-Type", "application/json")
            .header("traceparent", sampledTraceparent())
            .POST(HttpRequest.BodyPublishers.ofString(body));
    if (bearer != null) {
      request.header("Authorization", "Bearer " + bearer);
    }
    return send(request.build());
  }

  private static String send(HttpRequest request) throws IOException {
    try {
      HttpResponse<String> response = HTTP.send(request, HttpResponse.BodyHandlers.ofString());
      assertThat(response.statusCode()).as(response.body()).isBetween(200, 299);
      return response.body();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  private static Ticket lastFrame(Ticket ticket) throws Exception {
    List<String> frames = new ArrayList<>();
    CompletableFuture<List<String>> closed = new CompletableFuture<>();
    URI notifier = SYSTEM.notifier().url();
    HTTP.newWebSocketBuilder()
        .header("Authorization", "Bearer " + token)
        .buildAsync(
            URI.create("ws://" + notifier.getAuthority() + "/ws/tickets/" + ticket.ticketId()),
            new WebSocket.Listener() {
              private final StringBuilder frame = new StringBuilder();

              @Override
              public CompletionStage<?> onText(WebSocket socket, CharSequence text, boolean last) {
                frame.append(text);
                if (last) {
                  frames.add(frame.toString());
                  frame.setLength(0);
                }
                socket.request(1);
                return null;
              }

              @Override
              public CompletionStage<?> onClose(WebSocket socket, int status, String reason) {
                closed.complete(frames);
                return null;
              }
            })
        .get(TIMEOUT.toSeconds(), TimeUnit.SECONDS);
    return Json.INTERNAL.readValue(
        closed.get(TIMEOUT.toSeconds(), TimeUnit.SECONDS).getLast(), Ticket.class);
  }
}
