package ticketing.ingress.sales;

import java.util.Arrays;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// Line of a CSV file (RFC 4180).
final class CsvLine {

  /// A spreadsheet would run a text with these first characters as a formula.
  private static final String FORMULA = "=+-@\t\r";

  private static final Pattern PLAIN = Pattern.compile("[^\",\\r\\n]*");

  private CsvLine() {}

  static String of(@Nullable Object... values) {
    return Arrays.stream(values).map(CsvLine::cell).collect(Collectors.joining(",", "", "\r\n"));
  }

  private static String cell(@Nullable Object value) {
    String text = value == null ? "" : value.toString();
    if (!text.isEmpty() && FORMULA.indexOf(text.charAt(0)) >= 0) {
      text = "'" + text;
    }
    return PLAIN.matcher(text).matches() ? text : '"' + text.replace("\"", "\"\"") + '"';
  }
}
