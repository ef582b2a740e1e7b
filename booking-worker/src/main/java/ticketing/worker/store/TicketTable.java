package ticketing.worker.store;

import java.math.BigDecimal;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import ticketing.domain.Action;
import ticketing.domain.Command;
import ticketing.domain.Json;
import ticketing.domain.Money;
import ticketing.domain.Reason;
import ticketing.domain.Ticket;
import ticketing.domain.TicketStatus;
import ticketing.status.StatusEntry;
import ticketing.worker.jdbc.Columns;

/// Table `tickets`, the ledger of decisions.
@Component
class TicketTable {

  private final JdbcClient sql;
  private final JdbcTemplate batches;

  TicketTable(JdbcTemplate batches) {
    this.batches = batches;
    this.sql = JdbcClient.create(batches);
  }

  Map<UUID, StatusEntry> find(Collection<UUID> ticketIds) {
    Map<UUID, StatusEntry> found = new HashMap<>();
    if (ticketIds.isEmpty()) {
      return found;
    }
    sql.sql(
            """
            SELECT id, action, user_id, event_id, seat_type, quantity, decision, reason,
                   reservation_id, total_price, expires_at, fingerprint, accepted_at, decided_at,
                   seats, entry_id
            FROM tickets WHERE id IN (:ids)\
            """)
        .param("ids", Columns.strings(ticketIds))
        .query(TicketTable::entry)
        .list()
        .forEach(entry -> found.put(entry.ticket().ticketId(), entry));
    return found;
  }

  /// Reads one entry of the index by event and decision time.
  Optional<Instant> findLastAcceptance(long eventId) {
    return sql.sql(
            """
            SELECT accepted_at FROM tickets WHERE event_id = ?
            ORDER BY decided_at DESC LIMIT 1\
            """)
        .param(eventId)
        .query((row, index) -> Columns.instant(row, "accepted_at"))
        .optional();
  }

  void deleteGivenUp(Collection<UUID> ticketIds) {
    if (!ticketIds.isEmpty()) {
      sql.sql("DELETE FROM tickets WHERE id IN (:ids) AND reason = 'GAVE_UP'")
          .param("ids", Columns.strings(ticketIds))
          .update();
    }
  }

  /// Decision with the values of its command that explain it.
  ///
  /// @param sequence number among the decisions of the event; null: none
  /// @param command null: the ticket was given up without a decision
  record Row(StatusEntry entry, @Nullable Long sequence, @Nullable Command command) {

    private @Nullable BigDecimal price() {
      Money price = command == null ? null : command.acceptedPrice();
      return price == null ? null : price.amount();
    }

    private @Nullable String requestedSeats() {
      return command instanceof Command.BookSeats book ? Columns.seats(book.seats()) : null;
    }

    private @Nullable String otherwise() {
      return command instanceof Command.BookSeats book && book.otherwise() != null
          ? book.otherwise().name()
          : null;
    }

    private @Nullable Boolean onBehalf() {
      return command instanceof Command.CancelReservation cancel ? cancel.onBehalf() : null;
    }

    private @Nullable String seatChange() {
      return command instanceof Command.ChangeSeats change
          ? Json.INTERNAL.writeValueAsString(change)
          : null;
    }
  }

  void insert(List<Row> rows) {
    if (rows.isEmpty()) {
      return;
    }
    batches.batchUpdate(
        """
        INSERT INTO tickets (id, action, user_id, event_id, seat_type, quantity, decision, reason,
               reservation_id, total_price, expires_at, fingerprint, accepted_at, decided_at,
               sequence, price, on_behalf, seat_change, seats, requested_seats, otherwise,
               entry_id)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)\
        """,
        rows,
        rows.size(),
        (statement, row) -> {
          StatusEntry entry = row.entry();
          Ticket ticket = entry.ticket();
          statement.setString(1, ticket.ticketId().toString());
          statement.setString(2, ticket.action().name());
          statement.setString(3, entry.owner());
          statement.setLong(4, ticket.eventId());
          statement.setString(5, ticket.seatType());
          statement.setObject(6, ticket.quantity());
          statement.setString(7, ticket.status().name());
          statement.setString(8, ticket.reason() == null ? null : ticket.reason().name());
          statement.setObject(9, ticket.reservationId());
          statement.setBigDecimal(
              10, ticket.totalPrice() == null ? null : ticket.totalPrice().amount());
          statement.setObject(11, Columns.utc(ticket.expiresAt()));
          statement.setString(12, entry.fingerprint());
          statement.setObject(13, Columns.utc(ticket.acceptedAt()));
          statement.setObject(14, Columns.utc(ticket.decidedAt()));
          statement.setObject(15, row.sequence());
          statement.setBigDecimal(16, row.price());
          statement.setObject(17, row.onBehalf());
          statement.setString(18, row.seatChange());
          statement.setString(19, Columns.seats(ticket.seats()));
          statement.setString(20, row.requestedSeats());
          statement.setString(21, row.otherwise());
          statement.setObject(22, ticket.entryId());
        });
  }

  private static StatusEntry entry(ResultSet row, int index) throws SQLException {
    String reason = row.getString("reason");
    BigDecimal price = row.getBigDecimal("total_price");
    return StatusEntry.decided(
        row.getString("user_id"),
        row.getString("fingerprint"),
        Ticket.ofLedger(
                UUID.fromString(row.getString("id")),
                Action.valueOf(row.getString("action")),
                TicketStatus.valueOf(row.getString("decision")),
                row.getLong("event_id"),
                row.getString("seat_type"),
                row.getObject("quantity", Integer.class),
                Columns.instant(row, "accepted_at"),
                Columns.instant(row, "decided_at"),
                row.getObject("reservation_id", Long.class),
                Columns.instant(row, "expires_at"),
                reason == null ? null : Reason.valueOf(reason),
                price == null ? null : new Money(price))
            .withSeats(Columns.seats(row, "seats"))
            .withEntry(row.getObject("entry_id", Long.class)));
  }
}
