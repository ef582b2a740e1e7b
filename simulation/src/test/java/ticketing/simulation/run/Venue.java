package ticketing.simulation.run;

import java.math.BigDecimal;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import ticketing.domain.EventView;
import ticketing.domain.Json;
import ticketing.domain.Money;
import ticketing.domain.seatmap.SeatBitmap;
import ticketing.domain.seatmap.SeatMap;
import ticketing.simulation.database.SimulatedDatabase;
import ticketing.simulation.kernel.Kernel;
import ticketing.simulation.plan.Plan;

/// Rows of the events at the start of a run. Each seat type of a numbered event is one row of its
/// only section, with an aisle behind the third seat.
final class Venue {

  static final BigDecimal PRICE = new BigDecimal("10.00");
  static final List<String> SEAT_TYPES = List.of("A", "B");

  private static final String NAME = "Concert";
  static final int OFFER_MINUTES = 1;
  private static final int SEATS_AHEAD_OF_AISLE = 3;
  private static final LocalDateTime START = LocalDateTime.ofInstant(Kernel.START, ZoneOffset.UTC);

  private Venue() {}

  static String seatId(String seatType, int number) {
    return seatType + number;
  }

  static void insert(SimulatedDatabase database, Plan plan) {
    for (int i = 0; i < plan.events().size(); i++) {
      insert(database, i + 1, plan.events().get(i));
    }
  }

  private static void insert(SimulatedDatabase database, long id, Plan.EventPlan event) {
    int seats = event.seatsA() + event.seatsB();
    database.prepare(
        "INSERT INTO events (event_name, total_seats, available_seats, event_date, status,"
            + " sale_closes_at, max_seats_per_user, hold_minutes, seat_map_revision, waiting_list,"
            + " offer_minutes, decision_sequence, version, revision)"
            + " VALUES (?, ?, ?, ?, 'ACTIVE', ?, ?, ?, ?, ?, ?, 1, 0, 1)",
        NAME,
        seats,
        seats,
        eventDate(),
        end(event),
        event.maxSeatsPerUser(),
        event.holdMinutes(),
        event.numbered() ? 1 : null,
        event.waitingList(),
        event.waitingList() ? OFFER_MINUTES : null);
    for (String type : SEAT_TYPES) {
      database.prepare(
          "INSERT INTO seat_types (event_id, seat_type, price, total_seats, available_seats)"
              + " VALUES (?, ?, ?, ?, ?)",
          id,
          type,
          PRICE,
          event.seats(type),
          event.seats(type));
    }
    database.prepare(
        "INSERT INTO event_states (event_id, sequence, state, changed_at) VALUES (?, 1, ?, ?)",
        id,
        Json.INTERNAL.writeValueAsString(view(id, event)),
        START);
    if (event.numbered()) {
      database.prepare(
          "INSERT INTO seat_maps (event_id, revision, map, created_at) VALUES (?, 1, ?, ?)",
          id,
          SeatMap.ofValid(Json.INTERNAL.readTree(map(event)), SEAT_TYPES).toGzip(),
          START);
      database.prepare(
          "INSERT INTO seat_sections (event_id, ordinal, section, seat_count, taken)"
              + " VALUES (?, 0, 'S', ?, ?)",
          id,
          seats,
          new byte[SeatBitmap.countBytes(seats)]);
    }
  }

  private static @Nullable LocalDateTime end(Plan.EventPlan event) {
    return event.closesMillis() == null
        ? null
        : START.plusNanos(TimeUnit.MILLISECONDS.toNanos(event.closesMillis()));
  }

  /// Close of the sale, or the begin of the show.
  static LocalDateTime endOfSale(Plan.EventPlan event) {
    LocalDateTime end = end(event);
    return end == null ? eventDate() : end;
  }

  private static LocalDateTime eventDate() {
    return START.plusDays(10);
  }

  /// State of an event after its creation, from which the replay starts.
  static EventView view(long id, Plan.EventPlan event) {
    LocalDateTime end = end(event);
    return EventView.builder(id, NAME, eventDate().toInstant(ZoneOffset.UTC))
        .timeZone(EventView.DEFAULT_TIME_ZONE)
        .sale(null, end == null ? null : end.toInstant(ZoneOffset.UTC))
        .maxSeatsPerUser(event.maxSeatsPerUser())
        .holdMinutes(event.holdMinutes())
        .seatMapRevision(event.numbered() ? 1 : null)
        .waitingList(event.waitingList(), event.waitingList() ? OFFER_MINUTES : null)
        .seatTypes(
            SEAT_TYPES.stream()
                .map(type ->
                    new EventView.SeatTypeView(
                        type, new Money(PRICE), event.seats(type), event.seats(type)))
                .toList())
        .version(0)
        .build();
  }

  private static String map(Plan.EventPlan event) {
    return SEAT_TYPES.stream()
        .map(type -> "{\"row\":\"" + type + "\",\"seats\":[" + row(event, type) + "]}")
        .collect(Collectors.joining(",", "{\"sections\":[{\"section\":\"S\",\"rows\":[", "]}]}"));
  }

  private static String row(Plan.EventPlan event, String type) {
    return IntStream.range(0, event.seats(type))
        .mapToObj(number ->
            (number == SEATS_AHEAD_OF_AISLE ? "null," : "")
                + """
                {"id":"%s","seatType":"%s","rank":%d,"x":%d,"y":1}\
                """
                    .formatted(seatId(type, number), type, 1 + number, number))
        .collect(Collectors.joining(","));
  }
}
