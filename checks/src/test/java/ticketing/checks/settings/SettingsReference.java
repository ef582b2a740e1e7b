package ticketing.checks.settings;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.TreeMap;
import java.util.stream.Stream;

/// Text of `docs/reference/settings.md`: one table of settings for each process.
final class SettingsReference {

  private static final List<String> PROCESSES =
      List.of("ingress-api", "booking-worker", "notifier");

  private static final String HEAD =
      """
      <!-- Generated from the settings records and application.yaml: mvn -pl checks test -Dsettings.write=true -->

      # Settings

      Each setting is a Spring property with an environment variable. A duration is a number with a unit, such as
      `500ms`, `2s`, `10m` or `8h`. A size is a number with `KB` or `MB`. An empty default means that the setting is
      off or required, as its description states.
      """;

  private final Path root;
  private final List<SettingsRecord> shared;
  private final Properties framework = new Properties();

  private SettingsReference(Path root) throws IOException {
    this.root = root;
    this.shared = SettingsRecordReader.read(root.resolve("booking-domain/src/main/java"));
    try (InputStream file = SettingsReference.class.getResourceAsStream("framework.properties")) {
      framework.load(file);
    }
  }

  static String generate(Path root) throws IOException {
    SettingsReference reference = new SettingsReference(root);
    StringBuilder page = new StringBuilder(HEAD);
    for (String process : PROCESSES) {
      page.append("\n## ").append(process).append("\n\n");
      page.append("| property | environment variable | value | default | description |\n");
      page.append("|---|---|---|---|---|\n");
      reference.settings(process).forEach(setting -> page.append(setting.row()).append('\n'));
    }
    return page.toString();
  }

  /// Settings of a process by name: its own records, the shared records that it uses, and the other
  /// properties of its YAML files that read an environment variable.
  List<Setting> settings(String process) throws IOException {
    Path sources = root.resolve(process).resolve("src/main/java");
    List<SettingsRecord> records = new ArrayList<>(SettingsRecordReader.read(sources));
    shared.stream().filter(each -> uses(sources, each.name())).forEach(records::add);
    Map<String, YamlSettings.Entry> entries = entries(process);
    Map<String, Setting> settings = new TreeMap<>();
    for (SettingsRecord each : records) {
      for (SettingsRecord.Property property : each.properties()) {
        String name = each.prefix() + "." + property.name();
        YamlSettings.Entry entry = entries.remove(name);
        settings.put(
            name,
            new Setting(
                name,
                entry == null ? variable(name) : entry.variable(),
                property.type(),
                entry == null ? property.defaultValue() : entry.defaultValue(),
                property.description()));
      }
    }
    entries.forEach((name, entry) -> settings.put(name, frameworkSetting(name, entry)));
    return List.copyOf(settings.values());
  }

  private Setting frameworkSetting(String name, YamlSettings.Entry entry) {
    String[] parts = framework.getProperty(name, " | ").split(" \\| ", 2);
    return new Setting(name, entry.variable(), parts[0], entry.defaultValue(), parts[1]);
  }

  private Map<String, YamlSettings.Entry> entries(String process) throws IOException {
    Path resources = root.resolve(process).resolve("src/main/resources");
    Map<String, YamlSettings.Entry> entries = new LinkedHashMap<>();
    Path application = resources.resolve("application.yaml");
    String text = Files.readString(application);
    for (Path folder : List.of(root.resolve("booking-domain/src/main/resources"), resources)) {
      try (Stream<Path> files = Files.list(folder)) {
        for (Path file :
            files.filter(path -> path.toString().endsWith(".yaml")).sorted().toList()) {
          String name = file.getFileName().toString().replace("-aws.yaml", ".yaml");
          if (name.startsWith("application") || text.contains("classpath:" + name)) {
            // The value of application.yaml is the default, that of a profile is not.
            YamlSettings.read(file).forEach(entries::putIfAbsent);
          }
        }
      }
    }
    entries.putAll(YamlSettings.read(application));
    return entries;
  }

  private static boolean uses(Path sources, String type) {
    try (Stream<Path> files = Files.walk(sources)) {
      for (Path file : files.filter(path -> path.toString().endsWith(".java")).toList()) {
        if (Files.readString(file).contains(type + ".class")) {
          return true;
        }
      }
      return false;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Environment variable that Spring Boot binds to a property.
  private static String variable(String name) {
    return name.replace("-", "").replace('.', '_').toUpperCase(Locale.ROOT);
  }
}
