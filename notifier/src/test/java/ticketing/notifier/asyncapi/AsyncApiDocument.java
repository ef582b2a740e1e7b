package ticketing.notifier.asyncapi;

import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import ticketing.domain.Json;
import ticketing.local.servers.ProjectRoot;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;
import tools.jackson.dataformat.yaml.YAMLMapper;

/// The committed AsyncAPI document. It validates frames strictly: an undocumented property is a
/// violation.
public final class AsyncApiDocument {

  static final SchemaRegistry SCHEMAS =
      SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_7);

  private static final Path FILE = ProjectRoot.root().resolve("docs/api/asyncapi.yaml");
  private static final AsyncApiDocument COMMITTED = new AsyncApiDocument(read());

  private final JsonNode document;
  private final JsonNode strictComponents;
  private final Map<Set<String>, Schema> schemas = new ConcurrentHashMap<>();

  AsyncApiDocument(JsonNode document) {
    this.document = document;
    ObjectNode components = (ObjectNode) document.get("components").deepCopy();
    for (JsonNode schema : components.get("schemas")) {
      if (schema.has("properties")) {
        ((ObjectNode) schema).put("additionalProperties", false);
      }
    }
    this.strictComponents = components;
  }

  public static AsyncApiDocument committed() {
    return COMMITTED;
  }

  private static JsonNode read() {
    try {
      return YAMLMapper.builder().build().readTree(Files.readString(FILE));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  JsonNode json() {
    return document;
  }

  /// Violations of a frame that the server sends on a path.
  public List<String> validateServerFrame(String path, JsonNode frame) {
    return validate(messages(channel(path), "send"), frame);
  }

  /// Violations of a frame that a client sends on a path.
  public List<String> validateClientFrame(String path, JsonNode frame) {
    return validate(messages(channel(path), "receive"), frame);
  }

  /// Violations of a payload, against one of the named messages.
  List<String> validate(Set<String> messages, JsonNode payload) {
    if (messages.isEmpty()) {
      return List.of("the document has no message for this frame");
    }
    return schemas.computeIfAbsent(messages, this::schema).validate(payload).stream()
        .map(Object::toString)
        .toList();
  }

  /// Codes with which the server closes connections of a path.
  public Set<Integer> closeCodes(String path) {
    Set<Integer> codes = new TreeSet<>();
    document
        .at("/channels/" + channel(path) + "/x-close-codes")
        .forEach(code -> codes.add(code.path("code").asInt()));
    return codes;
  }

  /// Name of the channel with the address of a request path.
  private String channel(String path) {
    return document.get("channels").properties().stream()
        .filter(channel -> path.matches(addressPattern(channel.getValue())))
        .map(Map.Entry::getKey)
        .findFirst()
        .orElseThrow(() -> new AssertionError("the document has no channel for " + path));
  }

  private static String addressPattern(JsonNode channel) {
    return channel.path("address").asString().replaceAll("\\{\\w+}", "[^/]+");
  }

  private Set<String> messages(String channel, String action) {
    Set<String> names = new TreeSet<>();
    for (JsonNode operation : document.get("operations")) {
      if (operation.path("action").asString().equals(action)
          && lastSegment(operation.at("/channel/$ref")).equals(channel)) {
        operation.get("messages").forEach(message -> names.add(lastSegment(message.path("$ref"))));
      }
    }
    return names;
  }

  private Schema schema(Set<String> messages) {
    ObjectNode schema = Json.INTERNAL.createObjectNode();
    ArrayNode alternatives = schema.putArray("anyOf");
    messages.forEach(message ->
        alternatives.add(strictComponents.at("/messages/" + message + "/payload").deepCopy()));
    schema.set("components", strictComponents);
    return SCHEMAS.getSchema(schema);
  }

  /// Values of the enumeration that a named schema defines.
  List<String> enumeration(String schema) {
    return texts(document.at("/components/schemas/" + schema + "/enum"));
  }

  static List<String> texts(JsonNode array) {
    List<String> texts = new ArrayList<>();
    array.forEach(text -> texts.add(text.asString()));
    return texts;
  }

  static List<String> names(Enum<?>[] values) {
    return Stream.of(values).map(Enum::name).toList();
  }

  private static String lastSegment(JsonNode reference) {
    String text = reference.asString();
    return text.substring(text.lastIndexOf('/') + 1);
  }
}
