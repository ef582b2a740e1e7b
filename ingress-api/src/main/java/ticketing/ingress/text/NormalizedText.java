package ticketing.ingress.text;

import java.text.Normalizer;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// Normal form of names in request bodies.
public final class NormalizedText {

  private NormalizedText() {}

  /// Removes outer blanks ([String#strip]) and converts to Unicode normalization form C.
  public static @Nullable String of(@Nullable String text) {
    return text == null ? null : Normalizer.normalize(text.strip(), Normalizer.Form.NFC);
  }

  /// As [#of], for text of several lines: each line ends with a line feed.
  public static @Nullable String ofLines(@Nullable String text) {
    return text == null ? null : of(text.replace("\r\n", "\n").replace('\r', '\n'));
  }

  /// Returns equal keys for names that differ only by case, outer blanks or Unicode form.
  public static String comparisonKey(String text) {
    // Upper case first: it expands characters such as sharp s.
    String folded = of(text).toUpperCase(Locale.ROOT).toLowerCase(Locale.ROOT);
    return Normalizer.normalize(folded, Normalizer.Form.NFC);
  }
}
