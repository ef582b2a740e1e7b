package ticketing.ingress.openapi;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.swagger.v3.parser.OpenAPIV3Parser;
import io.swagger.v3.parser.core.models.SwaggerParseResult;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotEmpty;
import jakarta.validation.constraints.NotNull;
import jakarta.validation.constraints.Size;
import java.io.IOException;
import java.lang.reflect.Method;
import java.lang.reflect.ParameterizedType;
import java.lang.reflect.RecordComponent;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.UUID;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.springframework.context.annotation.Profile;
import org.springframework.core.DefaultParameterNameDiscoverer;
import org.springframework.core.MethodParameter;
import org.springframework.core.annotation.AnnotatedElementUtils;
import org.springframework.core.io.ClassPathResource;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestMethod;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.ValueConstants;
import org.springframework.web.method.HandlerMethod;
import org.springframework.web.servlet.mvc.method.RequestMappingInfo;
import org.springframework.web.servlet.mvc.method.annotation.RequestMappingHandlerMapping;
import ticketing.domain.Action;
import ticketing.domain.Command;
import ticketing.domain.EventStatus;
import ticketing.domain.Reason;
import ticketing.domain.Ticket;
import ticketing.domain.TicketStatus;
import ticketing.ingress.IngressFixture;
import ticketing.ingress.event.EventRequest;
import ticketing.ingress.problem.ErrorCode;
import ticketing.ingress.reservation.ReservationView;
import ticketing.ingress.text.NotBlankText;
import ticketing.security.Role;
import tools.jackson.databind.JsonNode;

/// Compares the OpenAPI document with the code, and checks its form.
class OpenApiDocumentTest {

  private static final JsonNode DOCUMENT = OpenApiContract.DOCUMENT;
  private static final JsonNode SCHEMAS = DOCUMENT.at("/components/schemas");
  private static final List<String> BLANK_TEXTS =
      List.of("", " ", "\0", "\u0019", "\t\n\r", "\u1680\u2003", "\u2028\u2029", "\u205f\u3000");
  private static final Map<Class<?>, List<String>> READ_ONLY_FIELDS =
      Map.of(
          EventRequest.class,
              List.of(
                  "eventId",
                  "status",
                  "totalSeats",
                  "availableSeats",
                  "seatMapRevision",
                  "descriptionHtml",
                  "posterUrl"),
          EventRequest.SeatType.class, List.of("availableSeats"));

  private final IngressFixture ingress = IngressFixture.shared();

  @Test
  void documentIsServedAsYamlAndJson() throws IOException {
    IngressFixture.Answer yaml = ingress.get("/v3/api-docs.yaml", null);
    IngressFixture.Answer json = ingress.get("/v3/api-docs", null);

    assertThat(yaml.header("Content-Type")).isEqualTo("application/yaml");
    assertThat(yaml.body())
        .isEqualTo(
            new ClassPathResource("openapi.yaml").getContentAsString(StandardCharsets.UTF_8));
    assertThat(json.header("Content-Type")).isEqualTo("application/json");
    assertThat(json.json()).isEqualTo(DOCUMENT);
  }

  @Test
  void documentIsValidOpenApi31() {
    SwaggerParseResult parsed = new OpenAPIV3Parser().readContents(DOCUMENT.toString(), null, null);

    assertThat(parsed.getMessages()).isEmpty();
    assertThat(parsed.getOpenAPI().getOpenapi()).isEqualTo("3.1.0");
    assertThat(parsed.getOpenAPI().getPaths()).hasSize(DOCUMENT.get("paths").size());
  }

  @Test
  void swaggerUiLoadsTheDocument() {
    IngressFixture.Answer page = ingress.get("/swagger-ui", null);

    assertThat(page.status()).isEqualTo(200);
    assertThat(page.header("Content-Type")).startsWith("text/html");
    assertThat(page.body()).contains("/swagger-ui/init.js", "/webjars/swagger-ui/swagger-ui.css");
    assertThat(ingress.get("/swagger-ui/init.js", null).body()).contains("'/v3/api-docs'");
    assertThat(ingress.get("/webjars/swagger-ui/swagger-ui-bundle.js", null).status())
        .isEqualTo(200);
  }

  @Test
  void everyHandlerIsDocumentedAndViceVersa() {
    assertThat(handlers().keySet())
        .containsExactlyInAnyOrderElementsOf(
            OpenApiContract.operations().stream()
                .map(OpenApiContract.Operation::toString)
                .toList());
  }

  @Test
  void parametersMatchTheHandlers() {
    Map<String, HandlerMethod> handlers = handlers();
    for (OpenApiContract.Operation operation : OpenApiContract.operations()) {
      Map<String, JsonNode> documented = parameters(operation);
      Set<String> handled = new TreeSet<>();
      for (MethodParameter parameter : handlers.get(operation.toString()).getMethodParameters()) {
        handled.addAll(compareParameter(operation, parameter, documented));
      }
      assertThat(handled).as(operation.toString()).isEqualTo(documented.keySet());
    }
  }

  /// @return the location and name of the parameter; empty if clients do not send it
  private static List<String> compareParameter(
      OpenApiContract.Operation operation,
      MethodParameter parameter,
      Map<String, JsonNode> documented) {
    parameter.initParameterNameDiscovery(new DefaultParameterNameDiscoverer());
    RequestParam query = parameter.getParameterAnnotation(RequestParam.class);
    RequestHeader header = parameter.getParameterAnnotation(RequestHeader.class);
    String key =
        parameter.hasParameterAnnotation(PathVariable.class)
            ? "path " + parameter.getParameterName()
            : query != null
                ? "query " + parameter.getParameterName()
                : header != null ? "header " + header.name() : "";
    if (key.isEmpty()) {
      return List.of();
    }
    JsonNode json = documented.get(key);
    assertThat(json).as("%s lacks %s", operation, key).isNotNull();
    boolean required =
        key.startsWith("path")
            || query != null
                && query.required()
                && query.defaultValue().equals(ValueConstants.DEFAULT_NONE);
    assertThat(json.path("required").asBoolean(false)).as(key).isEqualTo(required);
    JsonNode schema = OpenApiContract.resolve(json.get("schema"));
    if (query != null && !query.defaultValue().equals(ValueConstants.DEFAULT_NONE)) {
      assertThat(schema.get("default").asString()).as(key).isEqualTo(query.defaultValue());
    }
    Min min = parameter.getParameterAnnotation(Min.class);
    Max max = parameter.getParameterAnnotation(Max.class);
    if (min != null && max != null) {
      assertThat(schema.get("minimum").longValue()).as(key).isEqualTo(min.value());
      assertThat(schema.get("maximum").longValue()).as(key).isEqualTo(max.value());
    }
    return List.of(key);
  }

  private static Map<String, JsonNode> parameters(OpenApiContract.Operation operation) {
    Map<String, JsonNode> parameters = new TreeMap<>();
    for (JsonNode owner : List.of(DOCUMENT.get("paths").get(operation.path()), operation.json())) {
      for (JsonNode reference : owner.path("parameters")) {
        JsonNode parameter = OpenApiContract.resolve(reference);
        parameters.put(
            parameter.get("in").asString() + " " + parameter.get("name").asString(), parameter);
      }
    }
    return parameters;
  }

  @Test
  void requestBodiesMatchTheHandlers() {
    Map<String, HandlerMethod> handlers = handlers();
    for (OpenApiContract.Operation operation : OpenApiContract.operations()) {
      List<Class<?>> bodies = new ArrayList<>();
      for (MethodParameter parameter : handlers.get(operation.toString()).getMethodParameters()) {
        if (parameter.hasParameterAnnotation(RequestBody.class)) {
          bodies.add(parameter.getParameterType());
        }
      }
      assertThat(bodies).hasSize(operation.json().has("requestBody") ? 1 : 0);
      if (bodies.remove(byte[].class)) {
        assertThat(operation.json().at("/requestBody/content").propertyNames())
            .as(operation.toString())
            .containsExactlyInAnyOrder(
                AnnotatedElementUtils.findMergedAnnotation(
                        handlers.get(operation.toString()).getMethod(), RequestMapping.class)
                    .consumes());
      }
      bodies.forEach(body ->
          compareRequest(
              body,
              operation.requestSchema(),
              !operation.toString().equals("POST /api/v1/events")));
    }
  }

  /// @param readOnlyFields true if the request accepts the read-only fields of an event
  private static void compareRequest(Class<?> type, JsonNode reference, boolean readOnlyFields) {
    JsonNode schema = OpenApiContract.resolve(reference);
    assertThat(schema.path("additionalProperties").asBoolean(true)).as(type.getName()).isFalse();
    List<String> names = new ArrayList<>(names(type));
    if (!readOnlyFields) {
      names.removeAll(READ_ONLY_FIELDS.getOrDefault(type, List.of()));
    }
    assertThat(schema.get("properties").propertyNames()).containsExactlyElementsOf(names);
    Set<String> required = new TreeSet<>();
    for (RecordComponent component : type.getRecordComponents()) {
      Method accessor = component.getAccessor();
      JsonNode property = schema.get("properties").get(component.getName());
      if (Stream.of(NotNull.class, NotBlankText.class, NotEmpty.class)
          .anyMatch(accessor::isAnnotationPresent)) {
        required.add(component.getName());
      }
      if (accessor.isAnnotationPresent(NotBlankText.class)) {
        Pattern documented = Pattern.compile(property.get("pattern").asString());
        for (String blank : BLANK_TEXTS) {
          assertThat(blank.matches(NotBlankText.REGEXP)).as("'%s'", blank).isFalse();
          assertThat(documented.matcher(blank).find()).as("%s '%s'", component, blank).isFalse();
        }
      }
      Size size = accessor.getAnnotation(Size.class);
      if (size != null) {
        String unit = property.has("items") ? "Items" : "Length";
        assertThat(property.get("max" + unit).intValue())
            .as(component.toString())
            .isEqualTo(size.max());
        assertThat(property.path("min" + unit).asInt(0))
            .as(component.toString())
            .isGreaterThanOrEqualTo(size.min());
      }
      Min min = accessor.getAnnotation(Min.class);
      Max max = accessor.getAnnotation(Max.class);
      if (min != null && max != null) {
        assertThat(property.get("minimum").longValue())
            .as(component.toString())
            .isEqualTo(min.value());
        assertThat(property.get("maximum").longValue())
            .as(component.toString())
            .isEqualTo(max.value());
      }
      if (component.getGenericType() instanceof ParameterizedType list
          && list.getActualTypeArguments()[0] instanceof Class<?> item
          && item.isRecord()) {
        compareRequest(item, property.get("items"), readOnlyFields);
      }
    }
    assertThat(strings(schema.get("required"))).containsExactlyInAnyOrderElementsOf(required);
  }

  /// Responses are validated in other tests. This one finds documented fields without a source.
  @Test
  void optionalResponseFieldsMatchTheRecords() {
    assertThat(SCHEMAS.at("/Ticket/properties").propertyNames())
        .containsExactlyElementsOf(names(Ticket.class));
    Map.of(
            "BookCommand", Command.BookSeats.class,
            "ConfirmCommand", Command.ConfirmHold.class,
            "CancelCommand", Command.CancelReservation.class,
            "ChangeSeatsCommand", Command.ChangeSeats.class,
            "JoinCommand", Command.JoinWaitingList.class,
            "LeaveCommand", Command.LeaveWaitingList.class)
        .forEach((schema, record) -> {
          List<String> names = new ArrayList<>(List.of("action"));
          names.addAll(names(record));
          assertThat(SCHEMAS.get(schema).get("properties").propertyNames())
              .containsExactlyElementsOf(names);
        });
  }

  private static List<String> names(Class<?> type) {
    return Arrays.stream(type.getRecordComponents())
        .map(component ->
            Optional.ofNullable(component.getAccessor().getAnnotation(JsonProperty.class))
                .map(JsonProperty::value)
                .orElse(component.getName()))
        .toList();
  }

  @Test
  void enumerationsMatchTheCode() {
    Map.of(
            "Role", constants(Role.values()),
            "EventStatus", constants(EventStatus.values()),
            "ReservationStatus", constants(ReservationView.Status.values()),
            "Action", constants(Action.values()),
            "TicketStatus", constants(TicketStatus.values()),
            "Reason", constants(Reason.values()),
            "ErrorCode", constants(ErrorCode.values()))
        .forEach((schema, values) ->
            assertThat(strings(SCHEMAS.get(schema).get("enum"))).as(schema).isEqualTo(values));
  }

  private static List<String> constants(Enum<?>[] values) {
    return Arrays.stream(values).map(Enum::name).toList();
  }

  /// A token is ignored where none is required.
  @Test
  void publicOperationsNeedNoToken() {
    for (OpenApiContract.Operation operation : OpenApiContract.operations()) {
      if (operation.isPublic()) {
        assertThat(operation.json().at("/responses/401/$ref").asString(""))
            .as(operation.toString())
            .isNotEqualTo("#/components/responses/Unauthenticated");
      }
    }
  }

  /// An unsupported method belongs to no operation, so no operation answers 405.
  @Test
  void everyErrorCodeBelongsToAResponse() {
    Set<String> documented = new TreeSet<>();
    for (OpenApiContract.Operation operation : OpenApiContract.operations()) {
      for (int status = 400; status < 600; status++) {
        for (JsonNode reference :
            operation.response(status).at("/content/application~1problem+json/examples")) {
          JsonNode problem = OpenApiContract.resolve(reference).get("value");
          ErrorCode code = ErrorCode.valueOf(problem.get("code").asString());
          assertThat(code.status().value()).as("%s %s", operation, code).isEqualTo(status);
          assertThat(problem.get("status").intValue()).as(code.name()).isEqualTo(status);
          assertThat(problem.get("title").asString()).isEqualTo(code.status().getReasonPhrase());
          documented.add(code.name());
        }
      }
    }
    // No operation of the document has these requests.
    Stream.of(
            ErrorCode.METHOD_NOT_ALLOWED,
            ErrorCode.REQUEST_TIMEOUT,
            ErrorCode.URI_TOO_LONG,
            ErrorCode.RANGE_NOT_SATISFIABLE,
            ErrorCode.EXPECTATION_FAILED,
            ErrorCode.HEADERS_TOO_LARGE,
            ErrorCode.NOT_IMPLEMENTED,
            ErrorCode.HTTP_VERSION_NOT_SUPPORTED)
        .map(ErrorCode::name)
        .forEach(documented::add);
    assertThat(documented).containsExactlyInAnyOrderElementsOf(constants(ErrorCode.values()));
  }

  @Test
  void eachCodeIsDescribedWithItsStatus() {
    JsonNode codes = SCHEMAS.at("/ErrorCode/x-codes");
    assertThat(codes.propertyNames())
        .containsExactlyInAnyOrderElementsOf(constants(ErrorCode.values()));
    for (ErrorCode code : ErrorCode.values()) {
      assertThat(codes.get(code.name()).get("status").intValue())
          .as(code.name())
          .isEqualTo(code.status().value());
    }
    assertThat(SCHEMAS.at("/Reason/x-codes").propertyNames())
        .containsExactlyInAnyOrderElementsOf(constants(Reason.values()));
  }

  @Test
  void operationsRequireTheDocumentedAuthentication() {
    String buyer = ingress.token(IngressFixture.newUser());
    for (OpenApiContract.Operation operation : OpenApiContract.operations()) {
      String path =
          operation
              .path()
              .replace("{ticketId}", UUID.randomUUID().toString())
              .replaceAll("\\{\\w+}", "999999999");
      String body = operation.json().has("requestBody") ? "{}" : null;
      IngressFixture.Answer anonymous = ingress.send(operation.method(), path, null, body);
      assertThat(anonymous.status() == 401 && anonymous.code().equals("UNAUTHENTICATED"))
          .as("%s without a token: %s", operation, anonymous)
          .isEqualTo(!operation.isPublic());
      if (!path.endsWith("/logout")) {
        assertThat(ingress.send(operation.method(), path, buyer, body).status() == 403)
            .as("%s as a buyer", operation)
            .isEqualTo(operation.response(403).toString().contains("\"FORBIDDEN\""));
      }
    }
  }

  @Test
  void operationsAreDescribed() {
    for (OpenApiContract.Operation operation : OpenApiContract.operations()) {
      for (String field : List.of("operationId", "description", "tags", "summary")) {
        assertThat(operation.json().path(field).isEmpty() && !operation.json().has(field))
            .as("%s lacks %s", operation, field)
            .isFalse();
      }
      assertThat(operation.json().get("summary").asString())
          .as(operation.toString())
          .matches("[A-Z][a-z]+ .*[^.]");
      operation
          .json()
          .get("responses")
          .forEachEntry((status, response) ->
              assertThat(status.charAt(0) < '4' || response.has("$ref"))
                  .as("%s names the response %s", operation, status)
                  .isTrue());
    }
  }

  @Test
  void schemaFieldsHaveDescriptionAndExample() {
    SCHEMAS.forEachEntry((name, schema) -> {
      assertThat(schema.has("description")).as(name).isTrue();
      schema
          .path("properties")
          .forEachEntry((field, property) -> {
            JsonNode target = OpenApiContract.resolve(property);
            assertThat(target.has("description")).as("%s.%s", name, field).isTrue();
            assertThat(
                    property.has("$ref")
                        || property.has("items")
                        || property.has("oneOf")
                        || property.has("example"))
                .as("%s.%s has an example", name, field)
                .isTrue();
          });
    });
  }

  /// Code generators name inline objects by number. Some regular expression engines lack Unicode
  /// categories.
  @Test
  void schemasAreNamedAndPatternsPortable() {
    checkNested(DOCUMENT.get("paths"));
    DOCUMENT
        .get("components")
        .forEachEntry((kind, components) -> {
          for (JsonNode component : components) {
            if (kind.equals("schemas")) {
              component.path("properties").forEach(OpenApiDocumentTest::checkNested);
            } else if (!kind.equals("examples")) {
              checkNested(component);
            }
          }
        });
    for (String pattern : DOCUMENT.findValuesAsString("pattern")) {
      assertThat(pattern).doesNotContain("\\p", "\\u", "\\d", "(?");
    }
  }

  private static void checkNested(JsonNode node) {
    assertThat(node.has("properties") || node.path("type").asString("").equals("object"))
        .as("inline object: %s", node)
        .isFalse();
    node.forEach(OpenApiDocumentTest::checkNested);
  }

  @Test
  void examplesMatchTheirSchemas() {
    List<JsonNode> checked = new ArrayList<>();
    SCHEMAS.forEach(schema -> checkExamples(schema, checked));
    DOCUMENT.at("/components/responses").forEach(response -> checkExamples(response, checked));
    DOCUMENT.at("/components/parameters").forEach(parameter -> checkExamples(parameter, checked));
    DOCUMENT.at("/components/headers").forEach(header -> checkExamples(header, checked));
    checkExamples(DOCUMENT.get("paths"), checked);
    assertThat(checked).hasSizeGreaterThan(150);
  }

  private static void checkExamples(JsonNode node, List<JsonNode> checked) {
    JsonNode schema = node.has("schema") ? node.get("schema") : node;
    if (node.has("example")) {
      OpenApiContract.checkSchema(node.get("example"), schema);
      checked.add(node);
    }
    for (JsonNode reference : node.path("examples")) {
      OpenApiContract.checkSchema(OpenApiContract.resolve(reference).get("value"), schema);
      checked.add(reference);
    }
    node.forEachEntry((name, child) -> {
      if (!name.startsWith("example")) {
        checkExamples(child, checked);
      }
    });
    if (node.isArray()) {
      node.forEach(child -> checkExamples(child, checked));
    }
  }

  /// The public handlers by method and path, without those of the local profile.
  private Map<String, HandlerMethod> handlers() {
    Map<String, HandlerMethod> handlers = new TreeMap<>();
    RequestMappingHandlerMapping mapping =
        ingress.context.getBean("requestMappingHandlerMapping", RequestMappingHandlerMapping.class);
    mapping
        .getHandlerMethods()
        .forEach((RequestMappingInfo info, HandlerMethod handler) -> {
          if (AnnotatedElementUtils.hasAnnotation(handler.getBeanType(), Profile.class)) {
            return;
          }
          for (String path : info.getPatternValues()) {
            for (RequestMethod method : info.getMethodsCondition().getMethods()) {
              if (path.startsWith("/api/") || path.startsWith("/.well-known/")) {
                handlers.put(method + " " + path.replaceAll("\\{(\\w+):[^}]*}", "{$1}"), handler);
              }
            }
          }
        });
    return handlers;
  }

  private static List<String> strings(JsonNode array) {
    return array.valueStream().map(JsonNode::asString).toList();
  }
}
