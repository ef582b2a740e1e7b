package ticketing.worker.maintenance;

import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import ticketing.worker.jdbc.Columns;

/// Table `dead_letters`. The ingress API inserts rows too, for messages that it receives first.
@Component
class DeadLetterTable {

  /// State of a recorded message.
  enum State {
    /// Its tickets may be undecided.
    SEEN,
    /// Its tickets are decided or revoked.
    GIVEN_UP,
    /// An operator discarded it, and it is to be deleted.
    DISCARDED
  }

  private final JdbcClient sql;
  private final JdbcTemplate batches;

  DeadLetterTable(JdbcTemplate batches) {
    this.batches = batches;
    this.sql = JdbcClient.create(batches);
  }

  /// Returns the states of the recorded messages among these. A redriven message that arrives again
  /// is only seen.
  Map<String, State> find(Collection<String> messageIds) {
    Map<String, State> states = new HashMap<>();
    if (!messageIds.isEmpty()) {
      sql.sql(
              """
              SELECT message_id, discarded_at IS NOT NULL AS discarded,
                     given_up_at IS NOT NULL AND redriven_at IS NULL AS given_up
              FROM dead_letters WHERE message_id IN (:ids)\
              """)
          .param("ids", messageIds)
          .query(row -> {
            states.put(
                row.getString("message_id"),
                row.getBoolean("discarded")
                    ? State.DISCARDED
                    : row.getBoolean("given_up") ? State.GIVEN_UP : State.SEEN);
          });
    }
    return states;
  }

  boolean existsDiscarded() {
    return !sql.sql("SELECT 1 FROM dead_letters WHERE discarded_at IS NOT NULL LIMIT 1")
        .query(Integer.class)
        .list()
        .isEmpty();
  }

  /// Records messages whose tickets are decided. A recorded receive count is kept.
  void recordGivenUp(List<DeadLetter> letters, Instant now) {
    if (letters.isEmpty()) {
      return;
    }
    batches.batchUpdate(
        """
        INSERT INTO dead_letters (message_id, message_group, ticket_id, event_id, body,
               receive_count, sent_at, first_seen_at, given_up_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON DUPLICATE KEY UPDATE given_up_at = VALUES(given_up_at), redriven_at = NULL\
        """,
        letters,
        letters.size(),
        (statement, letter) -> {
          statement.setString(1, letter.messageId());
          statement.setString(2, letter.messageGroup());
          statement.setString(3, letter.ticketId() == null ? null : letter.ticketId().toString());
          statement.setObject(4, letter.eventId());
          statement.setString(5, letter.body());
          statement.setInt(6, letter.receiveCount());
          statement.setObject(7, Columns.utc(letter.sentAt()));
          statement.setObject(8, Columns.utc(now));
          statement.setObject(9, Columns.utc(now));
        });
  }

  void delete(Collection<String> messageIds) {
    if (!messageIds.isEmpty()) {
      sql.sql("DELETE FROM dead_letters WHERE message_id IN (:ids)")
          .param("ids", messageIds)
          .update();
    }
  }

  int deleteOlderThan(Instant time, int limit) {
    return sql.sql(
            "DELETE FROM dead_letters WHERE first_seen_at < ? ORDER BY first_seen_at LIMIT ?")
        .params(Columns.utc(time), limit)
        .update();
  }
}
