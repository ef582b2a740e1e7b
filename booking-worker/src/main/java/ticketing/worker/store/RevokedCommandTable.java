package ticketing.worker.store;

import java.time.Instant;
import java.util.Collection;
import java.util.Collections;
import java.util.HashSet;
import java.util.Set;
import java.util.UUID;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import ticketing.worker.jdbc.Columns;

/// Table `revoked_commands`. The ingress API inserts its rows.
@Component
class RevokedCommandTable {

  private final JdbcClient sql;

  RevokedCommandTable(JdbcTemplate batches) {
    this.sql = JdbcClient.create(batches);
  }

  Set<UUID> find(Collection<UUID> attemptIds) {
    return attemptIds.isEmpty()
        ? Collections.emptySet()
        : new HashSet<>(
            sql.sql("SELECT attempt_id FROM revoked_commands WHERE attempt_id IN (:attempts)")
                .param("attempts", Columns.strings(attemptIds))
                .query((row, index) -> UUID.fromString(row.getString(1)))
                .list());
  }

  int deleteOlderThan(Instant time, int limit) {
    return sql.sql("DELETE FROM revoked_commands WHERE created_at < ? ORDER BY created_at LIMIT ?")
        .params(Columns.utc(time), limit)
        .update();
  }
}
