package ticketing.simulation.loader;

import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Runs seeds with the classes of one class loader. Safe for use by several threads.
public interface SeedRunner {

  /// Runs the plan of a seed.
  ///
  /// @param omitted elements of the plan that are omitted
  /// @param keepLog true to keep the lines of the log
  RunReport run(long seed, Set<Integer> omitted, boolean keepLog);

  /// Returns a runner of the production code.
  ///
  /// @param mutation null: the unchanged code
  static SeedRunner create(@Nullable Mutation mutation) {
    try {
      return (SeedRunner)
          new SimulationClassLoader(mutation)
              .loadClass("ticketing.simulation.run.Simulation")
              .getDeclaredConstructor()
              .newInstance();
    } catch (ReflectiveOperationException e) {
      throw new IllegalStateException(e);
    }
  }
}
