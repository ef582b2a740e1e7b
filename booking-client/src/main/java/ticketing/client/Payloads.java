package ticketing.client;

import tools.jackson.core.JacksonException;
import tools.jackson.databind.DeserializationFeature;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.cfg.EnumFeature;
import tools.jackson.databind.json.JsonMapper;

/// JSON of the public API. Unknown fields and unknown ticket states are tolerated, because a newer
/// server may add them.
final class Payloads {

  private static final JsonMapper MAPPER =
      JsonMapper.builder()
          .disable(DeserializationFeature.FAIL_ON_UNKNOWN_PROPERTIES)
          .enable(EnumFeature.READ_UNKNOWN_ENUM_VALUES_USING_DEFAULT_VALUE)
          .build();

  private Payloads() {}

  /// @throws JacksonException if the text is no JSON object of this type
  static <T> T read(String json, Class<T> type) {
    return MAPPER.readValue(json, type);
  }

  static <T> T read(JsonNode json, Class<T> type) {
    return MAPPER.treeToValue(json, type);
  }

  static JsonNode readTree(String json) {
    return MAPPER.readTree(json);
  }

  static String write(Object value) {
    return MAPPER.writeValueAsString(value);
  }

  /// @return the string field of a JSON object; empty if it is absent or the text is no JSON
  static String field(String json, String name) {
    try {
      return MAPPER.readTree(json).path(name).asString("");
    } catch (JacksonException e) {
      return "";
    }
  }
}
