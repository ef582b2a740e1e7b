package ticketing.simulation.run;

import java.math.BigDecimal;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import ticketing.simulation.database.SimulatedDatabase;
import ticketing.simulation.kernel.SimulatedRuntime;
import ticketing.simulation.plan.Plan;

/// Model of the sale of one event. It decides each numbered step of the history by the rules of the
/// contract. It shares no code with the production code, so it finds a changed rule, which the
/// replay of the audit applies too.
final class SaleModel {

  private static final int MAX_OVERTAKINGS = 10;
  private static final Pattern STATUS = Pattern.compile("\"status\":\"([A-Z]+)\"");

  /// Error of a measurement of the clock.
  private static final int MAX_TIME_DIFFERENCE_SECONDS = 1;

  private final SimulatedDatabase database;
  private final long eventId;
  private final Plan.EventPlan event;
  private final boolean holdsAreKept;
  private final LocalDateTime end;
  private final Map<String, Long> free = new HashMap<>();
  private final Map<Object, Reservation> reservations = new HashMap<>();
  private final List<Party> parties = new ArrayList<>(); // in order of joining
  private final Map<Object, Long> seatsOfUser = new HashMap<>();
  private final Set<Object> takenSeats = new HashSet<>();
  private final List<String> violations = new ArrayList<>();
  private String status = "ACTIVE";

  /// @param holdsAreKept true if an undecided confirmation or an unknown time may keep holds beyond
  ///   their end
  SaleModel(SimulatedDatabase database, Plan plan, int eventId, boolean holdsAreKept) {
    this.database = database;
    this.eventId = eventId;
    this.event = plan.events().get(eventId - 1);
    this.holdsAreKept = holdsAreKept;
    this.end = Venue.endOfSale(event);
    Venue.SEAT_TYPES.forEach(type -> free.put(type, (long) event.seats(type)));
  }

  private enum Kind {
    STATE,
    EXPIRY,
    OFFER,
    DECISION
  }

  /// @param time of its transaction
  private record Step(Kind kind, Map<String, Object> row, long sequence, LocalDateTime time) {

    @Nullable Object get(String column) {
      return row.get(column);
    }

    String text(String column) {
      return String.valueOf(row.get(column));
    }
  }

  private static final class Reservation {
    final Object id;
    final String seatType;
    final long quantity;
    final Object user;
    final @Nullable LocalDateTime end;
    final List<String> seats;
    String status;

    Reservation(
        Object id,
        String seatType,
        long quantity,
        Object user,
        @Nullable LocalDateTime end,
        List<String> seats,
        String status) {
      this.id = id;
      this.seatType = seatType;
      this.quantity = quantity;
      this.user = user;
      this.end = end;
      this.seats = seats;
      this.status = status;
    }
  }

  private static final class Party {
    final Object entryId;
    final Object ticketId;
    final String seatType;
    final long quantity;
    final Object user;
    String status = "WAITING";
    int overtakings;

    Party(Object entryId, Object ticketId, String seatType, long quantity, Object user) {
      this.entryId = entryId;
      this.ticketId = ticketId;
      this.seatType = seatType;
      this.quantity = quantity;
      this.user = user;
    }
  }

  /// Returns the steps that the rules do not permit.
  List<String> check() {
    Step last = null;
    for (Step step : steps()) {
      checkOrder(last, step);
      if (step.kind() != Kind.STATE && step.kind() != Kind.OFFER && isOpen(step.time())) {
        Venue.SEAT_TYPES.stream()
            .flatMap(type -> nextParty(type).stream())
            .forEach(party -> violated(4, "no offer to a waiting party, row=" + step.row()));
      }
      switch (step.kind()) {
        case STATE -> {
          Matcher state = STATUS.matcher(step.text("state"));
          status = state.find() ? state.group(1) : status;
        }
        case EXPIRY -> expire(step);
        case OFFER -> offer(step);
        case DECISION -> decide(step);
      }
      last = step;
    }
    for (Map<String, Object> row : rows("reservations").toList()) {
      Reservation expected = reservations.get(row.get("id"));
      if (expected == null || !expected.status.equals(row.get("status"))) {
        violated(1, "expected " + (expected == null ? "none" : expected.status) + ", row=" + row);
      }
    }
    return violations;
  }

  private void violated(int guarantee, String text) {
    violations.add("guarantee " + guarantee + ": event " + eventId + ", " + text);
  }

  private Stream<Map<String, Object>> rows(String table) {
    return database.committed(table).stream().filter(row -> row.get("event_id").equals(eventId));
  }

  private List<Step> steps() {
    return Stream.of(
            steps(Kind.STATE, "event_states", "sequence", "changed_at"),
            steps(Kind.EXPIRY, "hold_expiries", "sequence", "expired_at"),
            steps(Kind.OFFER, "waiting_entries", "ended_sequence", "ended_at"),
            steps(Kind.DECISION, "tickets", "sequence", "decided_at"))
        .flatMap(found -> found)
        .sorted(Comparator.comparing(Step::sequence))
        .toList();
  }

  private Stream<Step> steps(Kind kind, String table, String sequence, String time) {
    return rows(table)
        .filter(row -> row.get(sequence) != null)
        .map(row -> new Step(kind, row, (Long) row.get(sequence), (LocalDateTime) row.get(time)));
  }

  /// Within a transaction, a hold expires at its end and a command acts at its acceptance.
  private void checkOrder(@Nullable Step last, Step step) {
    if (last != null
        && last.time().equals(step.time())
        && last.kind() != Kind.STATE
        && timeOf(last).isPresent()
        && timeOf(step).filter(timeOf(last).get()::isAfter).isPresent()) {
      violated(5, "a later step is first, row=" + step.row());
    }
  }

  private Optional<LocalDateTime> timeOf(Step step) {
    return switch (step.kind()) {
      case EXPIRY ->
          Optional.ofNullable(reservations.get(step.get("reservation_id")))
              .map(reservation -> reservation.end);
      case DECISION -> Optional.of((LocalDateTime) step.get("accepted_at"));
      case STATE, OFFER -> Optional.empty();
    };
  }

  private void expire(Step step) {
    Reservation reservation = reservations.get(step.get("reservation_id"));
    if (reservation == null
        || !reservation.status.equals("HELD")
        || reservation.end.isAfter(step.time())) {
      violated(5, "a hold expires ahead of its end, row=" + step.row());
    } else {
      release(reservation, "EXPIRED");
    }
  }

  private void offer(Step step) {
    Party party =
        parties.stream()
            .filter(one -> one.ticketId.equals(step.get("ticket_id")))
            .findFirst()
            .orElse(null);
    if (party == null
        || !isOpen(step.time())
        || nextParty(party.seatType).filter(party::equals).isEmpty()) {
      violated(4, "an offer out of turn, row=" + step.row());
      return;
    }
    boolean limited = exceedsLimit(party.user, party.quantity);
    party.status = limited ? "ENDED" : "OFFERED";
    if (!party.status.equals(step.get("status"))) {
      violated(1, "expected " + party.status + ", row=" + step.row());
    }
    Optional<Map<String, Object>> hold =
        rows("reservations").filter(row -> row.get("ticket_id").equals(party.ticketId)).findAny();
    if (limited || hold.isEmpty()) {
      return;
    }
    parties.stream()
        .takeWhile(one -> one != party)
        .filter(one -> one.status.equals("WAITING") && one.seatType.equals(party.seatType))
        .forEach(one -> one.overtakings++);
    LocalDateTime offerEnd = step.time().plus(SimulatedRuntime.ofMinutes(Venue.OFFER_MINUTES));
    LocalDateTime holdEnd = offerEnd.isBefore(end) ? offerEnd : end;
    Object stored = hold.get().get("expires_at");
    if (stored != null && !stored.equals(holdEnd)) {
      violated(5, "an offer has another end, row=" + hold.get());
    }
    take(
        new Reservation(
            hold.get().get("id"),
            party.seatType,
            party.quantity,
            party.user,
            holdEnd,
            seats(hold.get().get("seats")),
            "HELD"));
  }

  private void decide(Step step) {
    String expected =
        switch (step.text("action")) {
          case "BOOK" -> book(step);
          case "CONFIRM" -> confirm(step);
          case "CANCEL" -> cancel(step);
          case "JOIN" -> join(step);
          case "LEAVE" -> leave(step);
          default -> outcome(step); // a change of prices has no rule here
        };
    if (!expected.equals(outcome(step))) {
      violated(
          switch (step.text("action")) {
            case "CONFIRM" -> 5;
            case "CANCEL", "LEAVE" -> 3;
            default -> 1;
          },
          step.text("action") + " expected " + expected + ", row=" + step.row());
    }
  }

  private static String outcome(Step step) {
    return step.get("reason") == null ? step.text("decision") : step.text("reason");
  }

  /// Rule that a booking and a party of the waiting list have in common; null: none rejects it.
  private @Nullable String rejection(Step step) {
    LocalDateTime acceptedAt = (LocalDateTime) step.get("accepted_at");
    if (!holdsAreKept) {
      reservations.values().stream()
          .filter(one ->
              one.status.equals("HELD")
                  && !one.end.plusSeconds(MAX_TIME_DIFFERENCE_SECONDS).isAfter(acceptedAt))
          .forEach(one -> violated(5, "a hold is kept after its end, row=" + step.row()));
    }
    if (status.equals("CANCELLED")) {
      return "EVENT_CANCELLED";
    }
    if (step.get("price") == null && !acceptedAt.isBefore(end)) {
      return "SALE_CLOSED";
    }
    return exceedsLimit(step.get("user_id"), (Long) step.get("quantity")) ? "LIMIT_EXCEEDED" : null;
  }

  private String book(Step step) {
    String rejection = rejection(step);
    if (rejection != null) {
      return rejection;
    }
    String type = step.text("seat_type");
    long quantity = (Long) step.get("quantity");
    List<String> requested = seats(step.get("requested_seats"));
    boolean best = requested.isEmpty() || step.get("otherwise") != null;
    boolean exact =
        !requested.isEmpty()
            && event.numbered()
            && takenSeats.stream().noneMatch(requested::contains);
    if (countOnSale(type) < quantity || !best && !exact) {
      return best ? "SOLD_OUT" : "SEATS_TAKEN";
    }
    if (step.get("reservation_id") == null) {
      return "a reservation";
    }
    List<String> seats = seats(step.get("seats"));
    BigDecimal price = (BigDecimal) step.get("price");
    if (price != null
        && price
                .multiply(BigDecimal.valueOf(quantity))
                .compareTo((BigDecimal) step.get("total_price"))
            != 0) {
      return "the total of " + price;
    }
    if (exact && !seats.equals(requested)) {
      return "the seats " + requested;
    }
    boolean held = event.holdMinutes() != null;
    LocalDateTime holdEnd =
        held ? step.time().plus(SimulatedRuntime.ofMinutes(event.holdMinutes())) : null;
    if (!Objects.equals(holdEnd, step.get("expires_at"))) {
      return "the end " + holdEnd;
    }
    String decision = held ? "HELD" : "CONFIRMED";
    take(
        new Reservation(
            step.get("reservation_id"),
            type,
            quantity,
            step.get("user_id"),
            holdEnd,
            seats,
            decision));
    return decision;
  }

  private String confirm(Step step) {
    Reservation reservation = reservations.get(step.get("reservation_id"));
    if (reservation == null || !reservation.user.equals(step.get("user_id"))) {
      return "RESERVATION_NOT_FOUND";
    }
    if (reservation.status.equals("CONFIRMED")) {
      return "CONFIRMED";
    }
    if (reservation.status.equals("CANCELLED")) {
      return "NOT_CONFIRMABLE";
    }
    if (status.equals("CANCELLED")) {
      return "EVENT_CANCELLED";
    }
    if (!((LocalDateTime) step.get("accepted_at")).isBefore(reservation.end)) {
      return "HOLD_EXPIRED";
    }
    if (reservation.status.equals("EXPIRED")) {
      if (countOnSale(reservation.seatType) < reservation.quantity
          || exceedsLimit(reservation.user, reservation.quantity)
          || reservation.seats.stream().anyMatch(takenSeats::contains)) {
        return "HOLD_EXPIRED";
      }
      take(reservation);
    }
    reservation.status = "CONFIRMED";
    return "CONFIRMED";
  }

  private String cancel(Step step) {
    Reservation reservation = reservations.get(step.get("reservation_id"));
    if (reservation == null || !reservation.user.equals(step.get("user_id"))) {
      return "RESERVATION_NOT_FOUND";
    }
    switch (reservation.status) {
      case "EXPIRED" -> {
        return "NOT_CANCELLABLE";
      }
      case "CANCELLED" -> {}
      default -> release(reservation, "CANCELLED");
    }
    return "CANCELLED";
  }

  private String join(Step step) {
    String rejection = rejection(step);
    if (rejection != null) {
      return rejection;
    }
    String type = step.text("seat_type");
    long quantity = (Long) step.get("quantity");
    if (event.seats(type) < quantity) {
      return "SOLD_OUT";
    }
    if (countOnSale(type) >= quantity) {
      return "SEATS_AVAILABLE";
    }
    if (parties.stream()
        .anyMatch(one -> one.status.equals("WAITING") && one.user.equals(step.get("user_id")))) {
      return "ALREADY_WAITING";
    }
    parties.add(
        new Party(step.get("entry_id"), step.get("id"), type, quantity, step.get("user_id")));
    return "JOINED";
  }

  private String leave(Step step) {
    Optional<Party> party =
        parties.stream()
            .filter(one ->
                one.entryId.equals(step.get("entry_id")) && one.user.equals(step.get("user_id")))
            .findFirst();
    if (party.isEmpty() || !Set.of("WAITING", "LEFT").contains(party.get().status)) {
      return "NOT_WAITING";
    }
    party.get().status = "LEFT";
    return "LEFT";
  }

  private boolean isOpen(LocalDateTime time) {
    return status.equals("ACTIVE") && time.isBefore(end);
  }

  private boolean exceedsLimit(Object user, long quantity) {
    return event.maxSeatsPerUser() != null
        && seatsOfUser.getOrDefault(user, 0L) + quantity > event.maxSeatsPerUser();
  }

  /// The first party that fits the free seats, unless they are kept for an earlier one.
  private Optional<Party> nextParty(String type) {
    List<Party> waiting = waiting(type);
    return waiting.isEmpty() || keepsSeats(waiting.getFirst())
        ? Optional.empty()
        : waiting.stream().filter(one -> one.quantity <= free.get(type)).findFirst();
  }

  private List<Party> waiting(String type) {
    return parties.stream()
        .filter(one -> one.status.equals("WAITING") && one.seatType.equals(type))
        .toList();
  }

  private boolean keepsSeats(Party first) {
    return first.quantity > free.get(first.seatType) && first.overtakings >= MAX_OVERTAKINGS;
  }

  private long countOnSale(String type) {
    boolean kept = waiting(type).stream().findFirst().filter(this::keepsSeats).isPresent();
    return kept || nextParty(type).isPresent() ? 0 : free.get(type);
  }

  private void take(Reservation reservation) {
    reservations.put(reservation.id, reservation);
    free.merge(reservation.seatType, -reservation.quantity, Long::sum);
    seatsOfUser.merge(reservation.user, reservation.quantity, Long::sum);
    for (String seat : reservation.seats) {
      if (!takenSeats.add(seat)) {
        violated(1, "a seat is sold twice, row=" + seat);
      }
    }
  }

  private void release(Reservation reservation, String newStatus) {
    reservation.status = newStatus;
    free.merge(reservation.seatType, reservation.quantity, Long::sum);
    seatsOfUser.merge(reservation.user, -reservation.quantity, Long::sum);
    reservation.seats.forEach(takenSeats::remove);
  }

  private static List<String> seats(@Nullable Object joined) {
    return joined == null ? List.of() : List.of(joined.toString().split(","));
  }
}
