package ticketing.worker.decision;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
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
      if (changed.status() == ReservationStatus.CANCELLED) {
        taken.merge(changed.seatType(), -changed.quantity(), Integer::sum);
      }
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
      DecisionBatch batch = BookingDecider.decide(inventory, List.of(command), NOON);
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
    Map<String, Integer> seats = new HashMap<>(one.inventory().seatsOfUser());
    Set<Long> cancelledIds = new HashSet<>();
    for (Decision decision : one.decide().decisions()) {
      switch (decision) {
        case Decision.Booked booked ->
            seats.merge(booked.command().userId(), booked.command().quantity(), Integer::sum);
        case Decision.Cancelled cancelled -> {
          if (cancelledIds.add(cancelled.reservation().id())) {
            seats.merge(
                cancelled.reservation().userId(),
                -cancelled.reservation().quantity(),
                Integer::sum);
          }
        }
        case Decision.Rejected rejected -> {
          if (rejected.reason() == Reason.LIMIT_EXCEEDED) {
            Command.BookSeats book = (Command.BookSeats) rejected.command();
            assertThat(seats.getOrDefault(book.userId(), 0) + book.quantity()).isGreaterThan(limit);
          }
        }
        case Decision.Held held -> throw new AssertionError(held);
        case Decision.Confirmed confirmed -> throw new AssertionError(confirmed);
        case Decision.SeatsChanged changed -> throw new AssertionError(changed);
      }
      if (decision instanceof Decision.Booked booked) {
        assertThat(seats.get(booked.command().userId())).isLessThanOrEqualTo(limit);
      }
    }
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
      seats.merge(changed.userId(), -changed.quantity(), Integer::sum);
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
      for (long id = 1; id <= 5; id++) {
        reservations.put(
            id,
            new Reservation(
                id,
                "user" + random.nextInt(5),
                TYPES[random.nextInt(2)],
                1,
                Money.of("10.00"),
                ReservationStatus.CONFIRMED,
                NOON));
      }
      List<SeatTypeView> types = new ArrayList<>();
      for (String name : List.of("A", "B")) {
        int taken =
            (int) reservations.values().stream().filter(r -> r.seatType().equals(name)).count();
        types.add(new SeatTypeView(name, Money.of("10.00"), free + taken, free));
      }
      event = EventView.builder(1, "Show", NOON).maxSeatsPerUser(limit).seatTypes(types).build();
      for (int i = 0; i < size; i++) {
        UUID id = new UUID(random.nextLong(), random.nextLong());
        String user = "user" + random.nextInt(5);
        Instant at = NOON.minusMillis(random.nextInt(50));
        commands.add(
            random.nextInt(4) > 0
                ? new Command.BookSeats(
                    id, user, 1, TYPES[random.nextInt(3)], 1 + random.nextInt(4), at)
                : new Command.CancelReservation(
                    id, user, 1, 1 + random.nextInt(6), random.nextBoolean(), at));
      }
    }

    Inventory inventory() {
      Map<String, Integer> seats =
          reservations.values().stream()
              .collect(
                  Collectors.groupingBy(
                      Reservation::userId, Collectors.summingInt(Reservation::quantity)));
      return new Inventory(Optional.of(event), seats, reservations, List.of());
    }

    DecisionBatch decide() {
      return BookingDecider.decide(inventory(), commands, NOON);
    }
  }
}
