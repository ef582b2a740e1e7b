package ticketing.ingress.openapi;

import static org.assertj.core.api.Assertions.assertThat;

import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.dialect.Dialects;
import io.swagger.v3.parser.OpenAPIV3Parser;
import io.swagger.v3.parser.core.models.SwaggerParseResult;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import software.amazon.awssdk.services.sqs.SqsAsyncClient;
import ticketing.domain.Command;
import ticketing.domain.CommandCodec;
import ticketing.domain.Json;
import ticketing.domain.Reason;
import ticketing.domain.TicketStatus;
import ticketing.ingress.IngressFixture;
import ticketing.ingress.command.IdempotencyKey;
import ticketing.ingress.problem.ErrorCode;
import ticketing.local.servers.ProjectRoot;
import tools.jackson.core.json.JsonWriteFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/// The OpenAPI document: valid, committed as it is served, and kept by real answers. Run with `mvn
/// -Pdocs` it writes the committed copy anew.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ApiDocumentTest {

  private static final Path COMMITTED = ProjectRoot.root().resolve("docs/api/openapi.json");
  private static final JsonMapper PRETTY =
      JsonMapper.builder()
          .enable(SerializationFeature.INDENT_OUTPUT)
          .disable(JsonWriteFeature.ESCAPE_FORWARD_SLASHES)
          .build();
  private static final SchemaRegistry SCHEMAS =
      SchemaRegistry.withDefaultDialect(Dialects.getOpenApi31());

  private final IngressFixture ingress = IngressFixture.shared();
  private final JsonNode document = ingress.get("/v3/api-docs", null).json();
  private final JsonNode strict = closed(document);

  @Test
  void committedCopyIsWhatTheApplicationServes() throws IOException {
    String now = PRETTY.writeValueAsString(document).replace("\r\n", "\n") + "\n";
    if (Boolean.getBoolean("ticketing.docs.write")) {
      Files.createDirectories(COMMITTED.getParent());
      Files.writeString(COMMITTED, now);
    }
    assertThat(Files.readString(COMMITTED)).as("run `mvn -Pdocs` and commit").isEqualTo(now);
  }

  @Test
  void documentIsValidOpenApi31() {
    SwaggerParseResult parsed = new OpenAPIV3Parser().readContents(document.toString(), null, null);

    assertThat(parsed.getMessages()).isEmpty();
    assertThat(parsed.getOpenAPI().getOpenapi()).isEqualTo("3.1.0");
    assertThat(parsed.getOpenAPI().getPaths()).hasSize(document.get("paths").size());
  }

  @Test
  void swaggerUiShowsTheDocument() {
    IngressFixture.Answer start = ingress.get("/swagger-ui", null);
    IngressFixture.Answer page = ingress.get(start.header("Location"), null);

    assertThat(page.status()).isEqualTo(200);
    assertThat(page.body()).contains("swagger-ui");
    assertThat(ingress.get("/v3/api-docs/swagger-config", null).json().path("url").asString())
        .isEqualTo("/v3/api-docs");
  }

  /// No call can answer 405, because a method that is not allowed is no call.
  @Test
  void everyErrorCodeBelongsToSomeCall() {
    Set<String> told = new HashSet<>();
    for (JsonNode response : document.at("/components/responses")) {
      response.at("/content/application~1problem+json/examples").propertyNames().forEach(told::add);
    }
    Set<ErrorCode> calls = EnumSet.allOf(ErrorCode.class);
    calls.remove(ErrorCode.METHOD_NOT_ALLOWED);

    assertThat(told).containsExactlyInAnyOrderElementsOf(calls.stream().map(Enum::name).toList());
  }

  @Test
  void pageOfErrorsTellsEachCodeWithItsStatusAndEachReason() throws IOException {
    assertThat(table("## Error answers"))
        .containsExactlyInAnyOrderElementsOf(
            Stream.of(ErrorCode.values())
                .map(code -> List.of(code.name(), String.valueOf(code.status().value())))
                .toList());
    assertThat(table("## Reasons of a rejected ticket"))
        .extracting(List::getFirst)
        .containsExactlyInAnyOrderElementsOf(Stream.of(Reason.values()).map(Enum::name).toList());
  }

  /// The first two cells of each row of the table under a heading, without backticks.
  private static List<List<String>> table(String heading) throws IOException {
    String page = Files.readString(ProjectRoot.root().resolve("docs/reference/errors.md"));
    int from = page.indexOf("\n" + heading + "\n");
    assertThat(from).as(heading).isNotNegative();
    return page.substring(from, page.indexOf("\n## ", from + 1))
        .lines()
        .filter(line -> line.startsWith("| `"))
        .map(line -> line.replace("`", "").split("\\s*\\|\\s*"))
        .map(cells -> List.of(cells[1], cells[2]))
        .toList();
  }

  @Test
  void examplesAreWhatTheirSchemasSay() {
    int examples = 0;
    for (JsonNode path : strict.get("paths")) {
      for (JsonNode operation : path) {
        examples += checkExamples(operation.at("/requestBody/content/application~1json"));
        for (JsonNode response : operation.get("responses")) {
          for (JsonNode body : resolved(response).path("content")) {
            examples += checkExamples(body);
          }
        }
      }
    }
    assertThat(examples).isGreaterThan(100);
  }

  private int checkExamples(JsonNode body) {
    for (JsonNode example : body.path("examples")) {
      assertMatches(resolved(example).get("value"), body.get("schema"));
    }
    return body.path("examples").size();
  }

  @Test
  void callsAreGuardedAsTheDocumentSays() {
    String buyer = ingress.token(IngressFixture.newUser());
    document
        .get("paths")
        .forEachEntry(
            (template, operations) ->
                operations.forEachEntry(
                    (name, operation) -> {
                      String method = name.toUpperCase(Locale.ROOT);
                      String path =
                          template
                              .replace("{ticketId}", UUID.randomUUID().toString())
                              .replaceAll("\\{\\w+}", "999999999");
                      String body = operation.has("requestBody") ? "{}" : null;
                      IngressFixture.Answer stranger = ingress.send(method, path, null, body);
                      assertThat(
                              stranger.status() == 401 && stranger.code().equals("UNAUTHENTICATED"))
                          .as("%s %s without a token: %s", method, path, stranger)
                          .isEqualTo(operation.has("security"));
                      if (!path.endsWith("/logout")) {
                        assertThat(ingress.send(method, path, buyer, body).status() == 403)
                            .as("%s %s as a buyer", method, path)
                            .isEqualTo(operation.get("responses").has("403"));
                      }
                    }));
  }

  @Test
  void accountAnswersAreWhatTheDocumentSays() {
    String email = UUID.randomUUID() + "@example.com";
    String account =
        "{\"email\":\"%s\",\"password\":\"long enough\",\"name\":\"Buyer\"}".formatted(email);
    String credentials = "{\"email\":\"%s\",\"password\":\"%s\"}";
    String users = "/api/v1/users";
    String tokens = "/api/v1/auth/token";

    assertThat(call(201, "POST", users, null, account).header("Location")).isNotNull();
    call(409, "POST", users, null, account);
    call(400, "POST", users, null, "{\"email\":1}");
    call(415, "POST", users, null, account, "Content-Type", "text/plain");
    call(413, "POST", users, null, " ".repeat(20_000));
    String token =
        call(200, "POST", tokens, null, credentials.formatted(email, "long enough"))
            .json()
            .get("accessToken")
            .asString();
    call(401, "POST", tokens, null, credentials.formatted(email, "wrong"));
    assertThat(call(401, "GET", "/api/v1/users/me", "bad").header("WWW-Authenticate")).isNotNull();
    call(200, "GET", "/api/v1/users/me", token);
    call(406, "GET", "/api/v1/users/me", token, null, "Accept", "image/png");
    call(200, "GET", "/api/v1/users/me", ingress.token(IngressFixture.newUser()));
    call(204, "POST", "/api/v1/auth/logout", token);
    call(401, "GET", "/api/v1/users/me", token);
  }

  @Test
  void eventAnswersAreWhatTheDocumentSays() {
    String admin = ingress.admin();
    IngressFixture.Answer made =
        call(201, "POST", "/api/v1/events", admin, IngressFixture.event(""));
    String path = made.header("Location");
    long eventId = made.json().get("eventId").longValue();
    String operations = "/api/v1/operations/events/" + eventId;

    call(403, "POST", "/api/v1/events", ingress.token("x"), IngressFixture.event(""));
    call(400, "POST", "/api/v1/events", admin, "{}");
    call(200, "GET", "/api/v1/events", null);
    call(400, "GET", "/api/v1/events?size=0", null);
    String tag = call(200, "GET", path, null).header("ETag");
    call(304, "GET", path, null, null, "If-None-Match", tag);
    call(404, "GET", "/api/v1/events/999999999", null);
    call(200, "PUT", path, admin, IngressFixture.event(""));
    call(200, "POST", operations + "/pause", admin);
    IngressFixture.Answer paused = book(425, eventId);
    assertThat(paused.header("Retry-After")).matches("[1-9][0-9]*");
    call(200, "POST", operations + "/resume", admin);
    call(204, "DELETE", path, admin);
    call(409, "PUT", path, admin, IngressFixture.event(""));
    book(409, eventId);
    book(404, 999_999_999);
  }

  private IngressFixture.Answer book(int status, long eventId) {
    String user = ingress.token(IngressFixture.newUser());
    return call(status, "POST", "/api/v1/reservations", user, IngressFixture.booking(eventId, 2));
  }

  @Test
  void bookingAnswersAreWhatTheDocumentSays() {
    String user = IngressFixture.newUser();
    String token = ingress.token(user);
    String bookings = "/api/v1/reservations";
    long eventId = ingress.newEvent();
    ingress.drain();

    IngressFixture.Answer accepted =
        call(
            202,
            "POST",
            bookings,
            token,
            IngressFixture.booking(eventId, 2),
            IdempotencyKey.HEADER,
            "once");
    String path = accepted.header("Location");
    assertThat(accepted.header("Retry-After")).matches("[1-9][0-9]*");
    call(
        422,
        "POST",
        bookings,
        token,
        IngressFixture.booking(eventId, 1),
        IdempotencyKey.HEADER,
        "once");
    call(400, "POST", bookings, token, IngressFixture.booking(eventId, 11));
    call(
        400,
        "POST",
        bookings,
        token,
        IngressFixture.booking(eventId, 1),
        IdempotencyKey.HEADER,
        "");
    call(401, "POST", bookings, null, IngressFixture.booking(eventId, 1));
    IngressFixture.Answer pending = call(200, "GET", path, token, null, "Prefer", "wait=0");
    assertThat(pending.header("Preference-Applied")).isEqualTo("wait=0");
    assertThat(pending.header("Retry-After")).matches("[1-9][0-9]*");
    long reservationId = ingress.reserve(user, eventId, "HELD", Instant.now().plusSeconds(600));
    ingress.decide(ingress.drain().getFirst(), TicketStatus.CONFIRMED, null, reservationId);
    String tag = call(200, "GET", path, token).header("ETag");
    call(304, "GET", path, token, null, "If-None-Match", tag);
    call(404, "GET", path, ingress.token(IngressFixture.newUser()));
    call(400, "GET", "/api/v1/tickets/none", token);

    String own = bookings + "/" + reservationId;
    call(200, "GET", own, token);
    call(404, "GET", own, ingress.token(IngressFixture.newUser()));
    call(200, "GET", "/api/v1/users/me/reservations", token);
    call(202, "POST", own + "/confirmation", token);
    call(202, "DELETE", own, token);
    String cancelled = call(202, "DELETE", own, token).header("Location");
    List<Command> commands = ingress.drain();
    ingress.decide(
        commands.getLast(), TicketStatus.REJECTED, Reason.NOT_CANCELLABLE, reservationId);
    assertThat(call(200, "GET", cancelled, token).json().path("reason").asString())
        .isEqualTo("NOT_CANCELLABLE");
  }

  @Test
  void operationsAnswersAreWhatTheDocumentSays() {
    String admin = ingress.admin();
    SqsAsyncClient sqs = ingress.context.getBean(SqsAsyncClient.class);
    String bookings = sqs.getQueueUrl(q -> q.queueName(ingress.queue)).join().queueUrl();
    String deadLetters =
        sqs.getQueueUrl(q -> q.queueName(ingress.queue + "-dlq")).join().queueUrl();
    Command lost =
        new Command.CancelReservation(UUID.randomUUID(), "user", 1, 42, true, Instant.now());
    sqs.sendMessage(m -> m.queueUrl(deadLetters).messageBody(CommandCodec.encode(lost))).join();
    sqs.sendMessage(m -> m.queueUrl(deadLetters).messageBody("not ours")).join();

    call(200, "GET", "/api/v1/operations/queue", admin);
    call(200, "GET", "/api/v1/operations/figures", admin);
    call(200, "POST", "/api/v1/operations/caches/eviction", admin);
    assertThat(call(200, "GET", "/api/v1/operations/dead-letters", admin).json().get("content"))
        .hasSize(2);
    call(200, "POST", "/api/v1/operations/dead-letters/redrive", admin);
    sqs.purgeQueue(queue -> queue.queueUrl(bookings)).join();
  }

  private IngressFixture.Answer call(int status, String method, String path, String token) {
    return call(status, method, path, token, null, new String[0]);
  }

  /// Sends a request, and holds request and answer against the document.
  private IngressFixture.Answer call(
      int status, String method, String path, String token, String body, String... headers) {
    IngressFixture.Answer answer = ingress.send(method, path, token, body, headers);
    assertThat(answer.status()).as("%s %s: %s", method, path, answer.body()).isEqualTo(status);
    JsonNode operation = operations(path).get(method.toLowerCase(Locale.ROOT));
    JsonNode response = resolved(operation.get("responses").path(String.valueOf(status)));
    assertThat(response.isMissingNode()).as("%s %s may answer %d", method, path, status).isFalse();
    if (response.has("content")) {
      String type = answer.header("Content-Type");
      assertThat(response.get("content").propertyNames()).contains(type);
      assertMatches(answer.json(), response.get("content").get(type).get("schema"));
    } else {
      assertThat(answer.body()).isEmpty();
    }
    if (status < 400 && body != null) {
      assertMatches(
          Json.INTERNAL.readTree(body),
          operation.at("/requestBody/content/application~1json/schema"));
    }
    return answer;
  }

  private JsonNode operations(String path) {
    return strict.get("paths").properties().stream()
        .filter(
            entry ->
                path.replaceFirst("\\?.*", "")
                    .matches(entry.getKey().replaceAll("\\{\\w+}", "[^/]+")))
        .map(Map.Entry::getValue)
        .findFirst()
        .orElseThrow();
  }

  private void assertMatches(JsonNode value, JsonNode schema) {
    ObjectNode whole = ((ObjectNode) schema.deepCopy()).set("components", strict.get("components"));
    assertThat(
            SCHEMAS
                .getSchema(whole)
                .validate(
                    value,
                    (context, schemas) ->
                        context.executionConfig(config -> config.formatAssertionsEnabled(true))))
        .as(value.toString())
        .isEmpty();
  }

  private JsonNode resolved(JsonNode node) {
    return node.has("$ref") ? strict.at(node.get("$ref").asString().substring(1)) : node;
  }

  /// Clients must put up with properties that they do not know; this test must not.
  private static JsonNode closed(JsonNode document) {
    JsonNode closed = document.deepCopy();
    for (JsonNode schema : closed.at("/components/schemas")) {
      if (schema.has("properties")) {
        ((ObjectNode) schema).put("additionalProperties", false);
      }
    }
    return closed;
  }
}
