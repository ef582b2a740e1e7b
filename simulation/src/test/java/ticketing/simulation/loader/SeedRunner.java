package ticketing.simulation.loader;

import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Runs seeds with the classes of one class loader, one at a time. Not safe for concurrent use: a
/// mutant is active for all runs of the class loader.
public interface SeedRunner {

  /// Runs the plan of a seed.
  ///
  /// @param omitted elements of the plan that are omitted
  /// @param keepLog true to keep the lines of the log
  /// @param mutant null: the production code
  RunReport run(long seed, Set<Integer> omitted, boolean keepLog, @Nullable Mutant mutant);

  /// Runs the production code.
  default RunReport run(long seed, Set<Integer> omitted, boolean keepLog) {
    return run(seed, omitted, keepLog, null);
  }

  /// Returns a runner of the production code and of its mutants.
  static SeedRunner create() {
    try {
      return (SeedRunner)
          new SimulationClassLoader()
              .loadClass("ticketing.simulation.run.Simulation")
              .getDeclaredConstructor()
              .newInstance();
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(e);
    }
  }
}
