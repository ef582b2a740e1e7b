package ticketing.ingress.http;

import java.util.UUID;
import java.util.regex.Pattern;

/// Parsers of path variables and query parameters that accept one form of each value. Spring's
/// default converters accept more, such as hexadecimal numbers and names in another case.
final class StrictParser {

  private static final Pattern NUMBER = Pattern.compile("0|-?[1-9][0-9]{0,18}");
  private static final Pattern UUID_TEXT =
      Pattern.compile("[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}");

  private StrictParser() {}

  /// @throws IllegalArgumentException if the text is not a decimal number of 64 bits
  static Long parseLong(String text) {
    return Long.valueOf(requireMatch(NUMBER, text));
  }

  /// @throws IllegalArgumentException if the text is not a decimal number of 32 bits
  static Integer parseInt(String text) {
    return Integer.valueOf(requireMatch(NUMBER, text));
  }

  /// @throws IllegalArgumentException if the text has not the 36 characters of a UUID
  static UUID parseUuid(String text) {
    return UUID.fromString(requireMatch(UUID_TEXT, text));
  }

  /// @throws IllegalArgumentException if the type has no constant with exactly this name
  static Enum<?> parseEnum(Class<?> type, String text) {
    for (Object constant : type.getEnumConstants()) {
      if (((Enum<?>) constant).name().equals(text)) {
        return (Enum<?>) constant;
      }
    }
    throw new IllegalArgumentException("has the wrong format");
  }

  private static String requireMatch(Pattern pattern, String text) {
    if (!pattern.matcher(text).matches()) {
      throw new IllegalArgumentException("has the wrong format");
    }
    return text;
  }
}
