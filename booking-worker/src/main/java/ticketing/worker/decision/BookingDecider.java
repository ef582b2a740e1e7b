package ticketing.worker.decision;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import ticketing.domain.Command;
import ticketing.domain.Command.ChangeSeats.SeatMapChange;
import ticketing.domain.EventStatus;
import ticketing.domain.EventView;
import ticketing.domain.EventView.SeatTypeView;
import ticketing.domain.Money;
import ticketing.domain.Reason;
import ticketing.domain.SeatOffer;
import ticketing.domain.seatmap.SeatAllocator;
import ticketing.domain.seatmap.SeatBitmap;
import ticketing.domain.seatmap.SeatMap;

/// Rules of a sale. A decision depends only on the inventory, the commands and the time.
public final class BookingDecider {

  static final Comparator<Command> ORDER_OF_ACCEPTANCE =
      Comparator.comparing(Command::acceptedAt).thenComparing(Command::ticketId);

  private final Optional<EventView> event;
  private final Instant now;
  private final Map<String, SeatTypeView> seatTypes = new LinkedHashMap<>();
  private final Map<String, Integer> seatsOfUser;
  private final Map<Long, Reservation> reservations;
  private final Map<Long, Reservation> changedReservations = new TreeMap<>();
  private final List<Decision> decisions = new ArrayList<>();
  private final List<DecisionBatch.Expiry> expiries = new ArrayList<>();
  private final Map<String, Integer> availabilityChanges = new TreeMap<>();
  private final NumberedSeats numberedSeats;
  private final Map<UUID, Integer> acceptedMaps = new TreeMap<>();
  private final Set<Long> retaken = new HashSet<>();
  private @Nullable SeatAllocator seats; // null: no seat map
  private boolean seatMapChanged;
  private int lastMapRevision;
  private boolean booked;
  private boolean seatTypesReplaced;
  private long revision;

  private BookingDecider(Inventory inventory, Instant now) {
    this.event = inventory.event();
    this.now = now;
    this.revision = event.map(EventView::revision).orElse(0L);
    this.seatsOfUser = new HashMap<>(inventory.seatsOfUser());
    this.reservations = new HashMap<>(inventory.reservations());
    inventory.dueHolds().forEach(hold -> reservations.putIfAbsent(hold.id(), hold));
    this.numberedSeats = inventory.numberedSeats();
    this.seats = numberedSeats.taken() == null ? null : new SeatAllocator(numberedSeats.taken());
    this.lastMapRevision = numberedSeats.lastRevision();
    this.booked = numberedSeats.booked();
    if (event.isPresent() && (event.get().seatMapRevision() == null) != (seats == null)) {
      throw new IllegalArgumentException("the bitmaps of event " + event.get().eventId());
    }
    event.ifPresent(
        found -> found.seatTypes().forEach(type -> seatTypes.put(type.seatType(), type)));
  }

  /// Folds due holds and commands in one order of time: a hold expires at its end, a command acts
  /// at its acceptance. At the same time, the hold expires first.
  ///
  /// @param commands undecided commands of one event, with distinct ticket ids
  /// @param now time of the decision
  public static DecisionBatch decide(Inventory inventory, List<Command> commands, Instant now) {
    BookingDecider decider = new BookingDecider(inventory, now);
    Deque<Reservation> dueHolds =
        inventory.dueHolds().stream()
            .sorted(Comparator.comparing(Reservation::expiresAt))
            .collect(Collectors.toCollection(ArrayDeque::new));
    for (Command command : commands.stream().sorted(ORDER_OF_ACCEPTANCE).toList()) {
      while (!dueHolds.isEmpty() && !dueHolds.peek().expiresAt().isAfter(command.acceptedAt())) {
        decider.expire(dueHolds.poll());
      }
      decider.decisions.add(decider.decide(command));
    }
    dueHolds.forEach(decider::expire);
    return decider.batch();
  }

  /// Expires a due hold, unless a command of this batch confirmed or cancelled it.
  private void expire(Reservation hold) {
    if (reservations.get(hold.id()).status() == ReservationStatus.HELD) {
      release(hold, ReservationStatus.EXPIRED);
      expiries.add(new DecisionBatch.Expiry(hold, decisions.size()));
    }
  }

  private DecisionBatch batch() {
    availabilityChanges.values().removeIf(seats -> seats == 0);
    return new DecisionBatch(
        List.copyOf(decisions),
        List.copyOf(expiries),
        Map.copyOf(availabilityChanges),
        List.copyOf(seatTypes.values()),
        seatTypesReplaced,
        revision,
        List.copyOf(changedReservations.values()),
        changeOfNumberedSeats());
  }

  private NumberedSeats.Change changeOfNumberedSeats() {
    if (!seatMapChanged && seats == null) {
      return NumberedSeats.Change.NONE;
    }
    return new NumberedSeats.Change(
        seats == null ? null : mapRevision(),
        seats == null ? null : seats.bitmap(),
        seatMapChanged ? List.of() : seats.changedSections(),
        seatMapChanged,
        Map.copyOf(acceptedMaps),
        Set.copyOf(retaken));
  }

  private Integer mapRevision() {
    return seatMapChanged ? (Integer) lastMapRevision : event.orElseThrow().seatMapRevision();
  }

  private Decision decide(Command command) {
    if (event.isEmpty()) {
      return new Decision.Rejected(command, Reason.EVENT_NOT_FOUND);
    }
    return switch (command) {
      case Command.BookSeats book -> book(event.get(), book);
      case Command.ConfirmHold confirm -> confirm(event.get(), confirm);
      case Command.CancelReservation cancel -> cancel(cancel);
      case Command.ChangeSeats change -> changeSeats(event.get(), change);
    };
  }

  private Decision book(EventView event, Command.BookSeats book) {
    SeatTypeView type = seatTypes.get(book.seatType());
    Optional<Reason> rejection = rejection(event, type, book);
    if (rejection.isPresent()) {
      return new Decision.Rejected(book, rejection.get());
    }
    List<String> taken = List.of();
    if (seats != null) {
      Optional<List<String>> numbered = takeNumberedSeats(seats, book);
      if (numbered.isEmpty()) {
        return new Decision.Rejected(book, reasonOfUnavailableSeats(book));
      }
      taken = numbered.get();
    } else if (!book.seats().isEmpty() && !book.bestOtherwise()) {
      return new Decision.Rejected(book, Reason.SEATS_TAKEN); // the map was removed
    } else if (type.availableSeats() < book.quantity()) {
      return new Decision.Rejected(book, Reason.SOLD_OUT);
    }
    booked = true;
    changeAvailability(type, -book.quantity());
    seatsOfUser.merge(book.userId(), book.quantity(), Integer::sum);
    Money price = book.price() == null ? type.price() : book.price();
    Money total = price.multiply(book.quantity());
    return event.holdMinutes() == null
        ? new Decision.Booked(book, total, taken)
        : new Decision.Held(book, total, now.plus(Duration.ofMinutes(event.holdMinutes())), taken);
  }

  /// Takes the requested seats, or the best available.
  private static Optional<List<String>> takeNumberedSeats(
      SeatAllocator seats, Command.BookSeats book) {
    if (!book.seats().isEmpty() && seats.take(book.seats(), book.seatType())) {
      return Optional.of(book.seats());
    }
    return book.seats().isEmpty() || book.bestOtherwise()
        ? seats.takeBest(book.seatType(), book.quantity())
        : Optional.empty();
  }

  private static Reason reasonOfUnavailableSeats(Command.BookSeats book) {
    return book.seats().isEmpty() || book.bestOtherwise() ? Reason.SOLD_OUT : Reason.SEATS_TAKEN;
  }

  /// The sale was open at the acceptance of a booking with a price, also if its window or a pause
  /// changed later. Without one, the window of the decision applies to the time of acceptance.
  private Optional<Reason> rejection(EventView event, SeatTypeView type, Command.BookSeats book) {
    Instant acceptedAt = book.acceptedAt();
    if (event.status() == EventStatus.CANCELLED) {
      return Optional.of(Reason.EVENT_CANCELLED);
    }
    if (type == null) {
      return Optional.of(Reason.SEAT_TYPE_NOT_FOUND);
    }
    if (book.price() == null
        && event.saleOpensAt() != null
        && acceptedAt.isBefore(event.saleOpensAt())) {
      return Optional.of(Reason.SALE_NOT_OPEN);
    }
    if (book.price() == null && !acceptedAt.isBefore(event.endOfSale())) {
      return Optional.of(Reason.SALE_CLOSED);
    }
    if (exceedsLimit(event, book.userId(), book.quantity())) {
      return Optional.of(Reason.LIMIT_EXCEEDED);
    }
    return Optional.empty();
  }

  private boolean exceedsLimit(EventView event, String userId, int quantity) {
    return event.maxSeatsPerUser() != null
        && seatsOfUser.getOrDefault(userId, 0) + quantity > event.maxSeatsPerUser();
  }

  /// Confirms a hold if the command was accepted before its end. Idempotent.
  private Decision confirm(EventView event, Command.ConfirmHold confirm) {
    Reservation reservation = reservations.get(confirm.reservationId());
    if (reservation == null || !reservation.userId().equals(confirm.userId())) {
      return new Decision.Rejected(confirm, Reason.RESERVATION_NOT_FOUND);
    }
    return switch (reservation.status()) {
      case CONFIRMED -> new Decision.Confirmed(confirm, reservation);
      case CANCELLED -> new Decision.Rejected(confirm, Reason.NOT_CONFIRMABLE);
      case HELD, EXPIRED -> confirmHold(event, confirm, reservation);
    };
  }

  /// A hold that expired although its confirmation was accepted in time takes its seats again, if
  /// they are free. That happens only if the status store lost the confirmation.
  private Decision confirmHold(
      EventView event, Command.ConfirmHold confirm, Reservation reservation) {
    if (event.status() == EventStatus.CANCELLED) {
      return new Decision.Rejected(confirm, Reason.EVENT_CANCELLED);
    }
    if (reservation.hasEndedAt(confirm.acceptedAt())) {
      return new Decision.Rejected(confirm, Reason.HOLD_EXPIRED);
    }
    if (reservation.status() == ReservationStatus.EXPIRED) {
      SeatTypeView type = seatTypes.get(reservation.seatType());
      if (type == null
          || type.availableSeats() < reservation.quantity()
          || exceedsLimit(event, reservation.userId(), reservation.quantity())
          || !takeAgain(reservation)) {
        return new Decision.Rejected(confirm, Reason.HOLD_EXPIRED);
      }
      changeAvailability(type, -reservation.quantity());
      seatsOfUser.merge(reservation.userId(), reservation.quantity(), Integer::sum);
    }
    return new Decision.Confirmed(confirm, changeStatus(reservation, ReservationStatus.CONFIRMED));
  }

  private boolean takeAgain(Reservation reservation) {
    if (seats == null || reservation.seats().isEmpty()) {
      return true;
    }
    boolean taken = seats.take(reservation.seats(), reservation.seatType());
    if (taken) {
      retaken.add(reservation.id());
    }
    return taken;
  }

  private Decision cancel(Command.CancelReservation cancel) {
    Reservation reservation = reservations.get(cancel.reservationId());
    if (reservation == null
        || !cancel.onBehalf() && !reservation.userId().equals(cancel.userId())) {
      return new Decision.Rejected(cancel, Reason.RESERVATION_NOT_FOUND);
    }
    return switch (reservation.status()) {
      case CONFIRMED, HELD ->
          new Decision.Cancelled(cancel, release(reservation, ReservationStatus.CANCELLED));
      case CANCELLED -> new Decision.Cancelled(cancel, reservation);
      case EXPIRED -> new Decision.Rejected(cancel, Reason.NOT_CANCELLABLE);
    };
  }

  private Decision changeSeats(EventView event, Command.ChangeSeats change) {
    if (event.status() == EventStatus.CANCELLED) {
      return new Decision.Rejected(change, Reason.EVENT_CANCELLED);
    }
    SeatMap current = seats == null ? null : seats.map();
    SeatMap next = mapAfter(change, current);
    if (change.revision() != null && change.revision() != revision) {
      // A repetition of the change that is in effect succeeds.
      return isInEffect(change, current, next)
          ? new Decision.SeatsChanged(change)
          : new Decision.Rejected(change, Reason.REVISION_CONFLICT);
    }
    if (isMapMissing(change) || next != null && !hasSeatsOfEachType(change, next)) {
      return new Decision.Rejected(change, Reason.REVISION_CONFLICT);
    }
    if (booked && !Objects.equals(current, next) && !isExtension(current, next)) {
      return new Decision.Rejected(change, Reason.SEATS_SOLD);
    }
    Map<String, SeatTypeView> replacement = new LinkedHashMap<>();
    for (SeatOffer offer : offers(change, next)) {
      SeatTypeView former = seatTypes.get(offer.seatType());
      int taken = former == null ? 0 : former.totalSeats() - former.availableSeats();
      if (offer.totalSeats() < taken) {
        return new Decision.Rejected(change, Reason.SEATS_SOLD);
      }
      replacement.put(
          offer.seatType(),
          new SeatTypeView(
              offer.seatType(), offer.price(), offer.totalSeats(), offer.totalSeats() - taken));
    }
    for (SeatTypeView former : seatTypes.values()) {
      if (!replacement.containsKey(former.seatType())
          && former.availableSeats() < former.totalSeats()) {
        return new Decision.Rejected(change, Reason.SEATS_SOLD);
      }
    }
    seatTypes.clear();
    seatTypes.putAll(replacement);
    seatTypesReplaced = true;
    revision++;
    if (!Objects.equals(current, next)) {
      changeMap(change, next);
    }
    return new Decision.SeatsChanged(change);
  }

  /// Returns the seat map after a change; null: none. An equal map is no change.
  private @Nullable SeatMap mapAfter(Command.ChangeSeats change, @Nullable SeatMap current) {
    return switch (change.seatMap()) {
      case null -> current;
      case REMOVE -> null;
      case REPLACE -> {
        SeatMap next = numberedSeats.newMaps().get(change.ticketId());
        yield next == null || next.equals(current) ? current : next;
      }
    };
  }

  private boolean isMapMissing(Command.ChangeSeats change) {
    return change.seatMap() == SeatMapChange.REPLACE
        && !numberedSeats.newMaps().containsKey(change.ticketId());
  }

  /// The ingress API compares the seat types with the map. The map may have changed since.
  private static boolean hasSeatsOfEachType(Command.ChangeSeats change, SeatMap map) {
    Set<String> offered =
        change.seatTypes().stream().map(SeatOffer::seatType).collect(Collectors.toSet());
    return offered.equals(map.countByType().keySet());
  }

  /// A map with sold seats may only get more seats.
  private static boolean isExtension(@Nullable SeatMap current, @Nullable SeatMap next) {
    return current != null && next != null && next.keepsSeatsOf(current);
  }

  private void changeMap(Command.ChangeSeats change, @Nullable SeatMap next) {
    SeatBitmap taken = seats == null ? null : seats.bitmap();
    if (next == null) {
      seats = null;
    } else {
      lastMapRevision++;
      acceptedMaps.put(change.ticketId(), lastMapRevision);
      seats = new SeatAllocator(taken == null ? SeatBitmap.empty(next) : taken.moveTo(next));
    }
    seatMapChanged = true;
  }

  /// The totals of numbered seats follow from the map.
  private static List<SeatOffer> offers(Command.ChangeSeats change, @Nullable SeatMap map) {
    if (map == null) {
      return change.seatTypes();
    }
    Map<String, Integer> totals = map.countByType();
    return change.seatTypes().stream()
        .map(offer ->
            new SeatOffer(
                offer.seatType(),
                offer.price(),
                totals.getOrDefault(offer.seatType(), offer.totalSeats())))
        .toList();
  }

  private boolean isInEffect(
      Command.ChangeSeats change, @Nullable SeatMap current, @Nullable SeatMap next) {
    Set<SeatOffer> offers =
        seatTypes.values().stream()
            .map(type -> new SeatOffer(type.seatType(), type.price(), type.totalSeats()))
            .collect(Collectors.toSet());
    return !isMapMissing(change)
        && Objects.equals(current, next)
        && offers.equals(Set.copyOf(offers(change, next)));
  }

  private Reservation release(Reservation reservation, ReservationStatus status) {
    SeatTypeView type = seatTypes.get(reservation.seatType());
    if (type != null) { // a seat type without sold seats may have been removed
      changeAvailability(type, reservation.quantity());
    }
    if (seats != null) {
      seats.release(reservation.seats());
      retaken.remove(reservation.id());
    }
    seatsOfUser.merge(reservation.userId(), -reservation.quantity(), Integer::sum);
    return changeStatus(reservation, status);
  }

  private Reservation changeStatus(Reservation reservation, ReservationStatus status) {
    Reservation changed = reservation.withStatus(status);
    reservations.put(changed.id(), changed);
    changedReservations.put(changed.id(), changed);
    return changed;
  }

  private void changeAvailability(SeatTypeView type, int seats) {
    seatTypes.put(
        type.seatType(),
        new SeatTypeView(
            type.seatType(), type.price(), type.totalSeats(), type.availableSeats() + seats));
    availabilityChanges.merge(type.seatType(), seats, Integer::sum);
  }
}
