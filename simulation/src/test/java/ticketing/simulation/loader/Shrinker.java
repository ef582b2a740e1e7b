package ticketing.simulation.loader;

import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;

/// Reduces the plan of a failing seed: it omits each request and each fault that the failure does
/// not need.
public final class Shrinker {

  private Shrinker() {}

  /// @param omitted elements without which the seed still fails
  /// @param report of the reduced plan, with its log
  public record Result(RunReport report, Set<Integer> omitted) {

    /// Readable result with a test to paste into `SimulationTest`.
    public String describe() {
      return "seed "
          + report.seed()
          + " violates:\n"
          + String.join("\n", report.violations())
          + "\nplan:\n"
          + report.plan()
          + "log:\n"
          + report.log()
          + "test:\n"
          + """
          @Test
          void seed%sKeepsAllGuarantees() {
            assertThat(SeedRunner.create().run(%dL, Set.of(%s), false).violations()).isEmpty();
          }
          """
              .formatted(
                  String.valueOf(report.seed()).replace('-', 'm'),
                  report.seed(),
                  omitted.stream().map(String::valueOf).collect(Collectors.joining(", ")));
    }
  }

  public static Result shrink(SeedRunner runner, RunReport failed) {
    Set<Integer> omitted = new TreeSet<>();
    String violation = kind(failed);
    boolean smaller = true;
    while (smaller) {
      smaller = false;
      for (int element = 0; element < failed.elements(); element++) {
        if (omitted.add(element)) {
          if (kind(runner.run(failed.seed(), omitted, false)).equals(violation)) {
            smaller = true;
          } else {
            omitted.remove(element);
          }
        }
      }
    }
    return new Result(runner.run(failed.seed(), omitted, true), omitted);
  }

  /// Start of the first violation, such as `guarantee 2`.
  private static String kind(RunReport report) {
    return report.violations().isEmpty() ? "" : report.violations().getFirst().split(":")[0];
  }
}
