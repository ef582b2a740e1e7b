package ticketing.worker.decision;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import ticketing.domain.Command;
import ticketing.domain.EventStatus;
import ticketing.domain.EventView;
import ticketing.domain.EventView.SeatTypeView;
import ticketing.domain.Money;
import ticketing.domain.Reason;
import ticketing.domain.SeatOffer;

/// Random sales with a waiting list, compared with a model that counts each overtaking of each
/// party and searches all parties for each offer.
class WaitingListPropertiesTest {

  private static final int SEEDS = 1_000;
  private static final int BATCHES = 40;
  private static final Instant NOON = Instant.parse("2030-06-01T12:00:00Z");
  private static final Money PRICE = Money.of("10.00");

  private static int maxOvertaken;
  private static int keptSales;

  @Test
  void randomSalesEqualTheModel() {
    maxOvertaken = 0;
    keptSales = 0;
    for (long seed = 0; seed < SEEDS; seed++) {
      new Sale(seed).run();
    }
    assertThat(maxOvertaken).isEqualTo(10);
    assertThat(keptSales).isGreaterThan(20);
  }

  /// Party of the model.
  private static final class Party {
    final long id;
    final String user;
    final int quantity;
    int overtaken;

    Party(long id, String user, int quantity) {
      this.id = id;
      this.user = user;
      this.quantity = quantity;
    }
  }

  private static final class Sale {
    private final long seed;
    private final Random random;
    private final WaitingListModel list = new WaitingListModel();
    private final Map<Long, Reservation> reservations = new LinkedHashMap<>();
    private final List<Party> waiting = new ArrayList<>();
    private final Map<Long, Party> ended = new HashMap<>();
    private final List<String> expected = new ArrayList<>();
    private EventView event;
    private int total;
    private int taken;
    private long lastEntry;
    private long lastReservation = 1_000;
    private int accepted;
    private int users;

    private Sale(long seed) {
      this.seed = seed;
      this.random = new Random(seed);
      this.total = 1 + random.nextInt(6);
      this.event =
          EventView.builder(1, "Concert", NOON.plus(Duration.ofDays(1)))
              .seatTypes(List.of(new SeatTypeView("VIP", PRICE, total, total)))
              .maxSeatsPerUser(random.nextInt(3) == 0 ? 4 : null)
              .waitingList(true, 15)
              .build();
    }

    private void run() {
      for (int batch = 0; batch < BATCHES; batch++) {
        if (random.nextInt(8) == 0) {
          event =
              event.toBuilder()
                  .status(
                      event.status() == EventStatus.ACTIVE
                          ? EventStatus.PAUSED
                          : EventStatus.ACTIVE)
                  .build();
        }
        List<Command> commands = new ArrayList<>();
        for (int i = random.nextInt(4); i >= 0; i--) {
          commands.add(command());
        }
        decideAndCompare(commands);
      }
    }

    private Command command() {
      Instant at = NOON.minusSeconds(5).plusNanos(++accepted * 1_000L);
      UUID ticket = UUID.randomUUID();
      String user = "user" + (random.nextInt(5) == 0 ? random.nextInt(1 + users) : ++users);
      int quantity = random.nextInt(3) == 0 ? 1 + random.nextInt(4) : 1;
      return switch (random.nextInt(10)) {
        case 0, 1, 2, 3 ->
            new Command.JoinWaitingList(ticket, user, 1, "VIP", quantity, at, null, null, PRICE);
        case 4 -> new Command.BookSeats(ticket, user, 1, "VIP", quantity, at);
        case 5 -> {
          long entry = 1 + random.nextInt(1 + (int) lastEntry);
          Optional<WaitingListModel.Row> row = Optional.ofNullable(list.rows.get(entry));
          yield new Command.LeaveWaitingList(
              ticket, row.map(r -> r.party().userId()).orElse("none"), 1, entry, at, null, null);
        }
        case 6 -> {
          int seats = Math.max(1, total + random.nextInt(3) - 1);
          yield new Command.ChangeSeats(
              ticket, "admin", 1, List.of(new SeatOffer("VIP", PRICE, seats)), at);
        }
        default -> {
          List<Long> ids = List.copyOf(reservations.keySet());
          long id = ids.isEmpty() ? 0 : ids.get(random.nextInt(ids.size()));
          yield new Command.CancelReservation(ticket, "admin", 1, id, true, at);
        }
      };
    }

    private void decideAndCompare(List<Command> commands) {
      list.seatsOfUser.clear();
      reservations.values().stream()
          .filter(Sale::isActive)
          .forEach(r -> list.seatsOfUser.merge(r.userId(), r.quantity(), Integer::sum));
      Map<String, Integer> userSeats = new HashMap<>(list.seatsOfUser);
      Inventory inventory =
          new Inventory(
              Optional.of(event),
              Map.copyOf(list.seatsOfUser),
              Map.copyOf(reservations),
              List.of(),
              NumberedSeats.NONE,
              list.inventory());
      DecisionBatch batch = BookingDecider.decide(inventory, commands, NOON);
      List<String> found = new ArrayList<>();
      Map<Integer, String> steps = new HashMap<>();
      for (int i = 0; i < batch.decisions().size(); i++) {
        steps.put(batch.positionOfDecision(i), text(batch.decisions().get(i)));
      }
      batch
          .waitingList()
          .offers()
          .forEach(offer ->
              steps.put(
                  offer.position(),
                  (offer.hold() == null ? "end " : "offer ") + offer.party().sequence()));
      for (int step = 1; step <= batch.countSteps(); step++) {
        found.add(steps.get(step));
      }
      expected.clear();
      makeOffers(userSeats);
      for (Command command : commands) {
        expected.add(decide(command, userSeats));
        makeOffers(userSeats);
      }
      assertThat(found).as("seed %s, %s", seed, commands).isEqualTo(expected);
      event = batch.applyTo(event);
      list.apply(batch.waitingList());
      batch.changedReservations().forEach(changed -> reservations.put(changed.id(), changed));
      for (Decision decision : batch.decisions()) {
        if (decision instanceof Decision.Booked booked) {
          add(booked.command().userId(), booked.command().quantity());
        }
      }
      for (WaitingList.Offer offer : batch.waitingList().offers()) {
        if (offer.hold() != null) {
          add(offer.party().userId(), offer.party().quantity());
        }
      }
      boolean keeps = !waiting.isEmpty() && waiting.getFirst().overtaken >= 10;
      int kept = keeps ? total - taken : 0;
      keptSales += kept > 0 ? 1 : 0;
      assertThat(event.availableSeats()).as("seed %s", seed).isEqualTo(total - taken - kept);
      WaitingList.Counters counters = list.counters.getOrDefault("VIP", WaitingList.Counters.ZERO);
      assertThat(counters)
          .as("seed %s", seed)
          .isEqualTo(new WaitingList.Counters(kept, waiting.size()));
    }

    private void add(String user, int quantity) {
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
    }

    private static boolean isActive(Reservation reservation) {
      return reservation.status() == ReservationStatus.CONFIRMED
          || reservation.status() == ReservationStatus.HELD;
    }

    private static String text(Decision decision) {
      return switch (decision) {
        case Decision.Booked _ -> "booked";
        case Decision.Held _ -> "held";
        case Decision.Confirmed _ -> "confirmed";
        case Decision.Cancelled _ -> "cancelled";
        case Decision.SeatsChanged _ -> "changed";
        case Decision.Joined joined -> "joined " + joined.party().sequence();
        case Decision.Left _ -> "left";
        case Decision.Rejected rejected -> rejected.reason().name();
      };
    }

    private String decide(Command command, Map<String, Integer> userSeats) {
      return switch (command) {
        case Command.BookSeats book -> {
          if (exceeds(book.userId(), book.quantity(), userSeats)) {
            yield Reason.LIMIT_EXCEEDED.name();
          }
          if (onSale() < book.quantity()) {
            yield Reason.SOLD_OUT.name();
          }
          taken += book.quantity();
          userSeats.merge(book.userId(), book.quantity(), Integer::sum);
          yield "booked";
        }
        case Command.JoinWaitingList join -> {
          if (exceeds(join.userId(), join.quantity(), userSeats)) {
            yield Reason.LIMIT_EXCEEDED.name();
          }
          if (join.quantity() > total) {
            yield Reason.SOLD_OUT.name();
          }
          if (onSale() >= join.quantity()) {
            yield Reason.SEATS_AVAILABLE.name();
          }
          if (waiting.stream().anyMatch(party -> party.user.equals(join.userId()))) {
            yield Reason.ALREADY_WAITING.name();
          }
          waiting.add(new Party(++lastEntry, join.userId(), join.quantity()));
          yield "joined " + lastEntry;
        }
        case Command.LeaveWaitingList leave -> {
          Optional<Party> party =
              waiting.stream().filter(one -> one.id == leave.entryId()).findFirst();
          // An entry of this batch has no id that a command can name.
          if (party.isPresent() && list.rows.containsKey(leave.entryId())) {
            waiting.remove(party.get());
            ended.put(leave.entryId(), party.get());
            yield "left";
          }
          yield ended.containsKey(leave.entryId()) ? "left" : Reason.NOT_WAITING.name();
        }
        case Command.CancelReservation cancel -> {
          Reservation reservation = reservations.get(cancel.reservationId());
          if (reservation == null) {
            yield Reason.RESERVATION_NOT_FOUND.name();
          }
          if (isActive(reservation)) {
            taken -= reservation.quantity();
            userSeats.merge(reservation.userId(), -reservation.quantity(), Integer::sum);
            reservations.put(reservation.id(), reservation.withStatus(ReservationStatus.CANCELLED));
          }
          yield "cancelled";
        }
        case Command.ChangeSeats change -> {
          int seats = change.seatTypes().getFirst().totalSeats();
          if (seats < taken) {
            yield Reason.SEATS_SOLD.name();
          }
          total = seats;
          waiting.removeIf(party -> party.quantity > total);
          yield "changed";
        }
        case Command.ConfirmHold confirm -> throw new AssertionError(confirm);
      };
    }

    private boolean exceeds(String user, int quantity, Map<String, Integer> userSeats) {
      return event.maxSeatsPerUser() != null
          && userSeats.getOrDefault(user, 0) + quantity > event.maxSeatsPerUser();
    }

    /// Seats that a booking may take.
    private int onSale() {
      int free = total - taken;
      boolean fits = waiting.stream().anyMatch(party -> party.quantity <= free);
      boolean keeps = waiting.stream().anyMatch(party -> party.overtaken >= 10);
      return fits || keeps ? 0 : free;
    }

    private void makeOffers(Map<String, Integer> userSeats) {
      while (event.status() == EventStatus.ACTIVE) {
        int free = total - taken;
        Party chosen = null;
        for (Party party : waiting) {
          if (party.quantity <= free) {
            chosen = party;
            break;
          }
          if (party.overtaken >= 10) {
            break;
          }
        }
        if (chosen == null) {
          return;
        }
        if (exceeds(chosen.user, chosen.quantity, userSeats)) {
          waiting.remove(chosen);
          expected.add("end " + chosen.id);
          continue;
        }
        for (Party party : waiting) {
          if (party.id < chosen.id) {
            party.overtaken++;
            maxOvertaken = Math.max(maxOvertaken, party.overtaken);
          }
        }
        waiting.remove(chosen);
        taken += chosen.quantity;
        userSeats.merge(chosen.user, chosen.quantity, Integer::sum);
        expected.add("offer " + chosen.id);
      }
    }
  }
}
