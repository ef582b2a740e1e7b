package ticketing.worker.maintenance;

import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import ticketing.worker.jdbc.Columns;
import ticketing.worker.seatmap.SeatTable;
import ticketing.worker.store.Transactions;
import ticketing.worker.store.Transactions.Transaction;

/// Rows of events that are long past, and the ids of removed tickets.
@Component
class PastEventTable {

  private final JdbcClient sql;
  private final SeatTable seatTable;
  private final Transactions transactions;

  PastEventTable(JdbcTemplate template, SeatTable seatTable, Transactions transactions) {
    this.seatTable = seatTable;
    this.sql = JdbcClient.create(template);
    this.transactions = transactions;
  }

  /// Returns an event that ended before the time and whose rows were not removed since the time.
  Optional<Long> findUnarchived(Instant before) {
    return sql.sql(
            """
            SELECT id FROM events WHERE archived_at IS NULL AND event_date < :before
            UNION ALL
            SELECT id FROM events WHERE archived_at < :before AND event_date < :before
            LIMIT 1\
            """)
        .param("before", Columns.utc(before))
        .query(Long.class)
        .optional();
  }

  /// Marks an event whose rows are being removed, so that an audit skips it. It stays unarchived
  /// for [#findUnarchived].
  void markIncomplete(long eventId) {
    sql.sql("UPDATE events SET archived_at = event_date WHERE id = ? AND archived_at IS NULL")
        .param(eventId)
        .update();
  }

  /// Removes recorded states, expiries, rejected seat maps and waiting entries of an event.
  ///
  /// @return number of removed rows, at most four times `limit`
  int removeHistory(long eventId, int limit) {
    return sql.sql("DELETE FROM hold_expiries WHERE event_id = ? LIMIT ?")
            .params(eventId, limit)
            .update()
        + sql.sql("DELETE FROM event_states WHERE event_id = ? LIMIT ?")
            .params(eventId, limit)
            .update()
        + sql.sql("DELETE FROM seat_map_changes WHERE event_id = ? LIMIT ?")
            .params(eventId, limit)
            .update()
        + sql.sql("DELETE FROM waiting_entries WHERE event_id = ? LIMIT ?")
            .params(eventId, limit)
            .update();
  }

  /// Removes decisions of an event, and records their ticket ids. Rows that another worker removes
  /// are skipped.
  ///
  /// @return number of removed tickets, at most `limit`
  int removeTickets(long eventId, Instant decidedBefore, int limit, Instant now) {
    try (Transaction transaction = transactions.begin()) {
      List<String> ids =
          sql.sql(
                  """
                  SELECT id FROM tickets WHERE event_id = ? AND decided_at < ?
                  ORDER BY decided_at LIMIT ? FOR UPDATE SKIP LOCKED\
                  """)
              .params(eventId, Columns.utc(decidedBefore), limit)
              .query(String.class)
              .list();
      if (!ids.isEmpty()) {
        sql.sql(
                """
                INSERT INTO removed_tickets (id, removed_at)
                SELECT UNHEX(REPLACE(id, '-', '')), :today FROM tickets WHERE id IN (:ids)
                ON DUPLICATE KEY UPDATE removed_at = VALUES(removed_at)\
                """)
            .param("today", Columns.utc(now).toLocalDate())
            .param("ids", ids)
            .update();
        sql.sql("DELETE FROM tickets WHERE id IN (:ids)").param("ids", ids).update();
      }
      transaction.commit();
      return ids.size();
    }
  }

  /// Removes reservations of an event, except running holds.
  ///
  /// @return number of removed reservations, at most `limit`
  int removeReservations(long eventId, Instant reservedBefore, int limit) {
    try (Transaction transaction = transactions.begin()) {
      Map<Long, List<String>> seats = new HashMap<>();
      sql.sql(
              """
              SELECT id, seats FROM reservations
              WHERE event_id = ? AND status <> 'HELD' AND reserved_at < ?
              LIMIT ? FOR UPDATE SKIP LOCKED\
              """)
          .params(eventId, Columns.utc(reservedBefore), limit)
          .query(row -> {
            seats.put(row.getLong("id"), Columns.seats(row, "seats"));
          });
      if (!seats.isEmpty()) {
        seatTable.deleteSeats(eventId, seats);
        sql.sql("DELETE FROM reservations WHERE id IN (:ids)")
            .param("ids", seats.keySet())
            .update();
      }
      transaction.commit();
      return seats.size();
    }
  }

  /// Marks an event whose rows are removed, and resets the counters of its waiting lists.
  void markArchived(long eventId, Instant now) {
    try (Transaction transaction = transactions.begin()) {
      // A counter above 0 makes each run of the expiry job search for offers.
      sql.sql(
              """
              UPDATE seat_types SET waiting_parties = 0, kept_seats = 0
              WHERE event_id = ? AND (waiting_parties > 0 OR kept_seats > 0)\
              """)
          .param(eventId)
          .update();
      sql.sql("UPDATE events SET archived_at = ? WHERE id = ?")
          .params(Columns.utc(now), eventId)
          .update();
      transaction.commit();
    }
  }

  int deleteRemovedTickets(Instant before, int limit) {
    return sql.sql("DELETE FROM removed_tickets WHERE removed_at < ? ORDER BY removed_at LIMIT ?")
        .params(Columns.utc(before).toLocalDate(), limit)
        .update();
  }
}
