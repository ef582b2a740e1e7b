package ticketing.worker.decision;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import ticketing.domain.Command;
import ticketing.domain.Command.BookSeats.Otherwise;
import ticketing.domain.Command.ChangeSeats.SeatMapChange;
import ticketing.domain.EventView;
import ticketing.domain.EventView.SeatTypeView;
import ticketing.domain.Json;
import ticketing.domain.Money;
import ticketing.domain.Reason;
import ticketing.domain.SeatOffer;
import ticketing.domain.seatmap.SeatBitmap;
import ticketing.domain.seatmap.SeatMap;
import ticketing.domain.seatmap.SeatMap.Parsed;

/// Decisions for an event with a seat map. A row such as `V1 V2 - R3` has seats with type and rank;
/// its seats are `1-1`, `1-2`, `1-3` in the first row.
class NumberedSeatsTest {

  private static final Instant NOON = Instant.parse("2030-06-01T12:00:00Z");
  private static final Money PRICE = Money.of("10.00");

  private SeatMap map = map("V1 V2 V3 V4", "R5 R6 - R7");
  private SeatBitmap taken = SeatBitmap.empty(map);
  private final Map<Long, Reservation> reservations = new HashMap<>();
  private final List<Reservation> dueHolds = new ArrayList<>();
  private final Map<UUID, SeatMap> newMaps = new HashMap<>();
  private Integer holdMinutes;
  private boolean everBooked;

  @Test
  void exactSeatsAreSoldAllOrNone() {
    DecisionBatch batch =
        decide(exact("ann", "V", "1-2", "1-3"), exact("bob", "V", "1-1", "1-2"), best("V", 2));
    assertThat(seats(batch, 0)).containsExactly("1-2", "1-3");
    assertThat(reason(batch, 1)).isEqualTo(Reason.SEATS_TAKEN);
    assertThat(seats(batch, 2)).containsExactly("1-1", "1-4");
    assertThat(batch.availabilityChanges()).isEqualTo(Map.of("V", -4));
    assertThat(batch.numberedSeats().changedSections()).containsExactly(0);
  }

  @Test
  void bestSeatsReplaceTakenOnesOnRequest() {
    DecisionBatch batch =
        decide(
            exact("ann", "V", "1-1"),
            exact("bob", "V", "1-1").withSeats(List.of("1-1"), Otherwise.BEST),
            exact("cem", "V", "1-4").withSeats(List.of("1-4"), Otherwise.BEST));
    assertThat(seats(batch, 1)).containsExactly("1-2");
    assertThat(seats(batch, 2)).containsExactly("1-4");
  }

  @Test
  void fewerFreeSeatsThanRequestedAreSoldOut() {
    DecisionBatch batch = decide(best("R", 2), best("R", 2), best("R", 1));
    assertThat(seats(batch, 0)).containsExactly("2-1", "2-2");
    assertThat(reason(batch, 1)).isEqualTo(Reason.SOLD_OUT);
    assertThat(seats(batch, 2)).containsExactly("2-3");
  }

  @Test
  void seatOfAnotherTypeIsTaken() {
    DecisionBatch batch = decide(exact("ann", "R", "1-1"), exact("ann", "V", "9-9"));
    assertThat(reason(batch, 0)).isEqualTo(Reason.SEATS_TAKEN);
    assertThat(reason(batch, 1)).isEqualTo(Reason.SEATS_TAKEN);
    assertThat(batch.changesSeats()).isFalse();
  }

  @Test
  void cancellationFreesExactlyItsSeats() {
    take("1-1", "1-2", "1-3", "1-4");
    reserve(7, ReservationStatus.CONFIRMED, null, "1-2", "1-3");
    DecisionBatch batch = decide(cancel(7), exact("bob", "V", "1-3", "1-2"), best("V", 1));
    assertThat(seats(batch, 1)).containsExactly("1-3", "1-2");
    assertThat(reason(batch, 2)).isEqualTo(Reason.SOLD_OUT);
    assertThat(batch.availabilityChanges()).isEmpty();
    // The seats are taken as in the beginning.
    assertThat(batch.numberedSeats().isEffective()).isFalse();
  }

  /// The numbers are equal, the seats are not.
  @Test
  void exchangedSeatsChangeTheBitmap() {
    take("1-1");
    reserve(7, ReservationStatus.CONFIRMED, null, "1-1");
    DecisionBatch batch = decide(cancel(7), exact("bob", "V", "1-4"));
    assertThat(batch.availabilityChanges()).isEmpty();
    assertThat(batch.changesSeats()).isTrue();
    assertThat(batch.numberedSeats().taken().section(0)).containsExactly(8);
  }

  @Test
  void expiredHoldFreesItsSeats() {
    take("1-1", "1-2", "1-3", "1-4");
    reserve(7, ReservationStatus.HELD, NOON.minusSeconds(1), "1-4");
    dueHolds.add(reservations.remove(7L));
    DecisionBatch batch = decide(best("V", 1));
    assertThat(seats(batch, 0)).containsExactly("1-4");
  }

  @Test
  void confirmationInTimeTakesExpiredSeatsAgain() {
    reserve(7, ReservationStatus.EXPIRED, NOON.plusSeconds(5), "1-2");
    reserve(8, ReservationStatus.EXPIRED, NOON.plusSeconds(5), "1-3");
    DecisionBatch batch = decide(exact("bob", "V", "1-3"), confirm(7), confirm(8));
    assertThat(batch.decisions().get(1)).isInstanceOf(Decision.Confirmed.class);
    assertThat(reason(batch, 2)).isEqualTo(Reason.HOLD_EXPIRED);
    assertThat(batch.numberedSeats().retaken()).containsExactly(7L);
    assertThat(batch.numberedSeats().taken().countTaken()).isEqualTo(2);
  }

  @Test
  void holdCarriesItsSeats() {
    holdMinutes = 5;
    assertThat(seats(decide(best("V", 2)), 0)).containsExactly("1-1", "1-2");
  }

  @Test
  void mapIsReplaceableUntilTheFirstBooking() {
    SeatMap next = map("V1 V2", "R1");
    DecisionBatch batch = decide(change(next), best("V", 2), best("V", 1));
    assertThat(batch.decisions().getFirst()).isInstanceOf(Decision.SeatsChanged.class);
    assertThat(seats(batch, 1)).containsExactly("1-1", "1-2");
    assertThat(reason(batch, 2)).isEqualTo(Reason.SOLD_OUT);
    assertThat(batch.numberedSeats().mapChanged()).isTrue();
    assertThat(batch.numberedSeats().revision()).isEqualTo(4);
    assertThat(batch.applyTo(event()).seatMapRevision()).isEqualTo(4);
    assertThat(batch.applyTo(event()).totalSeats()).isEqualTo(3);
    assertThat(batch.applyTo(event()).availableSeats()).isEqualTo(1);
  }

  @Test
  void bookedMapOnlyGrows() {
    everBooked = true;
    take("1-4");
    SeatMap grown = map("V1 V2 V3 V4", "R5 R6 - R7", "R8");
    DecisionBatch batch = decide(change(map("V1 V2", "R1")), change(grown), best("R", 2));
    assertThat(reason(batch, 0)).isEqualTo(Reason.SEATS_SOLD);
    assertThat(batch.decisions().get(1)).isInstanceOf(Decision.SeatsChanged.class);
    assertThat(seats(batch, 2)).containsExactly("2-1", "2-2");
    assertThat(batch.numberedSeats().taken().map()).isEqualTo(grown);
    assertThat(batch.numberedSeats().taken().section(0)).containsExactly(8 + 16 + 32);
    assertThat(batch.applyTo(event()).seatType("R").orElseThrow())
        .isEqualTo(new SeatTypeView("R", PRICE, 4, 2));
  }

  @Test
  void bookingInTheBatchProtectsTheMap() {
    DecisionBatch batch = decide(best("V", 1), change(map("V1", "R1")), remove());
    assertThat(reason(batch, 1)).isEqualTo(Reason.SEATS_SOLD);
    assertThat(reason(batch, 2)).isEqualTo(Reason.SEATS_SOLD);
  }

  @Test
  void removedMapLeavesUnnumberedSeats() {
    DecisionBatch batch = decide(remove(), best("V", 2), exact("ann", "V", "1-1"));
    assertThat(seats(batch, 1)).isEmpty();
    assertThat(batch.decisions().get(1)).isInstanceOf(Decision.Booked.class);
    assertThat(reason(batch, 2)).isEqualTo(Reason.SEATS_TAKEN);
    assertThat(batch.numberedSeats().mapChanged()).isTrue();
    assertThat(batch.numberedSeats().taken()).isNull();
    assertThat(batch.applyTo(event()).seatMapRevision()).isNull();
  }

  @Test
  void equalMapIsNoNewRevision() {
    everBooked = true;
    DecisionBatch batch = decide(change(map("V1 V2 V3 V4", "R5 R6 - R7")));
    assertThat(batch.decisions().getFirst()).isInstanceOf(Decision.SeatsChanged.class);
    assertThat(batch.numberedSeats().mapChanged()).isFalse();
  }

  @Test
  void totalsFollowFromTheMap() {
    Command.ChangeSeats change =
        new Command.ChangeSeats(
            UUID.randomUUID(),
            "admin",
            1,
            List.of(new SeatOffer("V", PRICE, 1), new SeatOffer("R", Money.of("5.00"), 900)),
            NOON);
    DecisionBatch batch = decide(change);
    assertThat(batch.applyTo(event()).seatTypes())
        .containsExactlyInAnyOrder(
            new SeatTypeView("V", PRICE, 4, 4), new SeatTypeView("R", Money.of("5.00"), 3, 3));
  }

  /// Random sales: a seat has one owner, the bitmap and the counters follow from the reservations,
  /// and a batch has the same decisions as its commands one by one.
  @Test
  void randomSalesKeepEachSeatOnce() {
    for (int seed = 0; seed < 400; seed++) {
      Random random = new Random(seed);
      map = map("V1 V2 V3 - V4 V5", "V3 R1 R2 V2 V2 R9", "R1 - R2 R3 R4");
      taken = SeatBitmap.empty(map);
      reservations.clear();
      EventView event = event();
      EventView single = event;
      SeatBitmap singleTaken = taken;
      long nextId = 1;
      for (int batchNumber = 0; batchNumber < 6; batchNumber++) {
        List<Command> commands = randomCommands(random);
        DecisionBatch batch = decide(event, taken, reservations, commands);
        Map<Long, Reservation> before = Map.copyOf(reservations);
        for (Reservation changed : batch.changedReservations()) {
          reservations.put(changed.id(), changed);
        }
        Map<Long, Reservation> stepwise = new HashMap<>(before);
        for (int i = 0; i < batch.decisions().size(); i++) {
          Decision decision = batch.decisions().get(i);
          DecisionBatch step = decide(single, singleTaken, stepwise, List.of(decision.command()));
          assertThat(step.decisions().getFirst()).as("seed %d", seed).isEqualTo(decision);
          step.changedReservations().forEach(changed -> stepwise.put(changed.id(), changed));
          single = step.applyTo(single);
          singleTaken = step.numberedSeats().taken();
          if (decision instanceof Decision.Booked booked) {
            Command.BookSeats book = booked.command();
            reservations.put(
                nextId,
                new Reservation(
                    nextId,
                    book.userId(),
                    book.seatType(),
                    book.quantity(),
                    booked.totalPrice(),
                    ReservationStatus.CONFIRMED,
                    null,
                    booked.seats()));
            nextId++;
          }
        }
        event = batch.applyTo(event);
        taken = batch.numberedSeats().taken();
        assertThat(singleTaken).as("seed %d", seed).isEqualTo(taken);
        assertConsistent(seed, event);
      }
    }
  }

  private void assertConsistent(int seed, EventView event) {
    Set<String> owned = new HashSet<>();
    for (Reservation reservation : reservations.values()) {
      if (reservation.status() == ReservationStatus.CONFIRMED) {
        assertThat(reservation.seats()).as("seed %d", seed).hasSize(reservation.quantity());
        for (String seat : reservation.seats()) {
          assertThat(owned.add(seat)).as("seat %s twice, seed %d", seat, seed).isTrue();
          assertThat(map.seatType(map.indexOf(seat).orElseThrow()))
              .isEqualTo(reservation.seatType());
        }
      }
    }
    for (int seat = 0; seat < map.seatCount(); seat++) {
      assertThat(taken.isTaken(seat)).as("seed %d", seed).isEqualTo(owned.contains(map.id(seat)));
    }
    for (SeatTypeView type : event.seatTypes()) {
      long free =
          IntStream.range(0, map.seatCount())
              .filter(seat -> map.seatType(seat).equals(type.seatType()) && !taken.isTaken(seat))
              .count();
      assertThat(type.availableSeats()).as("seed %d", seed).isEqualTo((int) free);
    }
  }

  private List<Command> randomCommands(Random random) {
    List<Command> commands = new ArrayList<>();
    for (int i = 0; i < 1 + random.nextInt(5); i++) {
      String type = random.nextBoolean() ? "V" : "R";
      List<Long> cancellable = List.copyOf(reservations.keySet());
      switch (random.nextInt(4)) {
        case 0 -> {
          if (!cancellable.isEmpty()) {
            commands.add(cancel(cancellable.get(random.nextInt(cancellable.size()))));
          }
        }
        case 1 -> {
          String id = map.id(random.nextInt(map.seatCount()));
          Otherwise otherwise = random.nextBoolean() ? Otherwise.BEST : null;
          commands.add(exact("ann", type, id).withSeats(List.of(id), otherwise));
        }
        default -> commands.add(best(type, 1 + random.nextInt(4)));
      }
    }
    return commands;
  }

  private DecisionBatch decide(Command... commands) {
    return decide(event(), taken, reservations, orderedByAcceptance(commands));
  }

  private static List<Command> orderedByAcceptance(Command... commands) {
    // Commands of the same time are decided by ticket id.
    List<Command> ordered = new ArrayList<>();
    for (int i = 0; i < commands.length; i++) {
      Instant at = NOON.minus(Duration.ofMillis(commands.length - i));
      ordered.add(
          switch (commands[i]) {
            case Command.BookSeats book ->
                new Command.BookSeats(
                        book.ticketId(), book.userId(), 1, book.seatType(), book.quantity(), at)
                    .withSeats(book.seats(), book.otherwise());
            case Command.ChangeSeats change ->
                new Command.ChangeSeats(
                        change.ticketId(), change.userId(), 1, change.seatTypes(), at)
                    .withSeatMap(change.seatMap());
            case Command.CancelReservation cancel ->
                new Command.CancelReservation(
                    cancel.ticketId(), "ann", 1, cancel.reservationId(), true, at);
            case Command.ConfirmHold confirm ->
                new Command.ConfirmHold(confirm.ticketId(), "ann", 1, confirm.reservationId(), at);
            case Command.JoinWaitingList _, Command.LeaveWaitingList _ ->
                throw new AssertionError(commands[i]);
          });
    }
    return ordered;
  }

  private DecisionBatch decide(
      EventView event,
      SeatBitmap bitmap,
      Map<Long, Reservation> known,
      List<? extends Command> commands) {
    return BookingDecider.decide(
        new Inventory(
            Optional.of(event),
            Map.of(),
            known,
            dueHolds,
            new NumberedSeats(bitmap, 3, newMaps, everBooked)),
        List.copyOf(commands),
        NOON);
  }

  private EventView event() {
    List<SeatTypeView> types =
        map.countByType().entrySet().stream()
            .map(type ->
                new SeatTypeView(type.getKey(), PRICE, type.getValue(), free(type.getKey())))
            .toList();
    return EventView.builder(1, "Concert", NOON.plus(Duration.ofDays(1)))
        .holdMinutes(holdMinutes)
        .seatMapRevision(3)
        .seatTypes(types)
        .build();
  }

  private int free(String type) {
    return (int)
        IntStream.range(0, map.seatCount())
            .filter(seat -> map.seatType(seat).equals(type) && !taken.isTaken(seat))
            .count();
  }

  private void take(String... ids) {
    byte[] section = taken.section(0);
    for (String id : ids) {
      int seat = map.indexOf(id).orElseThrow();
      section[seat / Byte.SIZE] |= (byte) (1 << seat % Byte.SIZE);
    }
    taken = SeatBitmap.of(map, List.of(section));
  }

  private void reserve(long id, ReservationStatus status, Instant expiresAt, String... seats) {
    reservations.put(
        id,
        new Reservation(
            id,
            "ann",
            map.seatType(map.indexOf(seats[0]).orElseThrow()),
            seats.length,
            PRICE.multiply(seats.length),
            status,
            expiresAt,
            List.of(seats)));
  }

  private static Command.BookSeats exact(String user, String type, String... ids) {
    return new Command.BookSeats(UUID.randomUUID(), user, 1, type, ids.length, NOON)
        .withSeats(List.of(ids), null);
  }

  private static Command.BookSeats best(String type, int quantity) {
    return new Command.BookSeats(UUID.randomUUID(), "ann", 1, type, quantity, NOON);
  }

  private static Command cancel(long reservation) {
    return new Command.CancelReservation(UUID.randomUUID(), "ann", 1, reservation, true, NOON);
  }

  private static Command confirm(long reservation) {
    return new Command.ConfirmHold(UUID.randomUUID(), "ann", 1, reservation, NOON);
  }

  private Command.ChangeSeats change(SeatMap next) {
    UUID ticketId = UUID.randomUUID();
    newMaps.put(ticketId, next);
    List<SeatOffer> offers =
        next.countByType().entrySet().stream()
            .map(type -> new SeatOffer(type.getKey(), PRICE, type.getValue()))
            .toList();
    return new Command.ChangeSeats(ticketId, "admin", 1, offers, NOON)
        .withSeatMap(SeatMapChange.REPLACE);
  }

  private static Command.ChangeSeats remove() {
    return new Command.ChangeSeats(
            UUID.randomUUID(), "admin", 1, List.of(new SeatOffer("V", PRICE, 2)), NOON)
        .withSeatMap(SeatMapChange.REMOVE);
  }

  private static List<String> seats(DecisionBatch batch, int index) {
    return switch (batch.decisions().get(index)) {
      case Decision.Booked booked -> booked.seats();
      case Decision.Held held -> held.seats();
      case Decision.Confirmed _,
          Decision.Cancelled _,
          Decision.SeatsChanged _,
          Decision.Joined _,
          Decision.Left _,
          Decision.Rejected _ ->
          throw new AssertionError(batch.decisions().get(index));
    };
  }

  private static Reason reason(DecisionBatch batch, int index) {
    return ((Decision.Rejected) batch.decisions().get(index)).reason();
  }

  private static SeatMap map(String... rows) {
    List<String> json = new ArrayList<>();
    for (int row = 0; row < rows.length; row++) {
      List<String> seats = new ArrayList<>();
      int number = 0;
      for (String seat : rows[row].split(" ")) {
        if (seat.equals("-")) {
          seats.add("null");
        } else {
          number++;
          seats.add(
              "{\"id\":\"%d-%d\",\"seatType\":\"%s\",\"rank\":%s,\"x\":%d,\"y\":%d}"
                  .formatted(
                      row + 1, number, seat.substring(0, 1), seat.substring(1), number, row));
        }
      }
      json.add("{\"row\":\"%d\",\"seats\":[%s]}".formatted(row + 1, String.join(",", seats)));
    }
    String text =
        "{\"sections\":[{\"section\":\"S\",\"rows\":[%s]}]}".formatted(String.join(",", json));
    List<String> types =
        Arrays.stream(rows)
            .flatMap(row -> Arrays.stream(row.split(" ")))
            .filter(seat -> !seat.equals("-"))
            .map(seat -> seat.substring(0, 1))
            .distinct()
            .collect(Collectors.toList());
    return ((Parsed.Valid) SeatMap.parse(Json.INTERNAL.readTree(text), types)).map();
  }
}
