package ticketing.simulation.loader;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ShrinkerTest {

  private static final int ELEMENTS = 5;

  /// The seed fails while neither the element 1 nor the element 3 is omitted.
  private static final SeedRunner RUNNER =
      (seed, omitted, keepLog, mutant) -> {
        boolean fails = !omitted.contains(1) && !omitted.contains(3);
        return new RunReport(
            seed,
            fails ? List.of("guarantee 1: oversold") : List.of(),
            0,
            keepLog ? "line of the log\n" : "",
            ELEMENTS,
            "plan without " + omitted + "\n");
      };

  @Test
  void neededElementsRemain() {
    Shrinker.Result result = Shrinker.shrink(RUNNER, RUNNER.run(7, Set.of(), false));
    assertThat(result.omitted()).containsExactly(0, 2, 4);
    assertThat(result.report().violations()).containsExactly("guarantee 1: oversold");
  }

  @Test
  void descriptionContainsPlanLogAndTest() {
    assertThat(Shrinker.shrink(RUNNER, RUNNER.run(7, Set.of(), false)).describe())
        .contains("plan without [0, 2, 4]", "line of the log", "run(7L, Set.of(0, 2, 4), false)");
  }
}
