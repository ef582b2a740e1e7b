package ticketing.worker.jdbc;

import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Function;
import org.springframework.jdbc.core.BatchPreparedStatementSetter;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.core.ParameterizedPreparedStatementSetter;
import org.springframework.jdbc.support.GeneratedKeyHolder;

/// Insertion of rows with generated ids.
public final class GeneratedIds {

  private GeneratedIds() {}

  /// Inserts the rows and returns their ids by ticket id. One INSERT with a known number of rows
  /// gets consecutive ids in the order of its rows (MySQL manual, InnoDB AUTO_INCREMENT lock modes,
  /// "simple inserts").
  public static <T> Map<UUID, Long> insert(
      JdbcTemplate batches,
      String sql,
      List<T> rows,
      Function<T, UUID> ticketId,
      ParameterizedPreparedStatementSetter<T> setter) {
    if (rows.isEmpty()) {
      return Map.of();
    }
    GeneratedKeyHolder keys = new GeneratedKeyHolder();
    batches.batchUpdate(
        connection -> connection.prepareStatement(sql, Statement.RETURN_GENERATED_KEYS),
        new BatchPreparedStatementSetter() {
          @Override
          public void setValues(PreparedStatement statement, int index) throws SQLException {
            setter.setValues(statement, rows.get(index));
          }

          @Override
          public int getBatchSize() {
            return rows.size();
          }
        },
        keys);
    if (keys.getKeyList().size() != rows.size()) {
      throw new IllegalStateException(
          keys.getKeyList().size() + " ids for " + rows.size() + " rows");
    }
    Map<UUID, Long> ids = new HashMap<>();
    for (int i = 0; i < rows.size(); i++) {
      Number id = (Number) keys.getKeyList().get(i).values().iterator().next();
      ids.put(ticketId.apply(rows.get(i)), id.longValue());
    }
    return ids;
  }
}
