package ticketing.ingress.page;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import ticketing.domain.Json;
import ticketing.domain.Reason;
import ticketing.ingress.problem.ErrorCode;
import tools.jackson.core.StreamReadFeature;
import tools.jackson.core.type.TypeReference;
import tools.jackson.databind.json.JsonMapper;

/// Texts of the pages: complete in both languages, without unused entries.
class TranslationsTest {

  private static final Path APP = Path.of("src/main/resources/static/app");

  /// Codes that only the page uses.
  private static final Set<String> PAGE_CODES = Set.of("NETWORK");

  private static final Pattern PLACEHOLDER = Pattern.compile("\\{\\w+}");
  private static final Pattern HANGUL = Pattern.compile("[가-힣]");

  /// Texts that are equal in both languages: names of percentiles and units, and a list of values.
  private static final Set<String> UNTRANSLATED =
      Set.of("series.p50", "series.p99", "unit.millis", "seat.free");

  /// `t('key'` and `t(condition ? 'key' : 'other'`.
  private static final Pattern KEY = Pattern.compile("'([a-zA-Z]+(?:\\.[a-zA-Z0-9_]+)+)'");

  /// t(`prefix.${…}suffix`
  private static final Pattern KEY_TEMPLATE =
      Pattern.compile("`([a-zA-Z.]+\\.)\\$\\{[^`]*?}([a-zA-Z.]*)`");

  private static final JsonMapper STRICT =
      Json.INTERNAL.rebuild().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();

  private final Map<String, String> english = table("en");
  private final Map<String, String> korean = table("ko");

  private static Map<String, String> table(String language) {
    try {
      return new TreeMap<>(
          STRICT.readValue(
              Files.readString(APP.resolve(language + ".json")),
              new TypeReference<Map<String, String>>() {}));
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  @Test
  void everyErrorCodeHasText() {
    Set<String> codes =
        Arrays.stream(ErrorCode.values()).map(Enum::name).collect(Collectors.toSet());
    codes.addAll(PAGE_CODES);
    assertThat(keysUnder("code.")).containsExactlyInAnyOrderElementsOf(codes);
  }

  @Test
  void everyReasonHasBuyerAndOperatorText() {
    List<String> reasons = Arrays.stream(Reason.values()).map(Enum::name).toList();
    assertThat(keysUnder("reason.")).containsExactlyInAnyOrderElementsOf(reasons);
    assertThat(keysUnder("rejects.")).containsExactlyInAnyOrderElementsOf(reasons);
  }

  private Set<String> keysUnder(String prefix) {
    return english.keySet().stream()
        .filter(key -> key.startsWith(prefix))
        .map(key -> key.substring(prefix.length()))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  @Test
  void languagesHaveEqualKeysAndPlaceholders() {
    assertThat(korean.keySet()).isEqualTo(english.keySet());
    english.forEach((key, text) -> {
      assertThat(korean.get(key)).as(key).isNotBlank();
      assertThat(text).as(key).isNotBlank();
      assertThat(placeholders(korean.get(key))).as(key).isEqualTo(placeholders(text));
    });
  }

  @Test
  void onlyKoreanTextsContainHangul() {
    korean.forEach((key, text) -> {
      if (!UNTRANSLATED.contains(key) && !key.equals("language.other")) {
        assertThat(text).as(key).containsPattern(HANGUL);
        assertThat(english.get(key)).as(key).doesNotContainPattern(HANGUL);
      }
    });
  }

  private static Set<String> placeholders(String text) {
    return PLACEHOLDER
        .matcher(text)
        .results()
        .map(MatchResult::group)
        .collect(Collectors.toCollection(TreeSet::new));
  }

  @Test
  void textsMatchTheKeysUsedByScripts() throws IOException {
    String scripts;
    try (Stream<Path> files = Files.list(APP)) {
      scripts =
          files
              .filter(file -> file.toString().endsWith(".js"))
              .map(TranslationsTest::read)
              .collect(Collectors.joining("\n"));
    }
    Set<String> used =
        KEY.matcher(scripts)
            .results()
            .map(use -> use.group(1))
            .filter(key -> !key.matches(".*\\.(js|json|svg|css)|ticketing\\.v1"))
            .collect(Collectors.toCollection(TreeSet::new));
    assertThat(english.keySet()).containsAll(used);
    List<Pattern> templates =
        KEY_TEMPLATE
            .matcher(scripts)
            .results()
            .map(use ->
                Pattern.compile(Pattern.quote(use.group(1)) + ".+" + Pattern.quote(use.group(2))))
            .toList();
    assertThat(templates).isNotEmpty();
    Set<String> unused = new TreeSet<>(english.keySet());
    unused.removeAll(used);
    unused.removeIf(key -> templates.stream().anyMatch(pattern -> pattern.matcher(key).matches()));
    assertThat(unused).isEmpty();
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
