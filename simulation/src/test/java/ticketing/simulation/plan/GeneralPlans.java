package ticketing.simulation.plan;

import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import ticketing.simulation.plan.Plan.ChangePrice;
import ticketing.simulation.plan.Plan.EventPlan;
import ticketing.simulation.plan.Plan.Pause;

/// Plans whose faults may concern all requests.
final class GeneralPlans {

  private static final int MAX_FAULT_MILLIS = 30_000;
  private static final int MAX_LOCK_MILLIS = 90_000; // longer than all receives of a message
  private static final int MIN_OUTAGE_MILLIS = 72_000; // as MAX_LOCK_MILLIS
  private static final int MAX_WORKER_CRASHES = 2;
  private static final int MAX_LATENESS_MILLIS = 12_000; // of a copy of a dead letter
  private static final int MAX_USERS = 4;

  /// Kinds that can cost a message a receive. At most one of them is in a plan.
  private static final Set<Fault.Kind> COSTLY =
      EnumSet.of(
          Fault.Kind.QUEUE_ANSWER_LOST,
          Fault.Kind.QUEUE_EARLY_DELIVERY,
          Fault.Kind.QUEUE_DEAD_LETTER);

  /// Kinds around which a client repeats its request, because it is refused, in doubt or lost.
  private static final List<Fault.Kind> REPEATING_KINDS =
      List.of(
          Fault.Kind.QUEUE_DOWN,
          Fault.Kind.QUEUE_SEND_REQUEST_LOST,
          Fault.Kind.QUEUE_SEND_ANSWER_LOST,
          Fault.Kind.QUEUE_ENTRY_FAILED,
          Fault.Kind.QUEUE_SLOW,
          Fault.Kind.QUEUE_DELAY,
          Fault.Kind.INGRESS_CRASH,
          Fault.Kind.EVENT_LOCKED);

  /// Kinds during which the ticket of a repeated request cannot be read, or is not decided yet.
  private static final List<Fault.Kind> FORGETTING_KINDS =
      List.of(
          Fault.Kind.REDIS_FLUSH,
          Fault.Kind.REDIS_FLUSH,
          Fault.Kind.REDIS_EVICTION,
          Fault.Kind.REDIS_ANSWER_LOST,
          Fault.Kind.DATABASE_DOWN,
          Fault.Kind.DATABASE_DOWN,
          Fault.Kind.DATABASE_READ_ONLY,
          Fault.Kind.DATABASE_DEADLOCK,
          Fault.Kind.EVENT_LOCKED);

  private static final List<Fault.Kind> OUTAGE_KINDS =
      List.of(
          Fault.Kind.DATABASE_DOWN,
          Fault.Kind.DATABASE_DOWN,
          Fault.Kind.DATABASE_READ_ONLY,
          Fault.Kind.DATABASE_DEADLOCK);

  /// Kinds that delay the publication of `GAVE_UP`, or of the decision that replaces it.
  private static final List<Fault.Kind> REDRIVE_KINDS =
      List.of(
          Fault.Kind.REDIS_DOWN,
          Fault.Kind.REDIS_REQUEST_LOST,
          Fault.Kind.REDIS_SLOW,
          Fault.Kind.REDIS_FLUSH,
          Fault.Kind.WORKER_CRASH,
          Fault.Kind.WORKER_STOP);

  /// Kinds that let commands gather, or that end or repeat a transaction of several events.
  private static final List<Fault.Kind> GROUP_KINDS =
      List.of(
          Fault.Kind.QUEUE_DELAY,
          Fault.Kind.QUEUE_DUPLICATE,
          Fault.Kind.QUEUE_ANSWER_LOST,
          Fault.Kind.REDIS_DOWN,
          Fault.Kind.REDIS_FALSE_LOCK,
          Fault.Kind.REDIS_SLOW,
          Fault.Kind.DATABASE_DOWN,
          Fault.Kind.DATABASE_ANSWER_LOST,
          Fault.Kind.DATABASE_DEADLOCK,
          Fault.Kind.DATABASE_SLOW,
          Fault.Kind.WORKER_CRASH,
          Fault.Kind.WORKER_STOP);

  private static final List<Fault.Kind> QUEUE_KINDS =
      List.of(
          Fault.Kind.QUEUE_DOWN,
          Fault.Kind.QUEUE_DOWN,
          Fault.Kind.QUEUE_REQUEST_LOST,
          Fault.Kind.QUEUE_SEND_REQUEST_LOST,
          Fault.Kind.QUEUE_SEND_ANSWER_LOST,
          Fault.Kind.QUEUE_SEND_ANSWER_LOST,
          Fault.Kind.QUEUE_ENTRY_FAILED);

  private static final List<List<Fault.Kind>> KINDS_OF_SERVERS =
      List.of(
          QUEUE_KINDS,
          QUEUE_KINDS,
          List.of(
              Fault.Kind.REDIS_DOWN,
              Fault.Kind.REDIS_REQUEST_LOST,
              Fault.Kind.REDIS_ANSWER_LOST,
              Fault.Kind.REDIS_EVICTION,
              Fault.Kind.REDIS_FLUSH,
              Fault.Kind.REDIS_GARBAGE),
          List.of(
              Fault.Kind.DATABASE_DOWN,
              Fault.Kind.DATABASE_REQUEST_LOST,
              Fault.Kind.DATABASE_ANSWER_LOST,
              Fault.Kind.DATABASE_READ_ONLY,
              Fault.Kind.DATABASE_DEADLOCK));

  private GeneralPlans() {}

  /// Random requests around a burst, and random faults.
  static Draft mixture(SplittableRandom random) {
    Draft draft = new Draft(random, Draft.event(random));
    long burst = random.nextLong(Draft.REQUESTS_MILLIS);
    for (int i = random.nextInt(2, 9); i > 0; i--) {
      addBooking(draft, burst);
    }
    WaitingListPlans.addJoins(draft, burst);
    int bookings = draft.countElements();
    for (int i = random.nextInt(5); i > 0; i--) {
      long delay =
          draft.oneIn(3)
              ? Draft.END_OF_HOLDS_MILLIS - 1_000 + random.nextInt(5_000)
              : random.nextInt(8_000);
      draft.followUp(random.nextInt(bookings), delay, !draft.oneIn(3));
    }
    addAdministration(draft, burst);
    addFaults(draft, burst);
    return draft;
  }

  /// Booking in the burst, or at another time.
  private static void addBooking(Draft draft, long burst) {
    SplittableRandom random = draft.random;
    draft.book(
        draft.oneIn(3)
            ? random.nextLong(Draft.REQUESTS_MILLIS)
            : burst + random.nextInt(Draft.BURST_MILLIS),
        random.nextInt(MAX_USERS),
        draft.oneIn(4) ? 2 : 1,
        draft.oneIn(4) ? "B" : "A",
        random.nextInt(1, 4),
        draft.attempts());
  }

  private static void addAdministration(Draft draft, long burst) {
    SplittableRandom random = draft.random;
    if (draft.oneIn(3)) {
      draft.add(new ChangePrice(Math.max(0, burst + random.nextInt(100) - 50), draft.process(), 1));
    }
    if (draft.oneIn(6)) {
      draft.add(
          new Pause(
              Math.max(0, burst + random.nextInt(3_000) - 500),
              random.nextLong(500, 12_000),
              1,
              draft.oneIn(4)));
    }
  }

  /// One plan in eight only locks an event, to check the isolation of the other one. Six in sixteen
  /// have one strong fault during the burst, the others a mixture of a few kinds.
  static void addFaults(Draft draft, long burst) {
    SplittableRandom random = draft.random;
    Fault.Kind[] kinds = Fault.Kind.values();
    int kindOfPlan = random.nextInt(16);
    if (kindOfPlan <= 1) {
      int max = draft.oneIn(3) ? MAX_LOCK_MILLIS : MAX_FAULT_MILLIS;
      draft.fault(Fault.Kind.EVENT_LOCKED, burst, random.nextLong(10_000, max), 0);
    } else if (kindOfPlan <= 7) {
      Fault.Kind kind = kinds[random.nextInt(kinds.length)];
      draft.fault(
          kind,
          burst - 300 + random.nextInt(400),
          random.nextLong(500, kind.isOf("DATABASE") ? MAX_FAULT_MILLIS : 9_000),
          draft.strength(0.4));
    } else {
      addMixedFaults(draft, burst);
    }
  }

  private static void addMixedFaults(Draft draft, long burst) {
    SplittableRandom random = draft.random;
    Fault.Kind[] kinds = Fault.Kind.values();
    int crashes = 0;
    boolean costly = false;
    List<Fault.Kind> mixed = new ArrayList<>();
    for (int i = random.nextInt(1, 6); i > 0; i--) {
      mixed.add(kinds[random.nextInt(kinds.length)]);
    }
    for (int i = random.nextInt(7); i > 0; i--) {
      Fault.Kind kind = draft.oneOf(mixed);
      if ((kind == Fault.Kind.WORKER_CRASH || kind == Fault.Kind.WORKER_STOP)
              && ++crashes > MAX_WORKER_CRASHES
          || COSTLY.contains(kind) && costly) {
        continue;
      }
      costly |= COSTLY.contains(kind);
      long at =
          switch (random.nextInt(6)) {
            case 0, 1 -> random.nextLong(Draft.REQUESTS_MILLIS);
            case 2 -> burst + Draft.END_OF_HOLDS_MILLIS + random.nextInt(3_000);
            default -> burst - 200 + random.nextInt(600);
          };
      draft.fault(kind, at, millis(draft, kind), draft.strength(0.05));
    }
  }

  private static long millis(Draft draft, Fault.Kind kind) {
    return switch (kind) {
      case WORKER_CRASH, WORKER_STOP, INGRESS_CRASH -> draft.random.nextLong(500, 4_000);
      case QUEUE_ANSWER_LOST -> draft.random.nextLong(200, 4_000);
      default -> draft.random.nextLong(200, 9_000);
    };
  }

  /// A few bookings of few seats, without further requests.
  ///
  /// @param mostAttempts number of attempts of half of them
  private static Draft fewBookings(
      SplittableRandom random, long burst, int spreadMillis, int mostAttempts) {
    Draft draft =
        new Draft(
            random,
            new EventPlan(
                random.nextInt(2, 9),
                random.nextInt(1, 3),
                random.nextInt(8) == 0 ? 1 : null,
                null,
                random.nextInt(6) == 0 ? random.nextLong(1_000, Draft.REQUESTS_MILLIS) : null,
                random.nextInt(4) == 0,
                false));
    for (int i = random.nextInt(2, 7); i > 0; i--) {
      draft.book(
          burst + random.nextInt(spreadMillis),
          random.nextInt(MAX_USERS),
          draft.oneIn(8) ? 2 : 1,
          "A",
          random.nextInt(1, 3),
          draft.oneIn(2) ? mostAttempts : draft.attempts());
    }
    return draft;
  }

  /// Consecutive faults of one server. The next one begins when the last one ends.
  static Draft faultsOfOneServer(SplittableRandom random) {
    long burst = random.nextLong(2_000);
    Draft draft = fewBookings(random, burst, random.nextBoolean() ? 2_000 : Draft.BURST_MILLIS, 1);
    List<Fault.Kind> kinds = draft.oneOf(KINDS_OF_SERVERS);
    long at = burst - 200;
    for (int i = random.nextInt(2, 5); i > 0; i--) {
      long millis = random.nextLong(500, 4_500);
      draft.fault(draft.oneOf(kinds), at, millis, draft.strength(0.4));
      at += millis + 1;
    }
    return draft;
  }

  /// Repeated requests, while the send is disturbed and the ticket of the first attempt is lost or
  /// cannot be read.
  static Draft repetitions(SplittableRandom random) {
    long burst = random.nextLong(2_000);
    Draft draft =
        fewBookings(
            random,
            burst,
            random.nextBoolean() ? 2_000 : Draft.BURST_MILLIS,
            Plan.ATTEMPTS_OF_IMPATIENT_CLIENT);
    if (draft.oneIn(4)) {
      draft.add(new ChangePrice(burst + random.nextInt(2_000), draft.process(), 1));
    }
    if (draft.oneIn(8)) {
      draft.add(
          new Pause(
              burst + random.nextInt(1_500), random.nextLong(1_000, 5_000), 1, draft.oneIn(4)));
    }
    if (draft.oneIn(4)) {
      draft.fault(
          Fault.Kind.EVENT_LOCKED,
          burst + random.nextInt(1_000),
          random.nextLong(4_000, 14_000),
          0,
          0);
    }
    List<Fault.Kind> kinds = new ArrayList<>();
    for (int i = random.nextInt(1, 3); i > 0; i--) {
      kinds.add(draft.oneOf(REPEATING_KINDS));
    }
    for (int i = draft.oneIn(3) ? 0 : 2; i > 0; i--) {
      kinds.add(draft.oneOf(FORGETTING_KINDS));
    }
    for (int i = random.nextInt(2, 8); i > 0; i--) {
      Fault.Kind kind = draft.oneOf(kinds);
      draft.fault(
          kind,
          burst - 100 + random.nextInt(draft.oneIn(3) ? 200 : 5_000),
          kind == Fault.Kind.INGRESS_CRASH
              ? random.nextLong(300, 1_500)
              : random.nextLong(200, 6_000),
          kind == Fault.Kind.EVENT_LOCKED ? 0 : draft.process(),
          draft.strength(0.3));
    }
    return draft;
  }

  /// Requests for several events in one burst, while a worker decides one batch at a time. So it
  /// decides batches of several events in one transaction.
  static Draft groups(SplittableRandom random) {
    long burst = random.nextLong(1_000);
    List<EventPlan> events =
        Stream.generate(() -> groupable(random, burst)).limit(random.nextInt(3, 7)).toList();
    Draft draft = new Draft(random, events, 1);
    int spread = draft.oneIn(3) ? 500 : Draft.BURST_MILLIS;
    for (int i = random.nextInt(8, 20); i > 0; i--) {
      draft.book(
          burst + random.nextInt(spread),
          random.nextInt(MAX_USERS),
          random.nextInt(events.size()) + 1,
          draft.oneIn(4) ? "B" : "A",
          random.nextInt(1, 3),
          draft.attempts());
    }
    int bookings = draft.countElements();
    int followUps = random.nextInt(6);
    long delay = draft.oneIn(4) ? Draft.END_OF_HOLDS_MILLIS : random.nextInt(8_000);
    for (int i = followUps; i > 0; i--) {
      draft.followUp(random.nextInt(bookings), delay + random.nextInt(spread), !draft.oneIn(3));
    }
    if (draft.oneIn(3)) {
      draft.add(
          new Pause(
              burst + random.nextInt(spread),
              random.nextLong(1_000, 6_000),
              random.nextInt(events.size()) + 1,
              draft.oneIn(8)));
    }
    for (int i = random.nextInt(3); i > 0; i--) {
      draft.fault(
          draft.oneOf(GROUP_KINDS),
          burst + (draft.oneIn(2) ? 0 : delay) - 300 + random.nextInt(600),
          random.nextLong(500, 6_000),
          draft.strength(0.2));
    }
    return draft;
  }

  /// Most events have seats for all requests, because scarce seats are not sold in groups. Some
  /// sales close during the burst.
  private static EventPlan groupable(SplittableRandom random, long burst) {
    boolean scarce = random.nextInt(4) == 0;
    return new EventPlan(
        scarce ? random.nextInt(1, 9) : random.nextInt(100, 400),
        scarce ? random.nextInt(1, 5) : random.nextInt(100, 400),
        random.nextInt(3) == 0 ? null : 1,
        random.nextInt(3) == 0 ? 4 : null,
        random.nextInt(4) == 0
            ? (Long) (Plan.START_MILLIS + burst + random.nextInt(Draft.BURST_MILLIS))
            : null,
        random.nextInt(4) == 0,
        random.nextInt(8) == 0);
  }

  /// Dead letters and redrives. A copy of a dead letter can be delivered later.
  static Draft redrives(SplittableRandom random) {
    Draft draft = new Draft(random, Draft.event(random));
    long burst = random.nextLong(1_000);
    for (int i = random.nextInt(1, 5); i > 0; i--) {
      addLateBooking(draft, burst + random.nextInt(1_500));
    }
    long firstEnd = burst + random.nextInt(500, 6_000);
    deadLetters(draft, burst - random.nextInt(1_000), firstEnd, true);
    if (!draft.oneIn(3)) {
      long next = firstEnd + random.nextInt(MAX_LATENESS_MILLIS);
      for (int i = random.nextInt(1, 5); i > 0; i--) {
        addLateBooking(draft, next + random.nextInt(1_500));
      }
      deadLetters(draft, next - 100, next + 2_000, draft.oneIn(3));
    }
    if (!draft.oneIn(3)) {
      draft.fault(
          draft.oneOf(REDRIVE_KINDS),
          burst + random.nextLong(firstEnd - burst + 2_000),
          random.nextLong(500, 5_000),
          draft.strength(0.4));
    }
    return draft;
  }

  private static void addLateBooking(Draft draft, long at) {
    draft.book(
        at, draft.random.nextInt(MAX_USERS), 1, "A", draft.random.nextInt(1, 3), draft.attempts());
  }

  private static void deadLetters(Draft draft, long at, long end, boolean redriven) {
    draft.fault(Fault.Kind.QUEUE_DEAD_LETTER, at, end - at, redriven ? 1 : 0, draft.strength(0.3));
  }

  /// The database decides little or nothing for longer than the receives of a message would last.
  static Draft longOutage(SplittableRandom random) {
    long burst = random.nextLong(1_000);
    Draft draft = fewBookings(random, burst, 2_000, 1);
    draft.fault(
        draft.oneOf(OUTAGE_KINDS),
        burst + random.nextInt(2_000) - 500,
        random.nextLong(MIN_OUTAGE_MILLIS, MAX_LOCK_MILLIS),
        draft.strength(0.6));
    return draft;
  }
}
