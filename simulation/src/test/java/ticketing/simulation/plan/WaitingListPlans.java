package ticketing.simulation.plan;

import java.util.SplittableRandom;
import ticketing.simulation.plan.Plan.EventPlan;
import ticketing.simulation.plan.Plan.Leave;
import ticketing.simulation.plan.Plan.Pause;

/// Plans with a waiting list.
final class WaitingListPlans {

  private static final int SEATS_OF_OVERTAKING_PLAN = 8;
  private static final int MIN_SINGLE_PARTIES = 3;

  private WaitingListPlans() {}

  /// Parties that join the waiting list during the burst or soon after it. In half of the plans,
  /// the last party leaves.
  static void addJoins(Draft draft, long burst) {
    SplittableRandom random = draft.random;
    int last = -1;
    for (int event = 1; event <= draft.countEvents(); event++) {
      if (draft.event(event).waitingList()) {
        for (int i = random.nextInt(1, 5); i > 0; i--) {
          last = draft.countElements();
          draft.join(
              burst + random.nextInt(3) * random.nextInt(1_000),
              random.nextInt(4, 12),
              event,
              draft.oneIn(4) ? "B" : "A",
              random.nextInt(1, 4),
              draft.attempts());
        }
      }
    }
    if (last >= 0 && random.nextBoolean()) {
      draft.leave(draft.atMillis(last) + random.nextInt(4_000), last, draft.attempts());
    }
  }

  /// All seats are booked, and buyers wait. Then seats are freed while the sale is paused, closes
  /// or continues, and further bookings are late.
  static Draft freedSeats(SplittableRandom random) {
    long turn = random.nextLong(2_500, 5_000);
    int seats = random.nextInt(2, 6);
    EventPlan event =
        new EventPlan(
            seats,
            random.nextInt(1, 4),
            random.nextInt(3) == 0 ? 1 : null,
            random.nextBoolean() ? random.nextInt(2, 5) : null,
            random.nextInt(3) == 0 ? Plan.START_MILLIS + turn : null,
            random.nextInt(4) == 0,
            true);
    Draft draft = new Draft(random, event);
    for (int left = seats; left > 0; ) {
      int quantity = random.nextInt(1, Math.min(3, left) + 1);
      draft.book(random.nextLong(200), random.nextInt(6), 1, "A", quantity, 1);
      left -= quantity;
    }
    int bookings = draft.countElements();
    for (int i = random.nextInt(1, 5); i > 0; i--) {
      draft.join(700 + random.nextInt(1_300), random.nextInt(8), 1, "A", random.nextInt(1, 4), 1);
    }
    int joined = draft.countElements();
    for (int booking = 0; booking < bookings; booking++) {
      if (!draft.oneIn(3)) {
        draft.followUp(booking, turn - 300 + random.nextInt(1_500), false);
      }
    }
    if (draft.oneIn(3)) {
      draft.leave(
          turn - 500 + random.nextInt(3_000), bookings + random.nextInt(joined - bookings), 1);
    }
    for (int i = random.nextInt(1, 4); i > 0; i--) {
      draft.book(
          turn - 500 + random.nextInt(800),
          random.nextInt(8),
          1,
          draft.oneIn(2) ? "B" : "A",
          random.nextInt(1, 3),
          draft.attempts());
    }
    if (event.closesMillis() == null && !draft.oneIn(4)) {
      draft.add(new Pause(turn, random.nextLong(1_000, 8_000), 1, draft.oneIn(10)));
    }
    for (int i = random.nextInt(3); i > 0; i--) {
      Fault.Kind kind = draft.oneOf(Draft.DELAYING_KINDS);
      draft.fault(
          kind,
          turn - 600 + random.nextInt(400),
          random.nextLong(500, 4_000),
          kind == Fault.Kind.EVENT_LOCKED ? 0 : draft.process(),
          draft.strength(0.3));
    }
    return draft;
  }

  /// All seats are booked. Then a large party and many single ones join the waiting list, and the
  /// bookings are cancelled and a few parties leave, in half of the plans during a pause.
  static Draft overtaking(SplittableRandom random) {
    Draft draft =
        new Draft(
            random,
            new EventPlan(
                SEATS_OF_OVERTAKING_PLAN, 1, null, null, null, random.nextInt(3) == 0, true));
    for (int i = 0; i < SEATS_OF_OVERTAKING_PLAN; i++) {
      draft.book(random.nextLong(200), i % 4, 1, "A", 1, 1);
    }
    draft.join(1_500, 4, 1, "A", 3, 1);
    for (int i = random.nextInt(MIN_SINGLE_PARTIES, 17); i > 0; i--) {
      draft.join(2_000 + random.nextInt(300), 4 + i, 1, "A", 1, 1);
    }
    int window = random.nextBoolean() ? 50 : 2_000; // milliseconds; the first is one batch
    for (int booking = 0; booking < SEATS_OF_OVERTAKING_PLAN; booking++) {
      draft.followUp(booking, 3_000 + random.nextInt(window), false);
    }
    for (int i = 1; i <= MIN_SINGLE_PARTIES; i++) {
      int join = SEATS_OF_OVERTAKING_PLAN + i;
      draft.add(new Leave(3_000 + random.nextInt(window), draft.process(), join, 1));
    }
    if (random.nextBoolean()) {
      draft.add(new Pause(2_800, random.nextLong(2_500, 8_000), 1, false));
    } else if (random.nextBoolean()) {
      GeneralPlans.addFaults(draft, 3_000);
    }
    return draft;
  }
}
