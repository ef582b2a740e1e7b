package ticketing.worker.waitinglist;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import ticketing.domain.Command;
import ticketing.domain.EventView;
import ticketing.domain.Money;
import ticketing.worker.decision.DecisionBatch;
import ticketing.worker.decision.WaitingList;
import ticketing.worker.decision.WaitingParties;
import ticketing.worker.decision.WaitingParty;
import ticketing.worker.jdbc.Columns;
import ticketing.worker.jdbc.GeneratedIds;

/// Table `waiting_entries`. The row lock of the event protects its entries.
@Component
public class WaitingEntryTable {

  private static final String COLUMNS =
      "w.ticket_id, w.user_id, w.seat_type, w.quantity, w.price, w.sequence";

  /// Seats of the user, which the limit of the event needs.
  private static final String SEATS_OF_USER =
      """
      , (SELECT COALESCE(SUM(r.quantity), 0) FROM reservations r
         WHERE r.event_id = w.event_id AND r.user_id = w.user_id
           AND r.status IN ('CONFIRMED', 'HELD')) AS seats_of_user\
      """;

  private static final String NO_SEATS_OF_USER = ", 0 AS seats_of_user";

  private final JdbcClient sql;
  private final JdbcTemplate batches;

  WaitingEntryTable(JdbcTemplate batches) {
    this.batches = batches;
    this.sql = JdbcClient.create(batches);
  }

  /// Returns the waiting list of a locked event for these commands.
  public WaitingList read(
      EventView event,
      Map<String, WaitingList.Counters> counters,
      long lastSequence,
      Collection<Command> commands) {
    Set<String> joining = new HashSet<>();
    Set<Long> leaving = new HashSet<>();
    for (Command command : commands) {
      switch (command) {
        case Command.JoinWaitingList join -> joining.add(join.userId());
        case Command.LeaveWaitingList leave -> leaving.add(leave.entryId());
        case Command.BookSeats _,
            Command.ConfirmHold _,
            Command.CancelReservation _,
            Command.ChangeSeats _ -> {}
      }
    }
    return new WaitingList(
        counters,
        lastSequence,
        leaving.isEmpty() ? Map.of() : findEntries(event.eventId(), leaving),
        joining.isEmpty() ? Map.of() : findWaiting(event.eventId(), joining),
        new StoredParties(event.eventId(), event.maxSeatsPerUser() != null));
  }

  private Map<Long, WaitingList.Entry> findEntries(long eventId, Set<Long> ids) {
    return sql
        .sql(
            "SELECT w.id, w.status, "
                + COLUMNS
                + NO_SEATS_OF_USER
                + " FROM waiting_entries w WHERE w.id IN (:ids) AND w.event_id = :event")
        .param("ids", ids)
        .param("event", eventId)
        .query((row, index) ->
            new WaitingList.Entry(
                row.getLong("id"),
                party(row, index),
                WaitingList.Status.valueOf(row.getString("status"))))
        .list()
        .stream()
        .collect(Collectors.toMap(WaitingList.Entry::id, entry -> entry));
  }

  private Map<String, WaitingParty> findWaiting(long eventId, Set<String> users) {
    return sql
        .sql(
            "SELECT "
                + COLUMNS
                + NO_SEATS_OF_USER
                + " FROM waiting_entries w WHERE w.user_id IN (:users) AND w.status = 'WAITING'"
                + " AND w.event_id = :event")
        .param("users", users)
        .param("event", eventId)
        .query(WaitingEntryTable::party)
        .list()
        .stream()
        .collect(Collectors.toMap(WaitingParty::userId, party -> party));
  }

  private final class StoredParties implements WaitingParties {
    private final long eventId;
    private final String select;

    private StoredParties(long eventId, boolean limited) {
      this.eventId = eventId;
      this.select = "SELECT " + COLUMNS + (limited ? SEATS_OF_USER : NO_SEATS_OF_USER);
    }

    /// One read of the index for each quantity.
    @Override
    public List<WaitingParty> findFirst(String seatType, int limit) {
      String query =
          IntStream.rangeClosed(1, Command.MAX_QUANTITY)
              .mapToObj(quantity -> '(' + ofQuantity() + ')')
              .collect(Collectors.joining(" UNION ALL "));
      List<Object> params = new ArrayList<>();
      for (int quantity = 1; quantity <= Command.MAX_QUANTITY; quantity++) {
        params.addAll(List.of(eventId, seatType, quantity, 0L, limit));
      }
      return sql.sql("SELECT * FROM (" + query + ") heads ORDER BY sequence")
          .params(params)
          .query(WaitingEntryTable::party)
          .list();
    }

    @Override
    public List<WaitingParty> findNext(
        String seatType, int quantity, long afterSequence, int limit) {
      return sql.sql(ofQuantity())
          .params(eventId, seatType, quantity, afterSequence, limit)
          .query(WaitingEntryTable::party)
          .list();
    }

    private String ofQuantity() {
      return select
          + """
           FROM waiting_entries w WHERE w.event_id = ? AND w.seat_type = ? AND w.status = 'WAITING'
           AND w.quantity = ? AND w.sequence > ? ORDER BY w.sequence LIMIT ?\
          """;
    }

    @Override
    public List<Long> findLastOffered(String seatType, int limit) {
      return sql.sql(
              """
              SELECT sequence FROM waiting_entries
              WHERE event_id = ? AND seat_type = ? AND status = 'OFFERED'
              ORDER BY sequence DESC LIMIT ?\
              """)
          .params(eventId, seatType, limit)
          .query(Long.class)
          .list();
    }

    @Override
    public int countAbove(String seatType, int quantity) {
      return sql.sql(
              """
              SELECT COUNT(*) FROM waiting_entries
              WHERE event_id = ? AND seat_type = ? AND status = 'WAITING' AND quantity > ?\
              """)
          .params(eventId, seatType, quantity)
          .query(Integer.class)
          .single();
    }
  }

  /// Returns events in which a waiting party may get an offer, or seats are kept without a waiting
  /// list, in the order of their ids.
  ///
  /// @param afterEventId only events with a higher id
  public List<Long> findEventsWithDueOffers(Instant now, long afterEventId, int limit) {
    // Most installations have no waiting party, so one read of the index is usual.
    boolean waiting =
        sql.sql("SELECT event_id FROM seat_types WHERE waiting_parties > 0 LIMIT 1")
            .query(Long.class)
            .optional()
            .isPresent();
    return waiting ? findDueOffers(now, afterEventId, limit) : List.of();
  }

  private List<Long> findDueOffers(Instant now, long afterEventId, int limit) {
    return sql.sql(
            """
            SELECT t.event_id FROM seat_types t JOIN events e ON e.id = t.event_id
            WHERE t.waiting_parties > 0 AND t.event_id > :after
              AND t.available_seats + t.kept_seats > 0
              AND e.waiting_list AND e.offer_minutes IS NOT NULL AND e.status = 'ACTIVE'
              AND e.event_date > :now
              AND (e.sale_opens_at IS NULL OR e.sale_opens_at <= :now)
              AND (e.sale_closes_at IS NULL OR e.sale_closes_at > :now)
              AND CASE WHEN t.kept_seats = 0
                THEN EXISTS (SELECT 1 FROM waiting_entries w
                  WHERE w.event_id = t.event_id AND w.seat_type = t.seat_type
                    AND w.status = 'WAITING' AND w.quantity <= t.available_seats)
                ELSE (SELECT w.quantity FROM waiting_entries w
                  WHERE w.event_id = t.event_id AND w.seat_type = t.seat_type
                    AND w.status = 'WAITING'
                  ORDER BY w.sequence LIMIT 1) <= t.available_seats + t.kept_seats END
            UNION
            SELECT t.event_id FROM seat_types t JOIN events e ON e.id = t.event_id
            WHERE t.kept_seats > 0 AND t.event_id > :after AND NOT e.waiting_list
            ORDER BY event_id LIMIT :limit\
            """)
        .param("now", Columns.utc(now))
        .param("after", afterEventId)
        .param("limit", limit)
        .query(Long.class)
        .list();
  }

  /// Writes the effects of a batch on the waiting list.
  ///
  /// @param lastStep number of the last step of the event ahead of the batch; null: no numbers
  /// @return ids of the new entries by ticket id
  public Map<UUID, Long> write(
      long eventId, DecisionBatch batch, @Nullable Long lastStep, Instant now) {
    WaitingList.Change change = batch.waitingList();
    if (!change.isEffective()) {
      return Map.of();
    }
    change
        .maxQuantities()
        .forEach((seatType, quantity) ->
            sql.sql(
                    """
                    UPDATE waiting_entries SET status = 'ENDED', ended_at = ?
                    WHERE event_id = ? AND seat_type = ? AND status = 'WAITING' AND quantity > ?\
                    """)
                .params(Columns.utc(now), eventId, seatType, quantity)
                .update());
    Map<UUID, Long> ids = insert(eventId, change.joined(), now);
    end(change, lastStep, now);
    return ids;
  }

  private Map<UUID, Long> insert(
      long eventId, Map<WaitingParty, WaitingList.Status> joined, Instant now) {
    return GeneratedIds.insert(
        batches,
        """
        INSERT INTO waiting_entries (ticket_id, event_id, sequence, seat_type, quantity,
               user_id, price, status, joined_at, ended_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)\
        """,
        List.copyOf(joined.keySet()),
        WaitingParty::ticketId,
        (statement, party) -> {
          boolean ended = joined.get(party) == WaitingList.Status.ENDED;
          statement.setString(1, party.ticketId().toString());
          statement.setLong(2, eventId);
          statement.setLong(3, party.sequence());
          statement.setString(4, party.seatType());
          statement.setInt(5, party.quantity());
          statement.setString(6, party.userId());
          statement.setBigDecimal(7, party.price().amount());
          statement.setString(8, joined.get(party).name());
          statement.setObject(9, Columns.utc(now));
          statement.setObject(10, ended ? Columns.utc(now) : null);
        });
  }

  private void end(WaitingList.Change change, @Nullable Long lastStep, Instant now) {
    Stream<Object[]> left =
        change.left().stream()
            .map(ticketId ->
                new Object[] {
                  WaitingList.Status.LEFT.name(), Columns.utc(now), null, ticketId.toString()
                });
    Stream<Object[]> offered =
        change.offers().stream()
            .map(offer ->
                new Object[] {
                  (offer.hold() == null ? WaitingList.Status.ENDED : WaitingList.Status.OFFERED)
                      .name(),
                  Columns.utc(now),
                  lastStep == null ? null : lastStep + offer.position(),
                  offer.party().ticketId().toString()
                });
    List<Object[]> rows = Stream.concat(left, offered).toList();
    if (!rows.isEmpty()) {
      batches.batchUpdate(
          """
          UPDATE waiting_entries SET status = ?, ended_at = ?, ended_sequence = ?
          WHERE ticket_id = ?\
          """,
          rows);
    }
  }

  private static WaitingParty party(ResultSet row, int index) throws SQLException {
    return new WaitingParty(
        UUID.fromString(row.getString("ticket_id")),
        row.getString("user_id"),
        row.getString("seat_type"),
        row.getInt("quantity"),
        new Money(row.getBigDecimal("price")),
        row.getLong("sequence"),
        row.getInt("seats_of_user"));
  }
}
