package ticketing.worker.decision;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import ticketing.domain.Command;
import ticketing.domain.EventView;
import ticketing.domain.EventView.SeatTypeView;
import ticketing.domain.Money;
import ticketing.domain.Reason;

/// Invariants of every sale, on random cases. The seed is the argument of the test.
class BookingDeciderPropertiesTest {

  private static final Instant NOON = Instant.parse("2026-12-01T12:00:00Z");
  private static final Instant HOLD_END = NOON.minusMillis(25); // amid the commands
  private static final String[] TYPES = {"A", "B", "NOPE"};
  private static final int CASES = 500;
  private static final int NO_LIMIT = 1_000_000; // seats of a user

  static LongStream seeds() {
    return LongStream.range(0, CASES);
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void availableSeatsMatchTheDecisions(long seed) {
    Random random = new Random(seed);
    Case one = new Case(seed, random.nextInt(31), random.nextInt(61), NO_LIMIT);
    DecisionBatch batch = one.decide();
    Map<String, Integer> taken = new HashMap<>();
    for (Decision decision : batch.decisions()) {
      if (decision instanceof Decision.Booked booked) {
        taken.merge(booked.command().seatType(), booked.command().quantity(), Integer::sum);
      }
    }
    for (Reservation changed : batch.changedReservations()) {
      taken.merge(changed.seatType(), seatsTaken(one.reservations, changed), Integer::sum);
    }
    for (SeatTypeView before : one.event.seatTypes()) {
      SeatTypeView after =
          batch.seatTypes().stream()
              .filter(type -> type.seatType().equals(before.seatType()))
              .findFirst()
              .orElseThrow();
      assertThat(after.availableSeats()).isBetween(0, after.totalSeats());
      assertThat(before.availableSeats() - taken.getOrDefault(before.seatType(), 0))
          .isEqualTo(after.availableSeats());
      assertThat(batch.availabilityChanges().getOrDefault(before.seatType(), 0))
          .isEqualTo(after.availableSeats() - before.availableSeats());
    }
  }

  /// Change of the taken seats by a reservation with a new status.
  private static int seatsTaken(Map<Long, Reservation> before, Reservation changed) {
    boolean was = isLive(before.get(changed.id()));
    boolean is = isLive(changed);
    return was == is ? 0 : is ? changed.quantity() : -changed.quantity();
  }

  private static boolean isLive(Reservation reservation) {
    return switch (reservation.status()) {
      case CONFIRMED, HELD -> true;
      case CANCELLED, EXPIRED -> false;
    };
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void acceptanceTimeDecidesConfirmations(long seed) {
    Case one = new Case(seed, 30, new Random(seed).nextInt(61), NO_LIMIT);
    Map<Long, ReservationStatus> status = new HashMap<>();
    one.reservations.forEach((id, reservation) -> status.put(id, reservation.status()));
    for (Decision decision : one.decide().decisions()) {
      switch (decision) {
        case Decision.Cancelled cancelled ->
            status.put(cancelled.reservation().id(), ReservationStatus.CANCELLED);
        case Decision.Confirmed(Command.ConfirmHold confirm, Reservation reservation) -> {
          boolean earlier = status.get(reservation.id()) == ReservationStatus.CONFIRMED;
          assertThat(earlier || confirm.acceptedAt().isBefore(HOLD_END)).isTrue();
          assertThat(status.get(reservation.id())).isNotEqualTo(ReservationStatus.CANCELLED);
          status.put(reservation.id(), ReservationStatus.CONFIRMED);
        }
        case Decision.Rejected(Command.ConfirmHold confirm, Reason reason) -> {
          if (reason == Reason.HOLD_EXPIRED
              && status.get(confirm.reservationId()) == ReservationStatus.HELD) {
            assertThat(confirm.acceptedAt()).isAfterOrEqualTo(HOLD_END);
          }
        }
        case Decision.Booked _,
            Decision.Held _,
            Decision.SeatsChanged _,
            Decision.Joined _,
            Decision.Left _,
            Decision.Rejected _ -> {}
      }
    }
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void dueHoldsNeverStayHeld(long seed) {
    Case one = new Case(seed, 10, new Random(seed).nextInt(61), 4);
    Map<Long, Reservation> after = new HashMap<>(one.reservations);
    one.decide().changedReservations().forEach(changed -> after.put(changed.id(), changed));
    assertThat(one.dueHolds())
        .allSatisfy(
            hold -> assertThat(after.get(hold.id()).status()).isNotEqualTo(ReservationStatus.HELD));
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void everyCommandGetsExactlyOneDecision(long seed) {
    Case one = new Case(seed, 20, new Random(seed).nextInt(61), 4);
    assertThat(one.decide().decisions().stream().map(d -> d.command().ticketId()).toList())
        .containsExactlyInAnyOrderElementsOf(one.commands.stream().map(Command::ticketId).toList());
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void orderOfDeliveryDoesNotMatter(long seed) {
    Case one = new Case(seed, 15, new Random(seed).nextInt(61), 4);
    DecisionBatch asSent = one.decide();
    Collections.shuffle(one.commands, new Random(seed + 1));
    assertThat(one.decide()).isEqualTo(asSent);
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void batchDecidesLikeItsCommandsAlone(long seed) {
    Case one = new Case(seed, 12, 1 + new Random(seed).nextInt(40), 3);
    List<Decision> together = one.decide().decisions();
    List<Decision> alone = new ArrayList<>();
    Inventory inventory = one.inventory();
    for (Command command :
        one.commands.stream().sorted(BookingDecider.ORDER_OF_ACCEPTANCE).toList()) {
      // A hold is due once its end is reached by the commands.
      List<Reservation> due = command.acceptedAt().isBefore(HOLD_END) ? List.of() : held(inventory);
      Inventory current =
          new Inventory(inventory.event(), inventory.seatsOfUser(), inventory.reservations(), due);
      DecisionBatch batch = BookingDecider.decide(current, List.of(command), NOON);
      alone.addAll(batch.decisions());
      inventory = after(inventory, batch);
    }
    assertThat(together).isEqualTo(alone);
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void noUserExceedsTheLimit(long seed) {
    Random random = new Random(seed);
    int limit = 1 + random.nextInt(8);
    Case one = new Case(seed, 1000, 1 + random.nextInt(60), limit);
    DecisionBatch batch = one.decide();
    Map<String, Integer> seats = new HashMap<>(one.inventory().seatsOfUser());
    for (Reservation changed : batch.changedReservations()) {
      seats.merge(changed.userId(), seatsTaken(one.reservations, changed), Integer::sum);
    }
    for (Decision decision : batch.decisions()) {
      if (decision instanceof Decision.Booked booked) {
        seats.merge(booked.command().userId(), booked.command().quantity(), Integer::sum);
      }
    }
    Map<String, Integer> before = one.inventory().seatsOfUser();
    seats.forEach((user, after) ->
        assertThat(after).isLessThanOrEqualTo(Math.max(limit, before.getOrDefault(user, 0))));
  }

  @ParameterizedTest
  @MethodSource("seeds")
  void onlyExcessSeatsExceedTheLimit(long seed) {
    Random random = new Random(seed);
    int limit = 1 + random.nextInt(8);
    Case one = new Case(seed, 1000, 1 + random.nextInt(60), limit);
    Map<String, Integer> seats = new HashMap<>(one.inventory().seatsOfUser());
    Map<Long, ReservationStatus> status = new HashMap<>();
    one.reservations.forEach((id, reservation) -> status.put(id, reservation.status()));
    boolean expired = false;
    for (Decision decision : one.decide().decisions()) {
      if (!expired && !decision.command().acceptedAt().isBefore(HOLD_END)) {
        expired = true;
        for (Reservation hold : one.dueHolds()) {
          if (status.replace(hold.id(), ReservationStatus.HELD, ReservationStatus.EXPIRED)) {
            seats.merge(hold.userId(), -hold.quantity(), Integer::sum);
          }
        }
      }
      switch (decision) {
        case Decision.Booked(Command.BookSeats book, _, _) ->
            assertThat(seats.merge(book.userId(), book.quantity(), Integer::sum))
                .isLessThanOrEqualTo(limit);
        case Decision.Cancelled(_, Reservation reservation) -> {
          if (status.put(reservation.id(), ReservationStatus.CANCELLED)
              != ReservationStatus.CANCELLED) {
            seats.merge(reservation.userId(), -reservation.quantity(), Integer::sum);
          }
        }
        case Decision.Confirmed(_, Reservation reservation) -> {
          if (status.put(reservation.id(), ReservationStatus.CONFIRMED)
              == ReservationStatus.EXPIRED) {
            assertThat(seats.merge(reservation.userId(), reservation.quantity(), Integer::sum))
                .isLessThanOrEqualTo(limit);
          }
        }
        case Decision.Rejected(Command.BookSeats book, Reason reason) -> {
          if (reason == Reason.LIMIT_EXCEEDED) {
            assertThat(seats.getOrDefault(book.userId(), 0) + book.quantity()).isGreaterThan(limit);
          }
        }
        case Decision.Rejected _ -> {}
        case Decision.Held held -> throw new AssertionError(held);
        case Decision.SeatsChanged changed -> throw new AssertionError(changed);
        case Decision.Joined joined -> throw new AssertionError(joined);
        case Decision.Left left -> throw new AssertionError(left);
      }
    }
  }

  private static List<Reservation> held(Inventory inventory) {
    return inventory.reservations().values().stream()
        .filter(reservation -> reservation.status() == ReservationStatus.HELD)
        .toList();
  }

  private static Inventory after(Inventory before, DecisionBatch batch) {
    EventView event = before.event().orElseThrow();
    Map<String, Integer> seats = new HashMap<>(before.seatsOfUser());
    Map<Long, Reservation> reservations = new HashMap<>(before.reservations());
    for (Decision decision : batch.decisions()) {
      if (decision instanceof Decision.Booked booked) {
        seats.merge(booked.command().userId(), booked.command().quantity(), Integer::sum);
      }
    }
    for (Reservation changed : batch.changedReservations()) {
      seats.merge(changed.userId(), seatsTaken(before.reservations(), changed), Integer::sum);
      reservations.put(changed.id(), changed);
    }
    return new Inventory(Optional.of(batch.applyTo(event)), seats, reservations, List.of());
  }

  /// Random event, reservations and commands, determined by the seed.
  private static final class Case {
    final EventView event;
    final List<Command> commands = new ArrayList<>();
    final Map<Long, Reservation> reservations = new HashMap<>();

    Case(long seed, int free, int size, int limit) {
      Random random = new Random(seed);
      ReservationStatus[] states = {
        ReservationStatus.CONFIRMED, ReservationStatus.HELD, ReservationStatus.EXPIRED
      };
      for (long id = 1; id <= 9; id++) {
        reservations.put(
            id,
            new Reservation(
                id,
                "user" + random.nextInt(5),
                TYPES[random.nextInt(2)],
                1,
                Money.of("10.00"),
                states[random.nextInt(3)],
                HOLD_END));
      }
      List<SeatTypeView> types = new ArrayList<>();
      for (String name : List.of("A", "B")) {
        int taken =
            (int)
                reservations.values().stream()
                    .filter(r -> r.seatType().equals(name) && isLive(r))
                    .count();
        types.add(new SeatTypeView(name, Money.of("10.00"), free + taken, free));
      }
      event = EventView.builder(1, "Show", NOON).maxSeatsPerUser(limit).seatTypes(types).build();
      for (int i = 0; i < size; i++) {
        UUID id = new UUID(random.nextLong(), random.nextLong());
        String user = "user" + random.nextInt(5);
        Instant at = NOON.minusMillis(random.nextInt(50));
        long reservation = 1 + random.nextInt(10);
        commands.add(
            switch (random.nextInt(4)) {
              case 0 ->
                  new Command.CancelReservation(id, user, 1, reservation, random.nextBoolean(), at);
              case 1 -> new Command.ConfirmHold(id, owner(reservation, user), 1, reservation, at);
              default ->
                  new Command.BookSeats(
                      id, user, 1, TYPES[random.nextInt(3)], 1 + random.nextInt(4), at);
            });
      }
    }

    private String owner(long id, String other) {
      return reservations.containsKey(id) ? reservations.get(id).userId() : other;
    }

    List<Reservation> dueHolds() {
      return reservations.values().stream()
          .filter(reservation -> reservation.status() == ReservationStatus.HELD)
          .toList();
    }

    Inventory inventory() {
      Map<String, Integer> seats =
          reservations.values().stream()
              .filter(BookingDeciderPropertiesTest::isLive)
              .collect(
                  Collectors.groupingBy(
                      Reservation::userId, Collectors.summingInt(Reservation::quantity)));
      return new Inventory(Optional.of(event), seats, reservations, dueHolds());
    }

    DecisionBatch decide() {
      return BookingDecider.decide(inventory(), commands, NOON);
    }
  }
}
