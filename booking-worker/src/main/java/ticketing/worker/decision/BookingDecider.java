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

/// The decision itself: from an inventory and commands to an outcome. Nothing but its arguments
/// goes in and nothing but its result comes out, so that any number of cases can be tried against
/// it.
public final class BookingDecider {

  static final Comparator<Command> ORDER_OF_ACCEPTANCE =
      Comparator.comparing(Command::acceptedAt).thenComparing(Command::ticketId);

  private final Optional<EventView> event;
  private final Instant now;
  private final Map<String, SeatTypeView> seatTypes = new LinkedHashMap<>();
  private final Map<String, Integer> seatsOfUser;
  private final Map<Long, Reservation> reservations;
  private final Map<Long, Reservation> changed = new TreeMap<>();
  private final Map<String, Integer> released = new TreeMap<>();
  private boolean offerChanged;

  private BookingDecider(Inventory inventory, Instant now) {
    this.event = inventory.event();
    this.now = now;
    this.seatsOfUser = new HashMap<>(inventory.seatsOfUser());
    this.reservations = new HashMap<>(inventory.reservations());
    event.ifPresent(
        known -> known.seatTypes().forEach(type -> seatTypes.put(type.seatType(), type)));
  }

  /// Decides the commands in order of acceptance.
  ///
  /// @param commands of one event, with distinct ticket ids, none of them decided before
  /// @param now the time of the decision
  public static DecisionBatch decide(Inventory inventory, List<Command> commands, Instant now) {
    BookingDecider sale = new BookingDecider(inventory, now);
    List<Decision> decisions =
        commands.stream().sorted(ORDER_OF_ACCEPTANCE).map(sale::decide).toList();
    return sale.outcome(decisions);
  }

  /// Puts the seats of these holds back on sale.
  public static DecisionBatch expire(EventView event, List<Reservation> due, Instant now) {
    BookingDecider sale =
        new BookingDecider(new Inventory(Optional.of(event), Map.of(), Map.of()), now);
    due.forEach(hold -> sale.giveBack(hold, ReservationStatus.EXPIRED));
    return sale.outcome(List.of());
  }

  private DecisionBatch outcome(List<Decision> decisions) {
    released.values().removeIf(seats -> seats == 0);
    return new DecisionBatch(
        decisions,
        Map.copyOf(released),
        List.copyOf(seatTypes.values()),
        offerChanged,
        List.copyOf(changed.values()));
  }

  private Decision decide(Command command) {
    if (event.isEmpty()) {
      return new Decision.Rejected(command, Reason.EVENT_NOT_FOUND);
    }
    return switch (command) {
      case Command.BookSeats book -> book(event.get(), book);
      case Command.ConfirmHold confirm -> confirm(confirm);
      case Command.CancelReservation cancel -> cancel(cancel);
      case Command.ChangeSeats change -> change(event.get(), change);
    };
  }

  private Decision book(EventView event, Command.BookSeats book) {
    SeatTypeView type = seatTypes.get(book.seatType());
    Reason against = against(event, type, book);
    if (against != null) {
      return new Decision.Rejected(book, against);
    }
    take(type, book.quantity());
    seatsOfUser.merge(book.userId(), book.quantity(), Integer::sum);
    Money total = type.price().multiply(book.quantity());
    return event.holdMinutes() == null
        ? new Decision.Booked(book, total)
        : new Decision.Held(book, total, now.plus(Duration.ofMinutes(event.holdMinutes())));
  }

  /// Sale windows go by the time of acceptance: whoever asked in time is not punished for the
  /// queue.
  private Reason against(EventView event, SeatTypeView type, Command.BookSeats book) {
    Instant asked = book.acceptedAt();
    if (event.status() == EventStatus.CANCELLED) {
      return Reason.EVENT_CANCELLED;
    }
    if (type == null) {
      return Reason.SEAT_TYPE_NOT_FOUND;
    }
    if (event.status() == EventStatus.PAUSED
        || event.saleOpensAt() != null && asked.isBefore(event.saleOpensAt())) {
      return Reason.SALE_NOT_OPEN;
    }
    if (event.saleClosesAt() != null && !asked.isBefore(event.saleClosesAt())) {
      return Reason.SALE_CLOSED;
    }
    if (event.maxSeatsPerUser() != null
        && seatsOfUser.getOrDefault(book.userId(), 0) + book.quantity() > event.maxSeatsPerUser()) {
      return Reason.LIMIT_EXCEEDED;
    }
    return type.availableSeats() < book.quantity() ? Reason.SOLD_OUT : null;
  }

  /// A confirmation that was accepted in time wins over an expiry that has not happened yet.
  private Decision confirm(Command.ConfirmHold confirm) {
    Reservation reservation = reservations.get(confirm.reservationId());
    if (reservation == null || !reservation.userId().equals(confirm.userId())) {
      return new Decision.Rejected(confirm, Reason.RESERVATION_NOT_FOUND);
    }
    return switch (reservation.status()) {
      case HELD -> {
        if (!confirm.acceptedAt().isBefore(reservation.expiresAt())) {
          yield new Decision.Rejected(confirm, Reason.HOLD_EXPIRED);
        }
        yield new Decision.Confirmed(confirm, change(reservation, ReservationStatus.CONFIRMED));
      }
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
          new Decision.Cancelled(cancel, giveBack(reservation, ReservationStatus.CANCELLED));
      case CANCELLED -> new Decision.Cancelled(cancel, reservation);
      case EXPIRED -> new Decision.Rejected(cancel, Reason.NOT_CANCELLABLE);
    };
  }

  private Decision change(EventView event, Command.ChangeSeats change) {
    if (event.status() == EventStatus.CANCELLED) {
      return new Decision.Rejected(change, Reason.EVENT_CANCELLED);
    }
    Map<String, SeatTypeView> wanted = new LinkedHashMap<>();
    for (SeatOffer offer : change.seatTypes()) {
      SeatTypeView today = seatTypes.get(offer.seatType());
      int taken = today == null ? 0 : today.totalSeats() - today.availableSeats();
      if (offer.totalSeats() < taken) {
        return new Decision.Rejected(change, Reason.SEATS_SOLD);
      }
      wanted.put(
          offer.seatType(),
          new SeatTypeView(
              offer.seatType(), offer.price(), offer.totalSeats(), offer.totalSeats() - taken));
    }
    for (SeatTypeView today : seatTypes.values()) {
      if (!wanted.containsKey(today.seatType()) && today.availableSeats() < today.totalSeats()) {
        return new Decision.Rejected(change, Reason.SEATS_SOLD);
      }
    }
    seatTypes.clear();
    seatTypes.putAll(wanted);
    offerChanged = true;
    return new Decision.SeatsChanged(change);
  }

  private Reservation giveBack(Reservation reservation, ReservationStatus status) {
    SeatTypeView type = seatTypes.get(reservation.seatType());
    take(type, -reservation.quantity());
    seatsOfUser.merge(reservation.userId(), -reservation.quantity(), Integer::sum);
    return change(reservation, status);
  }

  private Reservation change(Reservation reservation, ReservationStatus status) {
    Reservation after = reservation.with(status);
    reservations.put(after.id(), after);
    changed.put(after.id(), after);
    return after;
  }

  private void take(SeatTypeView type, int seats) {
    seatTypes.put(
        type.seatType(),
        new SeatTypeView(
            type.seatType(), type.price(), type.totalSeats(), type.availableSeats() - seats));
    released.merge(type.seatType(), -seats, Integer::sum);
  }
}
