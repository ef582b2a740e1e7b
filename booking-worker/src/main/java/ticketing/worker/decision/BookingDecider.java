package ticketing.worker.decision;

import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
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
  private final Map<String, Integer> availabilityChanges = new TreeMap<>();
  private boolean seatTypesReplaced;

  private BookingDecider(Inventory inventory, Instant now) {
    this.event = inventory.event();
    this.now = now;
    this.seatsOfUser = new HashMap<>(inventory.seatsOfUser());
    this.reservations = new HashMap<>(inventory.reservations());
    event.ifPresent(
        found -> found.seatTypes().forEach(type -> seatTypes.put(type.seatType(), type)));
  }

  /// Expires the due holds, then decides the commands in order of acceptance.
  ///
  /// @param commands undecided commands of one event, with distinct ticket ids
  /// @param now time of the decision
  public static DecisionBatch decide(Inventory inventory, List<Command> commands, Instant now) {
    BookingDecider decider = new BookingDecider(inventory, now);
    inventory.dueHolds().forEach(hold -> decider.release(hold, ReservationStatus.EXPIRED));
    return decider.batch(
        commands.stream().sorted(ORDER_OF_ACCEPTANCE).map(decider::decide).toList());
  }

  private DecisionBatch batch(List<Decision> decisions) {
    availabilityChanges.values().removeIf(seats -> seats == 0);
    return new DecisionBatch(
        decisions,
        Map.copyOf(availabilityChanges),
        List.copyOf(seatTypes.values()),
        seatTypesReplaced,
        List.copyOf(changedReservations.values()));
  }

  private Decision decide(Command command) {
    if (event.isEmpty()) {
      return new Decision.Rejected(command, Reason.EVENT_NOT_FOUND);
    }
    return switch (command) {
      case Command.BookSeats book -> book(event.get(), book);
      case Command.ConfirmHold confirm -> confirm(confirm);
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
    Money total = type.price().multiply(book.quantity());
    return event.holdMinutes() == null
        ? new Decision.Booked(book, total)
        : new Decision.Held(book, total, now.plus(Duration.ofMinutes(event.holdMinutes())));
  }

  /// Compares the sale window with the time of acceptance, so that the lag of the queue does not
  /// matter.
  private Optional<Reason> rejection(EventView event, SeatTypeView type, Command.BookSeats book) {
    Instant acceptedAt = book.acceptedAt();
    if (event.status() == EventStatus.CANCELLED) {
      return Optional.of(Reason.EVENT_CANCELLED);
    }
    if (type == null) {
      return Optional.of(Reason.SEAT_TYPE_NOT_FOUND);
    }
    if (event.status() == EventStatus.PAUSED
        || event.saleOpensAt() != null && acceptedAt.isBefore(event.saleOpensAt())) {
      return Optional.of(Reason.SALE_NOT_OPEN);
    }
    if (event.saleClosesAt() != null && !acceptedAt.isBefore(event.saleClosesAt())) {
      return Optional.of(Reason.SALE_CLOSED);
    }
    if (event.maxSeatsPerUser() != null
        && seatsOfUser.getOrDefault(book.userId(), 0) + book.quantity() > event.maxSeatsPerUser()) {
      return Optional.of(Reason.LIMIT_EXCEEDED);
    }
    return type.availableSeats() < book.quantity()
        ? Optional.of(Reason.SOLD_OUT)
        : Optional.empty();
  }

  /// Confirms a hold that has not expired yet if the command was accepted before its end.
  private Decision confirm(Command.ConfirmHold confirm) {
    Reservation reservation = reservations.get(confirm.reservationId());
    if (reservation == null || !reservation.userId().equals(confirm.userId())) {
      return new Decision.Rejected(confirm, Reason.RESERVATION_NOT_FOUND);
    }
    return switch (reservation.status()) {
      case HELD ->
          confirm.acceptedAt().isBefore(reservation.expiresAt())
              ? new Decision.Confirmed(
                  confirm, changeStatus(reservation, ReservationStatus.CONFIRMED))
              : new Decision.Rejected(confirm, Reason.HOLD_EXPIRED);
      case EXPIRED -> new Decision.Rejected(confirm, Reason.HOLD_EXPIRED);
      case CONFIRMED, CANCELLED -> new Decision.Rejected(confirm, Reason.NOT_CONFIRMABLE);
    };
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
    return new Decision.SeatsChanged(change);
  }

  private Reservation release(Reservation reservation, ReservationStatus status) {
    changeAvailability(seatTypes.get(reservation.seatType()), reservation.quantity());
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
