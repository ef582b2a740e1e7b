package ticketing.worker.decision;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import ticketing.domain.Command;
import ticketing.domain.EventStatus;
import ticketing.domain.EventView;
import ticketing.domain.EventView.SeatTypeView;
import ticketing.domain.Money;
import ticketing.domain.Reason;
import ticketing.domain.SeatOffer;

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
  private boolean seatTypesReplaced;
  private long revision;

  private BookingDecider(Inventory inventory, Instant now) {
    this.event = inventory.event();
    this.now = now;
    this.revision = event.map(EventView::revision).orElse(0L);
    this.seatsOfUser = new HashMap<>(inventory.seatsOfUser());
    this.reservations = new HashMap<>(inventory.reservations());
    inventory.dueHolds().forEach(hold -> reservations.putIfAbsent(hold.id(), hold));
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
        List.copyOf(changedReservations.values()));
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
    changeAvailability(type, -book.quantity());
    seatsOfUser.merge(book.userId(), book.quantity(), Integer::sum);
    Money price = book.price() == null ? type.price() : book.price();
    Money total = price.multiply(book.quantity());
    return event.holdMinutes() == null
        ? new Decision.Booked(book, total)
        : new Decision.Held(book, total, now.plus(Duration.ofMinutes(event.holdMinutes())));
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
    if (!book.seats().isEmpty() && !book.bestOtherwise() && event.seatMapRevision() == null) {
      return Optional.of(Reason.SEATS_TAKEN); // the map was removed in the meantime
    }
    return type.availableSeats() < book.quantity()
        ? Optional.of(Reason.SOLD_OUT)
        : Optional.empty();
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
          || exceedsLimit(event, reservation.userId(), reservation.quantity())) {
        return new Decision.Rejected(confirm, Reason.HOLD_EXPIRED);
      }
      changeAvailability(type, -reservation.quantity());
      seatsOfUser.merge(reservation.userId(), reservation.quantity(), Integer::sum);
    }
    return new Decision.Confirmed(confirm, changeStatus(reservation, ReservationStatus.CONFIRMED));
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
    if (change.revision() != null && change.revision() != revision) {
      // A repetition of the change that is in effect succeeds.
      return isInEffect(change)
          ? new Decision.SeatsChanged(change)
          : new Decision.Rejected(change, Reason.REVISION_CONFLICT);
    }
    Map<String, SeatTypeView> replacement = new LinkedHashMap<>();
    for (SeatOffer offer : change.seatTypes()) {
      SeatTypeView current = seatTypes.get(offer.seatType());
      int taken = current == null ? 0 : current.totalSeats() - current.availableSeats();
      if (offer.totalSeats() < taken) {
        return new Decision.Rejected(change, Reason.SEATS_SOLD);
      }
      replacement.put(
          offer.seatType(),
          new SeatTypeView(
              offer.seatType(), offer.price(), offer.totalSeats(), offer.totalSeats() - taken));
    }
    for (SeatTypeView current : seatTypes.values()) {
      if (!replacement.containsKey(current.seatType())
          && current.availableSeats() < current.totalSeats()) {
        return new Decision.Rejected(change, Reason.SEATS_SOLD);
      }
    }
    seatTypes.clear();
    seatTypes.putAll(replacement);
    seatTypesReplaced = true;
    revision++;
    return new Decision.SeatsChanged(change);
  }

  private boolean isInEffect(Command.ChangeSeats change) {
    Set<SeatOffer> offers =
        seatTypes.values().stream()
            .map(type -> new SeatOffer(type.seatType(), type.price(), type.totalSeats()))
            .collect(Collectors.toSet());
    return offers.equals(Set.copyOf(change.seatTypes()));
  }

  private Reservation release(Reservation reservation, ReservationStatus status) {
    SeatTypeView type = seatTypes.get(reservation.seatType());
    if (type != null) { // a seat type without sold seats may have been removed
      changeAvailability(type, reservation.quantity());
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
