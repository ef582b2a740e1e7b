package ticketing.ingress.http;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;

/// How times are read from text.
final class InstantParser {

  private static final Instant FIRST = Instant.parse("1970-01-01T00:00:00Z");
  private static final Instant LAST = Instant.parse("9999-12-31T00:00:00Z");

  private InstantParser() {}

  /// ISO-8601 with an offset.
  ///
  /// @throws DateTimeException if it is not, or not of a year that the database can hold
  static Instant parse(String text) {
    Instant time = DateTimeFormatter.ISO_OFFSET_DATE_TIME.parse(text, Instant::from);
    if (time.isBefore(FIRST) || time.isAfter(LAST)) {
      throw new DateTimeException("a time lies between the years 1970 and 9999");
    }
    return time.truncatedTo(ChronoUnit.MICROS);
  }
}
