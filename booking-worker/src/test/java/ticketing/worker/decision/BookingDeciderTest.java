package ticketing.worker.decision;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import ticketing.domain.Command;
import ticketing.domain.EventStatus;
import ticketing.domain.EventView;
import ticketing.domain.EventView.SeatTypeView;
import ticketing.domain.Money;
import ticketing.domain.Reason;
import ticketing.domain.SeatOffer;

/// Rules of a sale, one example each.
class BookingDeciderTest {

  private static final Instant NOON = Instant.parse("2026-12-01T12:00:00Z");
  private static final Instant BEFORE_NOON = NOON.minusSeconds(60);
  private static final Instant AFTER_NOON = NOON.plusSeconds(60);
  private static final Money PRICE = Money.of("100.00");
  private static final int AVAILABLE = 10;

  private final EventView.Builder concert =
      EventView.builder(1, "Concert", NOON.plusSeconds(3_600))
          .seatTypes(List.of(new SeatTypeView("VIP", PRICE, AVAILABLE, AVAILABLE)));
  private final Map<Long, Reservation> reservations = new HashMap<>();
  private final Map<String, Integer> seatsOfUser = new HashMap<>();
  private final List<Reservation> dueHolds = new ArrayList<>();
  private boolean eventExists = true;

  // Bookings

  @Test
  void bookingSellsSeats() {
    DecisionBatch batch = decide(book("ann", 3));
    assertThat(batch.decisions())
        .singleElement()
        .isInstanceOfSatisfying(
            Decision.Booked.class,
            booked -> assertThat(booked.totalPrice()).isEqualTo(Money.of("300.00")));
    assertThat(batch.availabilityChanges()).isEqualTo(Map.of("VIP", -3));
    assertThat(batch.applyTo(concert.build()).availableSeats()).isEqualTo(AVAILABLE - 3);
  }

  @Test
  void bookingWithHoldsKeepsSeatsForMinutes() {
    concert.holdMinutes(10);
    DecisionBatch batch = decide(book("ann", 3));
    assertThat(batch.decisions())
        .singleElement()
        .isInstanceOfSatisfying(
            Decision.Held.class,
            held -> assertThat(held.expiresAt()).isEqualTo(NOON.plusSeconds(600)));
    assertThat(batch.availabilityChanges()).isEqualTo(Map.of("VIP", -3));
  }

  @Test
  void earlierAcceptanceIsDecidedFirst() {
    Command late = bookAt(NOON, "late", AVAILABLE);
    Command early = bookAt(BEFORE_NOON, "early", AVAILABLE);
    List<Decision> decisions = decide(late, early).decisions();
    assertThat(decisions.getFirst()).isInstanceOf(Decision.Booked.class);
    assertThat(decisions.getFirst().command()).isEqualTo(early);
    assertThat(decisions.getLast()).isEqualTo(new Decision.Rejected(late, Reason.SOLD_OUT));
  }

  @Test
  void tooFewSeatsAreSoldOut() {
    assertThat(reasonOf(book("ann", 8), book("bob", 3))).isEqualTo(Reason.SOLD_OUT);
  }

  @Test
  void unknownEventIsRejected() {
    eventExists = false;
    assertThat(reasonOf(book("ann", 1))).isEqualTo(Reason.EVENT_NOT_FOUND);
  }

  @Test
  void unknownSeatTypeIsRejected() {
    assertThat(
            reasonOf(new Command.BookSeats(UUID.randomUUID(), "ann", 1, "STAND", 1, BEFORE_NOON)))
        .isEqualTo(Reason.SEAT_TYPE_NOT_FOUND);
  }

  @Test
  void bookingAcceptedBeforeTheSaleIsRejected() {
    concert.sale(NOON, AFTER_NOON);
    assertThat(reasonOf(bookAt(BEFORE_NOON, "ann", 1))).isEqualTo(Reason.SALE_NOT_OPEN);
  }

  @Test
  void bookingAcceptedBeforeThePauseIsDecided() {
    concert.status(EventStatus.PAUSED);
    assertThat(decide(book("ann", 1)).decisions())
        .singleElement()
        .isInstanceOf(Decision.Booked.class);
  }

  @Test
  void priceAtAcceptanceIsCharged() {
    Command.BookSeats book =
        new Command.BookSeats(UUID.randomUUID(), "ann", 1, "VIP", 3, BEFORE_NOON);
    assertThat(decide(book.withPrice(Money.of("80.00"))).decisions())
        .singleElement()
        .isInstanceOfSatisfying(
            Decision.Booked.class,
            booked -> assertThat(booked.totalPrice()).isEqualTo(Money.of("240.00")));
  }

  @Test
  void laterChangeOfTheSaleAffectsNoBooking() {
    Command.BookSeats book =
        new Command.BookSeats(UUID.randomUUID(), "ann", 1, "VIP", 1, BEFORE_NOON);
    for (boolean closed : new boolean[] {true, false}) {
      concert.sale(closed ? BEFORE_NOON.minusSeconds(2) : NOON, closed ? BEFORE_NOON : AFTER_NOON);
      assertThat(decide(book.withPrice(PRICE)).decisions())
          .singleElement()
          .isInstanceOf(Decision.Booked.class);
    }
  }

  @Test
  void saleClosesWhenTheShowBegins() {
    Instant show = NOON.plusSeconds(3_600);
    concert.sale(BEFORE_NOON, null);
    assertThat(decide(bookAt(show.minusMillis(1), "ann", 1)).decisions())
        .singleElement()
        .isInstanceOf(Decision.Booked.class);
    assertThat(reasonOf(bookAt(show, "bob", 1))).isEqualTo(Reason.SALE_CLOSED);
    concert.sale(BEFORE_NOON, show.plusSeconds(60));
    assertThat(reasonOf(bookAt(show, "bob", 1))).isEqualTo(Reason.SALE_CLOSED);
  }

  @Test
  void bookingAcceptedAfterTheSaleIsRejected() {
    concert.sale(BEFORE_NOON, NOON);
    assertThat(reasonOf(bookAt(NOON, "ann", 1))).isEqualTo(Reason.SALE_CLOSED);
  }

  @Test
  void queueLagDoesNotCloseTheSale() {
    concert.sale(BEFORE_NOON.minusSeconds(1), NOON);
    assertThat(decide(bookAt(BEFORE_NOON, "ann", 1)).decisions())
        .singleElement()
        .isInstanceOf(Decision.Booked.class);
  }

  @Test
  void cancelledEventRejectsBookings() {
    concert.status(EventStatus.CANCELLED);
    assertThat(reasonOf(book("ann", 1))).isEqualTo(Reason.EVENT_CANCELLED);
  }

  @Test
  void seatsAboveTheLimitAreRejected() {
    concert.maxSeatsPerUser(4);
    seatsOfUser.put("ann", 2);
    assertThat(reasonOf(book("ann", 2), book("ann", 1))).isEqualTo(Reason.LIMIT_EXCEEDED);
  }

  // Confirmations

  @Test
  void confirmationSellsHeldSeats() {
    Reservation hold = reservation(7, ReservationStatus.HELD, AFTER_NOON);
    Decision decision = decide(confirm("ann", 7)).decisions().getFirst();
    assertThat(decision)
        .isInstanceOfSatisfying(
            Decision.Confirmed.class,
            confirmed ->
                assertThat(confirmed.reservation())
                    .isEqualTo(hold.withStatus(ReservationStatus.CONFIRMED)));
  }

  @Test
  void confirmationAfterTheHoldIsRejected() {
    reservation(7, ReservationStatus.HELD, BEFORE_NOON.minusSeconds(1));
    assertThat(reasonOf(confirm("ann", 7))).isEqualTo(Reason.HOLD_EXPIRED);
  }

  @Test
  void confirmationOfAnExpiredHoldIsRejected() {
    reservation(7, ReservationStatus.EXPIRED, BEFORE_NOON);
    assertThat(reasonOf(confirm("ann", 7))).isEqualTo(Reason.HOLD_EXPIRED);
  }

  @Test
  void timelyConfirmationTakesExpiredSeatsAgain() {
    Reservation expired = reservation(7, ReservationStatus.EXPIRED, AFTER_NOON);
    concert.maxSeatsPerUser(2);
    DecisionBatch batch = decide(confirm("ann", 7));
    assertThat(batch.decisions()).singleElement().isInstanceOf(Decision.Confirmed.class);
    assertThat(batch.changedReservations())
        .containsExactly(expired.withStatus(ReservationStatus.CONFIRMED));
    assertThat(batch.availabilityChanges()).isEqualTo(Map.of("VIP", -2));
  }

  @Test
  void soldSeatsOfAnExpiredHoldStayExpired() {
    concert.seatTypes(List.of(new SeatTypeView("VIP", PRICE, AVAILABLE, 1)));
    reservation(7, ReservationStatus.EXPIRED, AFTER_NOON);
    assertThat(reasonOf(confirm("ann", 7))).isEqualTo(Reason.HOLD_EXPIRED);
  }

  @Test
  void expiredHoldAboveTheLimitStaysExpired() {
    concert.maxSeatsPerUser(4);
    seatsOfUser.put("ann", 3);
    reservation(7, ReservationStatus.EXPIRED, AFTER_NOON);
    assertThat(reasonOf(confirm("ann", 7))).isEqualTo(Reason.HOLD_EXPIRED);
  }

  @Test
  void holdOfARemovedSeatTypeStaysExpired() {
    concert.seatTypes(List.of(new SeatTypeView("S", PRICE, AVAILABLE, AVAILABLE)));
    reservation(7, ReservationStatus.EXPIRED, AFTER_NOON);
    assertThat(reasonOf(confirm("ann", 7))).isEqualTo(Reason.HOLD_EXPIRED);
  }

  @Test
  void secondConfirmationConfirmsAgain() {
    Reservation confirmed = reservation(7, ReservationStatus.CONFIRMED, null);
    DecisionBatch batch = decide(confirm("ann", 7));
    assertThat(batch.decisions())
        .singleElement()
        .isInstanceOfSatisfying(
            Decision.Confirmed.class,
            again -> assertThat(again.reservation()).isEqualTo(confirmed));
    assertThat(batch.changedReservations()).isEmpty();
    assertThat(batch.changesSeats()).isFalse();
  }

  @ParameterizedTest
  @EnumSource(names = {"HELD", "EXPIRED"})
  void cancelledEventRejectsConfirmations(ReservationStatus status) {
    concert.status(EventStatus.CANCELLED);
    reservation(7, status, AFTER_NOON);
    assertThat(reasonOf(confirm("ann", 7))).isEqualTo(Reason.EVENT_CANCELLED);
  }

  @Test
  void pauseKeepsConfirmations() {
    concert.status(EventStatus.PAUSED);
    reservation(7, ReservationStatus.HELD, AFTER_NOON);
    assertThat(decide(confirm("ann", 7)).decisions())
        .singleElement()
        .isInstanceOf(Decision.Confirmed.class);
  }

  @Test
  void cancelledReservationCannotBeConfirmed() {
    reservation(7, ReservationStatus.CANCELLED, AFTER_NOON);
    assertThat(reasonOf(confirm("ann", 7))).isEqualTo(Reason.NOT_CONFIRMABLE);
  }

  @Test
  void otherUserCannotConfirm() {
    reservation(7, ReservationStatus.HELD, AFTER_NOON);
    assertThat(reasonOf(confirm("eve", 7))).isEqualTo(Reason.RESERVATION_NOT_FOUND);
  }

  // Cancellations

  @Test
  void cancellationReleasesSeats() {
    reservation(7, ReservationStatus.CONFIRMED, AFTER_NOON);
    DecisionBatch batch = decide(cancel("ann", 7, false));
    assertThat(batch.decisions()).singleElement().isInstanceOf(Decision.Cancelled.class);
    assertThat(batch.availabilityChanges()).isEqualTo(Map.of("VIP", 2));
  }

  @Test
  void batchedCancellationEqualsSeparateCancellation() {
    Reservation held = reservation(7, ReservationStatus.HELD, AFTER_NOON);
    Command cancel =
        new Command.CancelReservation(
            UUID.randomUUID(), "ann", 1, 7, false, BEFORE_NOON.plusMillis(1));
    List<Reservation> batched = decide(confirm("ann", 7), cancel).changedReservations();
    reservations.put(
        7L,
        new Reservation(7, "ann", "VIP", 2, held.totalPrice(), ReservationStatus.CONFIRMED, null));
    assertThat(batched).isEqualTo(decide(cancel).changedReservations());
  }

  @Test
  void secondCancellationReleasesNoSeats() {
    reservation(7, ReservationStatus.CANCELLED, AFTER_NOON);
    DecisionBatch batch = decide(cancel("ann", 7, false));
    assertThat(batch.decisions()).singleElement().isInstanceOf(Decision.Cancelled.class);
    assertThat(batch.changesSeats()).isFalse();
  }

  @Test
  void administratorCancelsForAnyUser() {
    reservation(7, ReservationStatus.CONFIRMED, AFTER_NOON);
    assertThat(decide(cancel("admin", 7, true)).decisions())
        .singleElement()
        .isInstanceOf(Decision.Cancelled.class);
  }

  @Test
  void otherUserCannotCancel() {
    reservation(7, ReservationStatus.CONFIRMED, AFTER_NOON);
    assertThat(reasonOf(cancel("eve", 7, false))).isEqualTo(Reason.RESERVATION_NOT_FOUND);
  }

  @Test
  void expiredHoldCannotBeCancelled() {
    reservation(7, ReservationStatus.EXPIRED, BEFORE_NOON);
    assertThat(reasonOf(cancel("ann", 7, false))).isEqualTo(Reason.NOT_CANCELLABLE);
  }

  // Expiry

  @Test
  void seatsOfDueHoldsAreOnSaleAgain() {
    Reservation hold = dueHold(7, BEFORE_NOON);
    DecisionBatch batch = decide(book("bob", 2));
    assertThat(batch.decisions()).singleElement().isInstanceOf(Decision.Booked.class);
    assertThat(batch.changedReservations())
        .containsExactly(hold.withStatus(ReservationStatus.EXPIRED));
    assertThat(batch.changesSeats()).isFalse();
  }

  @Test
  void bookingAcceptedBeforeTheExpiryIsSoldOut() {
    dueHold(7, BEFORE_NOON.plusMillis(1));
    Command after = bookAt(BEFORE_NOON.plusMillis(1), "bob", 2);
    List<Decision> decisions = decide(after, book("eve", 1)).decisions();
    assertThat(decisions.getFirst())
        .isInstanceOfSatisfying(
            Decision.Rejected.class,
            rejected -> assertThat(rejected.reason()).isEqualTo(Reason.SOLD_OUT));
    assertThat(decisions.getLast()).isInstanceOf(Decision.Booked.class);
  }

  @Test
  void confirmationInTheBatchPrecedesTheExpiry() {
    Reservation hold = dueHold(7, BEFORE_NOON.plusMillis(1));
    DecisionBatch batch =
        decide(bookAt(NOON, "bob", 2), confirm("ann", 7), confirmAt(NOON, "ann", 7));
    assertThat(batch.changedReservations())
        .containsExactly(hold.withStatus(ReservationStatus.CONFIRMED));
    assertThat(batch.decisions().getFirst()).isInstanceOf(Decision.Confirmed.class);
    assertThat(batch.decisions())
        .filteredOn(Decision.Rejected.class::isInstance)
        .extracting(decision -> ((Decision.Rejected) decision).reason())
        .containsExactly(Reason.SOLD_OUT);
  }

  @Test
  void cancellationInTheBatchPrecedesTheExpiry() {
    Reservation hold = dueHold(7, BEFORE_NOON.plusMillis(1));
    DecisionBatch batch = decide(cancel("ann", 7, false));
    assertThat(batch.changedReservations())
        .containsExactly(hold.withStatus(ReservationStatus.CANCELLED));
    assertThat(batch.availabilityChanges()).isEqualTo(Map.of("VIP", 2));
  }

  @Test
  void lateConfirmationFindsTheHoldExpired() {
    Reservation hold = dueHold(7, BEFORE_NOON);
    assertThat(reasonOf(confirm("ann", 7))).isEqualTo(Reason.HOLD_EXPIRED);
    assertThat(decide(confirm("ann", 7)).changedReservations())
        .containsExactly(hold.withStatus(ReservationStatus.EXPIRED));
  }

  /// Sold-out event with a due hold of ann for two seats.
  private Reservation dueHold(long id, Instant expiresAt) {
    concert.seatTypes(List.of(new SeatTypeView("VIP", PRICE, AVAILABLE, 0)));
    Reservation hold = reservation(id, ReservationStatus.HELD, expiresAt);
    dueHolds.add(hold);
    return hold;
  }

  // Changes of the seats on sale

  @Test
  void olderChangeCannotUndoANewerOne() {
    concert.revision(3);
    Command.ChangeSeats newer = change(new SeatOffer("VIP", PRICE, 30));
    Command.ChangeSeats older = change(new SeatOffer("VIP", PRICE, 20));
    assertThat(reasonOf(older.basedOn(2))).isEqualTo(Reason.REVISION_CONFLICT);
    DecisionBatch batch = decide(at(newer.basedOn(3), BEFORE_NOON), older.basedOn(3));
    assertThat(batch.decisions().getFirst()).isInstanceOf(Decision.SeatsChanged.class);
    assertThat(batch.decisions().getLast())
        .isInstanceOfSatisfying(
            Decision.Rejected.class,
            rejected -> assertThat(rejected.reason()).isEqualTo(Reason.REVISION_CONFLICT));
    assertThat(batch.applyTo(concert.build()).revision()).isEqualTo(4);
    assertThat(batch.applyTo(concert.build()).totalSeats()).isEqualTo(30);
  }

  @Test
  void repeatedChangeSucceedsOnce() {
    Command.ChangeSeats change = change(new SeatOffer("VIP", PRICE, 30)).basedOn(1);
    DecisionBatch batch = decide(at(change, BEFORE_NOON), change);
    assertThat(batch.decisions()).allMatch(Decision.SeatsChanged.class::isInstance);
    assertThat(batch.applyTo(concert.build()).revision()).isEqualTo(2);
  }

  private static Command.ChangeSeats at(Command.ChangeSeats change, Instant acceptedAt) {
    return new Command.ChangeSeats(UUID.randomUUID(), "admin", 1, change.seatTypes(), acceptedAt)
        .basedOn(change.revision());
  }

  @Test
  void changeReplacesSeatTypes() {
    DecisionBatch batch = decide(change(new SeatOffer("S", Money.of("50.00"), 20)));
    assertThat(batch.seatTypesReplaced()).isTrue();
    assertThat(batch.seatTypes()).containsExactly(new SeatTypeView("S", Money.of("50.00"), 20, 20));
  }

  @Test
  void soldSeatsCannotBeRemoved() {
    assertThat(reasonOf(book("ann", 3), change(new SeatOffer("VIP", PRICE, 2))))
        .isEqualTo(Reason.SEATS_SOLD);
  }

  @Test
  void requestedSeatsWithoutAMapAreTaken() {
    assertThat(reasonOf(book("ann", 2).withSeats(List.of("B-1", "B-2"), null)))
        .isEqualTo(Reason.SEATS_TAKEN);
  }

  @ParameterizedTest
  @EnumSource
  void everyReasonHasAnExample(Reason reason) {
    Runnable example =
        switch (reason) {
          case SOLD_OUT -> this::tooFewSeatsAreSoldOut;
          case SEATS_TAKEN -> this::requestedSeatsWithoutAMapAreTaken;
          case EVENT_NOT_FOUND -> this::unknownEventIsRejected;
          case SEAT_TYPE_NOT_FOUND -> this::unknownSeatTypeIsRejected;
          case SALE_NOT_OPEN -> this::bookingAcceptedBeforeTheSaleIsRejected;
          case SALE_CLOSED -> this::bookingAcceptedAfterTheSaleIsRejected;
          case EVENT_CANCELLED -> this::cancelledEventRejectsBookings;
          case LIMIT_EXCEEDED -> this::seatsAboveTheLimitAreRejected;
          case RESERVATION_NOT_FOUND -> this::otherUserCannotConfirm;
          case NOT_CANCELLABLE -> this::expiredHoldCannotBeCancelled;
          case NOT_CONFIRMABLE -> this::cancelledReservationCannotBeConfirmed;
          case HOLD_EXPIRED -> this::confirmationAfterTheHoldIsRejected;
          case SEATS_SOLD -> this::soldSeatsCannotBeRemoved;
          case REVISION_CONFLICT -> this::olderChangeCannotUndoANewerOne;
          // WaitingListTest contains their examples.
          case SEATS_AVAILABLE, ALREADY_WAITING, NOT_WAITING, NO_WAITING_LIST -> () -> {};
          // The dead-letter job records it without a decision.
          case GAVE_UP -> () -> {};
        };
    example.run();
  }

  private DecisionBatch decide(Command... commands) {
    Optional<EventView> event = eventExists ? Optional.of(concert.build()) : Optional.empty();
    Inventory inventory = new Inventory(event, seatsOfUser, reservations, dueHolds);
    return BookingDecider.decide(inventory, Arrays.asList(commands), NOON);
  }

  /// Reason of the last command; the others must not be rejected.
  private Reason reasonOf(Command... commands) {
    List<Decision> decisions = decide(commands).decisions();
    assertThat(decisions.subList(0, decisions.size() - 1))
        .noneMatch(Decision.Rejected.class::isInstance);
    return ((Decision.Rejected) decisions.getLast()).reason();
  }

  private static Command.BookSeats book(String user, int quantity) {
    return bookAt(BEFORE_NOON, user, quantity);
  }

  private static Command.BookSeats bookAt(Instant acceptedAt, String user, int quantity) {
    return new Command.BookSeats(UUID.randomUUID(), user, 1, "VIP", quantity, acceptedAt);
  }

  private static Command confirm(String user, long reservation) {
    return confirmAt(BEFORE_NOON, user, reservation);
  }

  private static Command confirmAt(Instant acceptedAt, String user, long reservation) {
    return new Command.ConfirmHold(UUID.randomUUID(), user, 1, reservation, acceptedAt);
  }

  private static Command cancel(String user, long reservation, boolean onBehalf) {
    return new Command.CancelReservation(
        UUID.randomUUID(), user, 1, reservation, onBehalf, BEFORE_NOON);
  }

  private static Command.ChangeSeats change(SeatOffer... offers) {
    return new Command.ChangeSeats(
        UUID.randomUUID(), "admin", 1, List.of(offers), BEFORE_NOON.plusSeconds(1));
  }

  private Reservation reservation(long id, ReservationStatus status, Instant expiresAt) {
    Reservation reservation =
        new Reservation(id, "ann", "VIP", 2, Money.of("200.00"), status, expiresAt);
    reservations.put(id, reservation);
    return reservation;
  }
}
