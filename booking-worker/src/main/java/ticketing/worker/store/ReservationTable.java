package ticketing.worker.store;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import ticketing.domain.Command;
import ticketing.domain.Money;
import ticketing.worker.decision.Decision;
import ticketing.worker.decision.DecisionBatch;
import ticketing.worker.decision.Reservation;
import ticketing.worker.decision.ReservationStatus;
import ticketing.worker.decision.WaitingList;
import ticketing.worker.decision.WaitingParty;
import ticketing.worker.jdbc.Columns;
import ticketing.worker.jdbc.GeneratedIds;

/// Table `reservations`.
@Component
class ReservationTable {

  private final JdbcClient sql;
  private final JdbcTemplate batches;

  ReservationTable(JdbcTemplate batches) {
    this.batches = batches;
    this.sql = JdbcClient.create(batches);
  }

  /// Returns the held and confirmed seats of the users.
  Map<String, Integer> countSeats(long eventId, Collection<String> users) {
    Map<String, Integer> seats = new HashMap<>();
    sql.sql(
            """
            SELECT user_id, SUM(quantity) AS seats FROM reservations
            WHERE event_id = :event AND user_id IN (:users) AND status IN ('CONFIRMED', 'HELD')
            GROUP BY user_id\
            """)
        .param("event", eventId)
        .param("users", users)
        .query((ResultSet row) -> {
          seats.put(row.getString("user_id"), row.getInt("seats"));
        });
    return seats;
  }

  Map<Long, Reservation> find(long eventId, Collection<Long> ids) {
    Map<Long, Reservation> found = new HashMap<>();
    sql.sql(
            """
            SELECT id, user_id, seat_type, quantity, total_price, status, expires_at, seats
            FROM reservations WHERE id IN (:ids) AND event_id = :event FOR UPDATE\
            """)
        .param("ids", ids)
        .param("event", eventId)
        .query(ReservationTable::reservation)
        .list()
        .forEach(reservation -> found.put(reservation.id(), reservation));
    return found;
  }

  /// Returns due holds of an event, oldest first. The row lock of the event protects them: a
  /// locking read of their index range would also lock or skip rows of a neighbouring event.
  List<Reservation> findDueHolds(long eventId, Instant dueUntil, int limit) {
    return findDueHolds(eventId, dueUntil, limit, "");
  }

  /// As [#findDueHolds], without holds that another transaction may lock.
  List<Reservation> findUnlockedDueHolds(long eventId, Instant dueUntil, int limit) {
    return findDueHolds(eventId, dueUntil, limit, " FOR UPDATE SKIP LOCKED");
  }

  private List<Reservation> findDueHolds(long eventId, Instant dueUntil, int limit, String option) {
    return sql.sql(
            """
            SELECT id, user_id, seat_type, quantity, total_price, status, expires_at, seats
            FROM reservations WHERE event_id = ? AND status = 'HELD' AND expires_at <= ?
            ORDER BY expires_at, id LIMIT ?\
            """
                + option)
        .params(eventId, Columns.utc(dueUntil), limit)
        .query(ReservationTable::reservation)
        .list();
  }

  /// Reads one index entry for each event with a running hold.
  List<Long> findEventsWithDueHolds(Instant now, long afterEventId, int limit) {
    return sql.sql(
            """
            SELECT event_id FROM reservations
            WHERE status = 'HELD' AND event_id > ?
            GROUP BY status, event_id HAVING MIN(expires_at) <= ?
            ORDER BY event_id LIMIT ?\
            """)
        .params(afterEventId, Columns.utc(now), limit)
        .query(Long.class)
        .list();
  }

  void updateStatus(List<Reservation> changed, Instant now) {
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
          statement.setObject(2, cancelled ? Columns.utc(now) : null);
          statement.setObject(3, confirmed ? null : Columns.utc(reservation.expiresAt()));
          statement.setLong(4, reservation.id());
        });
  }

  private record NewReservation(
      UUID ticketId,
      String userId,
      String seatType,
      int quantity,
      Money totalPrice,
      ReservationStatus status,
      @Nullable Instant expiresAt,
      List<String> seats,
      boolean offer) {

    static NewReservation confirmed(Decision.Booked booked) {
      return of(
          booked.command(), booked.totalPrice(), ReservationStatus.CONFIRMED, null, booked.seats());
    }

    static NewReservation held(Decision.Held held) {
      return of(
          held.command(),
          held.totalPrice(),
          ReservationStatus.HELD,
          held.expiresAt(),
          held.seats());
    }

    private static NewReservation of(
        Command.BookSeats book,
        Money totalPrice,
        ReservationStatus status,
        @Nullable Instant expiresAt,
        List<String> seats) {
      return new NewReservation(
          book.ticketId(),
          book.userId(),
          book.seatType(),
          book.quantity(),
          totalPrice,
          status,
          expiresAt,
          seats,
          false);
    }

    static NewReservation offered(WaitingParty party, WaitingList.Offer.Hold hold) {
      return new NewReservation(
          party.ticketId(),
          party.userId(),
          party.seatType(),
          party.quantity(),
          hold.totalPrice(),
          ReservationStatus.HELD,
          hold.expiresAt(),
          hold.seats(),
          true);
    }
  }

  /// Inserts the reservations of the new bookings and offers.
  ///
  /// @return their ids by ticket id
  Map<UUID, Long> insert(long eventId, DecisionBatch batch, Instant now) {
    List<NewReservation> rows = new ArrayList<>();
    for (Decision decision : batch.decisions()) {
      switch (decision) {
        case Decision.Booked booked -> rows.add(NewReservation.confirmed(booked));
        case Decision.Held held -> rows.add(NewReservation.held(held));
        case Decision.Confirmed _,
            Decision.Cancelled _,
            Decision.SeatsChanged _,
            Decision.Joined _,
            Decision.Left _,
            Decision.Rejected _ -> {}
      }
    }
    for (WaitingList.Offer offer : batch.waitingList().offers()) {
      if (offer.hold() != null) {
        rows.add(NewReservation.offered(offer.party(), offer.hold()));
      }
    }
    return GeneratedIds.insert(
        batches,
        """
        INSERT INTO reservations (ticket_id, event_id, user_id, quantity, seat_type,
               total_price, status, reserved_at, expires_at, seats, offer)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)\
        """,
        rows,
        NewReservation::ticketId,
        (statement, row) -> {
          statement.setString(1, row.ticketId().toString());
          statement.setLong(2, eventId);
          statement.setString(3, row.userId());
          statement.setInt(4, row.quantity());
          statement.setString(5, row.seatType());
          statement.setBigDecimal(6, row.totalPrice().amount());
          statement.setString(7, row.status().name());
          statement.setObject(8, Columns.utc(now));
          statement.setObject(9, Columns.utc(row.expiresAt()));
          statement.setString(10, Columns.seats(row.seats()));
          statement.setBoolean(11, row.offer());
        });
  }

  private static Reservation reservation(ResultSet row, int index) throws SQLException {
    return new Reservation(
        row.getLong("id"),
        row.getString("user_id"),
        row.getString("seat_type"),
        row.getInt("quantity"),
        new Money(row.getBigDecimal("total_price")),
        ReservationStatus.valueOf(row.getString("status")),
        Columns.instant(row, "expires_at"),
        Columns.seats(row, "seats"));
  }
}
