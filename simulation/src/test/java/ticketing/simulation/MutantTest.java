package ticketing.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import ticketing.simulation.loader.Mutant;
import ticketing.simulation.loader.SeedRunner;
import ticketing.simulation.loader.SeedSearch;

/// The simulation finds each removed protection. A few mutants run in each build, all of them with
/// `-Psimulate`; then `-Dmutants.write=true` writes the table of the guarantees.
class MutantTest {

  private static final boolean ALL = Boolean.getBoolean("simulation.mutants.all");
  private static final boolean WRITE = Boolean.getBoolean("simulation.mutants.write");
  private static final long FIRST_SEED = 1_000;
  private static final long MAX_SECONDS = 60; // of processor time, independent of other processes

  private static final Map<Mutant, SeedSearch.Result> RESULTS = new EnumMap<>(Mutant.class);
  private static SeedRunner runner;

  @BeforeAll
  static void createRunner() {
    SimulationProcess.silence();
    runner = SeedRunner.create();
  }

  @AfterAll
  static void writeTable() throws IOException {
    if (WRITE) {
      MutantTable.write(RESULTS);
    }
  }

  static Stream<Mutant> mutants() {
    return ALL
        ? Arrays.stream(Mutant.values())
        : Stream.of(
            Mutant.ACKNOWLEDGED_FIRST, Mutant.DECISION_REPLACED, Mutant.OUTAGE_NOT_REPUBLISHED);
  }

  @ParameterizedTest
  @MethodSource("mutants")
  void mutantViolatesGuarantee(Mutant mutant) {
    ThreadMXBean threads = ManagementFactory.getThreadMXBean(); // a run uses one thread
    long end = threads.getCurrentThreadCpuTime() + TimeUnit.SECONDS.toNanos(MAX_SECONDS);
    SeedSearch.Result result =
        SeedSearch.run(
            runner,
            mutant,
            FIRST_SEED,
            1,
            Long.MAX_VALUE,
            () -> threads.getCurrentThreadCpuTime() < end);
    RESULTS.put(mutant, result);
    assertThat(mutant.missingPlaces()).as("classes without a place of %s", mutant).isEmpty();
    System.out.println("simulation: mutant " + mutant + ", seeds " + result.seeds());
    assertThat(result.failed()).as("%s after %d seeds", mutant, result.seeds()).isPresent();
    assertThat(result.failed().orElseThrow().violations().getFirst()).startsWith("guarantee ");
  }

  @Test
  void tableContainsEachMutant() throws IOException {
    assertThat(MutantTable.read())
        .isEqualTo(
            Arrays.stream(Mutant.values())
                .map(mutant -> "| " + mutant.protection() + " | " + mutant + " |")
                .toList());
  }
}
