package ticketing.ingress.http;

import java.time.DateTimeException;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.jackson.autoconfigure.JsonMapperBuilderCustomizer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.ResolvableType;
import org.springframework.http.MediaType;
import org.springframework.http.converter.HttpMessageConverter;
import org.springframework.http.converter.HttpMessageConverters;
import org.springframework.http.converter.json.JacksonJsonHttpMessageConverter;
import org.springframework.web.accept.HeaderContentNegotiationStrategy;
import org.springframework.web.servlet.config.annotation.ContentNegotiationConfigurer;
import org.springframework.web.servlet.config.annotation.WebMvcConfigurer;
import ticketing.domain.Json;
import tools.jackson.core.JacksonException;
import tools.jackson.core.JsonParser;
import tools.jackson.core.JsonToken;
import tools.jackson.databind.DeserializationContext;
import tools.jackson.databind.deser.std.StdDeserializer;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.module.SimpleModule;

/// Strict JSON parsing for client requests. JSON is the only body format.
@Configuration(proxyBeanMethods = false)
class JsonConfiguration implements WebMvcConfigurer {

  /// A type that no handler produces.
  private static final MediaType UNAVAILABLE_TYPE = new MediaType("application", "x-unavailable");

  /// A YAML converter on the class path would accept YAML request bodies. The JSON converter would
  /// accept bodies of each type with the suffix `+json`.
  @Override
  public void configureMessageConverters(HttpMessageConverters.ServerBuilder builder) {
    builder.configureMessageConvertersList(converters -> {
      converters.removeIf(JsonConfiguration::supportsYaml);
      converters.replaceAll(converter ->
          converter.getClass() == JacksonJsonHttpMessageConverter.class
              ? new JsonConverter(((JacksonJsonHttpMessageConverter) converter).getMapper())
              : converter);
    });
  }

  /// Reads `application/json` only, and also writes problem details.
  private static final class JsonConverter extends JacksonJsonHttpMessageConverter {

    private JsonConverter(JsonMapper mapper) {
      super(mapper);
    }

    @Override
    public boolean canRead(ResolvableType type, @Nullable MediaType media) {
      return (media == null || media.equalsTypeAndSubtype(MediaType.APPLICATION_JSON))
          && super.canRead(type, media);
    }
  }

  /// JSON has one charset. With the parameters of the `Accept` header, a response would name the
  /// charset that the client accepts. Spring ignores that a quality of 0 refuses a type.
  @Override
  public void configureContentNegotiation(ContentNegotiationConfigurer configurer) {
    HeaderContentNegotiationStrategy accept = new HeaderContentNegotiationStrategy();
    configurer.strategies(
        List.of(request ->
            withoutRefused(
                accept.resolveMediaTypes(request).stream()
                    .map(JsonConfiguration::withoutParameters)
                    .toList())));
  }

  /// Removes types of quality 0, and ranges with JSON if JSON itself is refused.
  private static List<MediaType> withoutRefused(List<MediaType> types) {
    boolean refusesJson =
        types.stream()
            .anyMatch(
                type -> isRefused(type) && type.equalsTypeAndSubtype(MediaType.APPLICATION_JSON));
    List<MediaType> accepted =
        types.stream()
            .filter(type -> !isRefused(type) && !(refusesJson && type.isWildcardSubtype()))
            .toList();
    // Without types, Spring would accept each one.
    return accepted.isEmpty() ? List.of(UNAVAILABLE_TYPE) : accepted;
  }

  private static boolean isRefused(MediaType type) {
    return type.getQualityValue() == 0;
  }

  private static MediaType withoutParameters(MediaType type) {
    String quality = type.getParameter("q");
    return new MediaType(type, quality == null ? Map.of() : Map.of("q", quality));
  }

  private static boolean supportsYaml(HttpMessageConverter<?> converter) {
    return converter.getSupportedMediaTypes().stream()
        .anyMatch(type -> type.getSubtype().endsWith("yaml"));
  }

  @Bean
  JsonMapperBuilderCustomizer strictJson() {
    return builder ->
        Json.strict(builder)
            .addModule(
                new SimpleModule("instants")
                    .addDeserializer(Instant.class, new InstantDeserializer()));
  }

  /// Rejects numbers, which Jackson would accept as epoch seconds.
  private static final class InstantDeserializer extends StdDeserializer<Instant> {

    InstantDeserializer() {
      super(Instant.class);
    }

    @Override
    public Instant deserialize(JsonParser parser, DeserializationContext context)
        throws JacksonException {
      if (!parser.hasToken(JsonToken.VALUE_STRING)) {
        return (Instant) context.handleUnexpectedToken(Instant.class, parser);
      }
      try {
        return InstantParser.parse(parser.getString());
      } catch (DateTimeException e) {
        return (Instant)
            context.handleWeirdStringValue(Instant.class, parser.getString(), e.getMessage());
      }
    }
  }
}
