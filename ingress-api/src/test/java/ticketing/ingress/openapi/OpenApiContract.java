package ticketing.ingress.openapi;

import static org.assertj.core.api.Assertions.assertThat;

import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.dialect.Dialects;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import org.springframework.core.io.ClassPathResource;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import ticketing.domain.Json;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// The committed OpenAPI document, and the check that requests and responses agree with it.
public final class OpenApiContract {

  static final JsonNode DOCUMENT = load();

  /// Response schemas accept unknown properties, for clients. The check does not.
  private static final JsonNode STRICT = rejectUnknownProperties(DOCUMENT);

  private static final SchemaRegistry REGISTRY =
      SchemaRegistry.withDefaultDialect(Dialects.getOpenApi31());
  private static final Map<JsonNode, Schema> SCHEMAS = new ConcurrentHashMap<>();

  private OpenApiContract() {}

  /// One operation of the document.
  record Operation(String method, String path, JsonNode json) {

    /// The document's response for a status, with its reference resolved; missing if undocumented.
    JsonNode response(int status) {
      return resolve(json.get("responses").path(String.valueOf(status)));
    }

    JsonNode requestSchema() {
      return json.at("/requestBody/content/application~1json/schema");
    }

    boolean isPublic() {
      return json.has("security") && json.get("security").isEmpty();
    }

    private boolean matches(String otherMethod, String otherPath) {
      boolean isOtherOperation = !path.equals(otherPath) && DOCUMENT.get("paths").has(otherPath);
      return method.equals(otherMethod)
          && !isOtherOperation
          && Pattern.matches(path.replaceAll("\\{\\w+}", "[^/]+"), otherPath);
    }

    @Override
    public String toString() {
      return method + " " + path;
    }
  }

  static List<Operation> operations() {
    return DOCUMENT.get("paths").properties().stream()
        .flatMap(path ->
            path.getValue().properties().stream()
                .filter(entry -> !entry.getKey().equals("parameters"))
                .map(entry ->
                    new Operation(
                        entry.getKey().toUpperCase(Locale.ROOT), path.getKey(), entry.getValue())))
        .toList();
  }

  /// Checks the response to a documented operation: status, headers, content type, body and error
  /// code, and the request body if the request succeeded. Ignores requests of other paths and
  /// methods.
  public static void check(
      String method,
      String target,
      String requestBody,
      int status,
      UnaryOperator<String> headers,
      String body) {
    String path = target.replaceFirst("[?#].*", "");
    Optional<Operation> documented =
        operations().stream().filter(operation -> operation.matches(method, path)).findFirst();
    if (documented.isEmpty()) {
      return;
    }
    Operation operation = documented.get();
    JsonNode response = operation.response(status);
    assertThat(response.isMissingNode())
        .as("%s has an undocumented status %d: %s", operation, status, body)
        .isFalse();
    checkHeaders(operation, status, response.path("headers"), headers);
    if (!response.has("content")) {
      assertThat(body).as("body of %s, status %d", operation, status).isEmpty();
    } else {
      String type = headers.apply("Content-Type");
      JsonNode content = response.get("content").path(String.valueOf(type));
      assertThat(content.isMissingNode())
          .as("%s has an undocumented content type %s", operation, type)
          .isFalse();
      if (!type.contains("json")) {
        return;
      }
      JsonNode json = Json.INTERNAL.readTree(body);
      checkSchema(json, content.get("schema"));
      if (status >= 400) {
        assertThat(content.get("examples").propertyNames())
            .as("codes of %s, status %d", operation, status)
            .contains(json.get("code").asString());
      }
    }
    if (status < 300 && requestBody != null && operation.json().has("requestBody")) {
      checkSchema(Json.INTERNAL.readTree(requestBody), operation.requestSchema());
    }
  }

  private static void checkHeaders(
      Operation operation, int status, JsonNode documented, UnaryOperator<String> headers) {
    documented.forEachEntry((name, reference) -> {
      JsonNode header = resolve(reference);
      String value = headers.apply(name);
      if (value == null) {
        assertThat(header.path("required").asBoolean(false))
            .as("%s, status %d, lacks the header %s", operation, status, name)
            .isFalse();
      } else if (header.at("/schema/type").asString().equals("integer")) {
        assertThat(value).as(name).matches("[1-9][0-9]*");
      }
    });
  }

  static void checkSchema(JsonNode value, JsonNode schema) {
    Schema compiled = SCHEMAS.computeIfAbsent(schema, OpenApiContract::compile);
    assertThat(
            compiled.validate(
                value,
                (context, schemas) ->
                    context.executionConfig(config -> config.formatAssertionsEnabled(true))))
        .as("%s with the schema %s", value, schema)
        .isEmpty();
  }

  private static Schema compile(JsonNode schema) {
    ObjectNode whole = (ObjectNode) schema.deepCopy();
    whole.set("components", STRICT.get("components"));
    return REGISTRY.getSchema(whole);
  }

  /// The target of a local reference; other nodes as they are.
  static JsonNode resolve(JsonNode node) {
    return node.has("$ref") ? DOCUMENT.at(node.get("$ref").asString().substring(1)) : node;
  }

  private static JsonNode load() {
    try (InputStream yaml = new ClassPathResource("openapi.yaml").getInputStream()) {
      Object content = new Yaml(new SafeConstructor(new LoaderOptions())).load(yaml);
      return Json.INTERNAL.valueToTree(content);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static JsonNode rejectUnknownProperties(JsonNode document) {
    JsonNode strict = document.deepCopy();
    for (JsonNode schema : strict.at("/components/schemas")) {
      if (schema.has("properties")) {
        ((ObjectNode) schema).put("additionalProperties", false);
      }
    }
    return strict;
  }
}
