package ticketing.worker.audit;

import java.math.BigDecimal;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Base64;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import ticketing.domain.Action;
import ticketing.domain.Command;
import ticketing.domain.Command.BookSeats.Otherwise;
import ticketing.domain.Command.ChangeSeats.SeatMapChange;
import ticketing.domain.EventView;
import ticketing.domain.EventView.SeatTypeView;
import ticketing.domain.Json;
import ticketing.domain.Money;
import ticketing.domain.seatmap.SeatBitmap;
import ticketing.domain.seatmap.SeatMap;
import ticketing.worker.audit.AuditResult.Difference;
import ticketing.worker.decision.BookingDecider;
import ticketing.worker.decision.Decision;
import ticketing.worker.decision.DecisionBatch;
import ticketing.worker.decision.Inventory;
import ticketing.worker.decision.NumberedSeats;
import ticketing.worker.decision.Reservation;
import ticketing.worker.decision.ReservationStatus;
import ticketing.worker.decision.WaitingList;
import ticketing.worker.decision.WaitingParty;
import tools.jackson.core.JacksonException;

/// Replay of the steps of one event, in their order, through [BookingDecider]. Each step is
/// compared with its row, and the final state with the rows of seats and reservations.
final class EventReplay {

  /// Columns of a decision that follow from the steps ahead of it.
  private record Outcome(
      String decision,
      @Nullable String reason,
      @Nullable Long reservationId,
      @Nullable String seatType,
      @Nullable Integer quantity,
      @Nullable BigDecimal totalPrice,
      @Nullable Instant expiresAt,
      List<String> seats,
      @Nullable Long entryId) {

    static Outcome rejected(HistoryRow.Decided row, String reason) {
      return new Outcome(
          "REJECTED",
          reason,
          row.action().equals("BOOK") ? null : row.reservationId(),
          row.seatType(),
          row.quantity(),
          null,
          null,
          List.of(),
          row.action().equals("LEAVE") ? row.entryId() : null);
    }

    static Outcome of(String decision, Reservation reservation, @Nullable Instant expiresAt) {
      return new Outcome(
          decision,
          null,
          reservation.id(),
          reservation.seatType(),
          reservation.quantity(),
          reservation.totalPrice().amount(),
          expiresAt,
          reservation.seats(),
          null);
    }

    static Outcome ofParty(
        HistoryRow.Decided row, String decision, WaitingParty party, @Nullable Money total) {
      return new Outcome(
          decision,
          null,
          null,
          party.seatType(),
          party.quantity(),
          total == null ? null : total.amount(),
          null,
          List.of(),
          row.entryId());
    }
  }

  /// Reservation with the columns that its decisions do not need.
  private record Booked(
      Reservation reservation,
      String ticketId,
      Instant reservedAt,
      @Nullable Instant cancelledAt,
      boolean offer) {

    ReservationRow row() {
      return new ReservationRow(
          reservation.id(),
          ticketId,
          reservation.userId(),
          reservation.seatType(),
          reservation.quantity(),
          reservation.totalPrice().amount(),
          reservation.status().name(),
          reservedAt,
          cancelledAt,
          reservation.status() == ReservationStatus.CONFIRMED ? null : reservation.expiresAt(),
          reservation.seats(),
          offer);
    }
  }

  /// Stored seat maps of the event.
  interface SeatMaps {

    /// Returns the map of an undecided or rejected change, or of one that changed no seat.
    Optional<SeatMap> ofChange(UUID ticketId);

    Optional<SeatMap> ofRevision(int revision);
  }

  /// A worker may correct its clock between the search of due holds and their expiry.
  private static final Duration CLOCK_TOLERANCE = Duration.ofSeconds(1);

  private final long eventId;
  private final Map<Long, Booked> reservations = new HashMap<>();
  private final Map<String, Integer> seatsOfUser = new HashMap<>();
  private final SeatMaps seatMaps;
  private @Nullable EventView event;
  private @Nullable SeatBitmap taken; // sold and held
  private @Nullable SeatBitmap kept;
  private final ReplayedWaitingList waitingList =
      new ReplayedWaitingList(user -> seatsOfUser.getOrDefault(user, 0));
  private final Deque<WaitingList.Offer> expectedOffers = new ArrayDeque<>();
  private @Nullable Instant expectedAt;
  private int lastMapRevision;
  private boolean booked;
  private long lastSequence;

  EventReplay(long eventId, SeatMaps seatMaps) {
    this.eventId = eventId;
    this.seatMaps = seatMaps;
  }

  /// Number of the last replayed step; 0: none.
  long lastSequence() {
    return lastSequence;
  }

  /// Replays one step.
  ///
  /// @return empty if the row follows from the steps ahead of it
  Optional<Difference> apply(HistoryRow row) {
    if (row.sequence() != lastSequence + 1) {
      return difference(
          "sequence " + row.sequence(), row.toString(), "sequence " + (lastSequence + 1));
    }
    lastSequence++;
    if (!expectedOffers.isEmpty() && !(row instanceof HistoryRow.Offered)) {
      return difference(
          "sequence " + row.sequence(), row.toString(), expectedOffers.peek().toString());
    }
    try {
      return switch (row) {
        case HistoryRow.State state -> applyState(state);
        case HistoryRow.Expiry expiry -> applyExpiry(expiry);
        case HistoryRow.Offered offered -> applyOffer(offered);
        case HistoryRow.Decided decided -> applyDecision(decided);
      };
    } catch (IllegalArgumentException | NullPointerException | JacksonException e) {
      return difference(
          "sequence " + row.sequence(), row.toString(), "values of a valid row: " + e);
    }
  }

  private Optional<Difference> applyState(HistoryRow.State row) {
    EventView next = Json.INTERNAL.readValue(row.state(), EventView.class);
    String name = "event_states/" + row.sequence();
    if (next.eventId() != eventId) {
      return difference(name, "event " + next.eventId(), "event " + eventId);
    }
    if (event == null) {
      event = next;
      if (next.seatMapRevision() != null) {
        lastMapRevision = next.seatMapRevision();
        taken = SeatBitmap.empty(map(lastMapRevision));
      }
      return next.seatTypes().stream()
          .filter(type -> type.availableSeats() != type.totalSeats())
          .findFirst()
          .flatMap(type -> difference(name, type.toString(), "all seats on sale"));
    }
    // An edit outside of a decision changes no seats.
    if (!Objects.equals(next.seatMapRevision(), event.seatMapRevision())) {
      return difference(
          name, "seat map " + next.seatMapRevision(), "seat map " + event.seatMapRevision());
    }
    List<SeatTypeView> expected = sorted(event.seatTypes());
    if (!sorted(next.seatTypes()).equals(expected)) {
      return difference(name, next.seatTypes().toString(), expected.toString());
    }
    if (next.revision() != event.revision() && next.revision() != event.revision() + 1) {
      return difference(
          name, "revision " + next.revision(), "revision " + event.revision() + " or one more");
    }
    event = next;
    return Optional.empty();
  }

  private Optional<Difference> applyExpiry(HistoryRow.Expiry row) {
    String name = "hold_expiries/" + row.sequence();
    Booked booked = reservations.get(row.reservationId());
    if (booked == null
        || booked.reservation().status() != ReservationStatus.HELD
        || booked.reservation().expiresAt().isAfter(row.expiredAt().plus(CLOCK_TOLERANCE))) {
      return difference(
          name, row.toString(), "the end of a hold; it is " + (booked == null ? "absent" : booked));
    }
    apply(idleBatch(List.of(booked.reservation()), row.expiredAt()), null, row.expiredAt());
    return Optional.empty();
  }

  /// Offers follow a decision or an expiry in the same transaction, or a state of the event, for
  /// example the end of a pause.
  private Optional<Difference> applyOffer(HistoryRow.Offered row) {
    String name = "waiting_entries/" + row.ticketId();
    if (expectedOffers.isEmpty()) {
      if (event == null) {
        return difference(name, row.toString(), "a recorded state ahead of the first offer");
      }
      apply(idleBatch(List.of(), row.endedAt()), null, row.endedAt());
    }
    WaitingList.Offer expected = expectedOffers.poll();
    if (expected == null) {
      return difference(name, row.toString(), "no offer");
    }
    WaitingParty party = expected.party();
    String status = expected.hold() == null ? "ENDED" : "OFFERED";
    if (!row.ticketId().equals(party.ticketId().toString())
        || !row.status().equals(status)
        || !row.endedAt().equals(expectedAt)
        || (row.reservationId() == null) != (expected.hold() == null)
        || row.reservationId() != null && reservations.containsKey(row.reservationId())) {
      return difference(name, row.toString(), expected + " at " + expectedAt);
    }
    if (expected.hold() != null) {
      reservations.put(
          row.reservationId(),
          new Booked(
              new Reservation(
                  row.reservationId(),
                  party.userId(),
                  party.seatType(),
                  party.quantity(),
                  expected.hold().totalPrice(),
                  ReservationStatus.HELD,
                  expected.hold().expiresAt(),
                  expected.hold().seats()),
              row.ticketId(),
              row.endedAt(),
              null,
              true));
    }
    return Optional.empty();
  }

  /// Batch without commands.
  private DecisionBatch idleBatch(List<Reservation> dueHolds, Instant at) {
    return BookingDecider.decide(
        new Inventory(
            Optional.of(event),
            Map.of(),
            Map.of(),
            dueHolds,
            new NumberedSeats(taken, lastMapRevision, Map.of(), booked, kept),
            waitingList.inventory(null)),
        List.of(),
        at);
  }

  private Optional<Difference> applyDecision(HistoryRow.Decided row) {
    String name = "tickets/" + row.ticketId();
    if (event == null) {
      return difference(name, row.toString(), "a recorded state ahead of the first decision");
    }
    Command command = command(row);
    DecisionBatch batch =
        BookingDecider.decide(inventory(command), List.of(command), row.decidedAt());
    Decision decision = batch.decisions().getFirst();
    Outcome found =
        new Outcome(
            row.decision(),
            row.reason(),
            row.reservationId(),
            row.seatType(),
            row.quantity(),
            row.totalPrice(),
            row.expiresAt(),
            row.seats(),
            row.entryId());
    Outcome expected = outcome(row, decision);
    if (!found.equals(expected)) {
      return difference(name, found.toString(), expected.toString());
    }
    Optional<Reservation> created = created(row, decision);
    if (created.isPresent() && reservations.containsKey(created.get().id())) {
      return difference(name, found.toString(), "a new reservation");
    }
    if (decision instanceof Decision.Joined
        && (row.entryId() == null || waitingList.contains(row.entryId()))) {
      return difference(name, found.toString(), "a new entry of the waiting list");
    }
    created.ifPresent(reservation -> {
      reservations.put(
          reservation.id(), new Booked(reservation, row.ticketId(), row.decidedAt(), null, false));
      seatsOfUser.merge(reservation.userId(), reservation.quantity(), Integer::sum);
      this.booked = true;
    });
    apply(batch, row.entryId(), row.decidedAt());
    return Optional.empty();
  }

  private Inventory inventory(Command command) {
    Long target =
        switch (command) {
          case Command.ConfirmHold confirm -> confirm.reservationId();
          case Command.CancelReservation cancel -> cancel.reservationId();
          case Command.BookSeats _,
              Command.ChangeSeats _,
              Command.JoinWaitingList _,
              Command.LeaveWaitingList _ ->
              null;
        };
    Booked booked = target == null ? null : reservations.get(target);
    return new Inventory(
        Optional.of(event),
        event.maxSeatsPerUser() == null
            ? Map.of()
            : Map.of(command.userId(), seatsOfUser.getOrDefault(command.userId(), 0)),
        booked == null ? Map.of() : Map.of(target, booked.reservation()),
        List.of(),
        new NumberedSeats(taken, lastMapRevision, newMaps(command), this.booked, kept),
        waitingList.inventory(command));
  }

  /// An accepted change moves its map to the next revision.
  private Map<UUID, SeatMap> newMaps(Command command) {
    if (!(command instanceof Command.ChangeSeats change)
        || change.seatMap() != SeatMapChange.REPLACE) {
      return Map.of();
    }
    return seatMaps
        .ofChange(change.ticketId())
        .or(() -> seatMaps.ofRevision(lastMapRevision + 1))
        .map(map -> Map.of(change.ticketId(), map))
        .orElse(Map.of());
  }

  private SeatMap map(int revision) {
    return seatMaps
        .ofRevision(revision)
        .orElseThrow(() -> new IllegalArgumentException("no seat map " + revision));
  }

  /// @param entryId id of the entry that joined the waiting list; null: none
  private void apply(DecisionBatch batch, @Nullable Long entryId, Instant at) {
    for (Reservation changed : batch.changedReservations()) {
      Booked booked = reservations.get(changed.id());
      int seats = seats(changed) - seats(booked.reservation());
      seatsOfUser.merge(changed.userId(), seats, Integer::sum);
      boolean cancelled = changed.status() == ReservationStatus.CANCELLED;
      reservations.put(
          changed.id(),
          new Booked(
              changed,
              booked.ticketId(),
              booked.reservedAt(),
              cancelled ? at : booked.cancelledAt(),
              booked.offer()));
    }
    event = batch.applyTo(event);
    NumberedSeats.Change change = batch.numberedSeats();
    if (change.isEffective()) {
      kept = change.kept();
      taken = kept == null ? change.taken() : change.taken().minus(kept);
      lastMapRevision = change.revision() == null ? lastMapRevision : change.revision();
    }
    waitingList.apply(batch.waitingList(), entryId, at);
    for (WaitingList.Offer offer : batch.waitingList().offers()) {
      expectedOffers.add(offer);
      expectedAt = at;
      if (offer.hold() != null) {
        booked = true;
        seatsOfUser.merge(offer.party().userId(), offer.party().quantity(), Integer::sum);
      }
    }
  }

  private static int seats(Reservation reservation) {
    return switch (reservation.status()) {
      case HELD, CONFIRMED -> reservation.quantity();
      case CANCELLED, EXPIRED -> 0;
    };
  }

  private Command command(HistoryRow.Decided row) {
    UUID ticketId = UUID.fromString(row.ticketId());
    return switch (Action.valueOf(row.action())) {
      case BOOK ->
          new Command.BookSeats(
              ticketId,
              row.userId(),
              eventId,
              row.seatType(),
              row.quantity(),
              row.acceptedAt(),
              null,
              null,
              row.price() == null ? null : new Money(row.price()),
              row.requestedSeats(),
              row.otherwise() == null ? null : Otherwise.valueOf(row.otherwise()));
      case CONFIRM ->
          new Command.ConfirmHold(
              ticketId, row.userId(), eventId, row.reservationId(), row.acceptedAt());
      case CANCEL ->
          new Command.CancelReservation(
              ticketId,
              row.userId(),
              eventId,
              row.reservationId(),
              row.onBehalf(),
              row.acceptedAt());
      case JOIN ->
          new Command.JoinWaitingList(
              ticketId,
              row.userId(),
              eventId,
              row.seatType(),
              row.quantity(),
              row.acceptedAt(),
              null,
              null,
              row.price() == null ? null : new Money(row.price()));
      case LEAVE ->
          new Command.LeaveWaitingList(
              ticketId, row.userId(), eventId, row.entryId(), row.acceptedAt(), null, null);
      case CHANGE_SEATS -> Json.INTERNAL.readValue(row.seatChange(), Command.ChangeSeats.class);
    };
  }

  private static Outcome outcome(HistoryRow.Decided row, Decision decision) {
    return switch (decision) {
      case Decision.Booked _ -> Outcome.of("CONFIRMED", created(row, decision).orElseThrow(), null);
      case Decision.Held held ->
          Outcome.of("HELD", created(row, decision).orElseThrow(), held.expiresAt());
      case Decision.Confirmed confirmed -> Outcome.of("CONFIRMED", confirmed.reservation(), null);
      case Decision.Cancelled cancelled -> Outcome.of("CANCELLED", cancelled.reservation(), null);
      case Decision.SeatsChanged _ ->
          new Outcome("CONFIRMED", null, null, null, null, null, null, List.of(), null);
      case Decision.Joined joined ->
          Outcome.ofParty(row, "JOINED", joined.party(), joined.party().totalPrice());
      case Decision.Left left -> Outcome.ofParty(row, "LEFT", left.party(), null);
      case Decision.Rejected rejected -> Outcome.rejected(row, rejected.reason().name());
    };
  }

  /// Returns the reservation of a booking with the id of its row.
  private static Optional<Reservation> created(HistoryRow.Decided row, Decision decision) {
    return switch (decision) {
      case Decision.Booked(Command.BookSeats book, Money totalPrice, List<String> seats) ->
          Optional.of(reservation(row, book, totalPrice, ReservationStatus.CONFIRMED, null, seats));
      case Decision.Held(
              Command.BookSeats book,
              Money totalPrice,
              Instant expiresAt,
              List<String> seats) ->
          Optional.of(reservation(row, book, totalPrice, ReservationStatus.HELD, expiresAt, seats));
      case Decision.Confirmed _,
          Decision.Cancelled _,
          Decision.SeatsChanged _,
          Decision.Joined _,
          Decision.Left _,
          Decision.Rejected _ ->
          Optional.empty();
    };
  }

  private static Reservation reservation(
      HistoryRow.Decided row,
      Command.BookSeats book,
      Money totalPrice,
      ReservationStatus status,
      @Nullable Instant expiresAt,
      List<String> seats) {
    return new Reservation(
        row.reservationId() == null ? 0 : row.reservationId(),
        book.userId(),
        book.seatType(),
        book.quantity(),
        totalPrice,
        status,
        expiresAt,
        seats);
  }

  /// Compares a reservation with its row. Each reservation can be compared once.
  Optional<Difference> compare(ReservationRow row) {
    Booked booked = reservations.remove(row.id());
    String name = "reservations/" + row.id();
    if (booked == null) {
      return difference(name, row.toString(), "no such reservation");
    }
    return row.equals(booked.row())
        ? Optional.empty()
        : difference(name, row.toString(), booked.row().toString());
  }

  /// Compares the final state with the rows of the event and its seat types, after all reservations
  /// were compared.
  ///
  /// @param row event in the tables
  /// @param counters counters of its waiting list by seat type, without those that are all 0
  /// @param sequence number of its last step
  Optional<Difference> compare(
      EventView row, Map<String, WaitingList.Counters> counters, long sequence) {
    if (!expectedOffers.isEmpty()) {
      return difference("events/" + eventId, "no offer", expectedOffers.peek().toString());
    }
    if (sequence != lastSequence) {
      return difference("events/" + eventId, "sequence " + sequence, "sequence " + lastSequence);
    }
    Optional<Long> missing = reservations.keySet().stream().min(Comparator.naturalOrder());
    if (missing.isPresent()) {
      return difference(
          "reservations/" + missing.get(),
          "no row",
          reservations.get(missing.get()).row().toString());
    }
    if (event == null) {
      return Optional.empty();
    }
    Map<String, WaitingList.Counters> replayed = new HashMap<>(waitingList.counters());
    replayed.values().removeIf(WaitingList.Counters.ZERO::equals);
    if (!replayed.equals(counters)) {
      // A change of the waiting list by an administrator keeps or frees seats without a step.
      Instant now = Instant.now();
      DecisionBatch idle = idleBatch(List.of(), now);
      if (idle.waitingList().offers().isEmpty()) {
        apply(idle, null, now);
      }
      replayed = new HashMap<>(waitingList.counters());
      replayed.values().removeIf(WaitingList.Counters.ZERO::equals);
    }
    if (!replayed.equals(counters)) {
      return difference("seat_types/" + eventId, counters.toString(), replayed.toString());
    }
    EventView found = comparable(row);
    EventView expected = comparable(event);
    for (SeatTypeView type : expected.seatTypes()) {
      Optional<SeatTypeView> other = found.seatType(type.seatType());
      if (!other.equals(Optional.of(type))) {
        return difference(
            "seat_types/" + eventId + "/" + type.seatType(),
            other.map(Object::toString).orElse("no row"),
            type.toString());
      }
    }
    return found.equals(expected)
        ? Optional.empty()
        : difference("events/" + eventId, found.toString(), expected.toString());
  }

  /// Compares an entry of the waiting list with its row. Each entry can be compared once.
  Optional<Difference> compare(ReplayedWaitingList.Entry row) {
    Optional<ReplayedWaitingList.Entry> expected = waitingList.remove(row.id());
    return expected.equals(Optional.of(row))
        ? Optional.empty()
        : difference(
            "waiting_entries/" + row.id(),
            row.toString(),
            expected.map(Object::toString).orElse("no such entry"));
  }

  /// Returns an entry of the waiting list that was not compared.
  Optional<Difference> findMissingEntry() {
    return waitingList
        .firstId()
        .flatMap(id -> difference("waiting_entries/" + id, "no row", "a row"));
  }

  /// Compares the seats that are not on sale with their rows, after the row of the event.
  ///
  /// @param sections bitmap of each section in the order of the map
  /// @param reservedSeats seats of held and confirmed reservations, by seat id
  Optional<Difference> compareSeats(List<byte[]> sections, Set<String> reservedSeats) {
    if (taken == null) {
      return sections.isEmpty() && reservedSeats.isEmpty()
          ? Optional.empty()
          : difference("seat_sections/" + eventId, sections.size() + " sections", "no rows");
    }
    SeatBitmap notOnSale = kept == null ? taken : taken.plus(kept);
    List<SeatMap.Section> expected = taken.map().sections();
    if (sections.size() != expected.size()) {
      return difference(
          "seat_sections/" + eventId, sections.size() + " rows", expected.size() + " rows");
    }
    for (int ordinal = 0; ordinal < sections.size(); ordinal++) {
      if (!Arrays.equals(sections.get(ordinal), notOnSale.section(ordinal))) {
        return difference(
            "seat_sections/" + eventId + "/" + ordinal,
            Base64.getEncoder().encodeToString(sections.get(ordinal)),
            notOnSale.sectionAsBase64(ordinal));
      }
    }
    for (int seat = 0; seat < taken.map().seatCount(); seat++) {
      String id = taken.map().id(seat);
      if (taken.isTaken(seat) != reservedSeats.contains(id)) {
        return difference(
            "reservation_seats/" + eventId + "/" + id,
            reservedSeats.contains(id) ? "a row" : "no row",
            taken.isTaken(seat) ? "a row" : "no row");
      }
    }
    return reservedSeats.size() == taken.countTaken()
        ? Optional.empty()
        : difference(
            "reservation_seats/" + eventId,
            reservedSeats.size() + " rows",
            taken.countTaken() + " rows");
  }

  /// The version also counts changes that are no steps.
  private static EventView comparable(EventView event) {
    return new EventView(
        event.eventId(),
        event.eventName(),
        event.eventDate(),
        event.venueName(),
        event.venueAddress(),
        event.status(),
        event.totalSeats(),
        event.availableSeats(),
        event.saleOpensAt(),
        event.saleClosesAt(),
        event.maxSeatsPerUser(),
        event.holdMinutes(),
        event.timeZone(),
        event.revision(),
        event.seatMapRevision(),
        event.waitingList(),
        event.offerMinutes(),
        sorted(event.seatTypes()),
        0);
  }

  private static List<SeatTypeView> sorted(List<SeatTypeView> types) {
    return types.stream().sorted(Comparator.comparing(SeatTypeView::seatType)).toList();
  }

  private static Optional<Difference> difference(String row, String found, String expected) {
    return Optional.of(new Difference(row, found, expected));
  }
}
