package ticketing.checks.settings;

import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.nodes.MappingNode;
import org.yaml.snakeyaml.nodes.Node;
import org.yaml.snakeyaml.nodes.NodeTuple;
import org.yaml.snakeyaml.nodes.ScalarNode;

/// Properties of a YAML file with a value `${VARIABLE:default}`.
final class YamlSettings {

  private static final Pattern PLACEHOLDER = Pattern.compile("\\$\\{([A-Z][A-Z0-9_]*)(?::(.*))?}");

  private YamlSettings() {}

  /// One property.
  ///
  /// @param variable environment variable
  /// @param defaultValue value without the variable
  record Entry(String variable, String defaultValue) {}

  /// Entries by property name, in the order of the file.
  static Map<String, Entry> read(Path file) throws IOException {
    Map<String, Entry> entries = new LinkedHashMap<>();
    try (Reader reader = Files.newBufferedReader(file)) {
      for (Node document : new Yaml().composeAll(reader)) {
        add(document, "", entries);
      }
    }
    return entries;
  }

  private static void add(Node node, String prefix, Map<String, Entry> entries) {
    if (!(node instanceof MappingNode mapping)) {
      return;
    }
    for (NodeTuple tuple : mapping.getValue()) {
      String name = prefix + ((ScalarNode) tuple.getKeyNode()).getValue();
      add(tuple.getValueNode(), name + ".", entries);
      if (tuple.getValueNode() instanceof ScalarNode value) {
        Matcher matcher = PLACEHOLDER.matcher(value.getValue());
        if (matcher.matches()) {
          String fallback = matcher.group(2) == null ? "" : matcher.group(2);
          entries.put(name, new Entry(matcher.group(1), fallback));
        }
      }
    }
  }
}
