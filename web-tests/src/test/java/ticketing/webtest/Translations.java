package ticketing.webtest;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import ticketing.domain.Json;
import ticketing.local.servers.ProjectRoot;
import tools.jackson.databind.JsonNode;

/// Texts of the pages in one language.
final class Translations {

  private final JsonNode table;

  private Translations(JsonNode table) {
    this.table = table;
  }

  static Translations of(DisplaySettings settings) {
    String language = settings.language().substring(0, 2);
    try {
      return new Translations(
          Json.INTERNAL.readTree(
              Files.readString(
                  ProjectRoot.root()
                      .resolve(
                          "ingress-api/src/main/resources/static/app/" + language + ".json"))));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// @param values alternating names and values of the placeholders
  String of(String key, String... values) {
    if (!table.has(key)) {
      throw new IllegalArgumentException("no text for " + key);
    }
    String texts = table.get(key).asString();
    for (int i = 0; i < values.length; i += 2) {
      texts = texts.replace("{" + values[i] + "}", values[i + 1]);
    }
    return texts;
  }
}
