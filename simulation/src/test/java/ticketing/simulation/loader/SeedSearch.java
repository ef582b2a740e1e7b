package ticketing.simulation.loader;

import java.util.Optional;
import java.util.Set;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;

/// Runs seeds until one fails. A process runs one simulation at a time: a lock of the JDK that two
/// simulations contend for would make the order of the steps depend on the machine.
public final class SeedSearch {

  private SeedSearch() {}

  /// @param seeds number of seeds that were run
  /// @param failed first seed that violates a guarantee; empty: none
  public record Result(long seeds, Optional<RunReport> failed) {}

  /// @param mutant null: the production code
  /// @param stride difference of two consecutive seeds
  /// @param continues false to end the search
  public static Result run(
      SeedRunner runner,
      @Nullable Mutant mutant,
      long firstSeed,
      long stride,
      long maxSeeds,
      BooleanSupplier continues) {
    long number = 0;
    while (number < maxSeeds && continues.getAsBoolean()) {
      RunReport report = runner.run(firstSeed + number * stride, Set.of(), false, mutant);
      number++;
      if (!report.violations().isEmpty()) {
        return new Result(number, Optional.of(report));
      }
    }
    return new Result(number, Optional.empty());
  }
}
