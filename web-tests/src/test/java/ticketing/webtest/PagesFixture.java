package ticketing.webtest;

import static org.awaitility.Awaitility.await;

import com.microsoft.playwright.Browser;
import com.microsoft.playwright.BrowserType;
import com.microsoft.playwright.Playwright;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.jupiter.api.extension.ExecutionCondition;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;
import ticketing.domain.Command;
import ticketing.domain.CommandCodec;
import ticketing.domain.Json;
import ticketing.local.servers.ProjectRoot;
import ticketing.local.system.ApplicationProcess;
import ticketing.local.system.LocalSystem;
import ticketing.local.system.SystemSettings;
import tools.jackson.databind.JsonNode;

/// The whole system and a browser, started once for all test classes with [PagesFixture.Extension].
/// Without Chromium these classes are skipped.
final class PagesFixture implements AutoCloseable {

  static final String PASSWORD = "correct-horse";

  /// Company in the footer.
  static final String OPERATOR = "Example Tickets Inc.";

  private static final List<String> CHROMIUM =
      List.of("/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome");

  /// A small simulation, so that the test of the operations page is short.
  private static final Map<String, String> SETTINGS =
      Map.of(
          "TICKETING_QUEUE_TIMEOUT", "20s",
          "TICKETING_LEGAL_OPERATOR", OPERATOR,
          "TICKETING_LEGAL_TERMS_URL", "https://example.com/terms",
          // One account books for many people.
          "TICKETING_RATES_BOOKING_PER_SECOND", "100000",
          "TICKETING_RATES_BOOKING_BURST", "100000",
          "TICKETING_RATES_MAX_UNDECIDED_BOOKINGS", "100000",
          "TICKETING_SIMULATION_BUYERS", "900",
          "TICKETING_SIMULATION_SEATS", "300",
          "TICKETING_SIMULATION_CONNECTIONS", "16",
          "TICKETING_SIMULATION_ARRIVAL", "6s");

  private final LocalSystem system;
  private final Playwright playwright;
  private final Browser browser;
  private final HttpClient http = HttpClient.newHttpClient();
  private final String adminToken;
  final String admin;

  private PagesFixture(Path chromium) {
    system =
        LocalSystem.start(
            SystemSettings.in(ProjectRoot.root().resolve("web-tests/target/system"))
                .withEnvironment(SETTINGS));
    playwright = Playwright.create();
    browser =
        playwright
            .chromium()
            .launch(
                new BrowserType.LaunchOptions()
                    .setExecutablePath(chromium)
                    .setArgs(List.of("--no-sandbox", "--force-color-profile=srgb")));
    admin = newEmail("admin");
    signUp(admin, "Admin");
    sql("UPDATE users SET role = 'ADMIN' WHERE email = ?", admin);
    adminToken = token(admin);
  }

  /// One [PagesFixture] for all classes, closed after the last.
  static final class Extension implements ExecutionCondition, ParameterResolver {

    private static final ExtensionContext.Namespace NAMESPACE =
        ExtensionContext.Namespace.create(PagesFixture.class);
    private static final String MISSING =
        "Chromium is missing: install the package chromium, or set CHROMIUM to its path";

    /// A condition, because Surefire reports no skip for a failed assumption of a class.
    @Override
    public ConditionEvaluationResult evaluateExecutionCondition(ExtensionContext context) {
      if (chromium().isPresent()) {
        return ConditionEvaluationResult.enabled("Chromium is installed");
      }
      System.err.println(context.getDisplayName() + " is skipped: " + MISSING);
      return ConditionEvaluationResult.disabled(MISSING);
    }

    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
      return parameter.getParameter().getType() == PagesFixture.class;
    }

    @Override
    public Object resolveParameter(ParameterContext parameter, ExtensionContext context) {
      return context
          .getRoot()
          .getStore(NAMESPACE)
          .computeIfAbsent(
              PagesFixture.class,
              key -> new PagesFixture(chromium().orElseThrow()),
              PagesFixture.class);
    }

    private static Optional<Path> chromium() {
      return Stream.concat(Stream.ofNullable(System.getenv("CHROMIUM")), CHROMIUM.stream())
          .map(Path::of)
          .filter(Files::isExecutable)
          .findFirst();
    }
  }

  URI url() {
    return system.ingress().url();
  }

  ApplicationProcess notifier() {
    return system.notifier();
  }

  void restartNotifier() {
    system.notifier().start();
    system.notifier().awaitReady(Duration.ofSeconds(120));
  }

  BrowserUser newUser(DisplaySettings settings) {
    return new BrowserUser(browser, url(), settings);
  }

  /// Holds the row lock of an event until the result is closed, so that its commands stay
  /// undecided. Unlike a pause of the workers, it may exceed the time limit of their receive calls.
  EventPause pauseEvent(long eventId) {
    try {
      Connection connection = system.servers().connect();
      try (Statement statement = connection.createStatement()) {
        connection.setAutoCommit(false);
        statement.execute("SELECT id FROM events WHERE id = " + eventId + " FOR UPDATE");
      } catch (SQLException e) {
        connection.close();
        throw e;
      }
      return new EventPause(connection);
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  record EventPause(Connection connection) implements AutoCloseable {

    @Override
    public void close() {
      try (connection) {
        connection.rollback();
      } catch (SQLException e) {
        throw new IllegalStateException(e);
      }
    }
  }

  /// Stops all workers until the result is closed.
  WorkerPause pauseWorkers() {
    return new WorkerPause(system.workers().stream().map(ApplicationProcess::pid).toList());
  }

  static final class WorkerPause implements AutoCloseable {
    private final List<Long> workers;

    private WorkerPause(List<Long> workers) {
      this.workers = workers;
      signal("-STOP");
    }

    private void signal(String signal) {
      for (long worker : workers) {
        try {
          int code = new ProcessBuilder("kill", signal, String.valueOf(worker)).start().waitFor();
          if (code != 0) {
            throw new IllegalStateException("kill " + signal + " failed with " + code);
          }
        } catch (IOException e) {
          throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          throw new IllegalStateException(e);
        }
      }
    }

    @Override
    public void close() {
      signal("-CONT");
    }
  }

  static String newEmail(String name) {
    return name + "-" + UUID.randomUUID().toString().substring(0, 8) + "@example.com";
  }

  /// @return the id of the event
  long newEvent(String name, int vipSeats, int seats, String more) {
    String vip =
        vipSeats == 0
            ? ""
            : "{\"seatType\":\"VIP\",\"price\":\"150000\",\"totalSeats\":%d},".formatted(vipSeats);
    return post(
            "/api/v1/events",
            adminToken,
            """
            {"eventName":"%s","eventDate":"2031-12-24T10:00:00Z","venueName":"Hall","venueAddress":"Seoul",
             "seatTypes":[%s{"seatType":"S","price":"55000","totalSeats":%d}]%s}\
            """
                .formatted(name, vip, seats, more))
        .get("eventId")
        .longValue();
  }

  /// Two sections side by side. The best seats are in the middle, so the page draws no stage, and
  /// the middle of the map is the middle of the picture.
  long newSeatedEvent(String name, int rows, int seats) {
    String sections =
        IntStream.of(0, 1)
            .mapToObj(section -> section(section, rows, seats))
            .collect(Collectors.joining(","));
    return newEvent(
            """
            {"eventName":"%s","eventDate":"2031-12-24T10:00:00Z","venueName":"Hall","maxSeatsPerUser":4,
             "seatTypes":[{"seatType":"VIP","price":"150000"},{"seatType":"S","price":"55000"}],
             "seatMap":{"sections":[%s]}}\
            """
                .formatted(name, sections))
        .get("eventId")
        .longValue();
  }

  private static String section(int section, int rows, int seats) {
    String type = section == 0 ? "VIP" : "S";
    return IntStream.rangeClosed(1, rows)
        .mapToObj(row ->
            IntStream.rangeClosed(1, seats)
                .mapToObj(seat ->
                    """
                    {"id":"%s-%d-%d","seatType":"%s","rank":%d,"x":%d,"y":%d}\
                    """
                        .formatted(
                            type,
                            row,
                            seat,
                            type,
                            1 + Math.abs(2 * row - rows - 1),
                            section * (seats + 2) + seat,
                            row))
                .collect(Collectors.joining(",", "{\"row\":\"" + row + "\",\"seats\":[", "]}")))
        .collect(Collectors.joining(",", "{\"section\":\"" + type + "\",\"rows\":[", "]}"));
  }

  JsonNode newEvent(String json) {
    return post("/api/v1/events", adminToken, json);
  }

  void signUp(String email, String name) {
    post(
        "/api/v1/users",
        null,
        "{\"email\":\"%s\",\"password\":\"%s\",\"name\":\"%s\"}".formatted(email, PASSWORD, name));
  }

  String token(String email) {
    return post(
            "/api/v1/auth/token",
            null,
            "{\"email\":\"%s\",\"password\":\"%s\"}".formatted(email, PASSWORD))
        .get("accessToken")
        .asString();
  }

  /// Books over REST and blocks until the decision.
  void book(String email, long event, String seatType, int quantity) {
    String token = token(email);
    String ticket =
        post(
                "/api/v1/reservations",
                token,
                "{\"eventId\":%d,\"seatType\":\"%s\",\"quantity\":%d}"
                    .formatted(event, seatType, quantity))
            .get("ticketId")
            .asString();
    await()
        .atMost(Duration.ofSeconds(30))
        .until(() ->
            !send("GET", "/api/v1/tickets/" + ticket, token, null)
                .get("status")
                .asString()
                .equals("PENDING"));
  }

  void pauseSale(long event) {
    post("/api/v1/operations/events/%d/pause".formatted(event), adminToken, "");
  }

  void resumeSale(long event) {
    post("/api/v1/operations/events/%d/resume".formatted(event), adminToken, "");
  }

  /// Expires the only hold of the event and blocks until a worker has returned its seats to sale.
  void expireHold(long event) {
    int left = seatsLeft(event);
    int held =
        sql(
            "UPDATE reservations SET expires_at = ? WHERE event_id = ? AND status = 'HELD'",
            LocalDateTime.now(ZoneOffset.UTC).minusSeconds(5),
            event);
    if (held != 1) {
      throw new IllegalStateException(held + " holds");
    }
    await().atMost(Duration.ofSeconds(30)).until(() -> seatsLeft(event) > left);
  }

  private int seatsLeft(long event) {
    return send("GET", "/api/v1/events/" + event, null, null).get("availableSeats").intValue();
  }

  /// Submits bookings of one seat each without waiting for their decisions.
  void submitBookings(String email, long event, String seatType, int bookings) {
    String token = token(email);
    for (int booking = 0; booking < bookings; booking++) {
      post(
          "/api/v1/reservations",
          token,
          "{\"eventId\":%d,\"seatType\":\"%s\",\"quantity\":1}".formatted(event, seatType));
    }
  }

  JsonNode event(long event) {
    return send("GET", "/api/v1/events/" + event, null, null);
  }

  void renameEvent(long event, String name) {
    JsonNode current = event(event);
    String body = Json.INTERNAL.writeValueAsString(current);
    send(
        "PUT",
        "/api/v1/events/" + event,
        adminToken,
        body.replace("\"" + current.get("eventName").asString() + "\"", "\"" + name + "\""));
  }

  void cancelEvent(long event) {
    send("DELETE", "/api/v1/events/" + event, adminToken, null);
  }

  JsonNode post(String path, String token, String body) {
    return send("POST", path, token, body);
  }

  void uploadPoster(long event, byte[] png) {
    HttpResponse<String> response =
        send(
            HttpRequest.newBuilder(url().resolve("/api/v1/events/%d/poster".formatted(event)))
                .timeout(Duration.ofSeconds(30))
                .header("Content-Type", "image/png")
                .header("Authorization", "Bearer " + adminToken)
                .PUT(HttpRequest.BodyPublishers.ofByteArray(png))
                .build());
    if (response.statusCode() != 200) {
      throw new IllegalStateException(response.statusCode() + " " + response.body());
    }
  }

  private JsonNode send(String method, String path, String token, String body) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(url().resolve(path))
            .timeout(Duration.ofSeconds(30))
            .header("Content-Type", "application/json")
            .method(
                method,
                body == null
                    ? HttpRequest.BodyPublishers.noBody()
                    : HttpRequest.BodyPublishers.ofString(body));
    if (token != null) {
      request.header("Authorization", "Bearer " + token);
    }
    HttpResponse<String> response = send(request.build());
    if (response.statusCode() >= 300) {
      throw new IllegalStateException(path + ": " + response.statusCode() + " " + response.body());
    }
    return response.body().isEmpty() ? null : Json.INTERNAL.readTree(response.body());
  }

  private HttpResponse<String> send(HttpRequest request) {
    try {
      return http.send(request, HttpResponse.BodyHandlers.ofString());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  /// Puts a booking of an unknown event into the dead-letter queue.
  ///
  /// @return a text that only this message contains
  String newDeadLetter() {
    UUID ticket = UUID.randomUUID();
    Command command =
        new Command.BookSeats(ticket, "unknown-user", 999_999_999, "S", 1, Instant.now());
    queueCall("SendMessage", Map.of("MessageBody", CommandCodec.encode(command)));
    return ticket.toString();
  }

  void purgeDeadLetters() {
    queueCall("PurgeQueue", Map.of());
  }

  private void queueCall(String action, Map<String, String> parameters) {
    Map<String, String> body = new HashMap<>(parameters);
    body.put("QueueUrl", system.servers().deadLetterUrl());
    HttpRequest request =
        HttpRequest.newBuilder(URI.create(system.servers().queueEndpoint()))
            .timeout(Duration.ofSeconds(10))
            .header("Content-Type", "application/x-amz-json-1.0")
            .header("X-Amz-Target", "AmazonSQS." + action)
            .POST(HttpRequest.BodyPublishers.ofString(Json.INTERNAL.writeValueAsString(body)))
            .build();
    HttpResponse<String> response = send(request);
    if (response.statusCode() != 200) {
      throw new IllegalStateException(response.body());
    }
  }

  /// @return number of changed rows
  int sql(String update, Object... values) {
    try (Connection connection = system.servers().connect();
        PreparedStatement statement = connection.prepareStatement(update)) {
      for (int i = 0; i < values.length; i++) {
        statement.setObject(i + 1, values[i]);
      }
      return statement.executeUpdate();
    } catch (SQLException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    browser.close();
    playwright.close();
    system.close();
  }
}
