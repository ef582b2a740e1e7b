package ticketing.simulation.run;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/// Requests and faults of one seed.
///
/// @param events the two events on sale
/// @param elements null: omitted
record Plan(List<EventPlan> events, List<@Nullable Element> elements) {

  /// Time until all processes have started.
  static final long START_MILLIS = 1_000;

  private static final long REQUESTS_MILLIS = 8_000;
  private static final long MAX_FAULT_MILLIS = 30_000;
  private static final long MAX_LOCK_MILLIS = 90_000; // longer than all receives of a message
  private static final long END_OF_HOLDS_MILLIS = 58_000; // less latencies
  private static final int MAX_WORKER_CRASHES = 2;

  /// A client with this number of attempts repeats its request without a response, and after one.
  static final int ATTEMPTS_OF_IMPATIENT_CLIENT = 4;

  /// Part of the plans, one in this number, in which a large party of a waiting list is overtaken.
  private static final int OVERTAKING_PLANS = 16;

  private static final int SEATS_OF_OVERTAKING_PLAN = 8;
  private static final int MIN_SINGLE_PARTIES = 3;

  /// Part of the plans, one in this number, in which holds end while buyers compete for their
  /// seats.
  private static final int HOLD_PLANS = 5;

  /// Kinds that delay the decision of a confirmation beyond the end of its hold, or lose its entry
  /// in the status store.
  private static final List<Fault.Kind> LATE_KINDS =
      List.of(
          Fault.Kind.QUEUE_DELAY,
          Fault.Kind.QUEUE_DELAY,
          Fault.Kind.QUEUE_DELAY,
          Fault.Kind.QUEUE_SLOW,
          Fault.Kind.QUEUE_ANSWER_LOST,
          Fault.Kind.WORKER_CRASH,
          Fault.Kind.WORKER_STOP,
          Fault.Kind.INGRESS_CRASH,
          Fault.Kind.EVENT_LOCKED,
          Fault.Kind.DATABASE_SLOW,
          Fault.Kind.DATABASE_DEADLOCK,
          Fault.Kind.REDIS_FLUSH,
          Fault.Kind.REDIS_DOWN);

  /// Kinds that can cost a message a receive. At most one of them is in a plan.
  private static final Set<Fault.Kind> COSTLY =
      EnumSet.of(
          Fault.Kind.QUEUE_ANSWER_LOST,
          Fault.Kind.QUEUE_EARLY_DELIVERY,
          Fault.Kind.QUEUE_DEAD_LETTER);

  /// @param holdMinutes null: bookings are confirmed immediately
  /// @param closesMillis null: the sale does not close during the run
  record EventPlan(
      int seatsA,
      int seatsB,
      @Nullable Integer holdMinutes,
      @Nullable Integer maxSeatsPerUser,
      @Nullable Long closesMillis,
      boolean numbered,
      boolean waitingList) {

    int seats(String seatType) {
      return seatType.equals("A") ? seatsA : seatsB;
    }
  }

  /// Request or fault, which can be omitted alone.
  sealed interface Element permits Book, Join, Leave, FollowUp, ChangePrice, Pause, Fault {
    long atMillis();
  }

  /// @param attempts maximum number of attempts with the same idempotency key; 1: no key
  /// @param firstSeat number of the first seat of its type; null: the best available
  record Book(
      long atMillis,
      int ingress,
      int user,
      int event,
      String seatType,
      int quantity,
      int attempts,
      @Nullable Integer firstSeat,
      boolean otherwiseBest)
      implements Element {}

  record Join(
      long atMillis, int ingress, int user, int event, String seatType, int quantity, int attempts)
      implements Element {}

  /// @param join number of the element that joined the waiting list
  record Leave(long atMillis, int ingress, int join, int attempts) implements Element {}

  /// Change of the prices of an event by an administrator.
  record ChangePrice(long atMillis, int ingress, int event) implements Element {}

  /// Pause of a sale, or cancellation of an event, by an administrator.
  ///
  /// @param forMillis time until the sale is resumed
  /// @param cancels true: the event is cancelled
  record Pause(long atMillis, long forMillis, int event, boolean cancels) implements Element {}

  /// Confirmation or cancellation of the reservation of a booking or an offer.
  ///
  /// @param confirms false: the reservation is cancelled
  /// @param booking number of the element of the booking, or of the element that joined
  record FollowUp(long atMillis, boolean confirms, int ingress, int booking, int attempts)
      implements Element {}

  static Plan of(long seed, Set<Integer> omitted) {
    SplittableRandom random = new SplittableRandom(seed * 0x9E3779B97F4A7C15L + 1);
    if (random.nextInt(OVERTAKING_PLANS) == 0) {
      return overtakingPlan(random).without(omitted);
    }
    boolean holdsEnd = random.nextInt(HOLD_PLANS) == 0;
    List<EventPlan> events =
        List.of(holdsEnd ? eventOfHolds(random) : event(random), event(random));
    List<Element> elements = new ArrayList<>();
    int bookings = random.nextInt(3, 13);
    long burst = random.nextLong(REQUESTS_MILLIS);
    for (int i = 0; i < bookings; i++) {
      elements.add(book(random, burst, events));
    }
    int joins = addJoins(random, burst, events, elements);
    boolean confirmed = random.nextInt(4) != 0;
    if (holdsEnd && confirmed) {
      addConfirmations(random, bookings + joins, elements);
    } else if (!holdsEnd) {
      for (int i = random.nextInt(5); i > 0; i--) {
        long delay =
            random.nextInt(3) == 0 ? 57_000 + random.nextInt(5_000) : random.nextInt(8_000);
        addFollowUp(
            random, random.nextInt(bookings + joins), delay, random.nextInt(3) != 0, elements);
      }
    }
    if (random.nextInt(3) == 0) {
      elements.add(
          new ChangePrice(Math.max(0, burst + random.nextInt(100) - 50), random.nextInt(2), 1));
    }
    if (random.nextInt(6) == 0) {
      elements.add(
          new Pause(
              Math.max(0, burst + random.nextInt(3_000) - 500),
              random.nextLong(500, 12_000),
              1,
              random.nextInt(4) == 0));
    }
    if (holdsEnd) {
      addEndOfHolds(random, burst, events, confirmed ? 4 : 10, elements);
    } else {
      addFaults(random, burst, elements);
    }
    return new Plan(events, new ArrayList<>(elements)).without(omitted);
  }

  private Plan without(Set<Integer> omitted) {
    List<@Nullable Element> kept = new ArrayList<>(elements);
    omitted.forEach(index -> kept.set(index, null));
    return new Plan(events, kept);
  }

  /// All seats are booked. Then a large party and many single ones join the waiting list, and the
  /// bookings are cancelled and a few parties leave, in half of the plans during a pause.
  private static Plan overtakingPlan(SplittableRandom random) {
    EventPlan soldOut =
        new EventPlan(SEATS_OF_OVERTAKING_PLAN, 1, null, null, null, random.nextInt(3) == 0, true);
    List<Element> elements = new ArrayList<>();
    for (int i = 0; i < SEATS_OF_OVERTAKING_PLAN; i++) {
      elements.add(
          new Book(random.nextLong(200), random.nextInt(2), i % 4, 1, "A", 1, 1, null, false));
    }
    elements.add(new Join(1_500, random.nextInt(2), 4, 1, "A", 3, 1));
    for (int i = random.nextInt(MIN_SINGLE_PARTIES, 17); i > 0; i--) {
      elements.add(new Join(2_000 + random.nextInt(300), random.nextInt(2), 4 + i, 1, "A", 1, 1));
    }
    int window = random.nextBoolean() ? 50 : 2_000; // milliseconds; the first is one batch
    for (int booking = 0; booking < SEATS_OF_OVERTAKING_PLAN; booking++) {
      addFollowUp(random, booking, 3_000 + random.nextInt(window), false, elements);
    }
    for (int i = 1; i <= MIN_SINGLE_PARTIES; i++) {
      int join = SEATS_OF_OVERTAKING_PLAN + i;
      elements.add(new Leave(3_000 + random.nextInt(window), random.nextInt(2), join, 1));
    }
    if (random.nextBoolean()) {
      elements.add(new Pause(2_800, random.nextLong(2_500, 8_000), 1, false));
    } else if (random.nextBoolean()) {
      addFaults(random, 3_000, elements);
    }
    return new Plan(List.of(soldOut, event(random)), new ArrayList<>(elements));
  }

  private static void addFollowUp(
      SplittableRandom random,
      int booking,
      long delayMillis,
      boolean confirms,
      List<Element> elements) {
    elements.add(
        new FollowUp(
            elements.get(booking).atMillis() + delayMillis,
            confirms,
            random.nextInt(2),
            booking,
            random.nextInt(1, ATTEMPTS_OF_IMPATIENT_CLIENT + 1)));
  }

  /// Confirmations of half of the bookings and offers near the end of their holds. A booking
  /// without a reservation gets none.
  private static void addConfirmations(
      SplittableRandom random, int bookings, List<Element> elements) {
    for (int booking = 0; booking < bookings; booking++) {
      if (random.nextBoolean()) {
        long delay = END_OF_HOLDS_MILLIS + 500 + random.nextInt(2_000);
        addFollowUp(random, booking, delay, random.nextInt(8) != 0, elements);
      }
    }
  }

  /// Few seats, all of which are held.
  private static EventPlan eventOfHolds(SplittableRandom random) {
    return new EventPlan(
        random.nextInt(1, 5),
        random.nextInt(1, 3),
        1,
        random.nextInt(4) == 0 ? 4 : null,
        null,
        random.nextInt(3) == 0,
        random.nextInt(4) != 0);
  }

  /// Bookings of the seats of the ended holds, and faults.
  private static void addEndOfHolds(
      SplittableRandom random,
      long burst,
      List<EventPlan> events,
      int maxBookings,
      List<Element> elements) {
    for (int i = random.nextInt(maxBookings); i > 0; i--) {
      Book book = book(random, burst + END_OF_HOLDS_MILLIS + random.nextInt(6_000), events);
      if (book.event() == 1) {
        elements.add(book);
      }
    }
    for (int i = random.nextInt(4); i > 0; i--) {
      Fault.Kind kind = LATE_KINDS.get(random.nextInt(LATE_KINDS.size()));
      elements.add(
          new Fault(
              kind,
              burst + END_OF_HOLDS_MILLIS - 500 + random.nextInt(2_000),
              random.nextLong(500, 9_000),
              kind == Fault.Kind.EVENT_LOCKED ? 0 : random.nextInt(2),
              0.3 + 0.7 * random.nextDouble()));
    }
  }

  private static EventPlan event(SplittableRandom random) {
    return new EventPlan(
        random.nextInt(1, 9),
        random.nextInt(1, 5),
        random.nextInt(2) == 0 ? null : 1,
        random.nextInt(3) == 0 ? 4 : null,
        random.nextInt(4) == 0 ? random.nextLong(1_000, REQUESTS_MILLIS) : null,
        random.nextInt(3) == 0,
        random.nextInt(4) == 0);
  }

  private static Book book(SplittableRandom random, long burst, List<EventPlan> events) {
    int event = random.nextInt(4) == 0 ? 2 : 1;
    String seatType = random.nextInt(4) == 0 ? "B" : "A";
    int quantity = random.nextInt(1, 4);
    EventPlan plan = events.get(event - 1);
    boolean exact = plan.numbered() && quantity <= plan.seats(seatType) && random.nextInt(2) == 0;
    return new Book(
        random.nextInt(3) == 0 && burst < REQUESTS_MILLIS
            ? random.nextLong(REQUESTS_MILLIS)
            : burst + random.nextInt(30),
        random.nextInt(2),
        random.nextInt(4),
        event,
        seatType,
        quantity,
        random.nextInt(1, ATTEMPTS_OF_IMPATIENT_CLIENT + 1),
        exact ? random.nextInt(plan.seats(seatType)) : null,
        exact && random.nextInt(3) == 0);
  }

  /// Parties that join the waiting list during the burst or soon after it. In half of the plans,
  /// the last party leaves.
  private static int addJoins(
      SplittableRandom random, long burst, List<EventPlan> events, List<Element> elements) {
    int joins = 0;
    for (int event = 1; event <= events.size(); event++) {
      if (!events.get(event - 1).waitingList()) {
        continue;
      }
      for (int i = random.nextInt(1, 5); i > 0; i--) {
        elements.add(
            new Join(
                burst + random.nextInt(3) * random.nextInt(1_000),
                random.nextInt(2),
                random.nextInt(4, 12),
                event,
                random.nextInt(4) == 0 ? "B" : "A",
                random.nextInt(1, 4),
                random.nextInt(1, ATTEMPTS_OF_IMPATIENT_CLIENT + 1)));
        joins++;
      }
    }
    int last = elements.size() - 1;
    if (joins > 0 && random.nextInt(2) == 0) {
      elements.add(
          new Leave(
              elements.get(last).atMillis() + random.nextInt(4_000),
              random.nextInt(2),
              last,
              random.nextInt(1, ATTEMPTS_OF_IMPATIENT_CLIENT + 1)));
    }
    return joins;
  }

  /// One plan in eight only locks an event, to check the isolation of the other one. One in sixteen
  /// has dead letters that are redriven. Five in sixteen have one strong fault during the burst,
  /// the others a mixture of a few kinds.
  private static void addFaults(SplittableRandom random, long burst, List<Element> elements) {
    Fault.Kind[] kinds = Fault.Kind.values();
    int kindOfPlan = random.nextInt(16);
    if (kindOfPlan <= 1) {
      elements.add(
          new Fault(
              Fault.Kind.EVENT_LOCKED,
              burst,
              random.nextLong(10_000, random.nextInt(3) == 0 ? MAX_LOCK_MILLIS : MAX_FAULT_MILLIS),
              random.nextInt(2),
              0));
      return;
    }
    if (kindOfPlan == 2) {
      elements.add(
          new Fault(
              Fault.Kind.QUEUE_DEAD_LETTER,
              Math.max(0, burst - random.nextInt(1_000)),
              random.nextLong(2_000, 12_000),
              1,
              0.2 + 0.8 * random.nextDouble()));
      return;
    }
    if (kindOfPlan <= 7) {
      Fault.Kind kind = kinds[random.nextInt(kinds.length)];
      elements.add(
          new Fault(
              kind,
              Math.max(0, burst - 300 + random.nextInt(400)),
              random.nextLong(500, kind.isOf("DATABASE") ? MAX_FAULT_MILLIS : 9_000),
              random.nextInt(2),
              0.4 + 0.6 * random.nextDouble()));
      return;
    }
    int crashes = 0;
    boolean costly = false;
    Fault.Kind[] mixed = new Fault.Kind[random.nextInt(1, 6)];
    for (int i = 0; i < mixed.length; i++) {
      mixed[i] = kinds[random.nextInt(kinds.length)];
    }
    for (int i = random.nextInt(7); i > 0; i--) {
      Fault.Kind kind = mixed[random.nextInt(mixed.length)];
      if ((kind == Fault.Kind.WORKER_CRASH || kind == Fault.Kind.WORKER_STOP)
              && ++crashes > MAX_WORKER_CRASHES
          || COSTLY.contains(kind) && costly) {
        continue;
      }
      costly |= COSTLY.contains(kind);
      long at =
          switch (random.nextInt(6)) {
            case 0, 1 -> random.nextLong(REQUESTS_MILLIS);
            case 2 -> burst + END_OF_HOLDS_MILLIS + random.nextInt(3_000);
            default -> Math.max(0, burst - 200 + random.nextInt(600));
          };
      long duration =
          switch (kind) {
            case WORKER_CRASH, WORKER_STOP, INGRESS_CRASH -> random.nextLong(500, 4_000);
            case QUEUE_ANSWER_LOST -> random.nextLong(200, 4_000);
            default -> random.nextLong(200, 9_000);
          };
      elements.add(
          new Fault(kind, at, duration, random.nextInt(2), 0.05 + 0.9 * random.nextDouble()));
    }
  }

  Stream<Fault> faults() {
    return elements.stream().filter(Fault.class::isInstance).map(Fault.class::cast);
  }

  boolean hasFaultOf(String server) {
    return faults().anyMatch(fault -> fault.kind().isOf(server));
  }

  boolean hasFault(Fault.Kind kind) {
    return faults().anyMatch(fault -> fault.kind() == kind);
  }

  boolean isRedriven() {
    return faults().anyMatch(Fault::isRedriven);
  }

  /// Readable elements, one a line.
  String describe() {
    StringBuilder text = new StringBuilder(events.toString()).append('\n');
    for (int i = 0; i < elements.size(); i++) {
      if (elements.get(i) != null) {
        text.append(i).append(": ").append(elements.get(i)).append('\n');
      }
    }
    return text.toString();
  }
}
