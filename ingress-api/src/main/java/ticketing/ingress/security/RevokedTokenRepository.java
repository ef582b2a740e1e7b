package ticketing.ingress.security;

import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Repository;
import ticketing.security.RevokedToken;

/// Table `revoked_tokens` of the primary database. Times of revocation are of its clock.
@Repository
class RevokedTokenRepository {

  private final JdbcClient sql;

  RevokedTokenRepository(JdbcClient sql) {
    this.sql = sql;
  }

  /// Inserts a revocation. Idempotent.
  void insert(RevokedToken token) {
    sql.sql(
            """
            INSERT INTO revoked_tokens (id, kept_until, revoked_at)
            VALUES (?, ?, UTC_TIMESTAMP(6))
            ON DUPLICATE KEY UPDATE kept_until = kept_until\
            """)
        .params(token.id().toString(), token.keptUntil())
        .update();
  }

  /// Finds the revocations of the last time, at most the given number.
  List<RevokedToken> findRevokedWithin(Duration duration, int maxTokens) {
    return sql.sql(
            """
            SELECT id, kept_until FROM revoked_tokens
            WHERE revoked_at >= UTC_TIMESTAMP(6) - INTERVAL ? SECOND
            LIMIT ?\
            """)
        .params(Math.max(1, duration.toSeconds() + 1), maxTokens)
        .query((row, number) -> new RevokedToken(UUID.fromString(row.getString(1)), row.getLong(2)))
        .list();
  }

  /// Finds a page of the revocations that are to be kept, in order of their ids.
  ///
  /// @param id last id of the previous page; empty: first page
  List<RevokedToken> findAfter(String id, int maxTokens) {
    return sql.sql(
            """
            SELECT id, kept_until FROM revoked_tokens
            WHERE id > ? AND kept_until >= UNIX_TIMESTAMP()
            ORDER BY id LIMIT ?\
            """)
        .params(id, maxTokens)
        .query((row, number) -> new RevokedToken(UUID.fromString(row.getString(1)), row.getLong(2)))
        .list();
  }

  /// @return number of deleted rows
  int deleteExpired(int maxRows) {
    return sql.sql("DELETE FROM revoked_tokens WHERE kept_until < UNIX_TIMESTAMP() LIMIT ?")
        .params(maxRows)
        .update();
  }
}
