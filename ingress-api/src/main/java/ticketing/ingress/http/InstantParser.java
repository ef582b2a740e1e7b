package ticketing.ingress.http;

import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.temporal.ChronoUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Parser of instants in JSON and in query parameters.
final class InstantParser {

  private static final Instant MIN_INSTANT = Instant.parse("1970-01-01T00:00:00Z");
  private static final Instant MAX_INSTANT = Instant.parse("9999-12-31T00:00:00Z");

  /// RFC 3339 has offsets up to 23:59, `ZoneOffset` up to 18:00.
  private static final Pattern LARGE_OFFSET =
      Pattern.compile("(.*)([+-])(1[89]|2[0-3]):([0-5][0-9])");

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
    Matcher large = LARGE_OFFSET.matcher(text);
    if (!large.matches()) {
      return DateTimeFormatter.ISO_OFFSET_DATE_TIME.parse(text, Instant::from);
    }
    Duration offset =
        Duration.ofHours(Long.parseLong(large.group(3)))
            .plusMinutes(Long.parseLong(large.group(4)));
    Instant local = LocalDateTime.parse(large.group(1)).toInstant(ZoneOffset.UTC);
    return large.group(2).equals("-") ? local.plus(offset) : local.minus(offset);
  }
}
