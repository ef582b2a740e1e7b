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
    Instant instant = DateTimeFormatter.ISO_OFFSET_DATE_TIME.parse(text, Instant::from);
    if (instant.isBefore(MIN_INSTANT) || instant.isAfter(MAX_INSTANT)) {
      throw new DateTimeException("must be between the years 1970 and 9999");
    }
    return instant.truncatedTo(ChronoUnit.MICROS);
  }
}
