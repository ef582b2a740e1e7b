package ticketing.worker.store;

import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
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

  private static final String EVENT_COLUMNS =
      """
      id, event_name, event_date, venue_name, venue_address, status, sale_opens_at, sale_closes_at,
      max_seats_per_user, hold_minutes, time_zone, revision, seat_map_revision, version,
      decision_sequence, revoked_at, waiting_list, offer_minutes, waiting_sequence\
      """;
  private static final String SEAT_TYPE_COLUMNS =
      "event_id, seat_type, price, total_seats, available_seats, kept_seats, waiting_parties";

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

  private record SeatTypeRow(long eventId, SeatTypeView view, WaitingList.Counters counters) {}

  LockedEvent lock(long eventId) {
    return sql.sql("SELECT " + EVENT_COLUMNS + " FROM events WHERE id = ? FOR UPDATE")
        .param(eventId)
        .query(EventTable::event)
        .optional()
        .map(row -> locked(row, lockSeatTypes(eventId)))
        .orElseGet(() -> new LockedEvent(eventId, Optional.empty(), null, Map.of(), 0, null));
  }

  private List<SeatTypeRow> lockSeatTypes(long eventId) {
    return sql.sql(
            "SELECT "
                + SEAT_TYPE_COLUMNS
                + " FROM seat_types WHERE event_id = ? ORDER BY price DESC, seat_type FOR UPDATE")
        .param(eventId)
        .query(EventTable::seatType)
        .list();
  }

  /// Locks events without blocking.
  ///
  /// @return the locked events in the order of their ids, without those that do not exist or of
  ///   which another transaction locks a row
  List<LockedEvent> tryLock(Collection<Long> eventIds) {
    List<EventRow> rows =
        sql.sql(
                "SELECT "
                    + EVENT_COLUMNS
                    + " FROM events WHERE id IN (:ids) ORDER BY id FOR UPDATE SKIP LOCKED")
            .param("ids", eventIds)
            .query(EventTable::event)
            .list();
    if (rows.isEmpty()) {
      return List.of();
    }
    List<Long> locked = rows.stream().map(row -> row.event().eventId()).toList();
    Map<Long, List<SeatTypeRow>> seatTypes =
        sql
            .sql(
                "SELECT "
                    + SEAT_TYPE_COLUMNS
                    + " FROM seat_types WHERE event_id IN (:ids)"
                    + " ORDER BY event_id, price DESC, seat_type FOR UPDATE SKIP LOCKED")
            .param("ids", locked)
            .query(EventTable::seatType)
            .list()
            .stream()
            .collect(Collectors.groupingBy(SeatTypeRow::eventId));
    Map<Long, Integer> counts = countSeatTypes(locked);
    return rows.stream()
        .map(row -> locked(row, seatTypes.getOrDefault(row.event().eventId(), List.of())))
        .filter(event ->
            seatTypes.getOrDefault(event.eventId(), List.of()).size()
                == counts.getOrDefault(event.eventId(), 0))
        .toList();
  }

  private Map<Long, Integer> countSeatTypes(List<Long> eventIds) {
    Map<Long, Integer> counts = new HashMap<>();
    sql.sql(
            """
            SELECT event_id, COUNT(*) AS types FROM seat_types WHERE event_id IN (:ids)
            GROUP BY event_id\
            """)
        .param("ids", eventIds)
        .query((ResultSet row) -> {
          counts.put(row.getLong("event_id"), row.getInt("types"));
        });
    return counts;
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

  /// Writes the effects of batches on their events. Changes of seats are relative: if two
  /// transactions overlapped, the CHECK would reject the second one.
  void update(List<DecidedBatch> decided) {
    List<Object[]> events = new ArrayList<>();
    List<Object[]> seatTypes = new ArrayList<>();
    for (DecidedBatch event : decided) {
      DecisionBatch batch = event.batch();
      if (batch.seatTypesReplaced()) {
        replaceSeatTypes(event.event().event().orElseThrow(), batch);
      } else {
        addSeatTypes(seatTypes, event);
      }
      boolean changesSeats = batch.changesSeats() && !batch.seatTypesReplaced();
      WaitingList.Change waiting = batch.waitingList();
      if (changesSeats || !waiting.joined().isEmpty() || event.changesSequence()) {
        events.add(
            new Object[] {
              batch.seatTypesReplaced() ? 0 : sum(batch.availabilityChanges().values()),
              changesSeats ? 1 : 0,
              waiting.joined().isEmpty() ? event.event().waitingSequence() : waiting.lastSequence(),
              event.sequence(),
              event.event().eventId()
            });
      }
    }
    if (!events.isEmpty()) {
      batches.batchUpdate(
          """
          UPDATE events SET available_seats = available_seats + ?, version = version + ?,
                 waiting_sequence = ?, decision_sequence = ?
          WHERE id = ?\
          """,
          events);
    }
    if (!seatTypes.isEmpty()) {
      batches.batchUpdate(
          """
          UPDATE seat_types SET available_seats = available_seats + ?,
                 kept_seats = kept_seats + ?, waiting_parties = waiting_parties + ?
          WHERE event_id = ? AND seat_type = ?\
          """,
          seatTypes);
    }
  }

  private static int sum(Collection<Integer> seats) {
    return seats.stream().mapToInt(Integer::intValue).sum();
  }

  private static void addSeatTypes(List<Object[]> rows, DecidedBatch event) {
    DecisionBatch batch = event.batch();
    WaitingList.Change waiting = batch.waitingList();
    Set<String> types = new TreeSet<>(batch.availabilityChanges().keySet());
    types.addAll(waiting.keptChanges().keySet());
    types.addAll(waiting.waitingChanges().keySet());
    for (String type : types) {
      rows.add(
          new Object[] {
            batch.availabilityChanges().getOrDefault(type, 0),
            waiting.keptChanges().getOrDefault(type, 0),
            waiting.waitingChanges().getOrDefault(type, 0),
            event.event().eventId(),
            type
          });
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
        row.getLong("event_id"),
        new SeatTypeView(
            row.getString("seat_type"),
            new Money(row.getBigDecimal("price")),
            row.getInt("total_seats"),
            row.getInt("available_seats")),
        new WaitingList.Counters(row.getInt("kept_seats"), row.getInt("waiting_parties")));
  }
}
