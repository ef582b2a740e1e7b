package ticketing.worker.decision;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
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
///
/// With a waiting list, each step ends with offers: while a waiting party fits into the free seats
/// of its type, the first such party gets an offer. A step is a decision or an expiry of a hold;
/// the begin of a batch counts as one, because the sale may have been resumed.
public final class BookingDecider {

  static final Comparator<Command> ORDER_OF_ACCEPTANCE =
      Comparator.comparing(Command::acceptedAt).thenComparing(Command::ticketId);

  /// Maximum number of offers of one step. Another batch makes the others; until then their seats
  /// are not sold.
  static final int MAX_OFFERS = 1_000;

  private final Optional<EventView> event;
  private final Instant now;
  private final Map<String, SeatTypeView> seatTypes = new LinkedHashMap<>();
  private final Map<String, Integer> seatsOfUser;
  private final Map<String, Integer> seatChangesOfUser = new HashMap<>();
  private final Map<Long, Reservation> reservations;
  private final Map<Long, Reservation> changedReservations = new TreeMap<>();
  private final List<Decision> decisions = new ArrayList<>();
  private final List<Integer> positions = new ArrayList<>();
  private final List<DecisionBatch.Expiry> expiries = new ArrayList<>();
  private final Map<String, Integer> availabilityChanges = new TreeMap<>();
  private final NumberedSeats numberedSeats;
  private final Map<UUID, Integer> acceptedMaps = new TreeMap<>();
  private final Set<Long> retaken = new HashSet<>();
  private final WaitingList waitingList;
  private final Map<String, WaitingQueue> queues = new HashMap<>();
  private final Map<String, Integer> kept = new HashMap<>();
  private final Map<String, Integer> waiting = new HashMap<>();
  private final Map<String, WaitingParty> waitingUsers;
  private final List<WaitingParty> joined = new ArrayList<>();
  private final Map<UUID, WaitingList.Status> endedEntries = new HashMap<>();
  private final List<WaitingList.Offer> offers = new ArrayList<>();
  private final Map<String, Integer> maxQuantities = new TreeMap<>();
  private final Set<String> typesToOffer = new LinkedHashSet<>();
  private @Nullable SeatAllocator seats; // null: no seat map
  private boolean seatMapChanged;
  private int lastMapRevision;
  private boolean booked;
  private boolean seatTypesReplaced;
  private long revision;
  private long lastSequence;
  private int steps;

  private BookingDecider(Inventory inventory, Instant now) {
    this.event = inventory.event();
    this.now = now;
    this.revision = event.map(EventView::revision).orElse(0L);
    this.seatsOfUser = inventory.seatsOfUser();
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
    this.waitingList = inventory.waitingList();
    this.waitingUsers = new HashMap<>(waitingList.waitingUsers());
    this.lastSequence = waitingList.lastSequence();
    // The order of the types is that of a replay.
    new TreeMap<>(waitingList.counters())
        .forEach((type, counters) -> {
          kept.put(type, counters.kept());
          waiting.put(type, counters.waiting());
          if (counters.kept() > 0 || counters.waiting() > 0) {
            typesToOffer.add(type);
          }
        });
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
    Deque<Command> undecided =
        commands.stream()
            .sorted(ORDER_OF_ACCEPTANCE)
            .collect(Collectors.toCollection(ArrayDeque::new));
    decider.makeOffers();
    while (!decider.hasManyOffers() && !(undecided.isEmpty() && dueHolds.isEmpty())) {
      if (!dueHolds.isEmpty()
          && (undecided.isEmpty()
              || !dueHolds.peek().expiresAt().isAfter(undecided.peek().acceptedAt()))) {
        decider.expire(dueHolds.poll());
      } else {
        decider.decideNext(undecided.poll());
      }
      decider.makeOffers();
    }
    return decider.batch(List.copyOf(undecided));
  }

  /// A batch with many offers decides no further command, so that its transaction is bounded. Holds
  /// that are still due expire in the next batch.
  private boolean hasManyOffers() {
    return offers.size() >= MAX_OFFERS;
  }

  private void decideNext(Command command) {
    decisions.add(decide(command));
    steps++;
    positions.add(steps);
  }

  /// Expires a due hold, unless a command of this batch confirmed or cancelled it.
  private void expire(Reservation hold) {
    if (reservations.get(hold.id()).status() == ReservationStatus.HELD) {
      release(hold, ReservationStatus.EXPIRED);
      steps++;
      expiries.add(new DecisionBatch.Expiry(hold, steps));
    }
  }

  private DecisionBatch batch(List<Command> postponed) {
    availabilityChanges.values().removeIf(seats -> seats == 0);
    return new DecisionBatch(
        List.copyOf(decisions),
        List.copyOf(positions),
        List.copyOf(expiries),
        Map.copyOf(availabilityChanges),
        List.copyOf(seatTypes.values()),
        seatTypesReplaced,
        revision,
        List.copyOf(changedReservations.values()),
        changeOfNumberedSeats(),
        changeOfWaitingList(),
        postponed);
  }

  private NumberedSeats.Change changeOfNumberedSeats() {
    if (!seatMapChanged && seats == null) {
      return NumberedSeats.Change.NONE;
    }
    SeatBitmap current = seats == null ? null : seats.bitmap();
    SeatBitmap keptNow = keptSeats(current);
    return new NumberedSeats.Change(
        seats == null ? null : mapRevision(),
        keptNow == null ? current : current.plus(keptNow),
        keptNow,
        seatMapChanged ? List.of() : changedSections(seats, keptNow),
        seatMapChanged,
        Map.copyOf(acceptedMaps),
        Set.copyOf(retaken));
  }

  /// Returns the free seats of the types with kept seats; null: none.
  private @Nullable SeatBitmap keptSeats(@Nullable SeatBitmap current) {
    List<String> types =
        seatTypes.keySet().stream().filter(type -> kept.getOrDefault(type, 0) > 0).toList();
    return current == null || types.isEmpty() ? null : current.freeOf(types);
  }

  private List<Integer> changedSections(SeatAllocator seats, @Nullable SeatBitmap keptNow) {
    SeatBitmap keptBefore = numberedSeats.kept();
    if (keptBefore == null && keptNow == null) {
      return seats.changedSections();
    }
    SeatBitmap none = SeatBitmap.empty(seats.map());
    Set<Integer> changed = new TreeSet<>(seats.changedSections());
    changed.addAll(
        (keptBefore == null ? none : keptBefore).changedSections(keptNow == null ? none : keptNow));
    return List.copyOf(changed);
  }

  private WaitingList.Change changeOfWaitingList() {
    Map<String, WaitingList.Counters> counters = new TreeMap<>();
    Map<String, Integer> keptChanges = new TreeMap<>();
    Map<String, Integer> waitingChanges = new TreeMap<>();
    for (String type : seatTypes.keySet()) {
      WaitingList.Counters after =
          new WaitingList.Counters(kept.getOrDefault(type, 0), waiting.getOrDefault(type, 0));
      WaitingList.Counters before =
          waitingList.counters().getOrDefault(type, WaitingList.Counters.ZERO);
      counters.put(type, after);
      if (after.kept() != before.kept()) {
        keptChanges.put(type, after.kept() - before.kept());
      }
      if (after.waiting() != before.waiting()) {
        waitingChanges.put(type, after.waiting() - before.waiting());
      }
    }
    Map<WaitingParty, WaitingList.Status> joinedParties = new LinkedHashMap<>();
    joined.forEach(party ->
        joinedParties.put(
            party, endedEntries.getOrDefault(party.ticketId(), WaitingList.Status.WAITING)));
    Set<UUID> left =
        endedEntries.entrySet().stream()
            .filter(entry -> entry.getValue() == WaitingList.Status.LEFT)
            .map(Map.Entry::getKey)
            .collect(Collectors.toUnmodifiableSet());
    return new WaitingList.Change(
        Collections.unmodifiableMap(joinedParties),
        left,
        List.copyOf(offers),
        Map.copyOf(maxQuantities),
        Map.copyOf(counters),
        Map.copyOf(keptChanges),
        Map.copyOf(waitingChanges),
        lastSequence,
        !typesToOffer.isEmpty());
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
      case Command.JoinWaitingList join -> join(event.get(), join);
      case Command.LeaveWaitingList leave -> leave(leave);
    };
  }

  private Decision book(EventView event, Command.BookSeats book) {
    SeatTypeView type = seatTypes.get(book.seatType());
    Optional<Reason> rejection = rejection(event, type, book, book.quantity());
    if (rejection.isPresent()) {
      return new Decision.Rejected(book, rejection.get());
    }
    List<String> taken = List.of();
    if (isReserved(type) || type.availableSeats() < book.quantity()) {
      return new Decision.Rejected(book, reasonOfUnavailableSeats(book));
    }
    if (seats != null) {
      Optional<List<String>> numbered = takeNumberedSeats(seats, book);
      if (numbered.isEmpty()) {
        return new Decision.Rejected(book, reasonOfUnavailableSeats(book));
      }
      taken = numbered.get();
    } else if (!book.seats().isEmpty() && !book.bestOtherwise()) {
      return new Decision.Rejected(book, Reason.SEATS_TAKEN); // the map was removed
    }
    booked = true;
    changeAvailability(type, -book.quantity());
    seatChangesOfUser.merge(book.userId(), book.quantity(), Integer::sum);
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
  private Optional<Reason> rejection(
      EventView event, @Nullable SeatTypeView type, Command command, int quantity) {
    Instant acceptedAt = command.acceptedAt();
    boolean windowApplies = command.acceptedPrice() == null;
    if (event.status() == EventStatus.CANCELLED) {
      return Optional.of(Reason.EVENT_CANCELLED);
    }
    if (type == null) {
      return Optional.of(Reason.SEAT_TYPE_NOT_FOUND);
    }
    if (windowApplies && event.saleOpensAt() != null && acceptedAt.isBefore(event.saleOpensAt())) {
      return Optional.of(Reason.SALE_NOT_OPEN);
    }
    if (windowApplies && !acceptedAt.isBefore(event.endOfSale())) {
      return Optional.of(Reason.SALE_CLOSED);
    }
    if (exceedsLimit(event, command.userId(), quantity)) {
      return Optional.of(Reason.LIMIT_EXCEEDED);
    }
    return Optional.empty();
  }

  private boolean exceedsLimit(EventView event, String userId, int quantity) {
    return exceedsLimit(event, userId, seatsOfUser.getOrDefault(userId, 0), quantity);
  }

  /// @param seatsBefore held and confirmed seats of the user ahead of the batch
  private boolean exceedsLimit(EventView event, String userId, int seatsBefore, int quantity) {
    return event.maxSeatsPerUser() != null
        && seatsBefore + seatChangesOfUser.getOrDefault(userId, 0) + quantity
            > event.maxSeatsPerUser();
  }

  private Decision join(EventView event, Command.JoinWaitingList join) {
    SeatTypeView type = seatTypes.get(join.seatType());
    Optional<Reason> rejection = rejection(event, type, join, join.quantity());
    if (rejection.isPresent()) {
      return new Decision.Rejected(join, rejection.get());
    }
    if (!event.waitingList()) {
      return new Decision.Rejected(join, Reason.NO_WAITING_LIST);
    }
    if (type.totalSeats() < join.quantity()) {
      return new Decision.Rejected(join, Reason.SOLD_OUT); // it would wait without an end
    }
    if (!isReserved(type) && type.availableSeats() >= join.quantity()) {
      return new Decision.Rejected(join, Reason.SEATS_AVAILABLE);
    }
    if (waitingUsers.containsKey(join.userId())) {
      return new Decision.Rejected(join, Reason.ALREADY_WAITING);
    }
    lastSequence++;
    WaitingParty party =
        new WaitingParty(
            join.ticketId(),
            join.userId(),
            join.seatType(),
            join.quantity(),
            join.price() == null ? type.price() : join.price(),
            lastSequence,
            seatsOfUser.getOrDefault(join.userId(), 0));
    queue(join.seatType()).join(party);
    joined.add(party);
    waitingUsers.put(join.userId(), party);
    waiting.merge(join.seatType(), 1, Integer::sum);
    return new Decision.Joined(join, party);
  }

  private Decision leave(Command.LeaveWaitingList leave) {
    WaitingList.Entry entry = waitingList.entries().get(leave.entryId());
    if (entry == null || !entry.party().userId().equals(leave.userId())) {
      return new Decision.Rejected(leave, Reason.NOT_WAITING);
    }
    WaitingParty party = entry.party();
    return switch (currentStatus(entry)) {
      case WAITING -> {
        queue(party.seatType()).remove(party);
        end(party, WaitingList.Status.LEFT);
        typesToOffer.add(party.seatType()); // seats may have been kept for this party
        yield new Decision.Left(leave, party);
      }
      case LEFT -> new Decision.Left(leave, party);
      case OFFERED, ENDED -> new Decision.Rejected(leave, Reason.NOT_WAITING);
    };
  }

  private WaitingList.Status currentStatus(WaitingList.Entry entry) {
    WaitingList.Status status = endedEntries.getOrDefault(entry.party().ticketId(), entry.status());
    return status == WaitingList.Status.WAITING
            && queue(entry.party().seatType()).isRemoved(entry.party().quantity())
        ? WaitingList.Status.ENDED
        : status;
  }

  private void end(WaitingParty party, WaitingList.Status status) {
    endedEntries.put(party.ticketId(), status);
    waiting.merge(party.seatType(), -1, Integer::sum);
    waitingUsers.remove(party.userId());
  }

  private WaitingQueue queue(String seatType) {
    return queues.computeIfAbsent(
        seatType,
        type ->
            new WaitingQueue(
                type,
                waitingList.parties(),
                waitingList.counters().getOrDefault(type, WaitingList.Counters.ZERO).waiting()
                    == 0));
  }

  /// Returns true if a waiting party fits into the free seats of a type, for example while the sale
  /// is paused. Then they are not sold to others.
  private boolean isReserved(SeatTypeView type) {
    return type.availableSeats() > 0
        && event.orElseThrow().waitingList()
        && waiting.getOrDefault(type.seatType(), 0) > 0
        && queue(type.seatType())
            .next(type.availableSeats() + kept.getOrDefault(type.seatType(), 0))
            .isPresent();
  }

  /// Makes the offers of one step.
  private void makeOffers() {
    int remaining = MAX_OFFERS;
    for (String type : List.copyOf(typesToOffer)) {
      remaining -= makeOffers(type, remaining);
      if (remaining == 0) {
        return;
      }
      typesToOffer.remove(type);
    }
  }

  /// @return number of ended entries
  private int makeOffers(String seatType, int max) {
    SeatTypeView type = seatTypes.get(seatType);
    if (type == null) {
      return 0;
    }
    int free = type.availableSeats() + kept.getOrDefault(seatType, 0);
    if (free == 0 || !event.orElseThrow().waitingList() || waiting.getOrDefault(seatType, 0) == 0) {
      keep(seatType, 0);
      return 0;
    }
    WaitingQueue queue = queue(seatType);
    int count = 0;
    Optional<WaitingParty> next = isOpenForOffers() ? queue.next(free) : Optional.empty();
    while (next.isPresent() && count < max) {
      keep(seatType, 0); // the offer takes some of these seats
      free -= offer(queue, next.get());
      count++;
      next = queue.next(free);
    }
    keep(seatType, free > 0 && queue.keepsSeats() ? free : 0);
    return count;
  }

  private boolean isOpenForOffers() {
    EventView event = this.event.orElseThrow();
    return event.status() == EventStatus.ACTIVE
        && event.offerMinutes() != null
        && (event.saleOpensAt() == null || !now.isBefore(event.saleOpensAt()))
        && now.isBefore(event.endOfSale());
  }

  /// Ends the entry of a party with an offer, or without one if the user would exceed the limit.
  ///
  /// @return number of held seats
  private int offer(WaitingQueue queue, WaitingParty party) {
    EventView event = this.event.orElseThrow();
    steps++;
    if (exceedsLimit(event, party.userId(), party.seatsOfUser(), party.quantity())) {
      queue.remove(party);
      end(party, WaitingList.Status.ENDED);
      offers.add(new WaitingList.Offer(party, null, steps));
      return 0;
    }
    queue.removeOffered(party);
    end(party, WaitingList.Status.OFFERED);
    List<String> taken =
        seats == null
            ? List.of()
            : seats.takeBest(party.seatType(), party.quantity()).orElseThrow();
    changeAvailability(seatTypes.get(party.seatType()), -party.quantity());
    seatChangesOfUser.merge(party.userId(), party.quantity(), Integer::sum);
    booked = true;
    Instant end = now.plus(Duration.ofMinutes(event.offerMinutes()));
    offers.add(
        new WaitingList.Offer(
            party,
            new WaitingList.Offer.Hold(
                party.totalPrice(),
                end.isBefore(event.endOfSale()) ? end : event.endOfSale(),
                taken),
            steps));
    return party.quantity();
  }

  /// Sets the number of the free seats of a type that are kept.
  private void keep(String seatType, int count) {
    int change = count - kept.getOrDefault(seatType, 0);
    if (change != 0) {
      kept.put(seatType, count);
      changeAvailability(seatTypes.get(seatType), -change);
    }
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
          || isReserved(type)
          || exceedsLimit(event, reservation.userId(), reservation.quantity())
          || !takeAgain(reservation)) {
        return new Decision.Rejected(confirm, Reason.HOLD_EXPIRED);
      }
      changeAvailability(type, -reservation.quantity());
      seatChangesOfUser.merge(reservation.userId(), reservation.quantity(), Integer::sum);
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
      int taken = former == null ? 0 : countTaken(former);
      if (offer.totalSeats() < taken) {
        return new Decision.Rejected(change, Reason.SEATS_SOLD);
      }
      replacement.put(
          offer.seatType(),
          new SeatTypeView(
              offer.seatType(), offer.price(), offer.totalSeats(), offer.totalSeats() - taken));
    }
    for (SeatTypeView former : seatTypes.values()) {
      if (!replacement.containsKey(former.seatType()) && countTaken(former) > 0) {
        return new Decision.Rejected(change, Reason.SEATS_SOLD);
      }
    }
    Set<String> former = Set.copyOf(seatTypes.keySet());
    seatTypes.clear();
    seatTypes.putAll(replacement);
    adaptWaitingList(former);
    seatTypesReplaced = true;
    revision++;
    if (!Objects.equals(current, next)) {
      changeMap(change, next);
    }
    return new Decision.SeatsChanged(change);
  }

  private int countTaken(SeatTypeView type) {
    return type.totalSeats() - type.availableSeats() - kept.getOrDefault(type.seatType(), 0);
  }

  /// Ends entries with more seats than their type has. Seats are kept again by the offers of this
  /// step.
  private void adaptWaitingList(Set<String> formerTypes) {
    kept.clear();
    Set<String> types = new TreeSet<>(formerTypes);
    types.addAll(seatTypes.keySet());
    for (String name : types) {
      SeatTypeView type = seatTypes.get(name);
      int max = type == null ? 0 : type.totalSeats();
      if (max < Command.MAX_QUANTITY && waiting.getOrDefault(name, 0) > 0) {
        WaitingQueue.Removed removed = queue(name).removeAbove(max);
        maxQuantities.merge(name, max, Math::min);
        removed
            .joined()
            .forEach(party -> endedEntries.put(party.ticketId(), WaitingList.Status.ENDED));
        waitingUsers
            .values()
            .removeIf(party -> party.seatType().equals(name) && party.quantity() > max);
        waiting.merge(name, -removed.count(), Integer::sum);
      }
      typesToOffer.add(name);
    }
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
      typesToOffer.add(type.seatType());
    }
    if (seats != null) {
      seats.release(reservation.seats());
      retaken.remove(reservation.id());
    }
    seatChangesOfUser.merge(reservation.userId(), -reservation.quantity(), Integer::sum);
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
