package ticketing.worker.store;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import ticketing.domain.Command;
import ticketing.domain.Money;
import ticketing.worker.decision.Decision;
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

  /// Returns the held and confirmed seats of users by event and user.
  ///
  /// @param users by event, not empty
  Map<Long, Map<String, Integer>> countSeats(Map<Long, Set<String>> users) {
    Map<Long, Map<String, Integer>> seats = new HashMap<>();
    if (users.isEmpty()) {
      return seats;
    }
    List<Object> params = new ArrayList<>();
    users.forEach((eventId, ofEvent) -> {
      params.add(eventId);
      params.addAll(ofEvent);
    });
    String condition =
        users.values().stream()
            .map(ofEvent ->
                "event_id = ? AND user_id IN (?" + ", ?".repeat(ofEvent.size() - 1) + ')')
            .collect(Collectors.joining(" OR "));
    sql.sql(
            "SELECT event_id, user_id, SUM(quantity) AS seats FROM reservations WHERE ("
                + condition
                + ") AND status IN ('CONFIRMED', 'HELD') GROUP BY event_id, user_id")
        .params(params)
        .query((ResultSet row) -> {
          seats
              .computeIfAbsent(row.getLong("event_id"), id -> new HashMap<>())
              .put(row.getString("user_id"), row.getInt("seats"));
        });
    return seats;
  }

  /// Returns the reservations with these ids by event and id.
  ///
  /// @param ids by event; a reservation of another event is not found
  Map<Long, Map<Long, Reservation>> find(Map<Long, Set<Long>> ids) {
    Map<Long, Map<Long, Reservation>> found = new HashMap<>();
    if (ids.isEmpty()) {
      return found;
    }
    sql.sql(
            """
            SELECT id, event_id, user_id, seat_type, quantity, total_price, status, expires_at,
                   seats
            FROM reservations WHERE id IN (:ids) AND event_id IN (:events) FOR UPDATE\
            """)
        .param("ids", ids.values().stream().flatMap(Set::stream).collect(Collectors.toSet()))
        .param("events", ids.keySet())
        .query((ResultSet row) -> {
          long eventId = row.getLong("event_id");
          Reservation reservation = reservation(row, 0);
          if (ids.get(eventId).contains(reservation.id())) {
            found
                .computeIfAbsent(eventId, id -> new HashMap<>())
                .put(reservation.id(), reservation);
          }
        });
    return found;
  }

  /// Locks reservations without blocking.
  ///
  /// @return the locked ones, without those that do not exist or that another transaction locks
  Set<Long> tryLock(Collection<Long> ids) {
    return Set.copyOf(
        sql.sql("SELECT id FROM reservations WHERE id IN (:ids) FOR UPDATE SKIP LOCKED")
            .param("ids", ids)
            .query(Long.class)
            .list());
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

  /// Returns those of these events that have a due hold.
  Set<Long> findEventsWithDueHolds(Collection<Long> eventIds, Instant now) {
    return Set.copyOf(
        sql.sql(
                """
                SELECT event_id FROM reservations
                WHERE event_id IN (:events) AND status = 'HELD' AND expires_at <= :now
                GROUP BY event_id\
                """)
            .param("events", eventIds)
            .param("now", Columns.utc(now))
            .query(Long.class)
            .list());
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
      long eventId,
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
          book.eventId(),
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

    static NewReservation offered(long eventId, WaitingParty party, WaitingList.Offer.Hold hold) {
      return new NewReservation(
          eventId,
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
  Map<UUID, Long> insert(List<DecidedBatch> decided, Instant now) {
    List<NewReservation> rows = new ArrayList<>();
    for (DecidedBatch event : decided) {
      for (Decision decision : event.batch().decisions()) {
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
      for (WaitingList.Offer offer : event.batch().waitingList().offers()) {
        if (offer.hold() != null) {
          rows.add(NewReservation.offered(event.event().eventId(), offer.party(), offer.hold()));
        }
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
          statement.setLong(2, row.eventId());
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
