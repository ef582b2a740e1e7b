package ticketing.simulation.plan;

import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import ticketing.simulation.plan.Plan.EventPlan;
import ticketing.simulation.plan.Plan.Pause;

/// Plans in which holds end while buyers compete for their seats.
final class HoldPlans {

  /// Kinds that delay the decision of a confirmation beyond the end of its hold, or lose its entry
  /// in the status store.
  private static final List<Fault.Kind> LATE_KINDS =
      Stream.concat(
              Draft.DELAYING_KINDS.stream(),
              Stream.of(
                  Fault.Kind.QUEUE_ANSWER_LOST,
                  Fault.Kind.INGRESS_CRASH,
                  Fault.Kind.DATABASE_DEADLOCK,
                  Fault.Kind.REDIS_FLUSH,
                  Fault.Kind.REDIS_DOWN))
          .toList();

  private HoldPlans() {}

  /// Few seats, all of which are held. Half of the bookings and offers are confirmed near the end
  /// of their holds.
  static Draft endOfHolds(SplittableRandom random) {
    EventPlan event =
        new EventPlan(
            random.nextInt(1, 5),
            random.nextInt(1, 3),
            1,
            random.nextInt(4) == 0 ? 4 : null,
            null,
            random.nextInt(3) == 0,
            random.nextInt(4) != 0);
    Draft draft = new Draft(random, event);
    long burst = random.nextLong(2_000);
    for (int i = random.nextInt(3, 13); i > 0; i--) {
      addBooking(draft, burst + random.nextInt(Draft.BURST_MILLIS), 4);
    }
    WaitingListPlans.addJoins(draft, burst);
    boolean confirmed = !draft.oneIn(4);
    if (confirmed) {
      addConfirmations(draft, 2);
    }
    if (draft.oneIn(8)) {
      addPause(draft, burst);
    }
    for (int i = random.nextInt(confirmed ? 4 : 10); i > 0; i--) {
      addBooking(draft, burst + Draft.END_OF_HOLDS_MILLIS + random.nextInt(6_000), 4);
    }
    for (int i = random.nextInt(4); i > 0; i--) {
      Fault.Kind kind = draft.oneOf(LATE_KINDS);
      draft.fault(
          kind,
          burst + Draft.END_OF_HOLDS_MILLIS - 500 + random.nextInt(2_000),
          random.nextLong(500, 9_000),
          kind == Fault.Kind.EVENT_LOCKED ? 0 : draft.process(),
          draft.strength(0.3));
    }
    return draft;
  }

  /// Bookings by few users are confirmed in time, but late in the queue and without an entry in the
  /// status store. So their holds expire, and their users and others compete for the seats.
  static Draft retakenSeats(SplittableRandom random) {
    boolean waitingList = random.nextBoolean();
    EventPlan event =
        new EventPlan(
            waitingList ? random.nextInt(1, 4) : random.nextInt(2, 7),
            1,
            1,
            random.nextBoolean() ? random.nextInt(2, 5) : null,
            null,
            random.nextInt(3) == 0,
            waitingList);
    Draft draft = new Draft(random, event);
    int users = random.nextInt(1, 4);
    long burst = random.nextLong(500);
    for (int i = random.nextInt(1, 5); i > 0; i--) {
      addBooking(draft, burst + random.nextInt(Draft.BURST_MILLIS), users);
    }
    if (waitingList) {
      WaitingListPlans.addJoins(draft, burst);
    }
    addConfirmations(draft, 4);
    long end = burst + Draft.END_OF_HOLDS_MILLIS;
    for (int i = random.nextInt(1, 5); i > 0; i--) {
      addBooking(draft, end + 1_500 + random.nextInt(4_000), users);
    }
    draft.fault(
        Fault.Kind.QUEUE_DELAY, end - 500, random.nextLong(1_500, 4_000), draft.strength(0.5));
    if (draft.oneIn(4)) {
      draft.fault(Fault.Kind.REDIS_DOWN, end - 500, random.nextLong(2_000, 6_000), 0);
    } else {
      for (int i = random.nextInt(1, 4); i > 0; i--) {
        draft.fault(Fault.Kind.REDIS_FLUSH, end + 1_500 + random.nextInt(2_500), 0, 0);
      }
    }
    if (draft.random.nextInt(6) < (waitingList ? 4 : 1)) {
      addPause(draft, burst);
    }
    return draft;
  }

  private static void addBooking(Draft draft, long at, int users) {
    draft.book(
        at,
        draft.random.nextInt(users),
        1,
        draft.oneIn(6) ? "B" : "A",
        draft.random.nextInt(1, 4),
        draft.attempts());
  }

  /// Confirmations of the bookings and offers near the end of their holds. A booking without a
  /// reservation gets none.
  ///
  /// @param unconfirmed part of the bookings, one in this number, without a confirmation
  private static void addConfirmations(Draft draft, int unconfirmed) {
    int bookings = draft.countElements();
    for (int booking = 0; booking < bookings; booking++) {
      if (!draft.oneIn(unconfirmed)) {
        long delay = Draft.END_OF_HOLDS_MILLIS + 500 + draft.random.nextInt(2_000);
        draft.followUp(booking, delay, !draft.oneIn(8));
      }
    }
  }

  /// Pause, or cancellation of the event, near the end of the holds.
  private static void addPause(Draft draft, long burst) {
    draft.add(
        new Pause(
            burst + Draft.END_OF_HOLDS_MILLIS + draft.random.nextInt(2_500),
            draft.random.nextLong(1_000, 10_000),
            1,
            draft.oneIn(6)));
  }
}
