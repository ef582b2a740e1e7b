package ticketing.ingress.openapi;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import io.swagger.v3.core.converter.AnnotatedType;
import io.swagger.v3.core.converter.ModelConverter;
import io.swagger.v3.core.converter.ModelConverterContext;
import io.swagger.v3.core.util.Json31;
import io.swagger.v3.oas.models.media.Discriminator;
import io.swagger.v3.oas.models.media.JsonSchema;
import io.swagger.v3.oas.models.media.Schema;
import jakarta.validation.constraints.NotBlank;
import jakarta.validation.constraints.NotEmpty;
import java.lang.reflect.AnnotatedElement;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import ticketing.domain.Money;
import tools.jackson.databind.BeanProperty;
import tools.jackson.databind.JavaType;
import tools.jackson.databind.json.JsonMapper;
import tools.jackson.databind.jsonFormatVisitors.JsonFormatVisitorWrapper;
import tools.jackson.databind.jsonFormatVisitors.JsonObjectFormatVisitor;

/// How our records look in the OpenAPI document: they have the properties that our [JsonMapper]
/// writes, and those are there, or may be null, as the mapper and `@Nullable` say.
@Component
final class ApiSchemas implements ModelConverter {

  private static final String REFERENCE = "#/components/schemas/";

  private final JsonMapper json;

  ApiSchemas(JsonMapper json) {
    this.json = json;
  }

  @Override
  public Schema<?> resolve(
      AnnotatedType type, ModelConverterContext context, Iterator<ModelConverter> chain) {
    Class<?> raw = Json31.mapper().constructType(type.getType()).getRawClass();
    if (raw == Money.class) {
      context.defineModel("Money", money());
      return reference("Money");
    }
    JsonSubTypes kinds = raw.isInterface() ? raw.getAnnotation(JsonSubTypes.class) : null;
    if (kinds != null) {
      return oneOf(raw, kinds, context);
    }
    Schema<?> schema = chain.hasNext() ? chain.next().resolve(type, context, chain) : null;
    if (schema != null && raw.isRecord()) {
      complete(raw, schema, context.getDefinedModels());
    }
    return schema;
  }

  private static Schema<?> money() {
    return of("string")
        .pattern("^" + Money.FORM + "$")
        .description("An amount without a currency, as a decimal string");
  }

  private static Schema<?> oneOf(Class<?> type, JsonSubTypes kinds, ModelConverterContext context) {
    Discriminator discriminator =
        new Discriminator().propertyName(type.getAnnotation(JsonTypeInfo.class).property());
    Schema<?> union = new JsonSchema().discriminator(discriminator);
    for (JsonSubTypes.Type kind : kinds.value()) {
      String reference =
          context.resolve(new AnnotatedType(kind.value()).resolveAsRef(true)).get$ref();
      union.addOneOfItem(new JsonSchema().$ref(reference));
      discriminator.mapping(kind.name(), reference);
    }
    context.defineModel(type.getSimpleName(), union);
    return reference(type.getSimpleName());
  }

  @SuppressWarnings("rawtypes")
  private void complete(Class<?> type, Schema<?> schema, Map<String, Schema> models) {
    String name = schema.get$ref() == null ? null : schema.get$ref().substring(REFERENCE.length());
    Schema<?> model = name == null ? schema : models.get(name);
    if (model == null) {
      return;
    }
    if (model.getProperties() == null) {
      return;
    }
    Map<String, Boolean> written = written(type);
    Map<String, Schema> properties = new LinkedHashMap<>();
    List<String> required = new ArrayList<>();
    for (Class<?> parent : type.getInterfaces()) {
      JsonSubTypes kinds = parent.getAnnotation(JsonSubTypes.class);
      if (kinds != null) {
        String property = parent.getAnnotation(JsonTypeInfo.class).property();
        properties.put(property, kind(type, kinds));
        required.add(property);
      }
    }
    for (RecordComponent component : type.getRecordComponents()) {
      String property = component.getName();
      Schema<?> value = (Schema<?>) model.getProperties().get(property);
      Boolean always = written.get(property);
      if (value == null || always == null) {
        continue;
      }
      boolean nullable = component.getAnnotatedType().isAnnotationPresent(Nullable.class);
      bound(component.getAccessor(), value);
      properties.put(property, nullable && always ? orNull(value) : value);
      if (!nullable || always) {
        required.add(property);
      }
    }
    model.setProperties(properties);
    model.setRequired(required);
  }

  /// The properties that the mapper writes, and whether it writes them also when they are null.
  private Map<String, Boolean> written(Class<?> type) {
    Map<String, Boolean> written = new LinkedHashMap<>();
    var config = json.serializationConfig();
    json.acceptJsonFormatVisitor(
        type,
        new JsonFormatVisitorWrapper.Base() {
          @Override
          public JsonObjectFormatVisitor expectObjectFormat(JavaType bean) {
            return new JsonObjectFormatVisitor.Base(getContext()) {
              @Override
              public void property(BeanProperty property) {
                optionalProperty(property);
              }

              @Override
              public void optionalProperty(BeanProperty property) {
                written.put(
                    property.getName(),
                    property.findPropertyInclusion(config, type).getValueInclusion()
                        != JsonInclude.Include.NON_NULL);
              }
            };
          }
        });
    return written;
  }

  private static Schema<?> kind(Class<?> type, JsonSubTypes kinds) {
    return Arrays.stream(kinds.value())
        .filter(kind -> kind.value() == type)
        .map(kind -> of("string")._const(kind.name()))
        .findFirst()
        .orElseThrow();
  }

  /// What the standard conversion does not see: a blank text is empty, and a pattern of ours means
  /// the whole text.
  private static void bound(AnnotatedElement component, Schema<?> property) {
    if (component.isAnnotationPresent(NotBlank.class)) {
      property.setMinLength(1);
    }
    if (component.isAnnotationPresent(NotEmpty.class)) {
      property.setMinItems(1);
    }
    if (property.getPattern() != null && !property.getPattern().startsWith("^")) {
      property.setPattern("^" + property.getPattern() + "$");
    }
  }

  private static Schema<?> orNull(Schema<?> property) {
    if (property.getTypes() != null && property.getEnum() == null) {
      property.addType("null");
      return property;
    }
    return new JsonSchema().anyOf(List.of(property, of("null")));
  }

  static Schema<?> of(String type) {
    return new JsonSchema().types(Set.of(type));
  }

  static Schema<?> reference(String name) {
    return new JsonSchema().$ref(REFERENCE + name);
  }
}
