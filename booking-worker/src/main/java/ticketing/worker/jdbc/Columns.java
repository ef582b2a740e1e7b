package ticketing.worker.jdbc;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.Collection;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// Conversions between Java values and columns. Times are stored as UTC.
public final class Columns {

  private Columns() {}

  public static @Nullable Instant instant(ResultSet row, String column) throws SQLException {
    LocalDateTime utc = row.getObject(column, LocalDateTime.class);
    return utc == null ? null : utc.toInstant(ZoneOffset.UTC);
  }

  public static @Nullable LocalDateTime utc(@Nullable Instant instant) {
    return instant == null ? null : LocalDateTime.ofInstant(instant, ZoneOffset.UTC);
  }

  /// Ids of seats, separated by commas; null without numbered seats.
  public static @Nullable String seats(@Nullable List<String> ids) {
    return ids == null || ids.isEmpty() ? null : String.join(",", ids);
  }

  public static List<String> seats(ResultSet row, String column) throws SQLException {
    String ids = row.getString(column);
    return ids == null ? List.of() : List.of(ids.split(","));
  }

  public static List<String> strings(Collection<UUID> ids) {
    return ids.stream().map(UUID::toString).toList();
  }
}
