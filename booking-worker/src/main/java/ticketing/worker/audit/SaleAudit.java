package ticketing.worker.audit;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import ticketing.domain.EventStatus;
import ticketing.domain.EventView;
import ticketing.domain.EventView.SeatTypeView;
import ticketing.domain.Money;
import ticketing.domain.seatmap.SeatMap;
import ticketing.worker.audit.AuditResult.Difference;
import ticketing.worker.decision.WaitingList;
import ticketing.worker.decision.WaitingParty;
import ticketing.worker.jdbc.Columns;

/// Audit of the sales in a database. It reads only, and takes no locks.
///
/// The rows of one event must be read from one snapshot. So the connection is in a transaction at
/// REPEATABLE READ, or no process writes.
public final class SaleAudit {

  /// Rows in memory of one read. The reservations of the event are in memory as well.
  static final int PAGE_SIZE = 5_000;

  private final Connection connection;

  public SaleAudit(Connection connection) {
    this.connection = connection;
  }

  /// Event with its counters.
  ///
  /// @param sequence null: no numbers
  private record EventRow(
      EventView event,
      Map<String, WaitingList.Counters> counters,
      @Nullable Long sequence,
      boolean archived) {}

  /// Returns the ids of all events, in order, and of missing events with decisions.
  public List<Long> eventIds() throws SQLException {
    List<Long> ids = new ArrayList<>();
    try (PreparedStatement query =
            connection.prepareStatement(
                """
                SELECT id FROM events UNION SELECT DISTINCT event_id FROM tickets ORDER BY 1
                """);
        ResultSet rows = query.executeQuery()) {
      while (rows.next()) {
        ids.add(rows.getLong(1));
      }
    }
    return ids;
  }

  /// Replays the history of one event.
  public AuditResult audit(long eventId) throws SQLException {
    Optional<EventRow> event = readEvent(eventId);
    if (event.isPresent() && event.get().archived()) {
      return event.get().event().eventDate().isBefore(Instant.now())
          ? new AuditResult.Skipped(eventId, "archived")
          : unexplained(eventId, "events/" + eventId, "archived", "an event in the past");
    }
    if (event.isPresent() && event.get().sequence() == null) {
      return findLater(eventId, 0)
          .<AuditResult>map(row -> new AuditResult.Unexplained(eventId, row))
          .orElseGet(() -> new AuditResult.Skipped(eventId, "decisions without numbers"));
    }
    Optional<Difference> unnumbered = findUnnumbered(eventId);
    if (unnumbered.isPresent()) {
      return new AuditResult.Unexplained(eventId, unnumbered.get());
    }
    EventReplay replay = new EventReplay(eventId, storedSeatMaps(eventId));
    Optional<Difference> difference = replayHistory(eventId, replay);
    if (difference.isEmpty()) {
      difference = compareReservations(eventId, replay);
    }
    if (difference.isEmpty() && event.isPresent()) {
      difference =
          replay.compare(event.get().event(), event.get().counters(), event.get().sequence());
    }
    if (difference.isEmpty()) {
      difference = compareWaitingList(eventId, replay);
    }
    if (difference.isEmpty()) {
      difference = replay.compareSeats(readSections(eventId), readReservedSeats(eventId));
    }
    return difference
        .<AuditResult>map(found -> new AuditResult.Unexplained(eventId, found))
        .orElseGet(() -> new AuditResult.Explained(eventId, replay.lastSequence()));
  }

  private static AuditResult unexplained(long eventId, String row, String found, String expected) {
    return new AuditResult.Unexplained(eventId, new Difference(row, found, expected));
  }

  /// Returns a decision without a number that has an effect. Without an effect are `GAVE_UP`, and a
  /// decision ahead of the creation of the event.
  private Optional<Difference> findUnnumbered(long eventId) throws SQLException {
    try (PreparedStatement query =
        connection.prepareStatement(
            """
            SELECT id, decision, reason FROM tickets t
            WHERE event_id = ? AND sequence IS NULL
              AND NOT (decision = 'REJECTED' AND COALESCE(reason, '') = 'GAVE_UP')
              AND NOT (decision = 'REJECTED' AND COALESCE(reason, '') = 'EVENT_NOT_FOUND'
                AND NOT EXISTS (SELECT 1 FROM event_states s WHERE s.event_id = t.event_id
                  AND s.sequence = 1 AND s.changed_at <= t.accepted_at))
            LIMIT 1
            """)) {
      query.setLong(1, eventId);
      try (ResultSet rows = query.executeQuery()) {
        return rows.next()
            ? Optional.of(
                new Difference(
                    "tickets/" + rows.getString("id"),
                    rows.getString("decision") + " " + rows.getString("reason") + " unnumbered",
                    "a decision with a number"))
            : Optional.empty();
      }
    }
  }

  private Optional<Difference> replayHistory(long eventId, EventReplay replay) throws SQLException {
    for (long first = 1; ; first += PAGE_SIZE) {
      TreeMap<Long, HistoryRow> page = new TreeMap<>();
      Optional<Difference> duplicate = readStates(eventId, first, page);
      duplicate = duplicate.isPresent() ? duplicate : readExpiries(eventId, first, page);
      duplicate = duplicate.isPresent() ? duplicate : readOffers(eventId, first, page);
      duplicate = duplicate.isPresent() ? duplicate : readDecisions(eventId, first, page);
      if (duplicate.isPresent()) {
        return duplicate;
      }
      for (HistoryRow row : page.values()) {
        Optional<Difference> difference = replay.apply(row);
        if (difference.isPresent()) {
          return difference;
        }
      }
      if (page.isEmpty()) {
        return findLater(eventId, first);
      }
    }
  }

  /// Returns a row behind a gap of the numbers.
  private Optional<Difference> findLater(long eventId, long first) throws SQLException {
    try (PreparedStatement query =
        connection.prepareStatement(
            """
            SELECT MIN(sequence) FROM (
              SELECT MIN(sequence) AS sequence FROM tickets WHERE event_id = ? AND sequence >= ?
              UNION ALL
              SELECT MIN(sequence) FROM event_states WHERE event_id = ? AND sequence >= ?
              UNION ALL
              SELECT MIN(sequence) FROM hold_expiries WHERE event_id = ? AND sequence >= ?
              UNION ALL
              SELECT MIN(ended_sequence) FROM waiting_entries
              WHERE event_id = ? AND ended_sequence >= ?
            ) later
            """)) {
      for (int index = 1; index <= 8; index += 2) {
        query.setLong(index, eventId);
        query.setLong(index + 1, first);
      }
      try (ResultSet rows = query.executeQuery()) {
        rows.next();
        Long sequence = rows.getObject(1, Long.class);
        return sequence == null
            ? Optional.empty()
            : Optional.of(
                new Difference(
                    "sequence " + sequence, "a row", "a row for each number below " + sequence));
      }
    }
  }

  private interface RowReader {
    HistoryRow read(ResultSet row) throws SQLException;
  }

  private Optional<Difference> readStates(long eventId, long first, TreeMap<Long, HistoryRow> page)
      throws SQLException {
    return read(
        "SELECT sequence, state FROM event_states",
        eventId,
        first,
        page,
        row -> new HistoryRow.State(row.getLong("sequence"), row.getString("state")));
  }

  private Optional<Difference> readExpiries(
      long eventId, long first, TreeMap<Long, HistoryRow> page) throws SQLException {
    return read(
        "SELECT sequence, reservation_id, expired_at FROM hold_expiries",
        eventId,
        first,
        page,
        row ->
            new HistoryRow.Expiry(
                row.getLong("sequence"),
                row.getLong("reservation_id"),
                Columns.instant(row, "expired_at")));
  }

  private Optional<Difference> readOffers(long eventId, long first, TreeMap<Long, HistoryRow> page)
      throws SQLException {
    return read(
        """
        SELECT sequence, ticket_id, status, reservation_id, ended_at FROM (
          SELECT w.event_id, w.ended_sequence AS sequence, w.ticket_id, w.status,
                 r.id AS reservation_id, w.ended_at
          FROM waiting_entries w LEFT JOIN reservations r ON r.ticket_id = w.ticket_id
          WHERE w.ended_sequence IS NOT NULL) offers\
        """,
        eventId,
        first,
        page,
        row ->
            new HistoryRow.Offered(
                row.getLong("sequence"),
                row.getString("ticket_id"),
                row.getString("status"),
                row.getObject("reservation_id", Long.class),
                Columns.instant(row, "ended_at")));
  }

  private Optional<Difference> compareWaitingList(long eventId, EventReplay replay)
      throws SQLException {
    try (PreparedStatement query =
        connection.prepareStatement(
            """
            SELECT id, ticket_id, user_id, seat_type, quantity, price, sequence, status, joined_at,
                   ended_at
            FROM waiting_entries WHERE event_id = ?
            """)) {
      query.setLong(1, eventId);
      try (ResultSet rows = query.executeQuery()) {
        while (rows.next()) {
          Optional<Difference> difference = replay.compare(entry(rows));
          if (difference.isPresent()) {
            return difference;
          }
        }
      }
    }
    return replay.findMissingEntry();
  }

  private static ReplayedWaitingList.Entry entry(ResultSet row) throws SQLException {
    return new ReplayedWaitingList.Entry(
        row.getLong("id"),
        new WaitingParty(
            UUID.fromString(row.getString("ticket_id")),
            row.getString("user_id"),
            row.getString("seat_type"),
            row.getInt("quantity"),
            new Money(row.getBigDecimal("price")),
            row.getLong("sequence"),
            0),
        WaitingList.Status.valueOf(row.getString("status")),
        Columns.instant(row, "joined_at"),
        Columns.instant(row, "ended_at"));
  }

  private Optional<Difference> readDecisions(
      long eventId, long first, TreeMap<Long, HistoryRow> page) throws SQLException {
    return read(
        """
        SELECT sequence, id, action, user_id, seat_type, quantity, decision, reason,
               reservation_id, total_price, expires_at, price, on_behalf, seat_change,
               seats, requested_seats, otherwise, entry_id, accepted_at, decided_at
        FROM tickets\
        """,
        eventId,
        first,
        page,
        row ->
            new HistoryRow.Decided(
                row.getLong("sequence"),
                row.getString("id"),
                row.getString("action"),
                row.getString("user_id"),
                row.getString("seat_type"),
                row.getObject("quantity", Integer.class),
                row.getString("decision"),
                row.getString("reason"),
                row.getObject("reservation_id", Long.class),
                row.getBigDecimal("total_price"),
                Columns.instant(row, "expires_at"),
                row.getBigDecimal("price"),
                row.getObject("on_behalf", Boolean.class),
                row.getString("seat_change"),
                Columns.seats(row, "seats"),
                Columns.seats(row, "requested_seats"),
                row.getString("otherwise"),
                row.getObject("entry_id", Long.class),
                Columns.instant(row, "accepted_at"),
                Columns.instant(row, "decided_at")));
  }

  private Optional<Difference> read(
      String select, long eventId, long first, TreeMap<Long, HistoryRow> page, RowReader reader)
      throws SQLException {
    try (PreparedStatement query =
        connection.prepareStatement(
            select + " WHERE event_id = ? AND sequence >= ? AND sequence < ?")) {
      query.setLong(1, eventId);
      query.setLong(2, first);
      query.setLong(3, first + PAGE_SIZE);
      try (ResultSet rows = query.executeQuery()) {
        while (rows.next()) {
          HistoryRow row = reader.read(rows);
          HistoryRow other = page.put(row.sequence(), row);
          if (other != null) {
            return Optional.of(
                new Difference(
                    "sequence " + row.sequence(),
                    row + " and " + other,
                    "one row with this number"));
          }
        }
      }
    }
    return Optional.empty();
  }

  private Optional<Difference> compareReservations(long eventId, EventReplay replay)
      throws SQLException {
    try (PreparedStatement query =
        connection.prepareStatement(
            """
            SELECT id, ticket_id, user_id, seat_type, quantity, total_price, status, reserved_at,
                   cancelled_at, expires_at, seats, offer
            FROM reservations WHERE event_id = ?
            """)) {
      query.setLong(1, eventId);
      try (ResultSet rows = query.executeQuery()) {
        while (rows.next()) {
          Optional<Difference> difference = replay.compare(reservation(rows));
          if (difference.isPresent()) {
            return difference;
          }
        }
      }
    }
    return Optional.empty();
  }

  private static ReservationRow reservation(ResultSet row) throws SQLException {
    return new ReservationRow(
        row.getLong("id"),
        row.getString("ticket_id"),
        row.getString("user_id"),
        row.getString("seat_type"),
        row.getInt("quantity"),
        row.getBigDecimal("total_price"),
        row.getString("status"),
        Columns.instant(row, "reserved_at"),
        Columns.instant(row, "cancelled_at"),
        Columns.instant(row, "expires_at"),
        Columns.seats(row, "seats"),
        row.getBoolean("offer"));
  }

  private Optional<EventRow> readEvent(long eventId) throws SQLException {
    Map<String, WaitingList.Counters> counters = new HashMap<>();
    List<SeatTypeView> seatTypes = readSeatTypes(eventId, counters);
    try (PreparedStatement query =
        connection.prepareStatement(
            """
            SELECT event_name, event_date, venue_name, venue_address, status, total_seats,
                   available_seats, sale_opens_at, sale_closes_at, max_seats_per_user,
                   hold_minutes, time_zone, revision, seat_map_revision, waiting_list,
                   offer_minutes, decision_sequence, archived_at
            FROM events WHERE id = ?
            """)) {
      query.setLong(1, eventId);
      try (ResultSet row = query.executeQuery()) {
        if (!row.next()) {
          return Optional.empty();
        }
        return Optional.of(
            new EventRow(
                new EventView(
                    eventId,
                    row.getString("event_name"),
                    Columns.instant(row, "event_date"),
                    row.getString("venue_name"),
                    row.getString("venue_address"),
                    EventStatus.valueOf(row.getString("status")),
                    row.getInt("total_seats"),
                    row.getInt("available_seats"),
                    Columns.instant(row, "sale_opens_at"),
                    Columns.instant(row, "sale_closes_at"),
                    row.getObject("max_seats_per_user", Integer.class),
                    row.getObject("hold_minutes", Integer.class),
                    row.getString("time_zone"),
                    row.getLong("revision"),
                    row.getObject("seat_map_revision", Integer.class),
                    row.getBoolean("waiting_list"),
                    row.getObject("offer_minutes", Integer.class),
                    seatTypes,
                    0),
                counters,
                row.getObject("decision_sequence", Long.class),
                row.getObject("archived_at") != null));
      }
    }
  }

  /// @param counters receives the counters that are not all 0
  private List<SeatTypeView> readSeatTypes(long eventId, Map<String, WaitingList.Counters> counters)
      throws SQLException {
    List<SeatTypeView> seatTypes = new ArrayList<>();
    try (PreparedStatement query =
        connection.prepareStatement(
            """
            SELECT seat_type, price, total_seats, available_seats, kept_seats, waiting_parties
            FROM seat_types WHERE event_id = ?
            """)) {
      query.setLong(1, eventId);
      try (ResultSet rows = query.executeQuery()) {
        while (rows.next()) {
          seatTypes.add(
              new SeatTypeView(
                  rows.getString("seat_type"),
                  new Money(rows.getBigDecimal("price")),
                  rows.getInt("total_seats"),
                  rows.getInt("available_seats")));
          WaitingList.Counters found =
              new WaitingList.Counters(rows.getInt("kept_seats"), rows.getInt("waiting_parties"));
          if (!found.equals(WaitingList.Counters.ZERO)) {
            counters.put(rows.getString("seat_type"), found);
          }
        }
      }
    }
    return seatTypes;
  }

  private List<byte[]> readSections(long eventId) throws SQLException {
    List<byte[]> sections = new ArrayList<>();
    try (PreparedStatement query =
        connection.prepareStatement(
            "SELECT taken FROM seat_sections WHERE event_id = ? ORDER BY ordinal")) {
      query.setLong(1, eventId);
      try (ResultSet rows = query.executeQuery()) {
        while (rows.next()) {
          sections.add(rows.getBytes("taken"));
        }
      }
    }
    return sections;
  }

  /// Seats of held and confirmed reservations.
  private Set<String> readReservedSeats(long eventId) throws SQLException {
    Set<String> seats = new HashSet<>();
    try (PreparedStatement query =
        connection.prepareStatement(
            """
            SELECT seat_id FROM reservation_seats s
            JOIN reservations r ON r.id = s.reservation_id AND r.event_id = s.event_id
            WHERE s.event_id = ? AND r.status IN ('CONFIRMED', 'HELD')
              AND FIND_IN_SET(s.seat_id, r.seats) > 0
            """)) {
      query.setLong(1, eventId);
      try (ResultSet rows = query.executeQuery()) {
        while (rows.next()) {
          seats.add(rows.getString("seat_id"));
        }
      }
    }
    return seats;
  }

  private EventReplay.SeatMaps storedSeatMaps(long eventId) {
    return new EventReplay.SeatMaps() {
      @Override
      public Optional<SeatMap> ofChange(UUID ticketId) {
        return readMap(
            "SELECT map FROM seat_map_changes WHERE event_id = ? AND ticket_id = ?",
            eventId,
            ticketId.toString());
      }

      @Override
      public Optional<SeatMap> ofRevision(int revision) {
        return readMap(
            "SELECT map FROM seat_maps WHERE event_id = ? AND revision = ?", eventId, revision);
      }
    };
  }

  private Optional<SeatMap> readMap(String select, long eventId, Object id) {
    try (PreparedStatement query = connection.prepareStatement(select)) {
      query.setLong(1, eventId);
      query.setObject(2, id);
      try (ResultSet rows = query.executeQuery()) {
        return rows.next() ? Optional.of(SeatMap.ofGzip(rows.getBytes("map"))) : Optional.empty();
      }
    } catch (SQLException e) {
      throw new IllegalStateException("cannot read seat map of event " + eventId, e);
    }
  }
}
