package ticketing.ingress.http;

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
import tools.jackson.core.type.TypeReference;

/// The pages' words: complete, in both languages, and none to spare.
class TranslationsTest {

  private static final Path APP = Path.of("src/main/resources/static/app");

  /// Codes that only the page itself knows.
  private static final Set<String> OWN_CODES = Set.of("NETWORK");

  private static final Pattern PLACEHOLDER = Pattern.compile("\\{\\w+}");
  private static final Pattern HANGUL = Pattern.compile("[가-힣]");

  /// Words that are the same in Korean: names of percentiles and units.
  private static final Set<String> SAME = Set.of("series.p50", "series.p99", "unit.millis");

  /// `t('key'` and `t(condition ? 'key' : 'other'`.
  private static final Pattern USE = Pattern.compile("'([a-zA-Z]+(?:\\.[a-zA-Z0-9_]+)+)'");

  /// t(`prefix.${…}suffix`
  private static final Pattern BUILT =
      Pattern.compile("`([a-zA-Z.]+\\.)\\$\\{[^`]*?}([a-zA-Z.]*)`");

  private final Map<String, String> english = table("en");
  private final Map<String, String> korean = table("ko");

  private static Map<String, String> table(String language) {
    try {
      return new TreeMap<>(
          Json.INTERNAL.readValue(
              Files.readString(APP.resolve(language + ".json")),
              new TypeReference<Map<String, String>>() {}));
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  @Test
  void everyErrorCodeHasWords() {
    Set<String> codes =
        Arrays.stream(ErrorCode.values()).map(Enum::name).collect(Collectors.toSet());
    codes.addAll(OWN_CODES);
    assertThat(under("code.")).containsExactlyInAnyOrderElementsOf(codes);
  }

  @Test
  void everyReasonHasWordsForBuyersAndForOperators() {
    List<String> reasons = Arrays.stream(Reason.values()).map(Enum::name).toList();
    assertThat(under("reason.")).containsExactlyInAnyOrderElementsOf(reasons);
    assertThat(under("rejects.")).containsExactlyInAnyOrderElementsOf(reasons);
  }

  private Set<String> under(String prefix) {
    return english.keySet().stream()
        .filter(key -> key.startsWith(prefix))
        .map(key -> key.substring(prefix.length()))
        .collect(Collectors.toCollection(TreeSet::new));
  }

  @Test
  void bothLanguagesSayTheSameThings() {
    assertThat(korean.keySet()).isEqualTo(english.keySet());
    english.forEach(
        (key, words) -> {
          assertThat(korean.get(key)).as(key).isNotBlank();
          assertThat(words).as(key).isNotBlank();
          assertThat(placeholders(korean.get(key))).as(key).isEqualTo(placeholders(words));
        });
  }

  @Test
  void koreanIsKoreanAndEnglishIsNot() {
    korean.forEach(
        (key, words) -> {
          if (!SAME.contains(key) && !key.equals("language.other")) {
            assertThat(words).as(key).containsPattern(HANGUL);
            assertThat(english.get(key)).as(key).doesNotContainPattern(HANGUL);
          }
        });
  }

  private static Set<String> placeholders(String words) {
    return PLACEHOLDER
        .matcher(words)
        .results()
        .map(MatchResult::group)
        .collect(Collectors.toCollection(TreeSet::new));
  }

  @Test
  void everyWordThatThePagesUseIsThereAndNoOtherIs() throws IOException {
    String scripts;
    try (Stream<Path> files = Files.list(APP)) {
      scripts =
          files
              .filter(file -> file.toString().endsWith(".js"))
              .map(TranslationsTest::read)
              .collect(Collectors.joining("\n"));
    }
    Set<String> used =
        USE.matcher(scripts)
            .results()
            .map(use -> use.group(1))
            .filter(key -> !key.matches(".*\\.(js|json|svg|css)|ticketing\\.v1"))
            .collect(Collectors.toCollection(TreeSet::new));
    assertThat(english.keySet()).containsAll(used);
    List<Pattern> built =
        BUILT
            .matcher(scripts)
            .results()
            .map(
                use ->
                    Pattern.compile(
                        Pattern.quote(use.group(1)) + ".+" + Pattern.quote(use.group(2))))
            .toList();
    assertThat(built).isNotEmpty();
    Set<String> spare = new TreeSet<>(english.keySet());
    spare.removeAll(used);
    spare.removeIf(key -> built.stream().anyMatch(pattern -> pattern.matcher(key).matches()));
    assertThat(spare).isEmpty();
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
