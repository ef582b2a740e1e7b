package ticketing.notifier.asyncapi;

import static org.assertj.core.api.Assertions.assertThat;

import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import ticketing.domain.Json;
import ticketing.local.servers.ProjectRoot;
import ticketing.notifier.connection.CloseReason;
import ticketing.notifier.connection.ErrorFrame;
import ticketing.notifier.handshake.HandshakeAuthenticator;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.node.ObjectNode;

/// The AsyncAPI document: valid, committed as it is made from the code, and kept by what is sent.
/// Run with `mvn -Pdocs` it writes the committed copy anew.
class AsyncApiDocumentTest {

  private static final Path DOCS = ProjectRoot.root().resolve("docs");
  private static final Path COMMITTED = DOCS.resolve("api/asyncapi.json");
  private static final SchemaRegistry SCHEMAS =
      SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_7);

  private final JsonNode document = AsyncApi.document();

  @Test
  void committedCopyIsWhatTheCodeSays() throws IOException {
    String now =
        JsonMapper.builder()
                .enable(SerializationFeature.INDENT_OUTPUT)
                .build()
                .writeValueAsString(document)
                .replace("\r\n", "\n")
            + "\n";
    if (Boolean.getBoolean("ticketing.docs.write")) {
      Files.createDirectories(COMMITTED.getParent());
      Files.writeString(COMMITTED, now);
    }
    assertThat(Files.readString(COMMITTED)).as("run `mvn -Pdocs` and commit").isEqualTo(now);
  }

  @Test
  void documentIsValidAsyncApi3() throws IOException {
    try (InputStream schema = getClass().getResourceAsStream("asyncapi-3.0.0.json")) {
      assertThat(SCHEMAS.getSchema(schema).validate(document)).isEmpty();
    }
  }

  /// The examples come from the code that writes frames and messages.
  @Test
  void whatIsSentIsWhatTheDocumentSays() {
    ObjectNode components = (ObjectNode) document.get("components").deepCopy();
    for (JsonNode schema : components.get("schemas")) {
      if (schema.has("properties")) {
        ((ObjectNode) schema).put("additionalProperties", false);
      }
    }
    for (JsonNode message : components.get("messages")) {
      ObjectNode schema = (ObjectNode) message.get("payload").deepCopy();
      ObjectNode whole = Json.INTERNAL.createObjectNode();
      whole.putArray("allOf").add(schema);
      whole.set("components", components);
      assertThat(message.get("examples")).isNotEmpty();
      for (JsonNode example : message.get("examples")) {
        assertThat(SCHEMAS.getSchema(whole).validate(example.get("payload")))
            .as(example.toString())
            .isEmpty();
      }
      assertThat(SCHEMAS.getSchema(whole).validate(Json.INTERNAL.readTree("{\"other\":1}")))
          .isNotEmpty();
    }
  }

  @Test
  void ticketIsTheSameAsInTheOpenApiDocument() throws IOException {
    JsonNode rest = Json.INTERNAL.readTree(Files.readString(DOCS.resolve("api/openapi.json")));
    JsonNode pushed = document.at("/components/schemas/Ticket");
    JsonNode polled = rest.at("/components/schemas/Ticket");

    assertThat(pushed.get("properties").propertyNames())
        .containsExactlyElementsOf(polled.get("properties").propertyNames());
    assertThat(texts(pushed.get("required"))).isEqualTo(texts(polled.get("required")));
    for (String choice : List.of("action", "status", "reason")) {
      JsonNode values = pushed.at("/properties/" + choice + "/$ref");
      assertThat(texts(document.at(values.asString().substring(1) + "/enum")))
          .isNotEmpty()
          .isEqualTo(texts(polled.at("/properties/" + choice + "/enum")));
    }
  }

  private static Set<String> texts(JsonNode array) {
    Set<String> texts = new TreeSet<>();
    array.forEach(text -> texts.add(text.asString()));
    return texts;
  }

  @Test
  void pageOfErrorsTellsEachErrorOfASocket() throws IOException {
    List<String> codes = new ArrayList<>();
    Stream.of(ErrorFrame.Code.values()).map(Enum::name).forEach(codes::add);
    List<String> refusals =
        Stream.of(HandshakeAuthenticator.Refusal.values()).map(Enum::name).toList();
    List<String> closings =
        Stream.of(CloseReason.values())
            .map(CloseReason::status)
            .map(s -> s.getCode() + (s.getReason() == null ? "" : " " + s.getReason()))
            .toList();

    assertThat(table("## Errors of a socket")).containsExactlyInAnyOrderElementsOf(codes);
    assertThat(table("## Refused sockets")).containsExactlyInAnyOrderElementsOf(refusals);
    assertThat(table("## Closed sockets")).containsExactlyInAnyOrderElementsOf(closings);
  }

  /// The first cells of the table under a heading, without backticks.
  private static List<String> table(String heading) throws IOException {
    String page = Files.readString(DOCS.resolve("reference/errors.md"));
    int from = page.indexOf("\n" + heading + "\n");
    assertThat(from).as(heading).isNotNegative();
    int to = page.indexOf("\n## ", from + 1);
    return page.substring(from, to < 0 ? page.length() : to)
        .lines()
        .filter(line -> line.startsWith("| `"))
        .map(line -> line.split("\\|")[1].strip().replace("`", ""))
        .toList();
  }
}
