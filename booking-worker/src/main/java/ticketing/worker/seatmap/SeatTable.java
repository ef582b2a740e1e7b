package ticketing.worker.seatmap;

import java.sql.ResultSet;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.JdbcTemplate;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import ticketing.domain.Command;
import ticketing.domain.Command.ChangeSeats.SeatMapChange;
import ticketing.domain.EventView;
import ticketing.domain.seatmap.SeatBitmap;
import ticketing.domain.seatmap.SeatMap;
import ticketing.worker.decision.Decision;
import ticketing.worker.decision.DecisionBatch;
import ticketing.worker.decision.NumberedSeats;
import ticketing.worker.decision.Reservation;
import ticketing.worker.decision.ReservationStatus;
import ticketing.worker.decision.WaitingList;
import ticketing.worker.jdbc.Columns;

/// Tables `seat_maps`, `seat_map_changes`, `seat_sections` and `reservation_seats`. The row lock of
/// the event protects them.
@Component
public class SeatTable {

  private final JdbcClient sql;
  private final JdbcTemplate batches;
  private final SeatMapCache cache;

  SeatTable(JdbcTemplate batches, SeatMapCache cache) {
    this.batches = batches;
    this.sql = JdbcClient.create(batches);
    this.cache = cache;
  }

  /// Returns the numbered seats of a locked event for these commands.
  ///
  /// @param keepsSeats true if seats are kept for a waiting party
  public NumberedSeats read(EventView event, Collection<Command> commands, boolean keepsSeats) {
    SeatBitmap notOnSale =
        event.seatMapRevision() == null
            ? null
            : readBitmap(event.eventId(), event.seatMapRevision());
    SeatBitmap kept =
        keepsSeats && notOnSale != null ? readKept(event.eventId(), notOnSale.map()) : null;
    SeatBitmap taken = kept == null ? notOnSale : notOnSale.minus(kept);
    boolean changesMap = false;
    List<UUID> replacements = new ArrayList<>();
    for (Command command : commands) {
      if (command instanceof Command.ChangeSeats change && change.seatMap() != null) {
        changesMap = true;
        if (change.seatMap() == SeatMapChange.REPLACE) {
          replacements.add(change.ticketId());
        }
      }
    }
    if (!changesMap) {
      return taken == null
          ? NumberedSeats.NONE
          : new NumberedSeats(taken, event.seatMapRevision(), Map.of(), false, kept);
    }
    return new NumberedSeats(
        taken,
        readLastRevision(event.eventId()),
        readChanges(event.eventId(), replacements),
        hasReservations(event.eventId()),
        kept);
  }

  /// Locks the sections of events without blocking.
  ///
  /// @param eventIds locked events with numbered seats
  /// @return those of them with a lock on all sections
  public Set<Long> tryLock(Collection<Long> eventIds) {
    Map<Long, Integer> locked =
        countSections(
            "SELECT event_id, 1 AS sections FROM seat_sections WHERE event_id IN (:ids)"
                + " FOR UPDATE SKIP LOCKED",
            eventIds);
    Map<Long, Integer> all =
        countSections(
            "SELECT event_id, COUNT(*) AS sections FROM seat_sections WHERE event_id IN (:ids)"
                + " GROUP BY event_id",
            eventIds);
    return eventIds.stream()
        .filter(eventId -> Objects.equals(locked.get(eventId), all.get(eventId)))
        .collect(Collectors.toSet());
  }

  private Map<Long, Integer> countSections(String query, Collection<Long> eventIds) {
    Map<Long, Integer> counts = new HashMap<>();
    sql.sql(query)
        .param("ids", eventIds)
        .query((ResultSet row) -> {
          counts.merge(row.getLong("event_id"), row.getInt("sections"), Integer::sum);
        });
    return counts;
  }

  private SeatBitmap readBitmap(long eventId, int revision) {
    SeatMap map = cache.get(eventId, revision, () -> readMap(eventId, revision));
    return SeatBitmap.of(
        map,
        sql.sql("SELECT taken FROM seat_sections WHERE event_id = ? ORDER BY ordinal")
            .param(eventId)
            .query((row, index) -> row.getBytes("taken"))
            .list());
  }

  /// Returns the seats that are kept for the waiting list; null: none.
  private @Nullable SeatBitmap readKept(long eventId, SeatMap map) {
    List<Optional<byte[]>> sections =
        sql.sql("SELECT kept FROM seat_sections WHERE event_id = ? ORDER BY ordinal")
            .param(eventId)
            .query((row, index) -> Optional.ofNullable(row.getBytes("kept")))
            .list();
    if (sections.stream().allMatch(Optional::isEmpty)) {
      return null;
    }
    List<byte[]> bytes = new ArrayList<>();
    for (int ordinal = 0; ordinal < sections.size(); ordinal++) {
      int seats = map.sections().get(ordinal).seatCount();
      bytes.add(sections.get(ordinal).orElseGet(() -> new byte[SeatBitmap.countBytes(seats)]));
    }
    return SeatBitmap.of(map, bytes);
  }

  private SeatMap readMap(long eventId, int revision) {
    return SeatMap.ofGzip(
        sql.sql("SELECT map FROM seat_maps WHERE event_id = ? AND revision = ?")
            .params(eventId, revision)
            .query((row, index) -> row.getBytes("map"))
            .single());
  }

  private int readLastRevision(long eventId) {
    return sql.sql("SELECT COALESCE(MAX(revision), 0) FROM seat_maps WHERE event_id = ?")
        .param(eventId)
        .query(Integer.class)
        .single();
  }

  private Map<UUID, SeatMap> readChanges(long eventId, List<UUID> ticketIds) {
    Map<UUID, SeatMap> maps = new HashMap<>();
    for (UUID ticketId : ticketIds) {
      sql.sql("SELECT map FROM seat_map_changes WHERE ticket_id = ? AND event_id = ?")
          .params(ticketId.toString(), eventId)
          .query((row, index) -> row.getBytes("map"))
          .optional()
          .ifPresent(map -> maps.put(ticketId, SeatMap.ofGzip(map)));
    }
    return maps;
  }

  private boolean hasReservations(long eventId) {
    return sql.sql("SELECT EXISTS (SELECT 1 FROM reservations WHERE event_id = ?)")
        .param(eventId)
        .query(Boolean.class)
        .single();
  }

  /// Writes the effects of a batch on the numbered seats.
  ///
  /// @param reservationIds ids of the new reservations by ticket id
  public void write(
      long eventId, DecisionBatch batch, Map<UUID, Long> reservationIds, Instant now) {
    NumberedSeats.Change change = batch.numberedSeats();
    if (change.mapChanged()) {
      moveAcceptedMaps(eventId, change, now);
      sql.sql("UPDATE events SET seat_map_revision = ? WHERE id = ?")
          .params(change.revision(), eventId)
          .update();
      replaceSections(eventId, change.taken(), change.kept());
    } else if (!change.changedSections().isEmpty()) {
      storeSections(eventId, change.taken(), change.kept(), change.changedSections());
    }
    deleteReleasedSeats(eventId, batch);
    insertTakenSeats(eventId, batch, reservationIds);
  }

  private void moveAcceptedMaps(long eventId, NumberedSeats.Change change, Instant now) {
    change
        .acceptedMaps()
        .forEach((ticketId, revision) -> {
          sql.sql(
                  """
                  INSERT INTO seat_maps (event_id, revision, map, created_at)
                  SELECT event_id, ?, map, ? FROM seat_map_changes
                  WHERE ticket_id = ? AND event_id = ?\
                  """)
              .params(revision, Columns.utc(now), ticketId.toString(), eventId)
              .update();
          sql.sql("DELETE FROM seat_map_changes WHERE ticket_id = ?")
              .param(ticketId.toString())
              .update();
        });
  }

  private void replaceSections(
      long eventId, @Nullable SeatBitmap taken, @Nullable SeatBitmap kept) {
    sql.sql("DELETE FROM seat_sections WHERE event_id = ?").param(eventId).update();
    if (taken == null) {
      return;
    }
    storeSections(
        eventId, taken, kept, IntStream.range(0, taken.map().sections().size()).boxed().toList());
  }

  /// Inserts or updates sections in one statement: a batch of bookings often changes most of them.
  private void storeSections(
      long eventId, SeatBitmap taken, @Nullable SeatBitmap kept, Collection<Integer> ordinals) {
    List<SeatMap.Section> sections = taken.map().sections();
    batches.batchUpdate(
        """
        INSERT INTO seat_sections (event_id, ordinal, section, seat_count, taken, kept)
        VALUES (?, ?, ?, ?, ?, ?)
        ON DUPLICATE KEY UPDATE taken = VALUES(taken), kept = VALUES(kept)\
        """,
        ordinals.stream()
            .map(ordinal ->
                new Object[] {
                  eventId,
                  ordinal,
                  sections.get(ordinal).name(),
                  sections.get(ordinal).seatCount(),
                  taken.section(ordinal),
                  kept == null ? null : kept.section(ordinal)
                })
            .toList());
  }

  private void deleteReleasedSeats(long eventId, DecisionBatch batch) {
    Map<Long, List<String>> seats = new HashMap<>();
    for (Reservation reservation : batch.changedReservations()) {
      if (reservation.status() != ReservationStatus.CONFIRMED) {
        seats.put(reservation.id(), reservation.seats());
      }
    }
    deleteSeats(eventId, seats);
  }

  /// Deletes seats of reservations by the primary key: an index for this delete would slow down
  /// each sale.
  ///
  /// @param seats seat ids by reservation id
  public void deleteSeats(long eventId, Map<Long, List<String>> seats) {
    List<Object[]> rows = new ArrayList<>();
    seats.forEach((reservationId, ids) ->
        ids.forEach(seat -> rows.add(new Object[] {eventId, seat, reservationId})));
    if (!rows.isEmpty()) {
      batches.batchUpdate(
          """
          DELETE FROM reservation_seats
          WHERE event_id = ? AND seat_id = ? AND reservation_id = ?\
          """,
          rows);
    }
  }

  private void insertTakenSeats(long eventId, DecisionBatch batch, Map<UUID, Long> reservationIds) {
    List<Object[]> rows = new ArrayList<>();
    for (Decision decision : batch.decisions()) {
      switch (decision) {
        case Decision.Booked booked ->
            add(rows, eventId, booked.seats(), reservationIds.get(booked.command().ticketId()));
        case Decision.Held held ->
            add(rows, eventId, held.seats(), reservationIds.get(held.command().ticketId()));
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
        add(rows, eventId, offer.hold().seats(), reservationIds.get(offer.party().ticketId()));
      }
    }
    for (Reservation reservation : batch.changedReservations()) {
      if (batch.numberedSeats().retaken().contains(reservation.id())) {
        add(rows, eventId, reservation.seats(), reservation.id());
      }
    }
    if (!rows.isEmpty()) {
      // In the order of the primary key, which costs the database less.
      rows.sort(Comparator.comparing(row -> (String) row[1]));
      batches.batchUpdate(
          "INSERT INTO reservation_seats (event_id, seat_id, reservation_id) VALUES (?, ?, ?)",
          rows);
    }
  }

  private static void add(
      List<Object[]> rows, long eventId, List<String> seats, Long reservationId) {
    seats.forEach(seat -> rows.add(new Object[] {eventId, seat, reservationId}));
  }
}
