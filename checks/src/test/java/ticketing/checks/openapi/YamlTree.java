package ticketing.checks.openapi;

import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.yaml.snakeyaml.Yaml;

/// Typed access to the properties of a YAML document.
final class YamlTree {

  private YamlTree() {}

  static Map<String, Object> read(Path file) throws IOException {
    try (Reader reader = Files.newBufferedReader(file)) {
      return new Yaml().load(reader);
    }
  }

  /// @throws IllegalStateException if the property is absent or blank
  static String text(Map<String, Object> parent, String name) {
    if (parent.get(name) instanceof String text && !text.isBlank()) {
      return text;
    }
    throw new IllegalStateException("property missing, name=" + name + " in " + parent.keySet());
  }

  /// @throws IllegalStateException if the property is absent
  static Map<String, Object> child(Map<String, Object> parent, String name) {
    Object value = parent.get(name);
    if (value == null) {
      throw new IllegalStateException("property missing, name=" + name + " in " + parent.keySet());
    }
    return map(value);
  }

  @SuppressWarnings("unchecked") // keys of a YAML document of an API are strings
  static Map<String, Object> map(Object value) {
    return (Map<String, Object>) value;
  }

  static List<?> list(Map<String, Object> parent, String name) {
    return parent.get(name) instanceof List<?> list ? list : List.of();
  }
}
