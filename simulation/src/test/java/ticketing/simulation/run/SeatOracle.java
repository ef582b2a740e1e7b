package ticketing.simulation.run;

import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import ticketing.simulation.database.SimulatedDatabase;
import ticketing.simulation.plan.Plan;

/// Checks each numbered seat, and the entries and offers of the waiting lists, after a run.
final class SeatOracle {

  private static final int MAX_OVERTAKINGS = 10;

  private final Plan plan;
  private final SimulatedDatabase database;

  SeatOracle(Plan plan, SimulatedDatabase database) {
    this.plan = plan;
    this.database = database;
  }

  /// Returns the violations of the guarantees 1, 3 and 4.
  List<String> check() {
    List<String> violations = new ArrayList<>();
    for (int eventId = 1; eventId <= plan.events().size(); eventId++) {
      if (plan.events().get(eventId - 1).numbered()) {
        checkSeats(eventId, plan.events().get(eventId - 1), violations);
      }
    }
    checkOffers(violations);
    rows("waiting_entries").forEach(entry -> checkOvertakings(entry, violations));
    return violations;
  }

  /// Returns true if no waiting party fits the free seats of an open sale.
  boolean hasNoDueOffer() {
    LocalDateTime now = database.now();
    return rows("waiting_entries").stream()
        .filter(entry -> entry.get("status").equals("WAITING"))
        .noneMatch(entry ->
            isOpen((Long) entry.get("event_id"), now)
                && (Long) entry.get("quantity") <= countFree(entry)
                && (sum(entry, "kept_seats") == 0 || isFirst(entry)));
  }

  /// Seats are kept for the first party only.
  private boolean isFirst(Map<String, Object> entry) {
    return rows("waiting_entries").stream()
        .filter(other ->
            other.get("status").equals("WAITING")
                && other.get("event_id").equals(entry.get("event_id"))
                && other.get("seat_type").equals(entry.get("seat_type")))
        .noneMatch(other -> (Long) other.get("sequence") < (Long) entry.get("sequence"));
  }

  private boolean isOpen(long eventId, LocalDateTime now) {
    return rows("events").stream()
        .filter(event -> event.get("id").equals(eventId))
        .anyMatch(event ->
            event.get("status").equals("ACTIVE")
                && (event.get("sale_closes_at") == null
                    || ((LocalDateTime) event.get("sale_closes_at")).isAfter(now)));
  }

  private long countFree(Map<String, Object> entry) {
    return sum(entry, "available_seats") + sum(entry, "kept_seats");
  }

  /// Value of the seat type of an entry.
  private long sum(Map<String, Object> entry, String column) {
    return rows("seat_types").stream()
        .filter(type ->
            type.get("event_id").equals(entry.get("event_id"))
                && type.get("seat_type").equals(entry.get("seat_type")))
        .mapToLong(type -> (Long) type.get(column))
        .sum();
  }

  private List<Map<String, Object>> rows(String table) {
    return database.committed(table);
  }

  /// Returns true if the reservation has its seats.
  static boolean isActive(Map<String, Object> reservation) {
    return Set.of("CONFIRMED", "HELD").contains(reservation.get("status"));
  }

  private void checkSeats(long eventId, Plan.EventPlan event, List<String> violations) {
    Map<String, Object> owners = new HashMap<>();
    for (Map<String, Object> row : rows("reservations")) {
      if (!row.get("event_id").equals(eventId)) {
        continue;
      }
      List<String> seats =
          row.get("seats") == null ? List.of() : List.of(row.get("seats").toString().split(","));
      Object type = row.get("seat_type");
      if (seats.size() != (Long) row.get("quantity")
          || !seats.stream().allMatch(seat -> seat.startsWith(type.toString()))) {
        violations.add("guarantee 1: reservation " + row.get("id") + " has the seats " + seats);
      }
      for (String seat : isActive(row) ? seats : List.<String>of()) {
        if (owners.put(seat, row.get("id")) != null) {
          violations.add("guarantee 1: seat " + seat + " of event " + eventId + " is sold twice");
        }
      }
    }
    Map<String, Object> stored =
        rows("reservation_seats").stream()
            .filter(row -> row.get("event_id").equals(eventId))
            .collect(
                Collectors.toMap(
                    row -> (String) row.get("seat_id"), row -> row.get("reservation_id")));
    if (!stored.equals(owners)) {
      violations.add(
          "guarantee 1: seats of event " + eventId + " are " + stored + ", reserved " + owners);
    }
    Set<String> bits = seatsOf(eventId, event, "taken");
    bits.removeAll(seatsOf(eventId, event, "kept"));
    if (!bits.equals(owners.keySet())) {
      violations.add(
          "guarantee 1: bitmap of event " + eventId + " has " + bits + ", reserved " + owners);
    }
  }

  /// Seats of the only section in the order of the map.
  private Set<String> seatsOf(long eventId, Plan.EventPlan event, String column) {
    List<String> ids =
        Venue.SEAT_TYPES.stream()
            .flatMap(type ->
                IntStream.range(0, event.seats(type))
                    .mapToObj(number -> Venue.seatId(type, number)))
            .toList();
    Set<String> seats = new HashSet<>();
    for (Map<String, Object> section : rows("seat_sections")) {
      if (section.get("event_id").equals(eventId) && section.get(column) instanceof byte[] bits) {
        for (int i = 0; i < ids.size(); i++) {
          if ((bits[i / Byte.SIZE] & 1 << i % Byte.SIZE) != 0) {
            seats.add(ids.get(i));
          }
        }
      }
    }
    return seats;
  }

  private void checkOffers(List<String> violations) {
    List<Object> offered =
        rows("waiting_entries").stream()
            .filter(entry -> entry.get("status").equals("OFFERED"))
            .map(entry -> entry.get("ticket_id"))
            .sorted()
            .toList();
    List<Object> offers =
        rows("reservations").stream()
            .filter(row -> Long.valueOf(1).equals(row.get("offer")))
            .map(row -> row.get("ticket_id"))
            .sorted()
            .toList();
    if (!offers.equals(offered)) {
      violations.add("guarantee 1: offers " + offers + ", offered entries " + offered);
    }
    Set<Object> parties = new HashSet<>();
    for (Map<String, Object> entry : rows("waiting_entries")) {
      if (entry.get("status").equals("WAITING")
          && !parties.add(Arrays.asList(entry.get("event_id"), entry.get("user_id")))) {
        violations.add(
            "guarantee 3: event %s has a user who waits twice, row=%s"
                .formatted(entry.get("event_id"), entry));
      }
    }
  }

  private void checkOvertakings(Map<String, Object> entry, List<String> violations) {
    Long end = (Long) entry.get("ended_sequence");
    if (end == null && !entry.get("status").equals("WAITING")) {
      return;
    }
    long overtakings =
        rows("waiting_entries").stream()
            .filter(other ->
                other.get("status").equals("OFFERED")
                    && other.get("event_id").equals(entry.get("event_id"))
                    && other.get("seat_type").equals(entry.get("seat_type"))
                    && (Long) other.get("sequence") > (Long) entry.get("sequence")
                    && (end == null || (Long) other.get("ended_sequence") < end))
            .count();
    if (overtakings > MAX_OVERTAKINGS) {
      violations.add(
          "guarantee 4: entry " + entry.get("id") + " was overtaken " + overtakings + " times");
    }
  }
}
