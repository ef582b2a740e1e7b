package ticketing.ingress.openapi;

import io.swagger.v3.core.converter.AnnotatedType;
import io.swagger.v3.core.converter.ModelConverters;
import io.swagger.v3.oas.models.Components;
import io.swagger.v3.oas.models.OpenAPI;
import io.swagger.v3.oas.models.Operation;
import io.swagger.v3.oas.models.PathItem;
import io.swagger.v3.oas.models.Paths;
import io.swagger.v3.oas.models.examples.Example;
import io.swagger.v3.oas.models.headers.Header;
import io.swagger.v3.oas.models.info.Info;
import io.swagger.v3.oas.models.info.License;
import io.swagger.v3.oas.models.media.Content;
import io.swagger.v3.oas.models.media.JsonSchema;
import io.swagger.v3.oas.models.media.MediaType;
import io.swagger.v3.oas.models.media.Schema;
import io.swagger.v3.oas.models.parameters.HeaderParameter;
import io.swagger.v3.oas.models.parameters.Parameter;
import io.swagger.v3.oas.models.responses.ApiResponse;
import io.swagger.v3.oas.models.responses.ApiResponses;
import io.swagger.v3.oas.models.security.SecurityRequirement;
import io.swagger.v3.oas.models.security.SecurityScheme;
import io.swagger.v3.oas.models.servers.Server;
import io.swagger.v3.oas.models.tags.Tag;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import org.springdoc.core.customizers.OpenApiCustomizer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpMethod;
import org.springframework.http.HttpStatus;
import org.springframework.http.ProblemDetail;
import ticketing.ingress.command.IdempotencyKey;
import ticketing.ingress.problem.ApiException;
import ticketing.ingress.problem.ErrorCode;
import ticketing.ingress.problem.ProblemDetailAdvice;
import tools.jackson.databind.SerializationFeature;
import tools.jackson.databind.json.JsonMapper;

/// The OpenAPI document at `/v3/api-docs`. What a call takes and gives comes from its handler
/// method, the rest from [ApiCalls]; error answers follow from [ErrorCode]. A handler without an
/// entry there, or an entry without a handler, makes the document fail.
@Configuration(proxyBeanMethods = false)
class ApiDocument {

  private static final String BEARER = "bearer";
  private static final String PROBLEM = "Problem";
  private static final String NOT_MODIFIED = "304";
  private static final String DESCRIPTION =
      """
      Bookings are asked for, not made: the answer is 202 with a ticket, and the ticket tells what \
      became of it, by polling here or by WebSocket (see the AsyncAPI document). Times are ISO-8601 \
      in UTC. Errors are problem details (RFC 9457) with a stable `code`. Clients must ignore \
      properties that they do not know; the server refuses those that it does not know.\
      """;

  private final JsonMapper json;

  ApiDocument(JsonMapper json) {
    this.json = json;
  }

  @Bean
  OpenAPI openApi() {
    return new OpenAPI()
        .info(
            new Info()
                .title("Ticketing")
                .version("1.0.0")
                .description(DESCRIPTION)
                .license(
                    new License()
                        .name("Apache-2.0")
                        .url("https://www.apache.org/licenses/LICENSE-2.0")))
        .servers(List.of(new Server().url("/")))
        .components(
            new Components()
                .addSecuritySchemes(
                    BEARER,
                    new SecurityScheme()
                        .type(SecurityScheme.Type.HTTP)
                        .scheme("bearer")
                        .bearerFormat("JWT")));
  }

  @Bean
  OpenApiCustomizer calls() {
    return this::complete;
  }

  private void complete(OpenAPI document) {
    Components components = document.getComponents();
    addProblem(components);
    components.setHeaders(headers());
    Paths given = document.getPaths();
    Paths ordered = new Paths();
    ApiCalls.BY_TAG.forEach(
        (tag, calls) -> {
          document.addTagsItem(new Tag().name(tag));
          for (ApiCall call : calls) {
            complete(operation(given, call), tag, call, components);
            ordered.addPathItem(call.path, given.get(call.path));
          }
        });
    long handled = given.values().stream().mapToLong(path -> path.readOperations().size()).sum();
    long told = ApiCalls.BY_TAG.values().stream().mapToLong(List::size).sum();
    if (handled != told) {
      throw new IllegalStateException(
          "%d handlers, but %d entries in the table of calls".formatted(handled, told));
    }
    document.setPaths(ordered);
    letSendersLeaveOutNulls(document);
    components.setSchemas(new TreeMap<>(components.getSchemas()));
    components.setResponses(new TreeMap<>(components.getResponses()));
  }

  private static Operation operation(Paths paths, ApiCall call) {
    PathItem path = paths.get(call.path);
    Operation operation =
        path == null
            ? null
            : path.readOperationsMap().get(PathItem.HttpMethod.valueOf(call.method.name()));
    if (operation == null) {
      throw new IllegalStateException("nothing handles " + call);
    }
    return operation;
  }

  private void complete(Operation operation, String tag, ApiCall call, Components components) {
    operation.setTags(List.of(tag));
    operation.setOperationId(call.id);
    operation.setSummary(call.summary);
    operation.setDescription(call.details.isEmpty() ? null : String.join("\n", call.details));
    if (call.who != ApiCall.Who.ANYONE) {
      operation.addSecurityItem(new SecurityRequirement().addList(BEARER));
    }
    if (operation.getRequestBody() != null) {
      operation
          .getRequestBody()
          .getContent()
          .values()
          .forEach(
              body ->
                  call.requests.forEach((name, value) -> body.addExamples(name, example(value))));
    }
    if (operation.getParameters() != null) {
      operation.getParameters().forEach(ApiDocument::complete);
    }
    ApiResponses responses = new ApiResponses();
    responses.addApiResponse(String.valueOf(call.status.value()), answer(operation, call));
    if (call.conditional) {
      operation.addParametersItem(
          new HeaderParameter()
              .name(HttpHeaders.IF_NONE_MATCH)
              .description(
                  "The `ETag` of an earlier answer; 304 if nothing has changed since. `*`: any")
              .schema(ApiSchemas.of("string")));
      ApiResponse unchanged =
          new ApiResponse().description(HttpStatus.NOT_MODIFIED.getReasonPhrase());
      call.headers.forEach(name -> unchanged.addHeaderObject(name, headerReference(name)));
      responses.addApiResponse(NOT_MODIFIED, unchanged);
    }
    errors(operation, call)
        .forEach(
            (status, codes) -> {
              String name = codes.stream().map(Enum::name).collect(Collectors.joining("."));
              components.addResponses(name, problem(status, codes));
              responses.addApiResponse(
                  String.valueOf(status.value()),
                  new ApiResponse().$ref("#/components/responses/" + name));
            });
    operation.setResponses(responses);
  }

  private static void complete(Parameter parameter) {
    if (parameter.getName().equals(IdempotencyKey.HEADER)) {
      parameter
          .description(
              "Repeats of the same request with the same key get the same ticket for 24 hours")
          .schema(ApiSchemas.of("string").pattern("^[ -~]*$").minLength(1).maxLength(255));
    } else if (parameter.getName().equals("Prefer")) {
      parameter
          .description("`wait=N` (RFC 7240): answer as soon as the ticket is final, or after N s")
          .schema(ApiSchemas.of("string"))
          .example("wait=20");
    }
  }

  private ApiResponse answer(Operation operation, ApiCall call) {
    ApiResponse answer = new ApiResponse().description(call.status.getReasonPhrase());
    Content handled =
        operation.getResponses().values().stream()
            .map(ApiResponse::getContent)
            .filter(content -> content != null && !content.isEmpty())
            .findFirst()
            .orElse(null);
    if (handled != null && !call.answers.isEmpty()) {
      MediaType body = new MediaType().schema(handled.values().iterator().next().getSchema());
      call.answers.forEach((name, value) -> body.addExamples(name, example(value)));
      answer.content(
          new Content()
              .addMediaType(org.springframework.http.MediaType.APPLICATION_JSON_VALUE, body));
    }
    call.headers.forEach(name -> answer.addHeaderObject(name, headerReference(name)));
    return answer;
  }

  /// What the call itself can fail with, and what follows from what it takes and who may call it.
  private static Map<HttpStatus, Set<ErrorCode>> errors(Operation operation, ApiCall call) {
    Set<ErrorCode> codes = EnumSet.copyOf(call.errors);
    codes.add(ErrorCode.RATE_LIMITED);
    codes.add(ErrorCode.INTERNAL_ERROR);
    if (call.method != HttpMethod.GET) {
      codes.add(ErrorCode.BODY_TOO_LARGE);
    }
    if (!call.answers.isEmpty()) {
      codes.add(ErrorCode.NOT_ACCEPTABLE);
    }
    if (operation.getParameters() != null || operation.getRequestBody() != null) {
      codes.add(ErrorCode.INVALID_REQUEST);
    }
    if (operation.getRequestBody() != null) {
      codes.add(ErrorCode.UNSUPPORTED_MEDIA_TYPE);
    }
    // A bad token is refused also where none is needed.
    codes.add(ErrorCode.UNAUTHENTICATED);
    if (call.who == ApiCall.Who.ADMIN) {
      codes.add(ErrorCode.FORBIDDEN);
    }
    return codes.stream()
        .collect(
            Collectors.groupingBy(
                ErrorCode::status,
                TreeMap::new,
                Collectors.toCollection(() -> EnumSet.noneOf(ErrorCode.class))));
  }

  private static ApiResponse problem(HttpStatus status, Set<ErrorCode> codes) {
    List<String> names = codes.stream().map(Enum::name).toList();
    Schema<?> code = new JsonSchema();
    names.forEach(name -> addEnum(code, name));
    MediaType body =
        new MediaType()
            .schema(
                new JsonSchema()
                    .allOf(
                        List.of(
                            ApiSchemas.reference(PROBLEM),
                            new JsonSchema().addProperty("code", code))));
    names.forEach(
        name -> body.addExamples(name, new Example().$ref("#/components/examples/" + name)));
    ApiResponse response =
        new ApiResponse()
            .description(status.getReasonPhrase() + ": `" + String.join("`, `", names) + "`")
            .content(
                new Content()
                    .addMediaType(
                        org.springframework.http.MediaType.APPLICATION_PROBLEM_JSON_VALUE, body));
    switch (status) {
      case UNAUTHORIZED ->
          response.addHeaderObject(
              HttpHeaders.WWW_AUTHENTICATE, headerReference(HttpHeaders.WWW_AUTHENTICATE));
      case TOO_EARLY, TOO_MANY_REQUESTS, SERVICE_UNAVAILABLE ->
          response.addHeaderObject(
              HttpHeaders.RETRY_AFTER, headerReference(HttpHeaders.RETRY_AFTER));
      default -> {}
    }
    return response;
  }

  @SuppressWarnings("unchecked")
  private static void addEnum(Schema<?> schema, String name) {
    ((Schema<Object>) schema).addEnumItemObject(name);
  }

  private void addProblem(Components components) {
    ModelConverters converters = ModelConverters.getInstance(true);
    converters
        .readAll(new AnnotatedType(ApiException.FieldError.class))
        .forEach(components::addSchemas);
    Schema<?> problem =
        converters.readAll(new AnnotatedType(ProblemDetail.class)).get("ProblemDetail");
    Schema<?> code = ApiSchemas.of("string").description("Stable; see the page of errors");
    Arrays.stream(ErrorCode.values()).forEach(value -> addEnum(code, value.name()));
    problem.getProperties().remove("properties");
    problem.getProperties().values().stream()
        .filter(property -> "uri".equals(property.getFormat()))
        .forEach(property -> property.setFormat("uri-reference"));
    problem
        .description("An error (RFC 9457)")
        .addProperty("code", code)
        .addProperty(
            "errors",
            ApiSchemas.of("array")
                .items(ApiSchemas.reference(ApiException.FieldError.class.getSimpleName()))
                .description("With `INVALID_REQUEST`: each field or parameter at fault"));
    problem.setRequired(List.of("type", "title", "status", "detail", "code"));
    components.addSchemas(PROBLEM, problem);
    for (ErrorCode value : ErrorCode.values()) {
      ApiException example =
          value == ErrorCode.INVALID_REQUEST
              ? ApiException.invalid("quantity", "must be less than or equal to 10")
              : ApiException.of(value, "What happened, in a sentence for people.");
      components.addExamples(value.name(), example(ProblemDetailAdvice.toProblemDetail(example)));
    }
  }

  private static Map<String, Header> headers() {
    Map<String, Header> headers = new LinkedHashMap<>();
    headers.put(
        HttpHeaders.LOCATION,
        header("Where to find what was made")
            .schema(ApiSchemas.of("string").format("uri-reference")));
    headers.put(
        HttpHeaders.RETRY_AFTER,
        header("Seconds after which it is worth asking again")
            .schema(new JsonSchema().types(Set.of("integer")).minimum(java.math.BigDecimal.ONE)));
    headers.put(
        HttpHeaders.ETAG,
        header("Changes with the body; for `If-None-Match`").schema(ApiSchemas.of("string")));
    headers.put(
        HttpHeaders.VARY,
        header("Which request headers the answer depends on").schema(ApiSchemas.of("string")));
    headers.put(
        ApiCall.PREFERENCE_APPLIED,
        header("`wait=N` if the server was ready to wait").schema(ApiSchemas.of("string")));
    headers.put(HttpHeaders.WWW_AUTHENTICATE, header("`Bearer`").schema(ApiSchemas.of("string")));
    return headers;
  }

  private static Header header(String description) {
    return new Header().description(description);
  }

  private static Header headerReference(String name) {
    return new Header().$ref("#/components/headers/" + name);
  }

  /// A null of ours is always written, but nobody has to send one.
  @SuppressWarnings("rawtypes")
  private static void letSendersLeaveOutNulls(OpenAPI document) {
    Map<String, Schema> schemas = document.getComponents().getSchemas();
    for (String sent : List.of("EventRequest", "SeatType")) {
      Schema<?> schema = schemas.get(sent);
      schema
          .getRequired()
          .removeIf(name -> acceptsNull((Schema<?>) schema.getProperties().get(name)));
    }
  }

  private static boolean acceptsNull(Schema<?> schema) {
    return schema.getTypes() != null && schema.getTypes().contains("null");
  }

  /// As our own mapper writes it, but maps always in the same order.
  private Example example(Object value) {
    String text =
        json.writer(SerializationFeature.ORDER_MAP_ENTRIES_BY_KEYS).writeValueAsString(value);
    return new Example().value(json.readValue(text, Object.class));
  }
}
