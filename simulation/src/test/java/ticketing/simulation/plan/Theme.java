package ticketing.simulation.plan;

import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.function.Function;

/// Situation that the requests and faults of a plan have in common. A combination that random
/// elements rarely form is frequent in its theme.
enum Theme {
  MIXTURE(8, GeneralPlans::mixture),
  FAULTS_OF_ONE_SERVER(4, GeneralPlans::faultsOfOneServer),
  LONG_OUTAGE(1, GeneralPlans::longOutage),
  REPETITIONS(8, GeneralPlans::repetitions),
  REDRIVE(3, GeneralPlans::redrives),
  GROUPS(4, GeneralPlans::groups),
  END_OF_HOLDS(3, HoldPlans::endOfHolds),
  RETAKEN_SEATS(4, HoldPlans::retakenSeats),
  FREED_SEATS(5, WaitingListPlans::freedSeats),
  OVERTAKING(1, WaitingListPlans::overtaking);

  /// Part of the plans, one in this number, in which a process starts with a wrong clock.
  private static final int PLANS_WITH_WRONG_CLOCK = 16;

  private static final int WEIGHTS = Arrays.stream(values()).mapToInt(theme -> theme.weight).sum();

  private final int weight;
  private final Function<SplittableRandom, Draft> plans;

  /// @param weight number of its seeds among [#WEIGHTS] seeds
  Theme(int weight, Function<SplittableRandom, Draft> plans) {
    this.weight = weight;
    this.plans = plans;
  }

  static Theme next(SplittableRandom random) {
    int number = random.nextInt(WEIGHTS);
    for (Theme theme : values()) {
      number -= theme.weight;
      if (number < 0) {
        return theme;
      }
    }
    throw new IllegalStateException();
  }

  Plan draw(SplittableRandom random) {
    Draft draft = plans.apply(random);
    if (draft.oneIn(PLANS_WITH_WRONG_CLOCK)) {
      draft.addWrongClock();
    }
    return draft.plan();
  }
}
