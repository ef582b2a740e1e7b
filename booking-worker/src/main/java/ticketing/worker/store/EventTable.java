package ticketing.worker.store;

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
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import ticketing.domain.EventStatus;
import ticketing.domain.EventView;
import ticketing.domain.EventView.SeatTypeView;
import ticketing.domain.Money;
import ticketing.worker.decision.DecisionBatch;
import ticketing.worker.decision.WaitingList;
import ticketing.worker.jdbc.Columns;

/// Tables `events` and `seat_types`.
@Component
class EventTable {

  private static final String SKIP_LOCKED = " SKIP LOCKED";

  private final JdbcClient sql;
  private final JdbcTemplate batches;

  EventTable(JdbcTemplate batches) {
    this.batches = batches;
    this.sql = JdbcClient.create(batches);
  }

  private record EventRow(
      EventView event,
      @Nullable Long sequence,
      long waitingSequence,
      @Nullable Instant revokedAt) {}

  private record SeatTypeRow(SeatTypeView view, WaitingList.Counters counters) {}

  LockedEvent lock(long eventId) {
    return lockRow(eventId, "")
        .map(row -> locked(row, lockSeatTypes(eventId, "")))
        .orElseGet(() -> new LockedEvent(eventId, Optional.empty(), null, Map.of(), 0, null));
  }

  /// Locks an event without blocking.
  ///
  /// @return empty if the event does not exist or another transaction locks a row of it
  Optional<LockedEvent> tryLock(long eventId) {
    Optional<EventRow> row = lockRow(eventId, SKIP_LOCKED);
    if (row.isEmpty()) {
      return Optional.empty();
    }
    List<SeatTypeRow> seatTypes = lockSeatTypes(eventId, SKIP_LOCKED);
    return seatTypes.size() == countSeatTypes(eventId)
        ? Optional.of(locked(row.get(), seatTypes))
        : Optional.empty();
  }

  private Optional<EventRow> lockRow(long eventId, String option) {
    return sql.sql(
            """
            SELECT id, event_name, event_date, venue_name, venue_address, status,
                   sale_opens_at, sale_closes_at, max_seats_per_user, hold_minutes, time_zone,
                   revision, seat_map_revision, version, decision_sequence, revoked_at,
                   waiting_list, offer_minutes, waiting_sequence
            FROM events WHERE id = ? FOR UPDATE\
            """
                + option)
        .param(eventId)
        .query(EventTable::event)
        .optional();
  }

  private List<SeatTypeRow> lockSeatTypes(long eventId, String option) {
    return sql.sql(
            """
            SELECT seat_type, price, total_seats, available_seats, kept_seats, waiting_parties
            FROM seat_types WHERE event_id = ? ORDER BY price DESC, seat_type FOR UPDATE\
            """
                + option)
        .param(eventId)
        .query(EventTable::seatType)
        .list();
  }

  private int countSeatTypes(long eventId) {
    return sql.sql("SELECT COUNT(*) FROM seat_types WHERE event_id = ?")
        .param(eventId)
        .query(Integer.class)
        .single();
  }

  private static LockedEvent locked(EventRow row, List<SeatTypeRow> seatTypes) {
    EventView event =
        row.event().toBuilder()
            .seatTypes(seatTypes.stream().map(SeatTypeRow::view).toList())
            .build();
    Map<String, WaitingList.Counters> counters = new HashMap<>();
    for (SeatTypeRow type : seatTypes) {
      if (!type.counters().equals(WaitingList.Counters.ZERO)) {
        counters.put(type.view().seatType(), type.counters());
      }
    }
    return new LockedEvent(
        event.eventId(),
        Optional.of(event),
        row.sequence(),
        counters,
        row.waitingSequence(),
        row.revokedAt());
  }

  void update(EventView event, DecisionBatch batch) {
    if (batch.seatTypesReplaced()) {
      replaceSeatTypes(event, batch);
    } else if (batch.changesSeats()) {
      changeAvailability(event, batch);
    }
    if (batch.waitingList().isEffective()) {
      changeWaitingList(event, batch);
    }
  }

  void updateSequence(long eventId, long sequence) {
    sql.sql("UPDATE events SET decision_sequence = ? WHERE id = ?")
        .params(sequence, eventId)
        .update();
  }

  /// Changes are relative: if two transactions overlapped, the CHECK would reject the second one.
  private void changeAvailability(EventView event, DecisionBatch batch) {
    int sum = batch.availabilityChanges().values().stream().mapToInt(Integer::intValue).sum();
    sql.sql(
            """
            UPDATE events SET available_seats = available_seats + ?, version = version + 1
            WHERE id = ?\
            """)
        .params(sum, event.eventId())
        .update();
    List<Object[]> rows = new ArrayList<>();
    batch
        .availabilityChanges()
        .forEach((type, seats) -> rows.add(new Object[] {seats, event.eventId(), type}));
    batches.batchUpdate(
        """
        UPDATE seat_types SET available_seats = available_seats + ?
        WHERE event_id = ? AND seat_type = ?\
        """,
        rows);
  }

  /// Changes are relative, as those of the available seats.
  private void changeWaitingList(EventView event, DecisionBatch batch) {
    WaitingList.Change change = batch.waitingList();
    if (!change.joined().isEmpty()) {
      sql.sql("UPDATE events SET waiting_sequence = ? WHERE id = ?")
          .params(change.lastSequence(), event.eventId())
          .update();
    }
    Set<String> types = new TreeSet<>(change.keptChanges().keySet());
    types.addAll(change.waitingChanges().keySet());
    if (!batch.seatTypesReplaced() && !types.isEmpty()) {
      batches.batchUpdate(
          """
          UPDATE seat_types SET kept_seats = kept_seats + ?, waiting_parties = waiting_parties + ?
          WHERE event_id = ? AND seat_type = ?\
          """,
          types.stream()
              .map(type ->
                  new Object[] {
                    change.keptChanges().getOrDefault(type, 0),
                    change.waitingChanges().getOrDefault(type, 0),
                    event.eventId(),
                    type
                  })
              .toList());
    }
  }

  private void replaceSeatTypes(EventView event, DecisionBatch batch) {
    List<SeatTypeView> seatTypes = batch.seatTypes();
    Set<String> kept = new HashSet<>();
    for (SeatTypeView type : seatTypes) {
      kept.add(type.seatType());
      boolean exists = event.seatType(type.seatType()).isPresent();
      sql.sql(
              exists
                  ? """
                  UPDATE seat_types SET price = ?, total_seats = ?, available_seats = ?,
                         kept_seats = ?, waiting_parties = ?
                  WHERE event_id = ? AND seat_type = ?\
                  """
                  : """
                  INSERT INTO seat_types (price, total_seats, available_seats, kept_seats,
                         waiting_parties, event_id, seat_type)
                  VALUES (?, ?, ?, ?, ?, ?, ?)\
                  """)
          .params(
              type.price().amount(),
              type.totalSeats(),
              type.availableSeats(),
              batch.waitingList().counters(type.seatType()).kept(),
              batch.waitingList().counters(type.seatType()).waiting(),
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
            UPDATE events SET total_seats = ?, available_seats = ?, revision = revision + 1,
                   version = version + 1
            WHERE id = ?\
            """)
        .params(
            seatTypes.stream().mapToInt(SeatTypeView::totalSeats).sum(),
            seatTypes.stream().mapToInt(SeatTypeView::availableSeats).sum(),
            event.eventId())
        .update();
  }

  private static EventRow event(ResultSet row, int index) throws SQLException {
    return new EventRow(
        EventView.builder(
                row.getLong("id"), row.getString("event_name"), Columns.instant(row, "event_date"))
            .venue(row.getString("venue_name"), row.getString("venue_address"))
            .status(EventStatus.valueOf(row.getString("status")))
            .sale(Columns.instant(row, "sale_opens_at"), Columns.instant(row, "sale_closes_at"))
            .maxSeatsPerUser(row.getObject("max_seats_per_user", Integer.class))
            .holdMinutes(row.getObject("hold_minutes", Integer.class))
            .timeZone(row.getString("time_zone"))
            .revision(row.getLong("revision"))
            .seatMapRevision(row.getObject("seat_map_revision", Integer.class))
            .waitingList(
                row.getBoolean("waiting_list"), row.getObject("offer_minutes", Integer.class))
            .version(row.getLong("version"))
            .build(),
        row.getObject("decision_sequence", Long.class),
        row.getLong("waiting_sequence"),
        Columns.instant(row, "revoked_at"));
  }

  private static SeatTypeRow seatType(ResultSet row, int index) throws SQLException {
    return new SeatTypeRow(
        new SeatTypeView(
            row.getString("seat_type"),
            new Money(row.getBigDecimal("price")),
            row.getInt("total_seats"),
            row.getInt("available_seats")),
        new WaitingList.Counters(row.getInt("kept_seats"), row.getInt("waiting_parties")));
  }
}
