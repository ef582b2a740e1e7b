package ticketing.ingress.http;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;

/// Parser of instants in JSON and in query parameters.
final class InstantParser {

  private static final Instant MIN_INSTANT = Instant.parse("1970-01-01T00:00:00Z");
  private static final Instant MAX_INSTANT = Instant.parse("9999-12-31T00:00:00Z");

  private InstantParser() {}

  /// Parses ISO-8601 text with an offset and truncates it to microseconds.
  ///
  /// @throws DateTimeException if the format is wrong or the database cannot store the instant
  static Instant parse(String text) {
    Instant instant = parseAny(text);
    if (instant.isBefore(MIN_INSTANT) || instant.isAfter(MAX_INSTANT)) {
      throw new DateTimeException("must be between the years 1970 and 9999");
    }
    return instant.truncatedTo(ChronoUnit.MICROS);
  }

  /// Parses an instant with which stored instants are compared. Instants outside the range of the
  /// database become its limits.
  ///
  /// @throws IllegalArgumentException if the format is wrong
  static Instant parseBound(String text) {
    try {
      Instant instant = parseAny(text);
      Instant atLeast = instant.isBefore(MIN_INSTANT) ? MIN_INSTANT : instant;
      return atLeast.isAfter(MAX_INSTANT) ? MAX_INSTANT : atLeast.truncatedTo(ChronoUnit.MICROS);
    } catch (DateTimeException e) {
      throw new IllegalArgumentException("has the wrong format", e);
    }
  }

  private static Instant parseAny(String text) {
    return DateTimeFormatter.ISO_OFFSET_DATE_TIME.parse(text, Instant::from);
  }
}
