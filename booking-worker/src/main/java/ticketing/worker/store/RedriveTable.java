package ticketing.worker.store;

import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import ticketing.domain.Ticket;
import ticketing.worker.jdbc.Columns;

/// Table `redrives`. The ingress API inserts its rows.
@Component
class RedriveTable {

  private final JdbcClient sql;

  RedriveTable(JdbcTemplate batches) {
    this.sql = JdbcClient.create(batches);
  }

  /// Returns the tickets that were decided before the start of a redrive that contains them.
  Set<UUID> findRedriven(Collection<Ticket> tickets) {
    Set<UUID> redriven = new HashSet<>();
    for (Map<String, Object> row :
        sql.sql(
                """
                SELECT ticket_id, MAX(started_at) AS started_at FROM redrives
                WHERE ticket_id IS NULL OR ticket_id IN (:tickets) GROUP BY ticket_id\
                """)
            .param("tickets", Columns.strings(tickets.stream().map(Ticket::ticketId).toList()))
            .query()
            .listOfRows()) {
      Instant startedAt = ((LocalDateTime) row.get("started_at")).toInstant(ZoneOffset.UTC);
      Object ticketId = row.get("ticket_id");
      tickets.stream()
          .filter(ticket -> ticketId == null || ticket.ticketId().toString().equals(ticketId))
          .filter(ticket -> !ticket.decidedAt().isAfter(startedAt))
          .forEach(ticket -> redriven.add(ticket.ticketId()));
    }
    return redriven;
  }

  /// Returns the tickets whose redrive started less than this time ago.
  Set<UUID> findRedrivenWithin(Collection<UUID> tickets, Duration time) {
    List<String> found =
        sql.sql(
                """
                SELECT ticket_id FROM redrives
                WHERE started_at > UTC_TIMESTAMP(6) - INTERVAL :micros MICROSECOND
                  AND (ticket_id IS NULL OR ticket_id IN (:tickets))\
                """)
            .param("micros", time.toNanos() / 1_000)
            .param("tickets", Columns.strings(tickets))
            .query((row, _) -> row.getString("ticket_id"))
            .list();
    return found.contains(null)
        ? Set.copyOf(tickets)
        : found.stream().map(UUID::fromString).collect(Collectors.toSet());
  }

  /// Clock of the database, which also dates the redrives.
  Instant currentTime() {
    return sql.sql("SELECT UTC_TIMESTAMP(6)")
        .query(LocalDateTime.class)
        .single()
        .toInstant(ZoneOffset.UTC);
  }
}
