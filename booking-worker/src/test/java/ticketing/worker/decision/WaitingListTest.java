package ticketing.worker.decision;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.groups.Tuple.tuple;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import ticketing.domain.Command;
import ticketing.domain.EventStatus;
import ticketing.domain.EventView;
import ticketing.domain.EventView.SeatTypeView;
import ticketing.domain.Json;
import ticketing.domain.Money;
import ticketing.domain.Reason;
import ticketing.domain.SeatOffer;
import ticketing.domain.seatmap.SeatBitmap;
import ticketing.domain.seatmap.SeatMap;

/// Examples of the rules of a waiting list. Each batch has the state of the one ahead of it.
class WaitingListTest {

  private static final Instant NOON = Instant.parse("2030-06-01T12:00:00Z");
  private static final Money PRICE = Money.of("10.00");

  private final WaitingListModel list = new WaitingListModel();
  private final Map<Long, Reservation> reservations = new HashMap<>();
  private final List<Reservation> dueHolds = new ArrayList<>();
  private EventView event =
      EventView.builder(1, "Concert", NOON.plus(Duration.ofDays(1)))
          .seatTypes(List.of(new SeatTypeView("VIP", PRICE, 100, 0)))
          .waitingList(true, 15)
          .build();
  private NumberedSeats seats = NumberedSeats.NONE;
  private long lastReservation = 100;

  @Test
  void partyJoinsWithTheNextSequence() {
    DecisionBatch batch = decide(join("ann", 2), join("bob", 1));
    assertThat(batch.decisions()).allMatch(Decision.Joined.class::isInstance);
    assertThat(list.waiting("VIP"))
        .extracting(WaitingParty::userId, WaitingParty::sequence)
        .containsExactly(tuple("ann", 1L), tuple("bob", 2L));
    assertThat(list.counters.get("VIP")).isEqualTo(new WaitingList.Counters(0, 2));
  }

  @Test
  void joinIsRejectedWhileSeatsAreOnSale() {
    available(2);
    assertThat(reasonOf(join("ann", 2))).isEqualTo(Reason.SEATS_AVAILABLE);
    assertThat(decide(join("ann", 3)).decisions().getFirst()).isInstanceOf(Decision.Joined.class);
  }

  @Test
  void userHasOneWaitingEntryInAnEvent() {
    decide(join("ann", 2));
    assertThat(reasonOf(join("ann", 1))).isEqualTo(Reason.ALREADY_WAITING);
    assertThat(list.waiting("VIP")).hasSize(1);
  }

  @Test
  void eventWithoutWaitingListRejectsParties() {
    event = event.toBuilder().waitingList(false, null).build();
    assertThat(reasonOf(join("ann", 2))).isEqualTo(Reason.NO_WAITING_LIST);
  }

  @Test
  void saleWindowAppliesToJoins() {
    event = event.toBuilder().sale(null, NOON.minusSeconds(10)).build();
    assertThat(reasonOf(join("ann", 2))).isEqualTo(Reason.SALE_CLOSED);
    event = event.toBuilder().sale(NOON.plusSeconds(10), null).build();
    assertThat(reasonOf(join("ann", 2))).isEqualTo(Reason.SALE_NOT_OPEN);
    event = event.toBuilder().status(EventStatus.CANCELLED).build();
    assertThat(reasonOf(join("ann", 2))).isEqualTo(Reason.EVENT_CANCELLED);
  }

  @Test
  void limitOfSeatsAppliesToJoins() {
    event = event.toBuilder().maxSeatsPerUser(4).build();
    list.seatsOfUser.put("ann", 3);
    assertThat(reasonOf(join("ann", 2))).isEqualTo(Reason.LIMIT_EXCEEDED);
  }

  @Test
  void partyLargerThanItsTypeIsSoldOut() {
    event = event.toBuilder().seatTypes(List.of(new SeatTypeView("VIP", PRICE, 3, 0))).build();
    assertThat(reasonOf(join("ann", 4))).isEqualTo(Reason.SOLD_OUT);
  }

  @Test
  void partyLeavesOnceAndForRepetitions() {
    decide(join("ann", 2));
    assertThat(decide(leave("ann", 1), leave("ann", 1)).decisions())
        .allMatch(Decision.Left.class::isInstance);
    assertThat(decide(leave("ann", 1)).decisions().getFirst()).isInstanceOf(Decision.Left.class);
    assertThat(list.counters.get("VIP").waiting()).isZero();
    assertThat(reasonOf(leave("bob", 1))).isEqualTo(Reason.NOT_WAITING);
    assertThat(reasonOf(leave("ann", 77))).isEqualTo(Reason.NOT_WAITING);
  }

  @Test
  void cancelledSeatsAreOfferedToTheFirstParty() {
    decide(join("ann", 3), join("bob", 2), join("cem", 2));
    DecisionBatch batch = decide(cancel(reserve("eve", 2)), book("dan", 1));
    assertThat(offeredUsers(batch)).containsExactly("bob");
    WaitingList.Offer offer = batch.waitingList().offers().getFirst();
    assertThat(offer.hold().expiresAt()).isEqualTo(NOON.plus(Duration.ofMinutes(15)));
    assertThat(offer.hold().totalPrice()).isEqualTo(Money.of("20.00"));
    assertThat(offer.position()).isEqualTo(2);
    assertThat(batch.positionOfDecision(1)).isEqualTo(3);
    assertThat(reason(batch, 1)).isEqualTo(Reason.SOLD_OUT);
    assertThat(reasonOf(leave("bob", 2))).isEqualTo(Reason.NOT_WAITING);
  }

  @Test
  void expiredHoldsAreOfferedInOrder() {
    decide(join("ann", 2), join("bob", 2), join("cem", 1));
    dueHolds.add(hold("eve", 2));
    dueHolds.add(hold("fay", 1));
    assertThat(offeredUsers(decide())).containsExactly("ann", "cem");
  }

  @Test
  void offerEndsWithTheSale() {
    event = event.toBuilder().sale(null, NOON.plusSeconds(60)).build();
    decide(join("ann", 1));
    assertThat(
            decide(cancel(reserve("eve", 1))).waitingList().offers().getFirst().hold().expiresAt())
        .isEqualTo(NOON.plusSeconds(60));
  }

  @Test
  void pausedSaleMakesNoOffersUntilResumed() {
    decide(join("ann", 2));
    event = event.toBuilder().status(EventStatus.PAUSED).build();
    DecisionBatch paused = decide(cancel(reserve("eve", 2)), book("dan", 1));
    assertThat(paused.waitingList().offers()).isEmpty();
    assertThat(reason(paused, 1)).isEqualTo(Reason.SOLD_OUT);
    event = event.toBuilder().status(EventStatus.ACTIVE).build();
    assertThat(offeredUsers(decide())).containsExactly("ann");
  }

  @Test
  void offersOfSeveralTypesFollowTheirNames() {
    List<String> types = List.of("Arena", "Balcony", "Floor", "Stalls", "VIP");
    event = event.toBuilder().seatTypes(seatTypes(types, 0)).build();
    types.reversed().forEach(type -> decide(joinType(type)));
    event = event.toBuilder().seatTypes(seatTypes(types, 1)).build();
    assertThat(decide().waitingList().offers().stream().map(offer -> offer.party().seatType()))
        .isEqualTo(types);
  }

  private static List<SeatTypeView> seatTypes(List<String> names, int available) {
    return names.stream().map(name -> new SeatTypeView(name, PRICE, 1, available)).toList();
  }

  private static Command joinType(String seatType) {
    return new Command.JoinWaitingList(
        UUID.randomUUID(), seatType, 1, seatType, 1, NOON, null, UUID.randomUUID(), PRICE);
  }

  @Test
  void closedOrCancelledSaleMakesNoOffers() {
    decide(join("ann", 2));
    event = event.toBuilder().sale(null, NOON).build();
    assertThat(decide(cancel(reserve("eve", 2))).waitingList().offers()).isEmpty();
    event = event.toBuilder().sale(null, null).status(EventStatus.CANCELLED).build();
    assertThat(decide(cancel(reserve("eve", 2))).waitingList().offers()).isEmpty();
  }

  @Test
  void addedSeatsAreOfferedFirst() {
    decide(join("ann", 2), join("bob", 2));
    DecisionBatch batch = decide(change(105), book("dan", 2));
    assertThat(offeredUsers(batch)).containsExactly("ann", "bob");
    assertThat(reason(batch, 1)).isEqualTo(Reason.SOLD_OUT);
    assertThat(event.seatType("VIP").orElseThrow().availableSeats()).isEqualTo(1);
    assertThat(decide(book("dan", 1)).decisions().getFirst()).isInstanceOf(Decision.Booked.class);
  }

  @Test
  void smallerTypeEndsLargerParties() {
    event = event.toBuilder().seatTypes(List.of(new SeatTypeView("VIP", PRICE, 5, 4))).build();
    decide(join("ann", 5));
    assertThat(list.waiting("VIP")).hasSize(1);
    decide(change(4), join("bob", 5));
    assertThat(list.rows.get(1L).status()).isEqualTo(WaitingList.Status.ENDED);
    assertThat(list.counters.get("VIP").waiting()).isZero();
    assertThat(reasonOf(leave("ann", 1))).isEqualTo(Reason.NOT_WAITING);
  }

  @Test
  void userAtTheLimitGetsNoOffer() {
    event = event.toBuilder().maxSeatsPerUser(2).build();
    decide(join("ann", 2), join("bob", 2));
    list.seatsOfUser.put("ann", 2);
    DecisionBatch batch = decide(cancel(reserve("eve", 2)));
    assertThat(offeredUsers(batch)).containsExactly("bob");
    assertThat(list.rows.get(1L).status()).isEqualTo(WaitingList.Status.ENDED);
    assertThat(batch.waitingList().offers().getFirst().hold()).isNull();
  }

  @Test
  void seatsAreKeptAfterTenOvertakings() {
    decide(join("ann", 2));
    for (int i = 0; i < WaitingQueue.MAX_OVERTAKINGS; i++) {
      decide(join("user" + i, 1));
      assertThat(offeredUsers(decide(cancel(reserve("eve", 1))))).containsExactly("user" + i);
    }
    decide(join("bob", 1));
    DecisionBatch batch = decide(cancel(reserve("eve", 1)), book("dan", 1));
    assertThat(batch.waitingList().offers()).isEmpty();
    assertThat(reason(batch, 1)).isEqualTo(Reason.SOLD_OUT);
    assertThat(event.availableSeats()).isZero();
    assertThat(list.counters.get("VIP")).isEqualTo(new WaitingList.Counters(1, 2));
    assertThat(offeredUsers(decide(cancel(reserve("eve", 1))))).containsExactly("ann");
    assertThat(list.counters.get("VIP")).isEqualTo(new WaitingList.Counters(0, 1));
  }

  @Test
  void leavingPartyReleasesItsKeptSeats() {
    decide(join("ann", 3));
    for (int i = 0; i < WaitingQueue.MAX_OVERTAKINGS; i++) {
      decide(join("user" + i, 1));
      decide(cancel(reserve("eve", 1)));
    }
    decide(cancel(reserve("eve", 2)));
    assertThat(list.counters.get("VIP").kept()).isEqualTo(2);
    decide(join("bob", 1));
    assertThat(offeredUsers(decide(leave("ann", 1)))).containsExactly("bob");
    assertThat(list.counters.get("VIP").kept()).isZero();
    assertThat(event.availableSeats()).isEqualTo(1);
  }

  @Test
  void disabledWaitingListReleasesKeptSeats() {
    decide(join("ann", 3));
    for (int i = 0; i < WaitingQueue.MAX_OVERTAKINGS; i++) {
      decide(join("user" + i, 1));
      decide(cancel(reserve("eve", 1)));
    }
    decide(cancel(reserve("eve", 2)));
    event = event.toBuilder().waitingList(false, null).build();
    int kept = list.counters.get("VIP").kept();
    decide();
    assertThat(kept).isPositive();
    assertThat(event.availableSeats()).isEqualTo(kept);
    assertThat(list.counters.get("VIP").kept()).isZero();
  }

  @Test
  void manyOffersPostponeTheOtherCommands() {
    decide(IntStream.range(0, 1_500).mapToObj(i -> join("user" + i, 1)).toArray(Command[]::new));
    DecisionBatch batch = decide(change(2_000), book("dan", 1));
    assertThat(batch.waitingList().offers()).hasSize(BookingDecider.MAX_OFFERS);
    assertThat(batch.waitingList().morePending()).isTrue();
    assertThat(batch.postponed()).hasSize(1);
    DecisionBatch rest = decide(batch.postponed().toArray(Command[]::new));
    assertThat(rest.waitingList().offers()).hasSize(500);
    assertThat(rest.decisions().getFirst()).isInstanceOf(Decision.Booked.class);
    assertThat(rest.waitingList().morePending()).isFalse();
  }

  @Test
  void offeredSeatsAreTheBestAvailable() {
    createNumberedEvent();
    decide(join("ann", 2), join("bob", 1));
    DecisionBatch batch = decide(cancel(reserve("eve", "1", "2")), book("dan", 1));
    assertThat(batch.waitingList().offers().getFirst().hold().seats()).containsExactly("1", "2");
    assertThat(reason(batch, 1)).isEqualTo(Reason.SOLD_OUT);
    DecisionBatch both = decide(cancel(reserve("eve", "3", "4")));
    assertThat(both.waitingList().offers().getFirst().hold().seats()).containsExactly("4");
    assertThat(both.numberedSeats().taken().section(0)).containsExactly(11);
  }

  @Test
  void keptNumberedSeatsAreNotOnSale() {
    createNumberedEvent();
    decide(join("ann", 2));
    for (int i = 0; i < WaitingQueue.MAX_OVERTAKINGS; i++) {
      decide(join("user" + i, 1));
      decide(cancel(reserve("eve", "1")));
    }
    decide(join("bob", 1));
    NumberedSeats.Change change = decide(cancel(reserve("eve", "3"))).numberedSeats();
    assertThat(change.taken().section(0)).containsExactly(15);
    assertThat(change.kept().section(0)).containsExactly(4);
    assertThat(event.availableSeats()).isZero();
    assertThat(offeredUsers(decide(leave("ann", 1)))).containsExactly("bob");
    assertThat(seats.kept()).isNull();
  }

  /// Two pairs of seats, all taken.
  private void createNumberedEvent() {
    SeatMap map =
        ((SeatMap.Parsed.Valid)
                SeatMap.parse(
                    Json.INTERNAL.readTree(
                        """
                        {"sections":[{"section":"A","rows":[{"row":"1","seats":[
                          {"id":"1","seatType":"VIP","rank":9,"x":1,"y":1},
                          {"id":"2","seatType":"VIP","rank":8,"x":2,"y":1},null,
                          {"id":"3","seatType":"VIP","rank":2,"x":3,"y":1},
                          {"id":"4","seatType":"VIP","rank":1,"x":4,"y":1}]}]}]}\
                        """),
                    List.of("VIP")))
            .map();
    event =
        event.toBuilder()
            .seatTypes(List.of(new SeatTypeView("VIP", PRICE, 4, 0)))
            .seatMapRevision(1)
            .build();
    seats = new NumberedSeats(SeatBitmap.of(map, List.of(new byte[] {15})), 1, Map.of(), true);
  }

  private DecisionBatch decide(Command... commands) {
    Inventory inventory =
        new Inventory(
            Optional.of(event),
            Map.copyOf(list.seatsOfUser),
            Map.copyOf(reservations),
            List.copyOf(dueHolds),
            seats,
            list.inventory());
    DecisionBatch batch = BookingDecider.decide(inventory, Arrays.asList(commands), NOON);
    event = batch.applyTo(event);
    list.apply(batch.waitingList());
    NumberedSeats.Change change = batch.numberedSeats();
    if (change.isEffective()) {
      seats =
          new NumberedSeats(
              change.kept() == null ? change.taken() : change.taken().minus(change.kept()),
              change.revision(),
              Map.of(),
              true,
              change.kept());
    }
    dueHolds.clear();
    return batch;
  }

  private void available(int count) {
    event =
        event.toBuilder().seatTypes(List.of(new SeatTypeView("VIP", PRICE, 100, count))).build();
  }

  private Reason reasonOf(Command command) {
    return reason(decide(command), 0);
  }

  private static Reason reason(DecisionBatch batch, int index) {
    return ((Decision.Rejected) batch.decisions().get(index)).reason();
  }

  private static List<String> offeredUsers(DecisionBatch batch) {
    return batch.waitingList().offers().stream()
        .filter(offer -> offer.hold() != null)
        .map(offer -> offer.party().userId())
        .toList();
  }

  private long reserve(String user, int quantity) {
    lastReservation++;
    reservations.put(
        lastReservation,
        new Reservation(
            lastReservation,
            user,
            "VIP",
            quantity,
            PRICE.multiply(quantity),
            ReservationStatus.CONFIRMED,
            null));
    return lastReservation;
  }

  private long reserve(String user, String... ids) {
    lastReservation++;
    reservations.put(
        lastReservation,
        new Reservation(
            lastReservation,
            user,
            "VIP",
            ids.length,
            PRICE.multiply(ids.length),
            ReservationStatus.CONFIRMED,
            null,
            List.of(ids)));
    return lastReservation;
  }

  private Reservation hold(String user, int quantity) {
    lastReservation++;
    return new Reservation(
        lastReservation,
        user,
        "VIP",
        quantity,
        PRICE.multiply(quantity),
        ReservationStatus.HELD,
        NOON.minusSeconds(100 - lastReservation % 50));
  }

  private int accepted;

  private Instant nextAcceptance() {
    accepted++;
    return NOON.minusSeconds(5).plusNanos(accepted * 1_000L);
  }

  private Command join(String user, int quantity) {
    return new Command.JoinWaitingList(
        UUID.randomUUID(), user, 1, "VIP", quantity, nextAcceptance(), null, null, null);
  }

  private Command leave(String user, long entry) {
    return new Command.LeaveWaitingList(
        UUID.randomUUID(), user, 1, entry, nextAcceptance(), null, null);
  }

  private Command book(String user, int quantity) {
    return new Command.BookSeats(UUID.randomUUID(), user, 1, "VIP", quantity, nextAcceptance());
  }

  private Command cancel(long reservation) {
    return new Command.CancelReservation(
        UUID.randomUUID(), "admin", 1, reservation, true, nextAcceptance());
  }

  private Command change(int total) {
    return new Command.ChangeSeats(
        UUID.randomUUID(),
        "admin",
        1,
        List.of(new SeatOffer("VIP", PRICE, total)),
        nextAcceptance());
  }
}
