package ticketing.worker.store;

import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.springframework.jdbc.core.BatchPreparedStatementSetter;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.core.RowMapper;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.support.GeneratedKeyHolder;
import org.springframework.stereotype.Component;
import ticketing.domain.Action;
import ticketing.domain.Command;
import ticketing.domain.EventStatus;
import ticketing.domain.EventView;
import ticketing.domain.EventView.SeatTypeView;
import ticketing.domain.Money;
import ticketing.domain.Reason;
import ticketing.domain.Ticket;
import ticketing.domain.TicketStatus;
import ticketing.status.StatusEntry;
import ticketing.worker.decision.Decision;
import ticketing.worker.decision.DecisionBatch;
import ticketing.worker.decision.Reservation;
import ticketing.worker.decision.ReservationStatus;

/// The statements of a decision, in the order in which they run: the event's row is locked first,
/// always, so that two groups can neither interleave nor deadlock. Needs a surrounding transaction
/// at READ COMMITTED: what is read after the lock is what the last holder committed.
@Component
public class DecisionStore {

  private final JdbcClient sql;
  private final JdbcTemplate batches;

  DecisionStore(JdbcTemplate batches) {
    this.batches = batches;
    this.sql = JdbcClient.create(batches);
  }

  /// An event whose row is locked until the transaction ends.
  ///
  /// @param event empty if there is none
  /// @param withdrawnAt when the last command for it was withdrawn; null: none ever was
  public record Locked(Optional<EventView> event, Instant withdrawnAt) {}

  public Locked lock(long eventId) {
    Optional<Locked> row =
        sql.sql(
                """
                SELECT id, event_name, event_date, venue_name, venue_address, status, total_seats,
                       available_seats, sale_opens_at, sale_closes_at, max_seats_per_user,
                       hold_minutes, version, revoked_at
                FROM events WHERE id = ? FOR UPDATE\
                """)
            .param(eventId)
            .query(
                (found, i) ->
                    new Locked(Optional.of(event(found, i)), instant(found, "revoked_at")))
            .optional();
    if (row.isEmpty()) {
      return new Locked(Optional.empty(), null);
    }
    List<SeatTypeView> seatTypes =
        sql.sql(
                """
                SELECT seat_type, price, total_seats, available_seats FROM seat_types
                WHERE event_id = ? ORDER BY price DESC, seat_type FOR UPDATE\
                """)
            .param(eventId)
            .query(DecisionStore::seatType)
            .list();
    return new Locked(
        row.get().event().map(event -> withSeatTypes(event, seatTypes)), row.get().withdrawnAt());
  }

  /// Which of these attempts have been withdrawn. Under the lock of their event no other can join
  /// them.
  public Set<UUID> withdrawn(Collection<UUID> attempts) {
    return attempts.isEmpty()
        ? new HashSet<>()
        : new HashSet<>(
            sql.sql("SELECT attempt_id FROM revoked_commands WHERE attempt_id IN (:attempts)")
                .param("attempts", attempts.stream().map(UUID::toString).toList())
                .query((row, i) -> UUID.fromString(row.getString(1)))
                .list());
  }

  /// @return how many were forgotten
  public int forgetWithdrawn(Instant before, int limit) {
    return sql.sql("DELETE FROM revoked_commands WHERE created_at < ? ORDER BY created_at LIMIT ?")
        .params(utc(before), limit)
        .update();
  }

  /// Decisions made before, by ticket id. A ticket that was given up counts as undecided.
  public Map<UUID, StatusEntry> decided(Collection<UUID> ticketIds) {
    Map<UUID, StatusEntry> decided = new HashMap<>();
    if (ticketIds.isEmpty()) {
      return decided;
    }
    sql.sql(
            """
            SELECT id, action, user_id, event_id, seat_type, quantity, decision, reason,
                   reservation_id, total_price, expires_at, fingerprint, accepted_at, decided_at
            FROM tickets WHERE id IN (:ids)\
            """)
        .param("ids", ticketIds.stream().map(UUID::toString).toList())
        .query(DecisionStore::ticket)
        .list()
        .forEach(entry -> decided.put(entry.ticket().ticketId(), entry));
    return decided;
  }

  /// Held and confirmed seats of these users.
  public Map<String, Integer> seatsOf(long eventId, Collection<String> users) {
    Map<String, Integer> seats = new HashMap<>();
    sql.sql(
            """
            SELECT user_id, SUM(quantity) AS seats FROM reservations
            WHERE event_id = :event AND user_id IN (:users) AND status IN ('CONFIRMED', 'HELD')
            GROUP BY user_id\
            """)
        .param("event", eventId)
        .param("users", users)
        .query(
            (ResultSet row) -> {
              seats.put(row.getString("user_id"), row.getInt("seats"));
            });
    return seats;
  }

  public Map<Long, Reservation> reservations(long eventId, Collection<Long> ids) {
    Map<Long, Reservation> found = new HashMap<>();
    sql.sql(
            """
            SELECT id, user_id, seat_type, quantity, total_price, status, expires_at
            FROM reservations WHERE id IN (:ids) AND event_id = :event FOR UPDATE\
            """)
        .param("ids", ids)
        .param("event", eventId)
        .query(RESERVATION)
        .list()
        .forEach(reservation -> found.put(reservation.id(), reservation));
    return found;
  }

  /// Events that have holds which are due.
  public List<Long> eventsWithHoldsDue(Instant now, int limit) {
    return sql.sql(
            """
            SELECT DISTINCT event_id FROM reservations
            WHERE status = 'HELD' AND expires_at <= ? LIMIT ?\
            """)
        .params(utc(now), limit)
        .query(Long.class)
        .list();
  }

  /// Holds of an event that are due and that nobody else is working on.
  public List<Reservation> holdsDue(long eventId, Instant now, int limit) {
    return sql.sql(
            """
            SELECT id, user_id, seat_type, quantity, total_price, status, expires_at
            FROM reservations WHERE event_id = ? AND status = 'HELD' AND expires_at <= ?
            ORDER BY expires_at, id LIMIT ? FOR UPDATE SKIP LOCKED\
            """)
        .params(eventId, utc(now), limit)
        .query(RESERVATION)
        .list();
  }

  /// Writes the seats that an outcome moves. Changes are relative, so that even two writers that
  /// both believed to be alone could not sell a seat twice: the CHECK would refuse the second.
  public void moveSeats(EventView event, DecisionBatch outcome) {
    if (outcome.offerChanged()) {
      writeOffer(event, outcome.seatTypes());
      return;
    }
    int all = outcome.released().values().stream().mapToInt(Integer::intValue).sum();
    sql.sql(
            """
            UPDATE events SET available_seats = available_seats + ?, version = version + 1
            WHERE id = ?\
            """)
        .params(all, event.eventId())
        .update();
    List<Object[]> rows = new ArrayList<>();
    outcome
        .released()
        .forEach((type, seats) -> rows.add(new Object[] {seats, event.eventId(), type}));
    // Same order in every transaction.
    batches.batchUpdate(
        """
        UPDATE seat_types SET available_seats = available_seats + ?
        WHERE event_id = ? AND seat_type = ?\
        """,
        rows);
  }

  private void writeOffer(EventView event, List<SeatTypeView> offer) {
    Set<String> kept = new HashSet<>();
    for (SeatTypeView type : offer) {
      kept.add(type.seatType());
      boolean known = event.seatType(type.seatType()).isPresent();
      sql.sql(
              known
                  ? """
                  UPDATE seat_types SET price = ?, total_seats = ?, available_seats = ?
                  WHERE event_id = ? AND seat_type = ?\
                  """
                  : """
                  INSERT INTO seat_types (price, total_seats, available_seats, event_id, seat_type)
                  VALUES (?, ?, ?, ?, ?)\
                  """)
          .params(
              type.price().amount(),
              type.totalSeats(),
              type.availableSeats(),
              event.eventId(),
              type.seatType())
          .update();
    }
    for (SeatTypeView type : event.seatTypes()) {
      if (!kept.contains(type.seatType())) {
        sql.sql("DELETE FROM seat_types WHERE event_id = ? AND seat_type = ?")
            .params(event.eventId(), type.seatType())
            .update();
      }
    }
    sql.sql(
            """
            UPDATE events SET total_seats = ?, available_seats = ?, version = version + 1
            WHERE id = ?\
            """)
        .params(
            offer.stream().mapToInt(SeatTypeView::totalSeats).sum(),
            offer.stream().mapToInt(SeatTypeView::availableSeats).sum(),
            event.eventId())
        .update();
  }

  public void changeStatus(List<Reservation> changed, Instant now) {
    if (changed.isEmpty()) {
      return;
    }
    batches.batchUpdate(
        """
        UPDATE reservations SET status = ?, cancelled_at = COALESCE(?, cancelled_at),
               expires_at = ? WHERE id = ?\
        """,
        changed,
        changed.size(),
        (statement, reservation) -> {
          boolean cancelled = reservation.status() == ReservationStatus.CANCELLED;
          boolean confirmed = reservation.status() == ReservationStatus.CONFIRMED;
          statement.setString(1, reservation.status().name());
          statement.setObject(2, cancelled ? utc(now) : null);
          statement.setObject(3, confirmed ? null : utc(reservation.expiresAt()));
          statement.setLong(4, reservation.id());
        });
  }

  /// Inserts the reservations of new bookings.
  ///
  /// @return their ids, by ticket id
  public Map<UUID, Long> reserve(List<Decision> decisions, Instant now) {
    List<NewReservation> rows = new ArrayList<>();
    for (Decision decision : decisions) {
      if (decision instanceof Decision.Booked booked) {
        rows.add(
            new NewReservation(
                booked.command(), booked.totalPrice(), ReservationStatus.CONFIRMED, null));
      } else if (decision instanceof Decision.Held held) {
        rows.add(
            new NewReservation(
                held.command(), held.totalPrice(), ReservationStatus.HELD, held.expiresAt()));
      }
    }
    if (rows.isEmpty()) {
      return Map.of();
    }
    GeneratedKeyHolder keys = new GeneratedKeyHolder();
    batches.batchUpdate(
        connection ->
            connection.prepareStatement(
                """
                INSERT INTO reservations (ticket_id, event_id, user_id, quantity, seat_type,
                       total_price, status, reserved_at, expires_at)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)\
                """,
                Statement.RETURN_GENERATED_KEYS),
        new BatchPreparedStatementSetter() {
          @Override
          public void setValues(PreparedStatement statement, int i) throws SQLException {
            NewReservation row = rows.get(i);
            statement.setString(1, row.book().ticketId().toString());
            statement.setLong(2, row.book().eventId());
            statement.setString(3, row.book().userId());
            statement.setInt(4, row.book().quantity());
            statement.setString(5, row.book().seatType());
            statement.setBigDecimal(6, row.totalPrice().amount());
            statement.setString(7, row.status().name());
            statement.setObject(8, utc(now));
            statement.setObject(9, utc(row.expiresAt()));
          }

          @Override
          public int getBatchSize() {
            return rows.size();
          }
        },
        keys);
    // One INSERT of a known number of rows gets consecutive ids in the order of its rows (MySQL
    // manual, InnoDB AUTO_INCREMENT lock modes, "simple inserts").
    if (keys.getKeyList().size() != rows.size()) {
      throw new IllegalStateException(
          keys.getKeyList().size() + " ids for " + rows.size() + " reservations");
    }
    Map<UUID, Long> ids = new HashMap<>();
    for (int i = 0; i < rows.size(); i++) {
      Number id = (Number) keys.getKeyList().get(i).values().iterator().next();
      ids.put(rows.get(i).book().ticketId(), id.longValue());
    }
    return ids;
  }

  private record NewReservation(
      Command.BookSeats book, Money totalPrice, ReservationStatus status, Instant expiresAt) {}

  /// Records the decisions; replaces those that had been given up.
  public void record(List<StatusEntry> entries, Collection<UUID> givenUp) {
    if (!givenUp.isEmpty()) {
      sql.sql("DELETE FROM tickets WHERE id IN (:ids) AND reason = 'GAVE_UP'")
          .param("ids", givenUp.stream().map(UUID::toString).toList())
          .update();
    }
    if (entries.isEmpty()) {
      return;
    }
    batches.batchUpdate(
        """
        INSERT INTO tickets (id, action, user_id, event_id, seat_type, quantity, decision, reason,
               reservation_id, total_price, expires_at, fingerprint, accepted_at, decided_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)\
        """,
        entries,
        entries.size(),
        (statement, entry) -> {
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
          statement.setObject(11, utc(ticket.expiresAt()));
          statement.setString(12, entry.fingerprint());
          statement.setObject(13, utc(ticket.acceptedAt()));
          statement.setObject(14, utc(ticket.decidedAt()));
        });
  }

  private static final RowMapper<Reservation> RESERVATION =
      (row, i) ->
          new Reservation(
              row.getLong("id"),
              row.getString("user_id"),
              row.getString("seat_type"),
              row.getInt("quantity"),
              new Money(row.getBigDecimal("total_price")),
              ReservationStatus.valueOf(row.getString("status")),
              instant(row, "expires_at"));

  private static EventView event(ResultSet row, int i) throws SQLException {
    return new EventView(
        row.getLong("id"),
        row.getString("event_name"),
        instant(row, "event_date"),
        row.getString("venue_name"),
        row.getString("venue_address"),
        EventStatus.valueOf(row.getString("status")),
        row.getInt("total_seats"),
        row.getInt("available_seats"),
        instant(row, "sale_opens_at"),
        instant(row, "sale_closes_at"),
        row.getObject("max_seats_per_user", Integer.class),
        row.getObject("hold_minutes", Integer.class),
        List.of(),
        row.getLong("version"));
  }

  private static SeatTypeView seatType(ResultSet row, int i) throws SQLException {
    return new SeatTypeView(
        row.getString("seat_type"),
        new Money(row.getBigDecimal("price")),
        row.getInt("total_seats"),
        row.getInt("available_seats"));
  }

  private static EventView withSeatTypes(EventView row, List<SeatTypeView> seatTypes) {
    return after(row, seatTypes, row.version());
  }

  /// The event with these seat types, whose sums are its totals.
  public static EventView after(EventView event, List<SeatTypeView> seatTypes, long version) {
    return new EventView(
        event.eventId(),
        event.eventName(),
        event.eventDate(),
        event.venueName(),
        event.venueAddress(),
        event.status(),
        seatTypes.stream().mapToInt(SeatTypeView::totalSeats).sum(),
        seatTypes.stream().mapToInt(SeatTypeView::availableSeats).sum(),
        event.saleOpensAt(),
        event.saleClosesAt(),
        event.maxSeatsPerUser(),
        event.holdMinutes(),
        seatTypes,
        version);
  }

  private static StatusEntry ticket(ResultSet row, int i) throws SQLException {
    String reason = row.getString("reason");
    var price = row.getBigDecimal("total_price");
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
            instant(row, "accepted_at"),
            instant(row, "decided_at"),
            row.getObject("reservation_id", Long.class),
            instant(row, "expires_at"),
            reason == null ? null : Reason.valueOf(reason),
            price == null ? null : new Money(price)));
  }

  private static Instant instant(ResultSet row, String column) throws SQLException {
    LocalDateTime utc = row.getObject(column, LocalDateTime.class);
    return utc == null ? null : utc.toInstant(ZoneOffset.UTC);
  }

  private static LocalDateTime utc(Instant instant) {
    return instant == null ? null : LocalDateTime.ofInstant(instant, ZoneOffset.UTC);
  }
}
