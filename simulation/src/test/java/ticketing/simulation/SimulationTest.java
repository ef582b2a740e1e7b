package ticketing.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.fail;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import ticketing.simulation.loader.RunReport;
import ticketing.simulation.loader.SeedRunner;
import ticketing.simulation.loader.SeedSearch;
import ticketing.simulation.loader.Shrinker;

/// Runs of the production code on simulated servers. A failing seed is reduced and printed as a
/// test to paste here.
class SimulationTest {

  private static final long REPEATED_SEEDS = 3;
  private static final long MAX_END_SECONDS = 60;

  private static SeedRunner runner;

  @BeforeAll
  static void createRunner() {
    SimulationProcess.silence();
    runner = SeedRunner.create();
  }

  @Test
  void sameSeedGivesTheSameLog() {
    for (long seed = 1; seed <= REPEATED_SEEDS; seed++) {
      RunReport first = runner.run(seed, Set.of(), true);
      RunReport second = runner.run(seed, Set.of(), true);
      assertThat(second.log()).isEqualTo(first.log()).isNotEmpty();
      assertThat(second.hash()).isEqualTo(first.hash());
    }
  }

  @Test
  void otherProcessGivesTheSameLog() throws Exception {
    List<String> expected =
        LongStream.rangeClosed(1, REPEATED_SEEDS)
            .mapToObj(seed -> seed + " " + runner.run(seed, Set.of(), false).hash())
            .toList();
    try (SimulationProcess other = SimulationProcess.start("hash", REPEATED_SEEDS)) {
      assertThat(other.output()).isEqualTo(expected);
      assertThat(other.isFailed()).isFalse();
    }
  }

  @Test
  void processReportsItsFailure() throws IOException {
    try (SimulationProcess other = SimulationProcess.start("unknown")) {
      assertThatThrownBy(other::output).hasMessageContaining("IllegalArgumentException: unknown");
      assertThat(other.isFailed()).isTrue();
    }
  }

  @Test
  void processEndsWithItsParent() throws Exception {
    try (SimulationProcess other = SimulationProcess.search(1, 1, Long.MAX_VALUE, 600)) {
      assertThat(other.endsWithoutParent(MAX_END_SECONDS)).isTrue();
    }
  }

  @Test
  void processesRunEachSeedOnce() {
    assertThat(IntStream.range(0, 3).mapToObj(process -> countSeeds(10, 3, process)))
        .containsExactly(4L, 3L, 3L);
  }

  @Test
  void everySeedKeepsAllGuarantees() throws Exception {
    String first = System.getProperty("simulation.seed", "");
    String count = System.getProperty("simulation.seeds", "");
    int processes = Integer.getInteger("simulation.processes", 1);
    long seed = first.isBlank() ? new Random().nextLong() >>> 16 : Long.parseLong(first);
    long seeds = count.isBlank() ? Long.MAX_VALUE : Long.parseLong(count);
    long seconds =
        count.isBlank() ? Long.getLong("simulation.seconds", 20) : TimeUnit.DAYS.toSeconds(7);
    System.out.println("simulation: first seed " + seed + ", processes " + processes);
    List<SimulationProcess> others = new ArrayList<>();
    try {
      for (int i = 1; i < processes; i++) {
        others.add(
            SimulationProcess.search(
                seed + i, processes, countSeeds(seeds, processes, i), seconds));
      }
      long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
      SeedSearch.Result result =
          SeedSearch.run(
              runner,
              null,
              seed,
              processes,
              countSeeds(seeds, processes, 0),
              () ->
                  System.nanoTime() - end < 0
                      && others.stream().noneMatch(SimulationProcess::isFailed));
      long total = result.seeds();
      Optional<Long> failed = result.failed().map(RunReport::seed);
      for (SimulationProcess other : others) {
        if (failed.isEmpty()) {
          SimulationProcess.Found found = other.found();
          total += found.seeds();
          failed = found.failed();
        }
      }
      System.out.println("simulation: seeds run " + total);
      failed.ifPresent(
          one -> fail(Shrinker.shrink(runner, runner.run(one, Set.of(), false)).describe()));
      assertThat(total).isPositive();
    } finally {
      for (SimulationProcess other : others) {
        other.close();
      }
    }
  }

  /// Number of the seeds of one process. The first ones run the remainder.
  private static long countSeeds(long seeds, int processes, int process) {
    return seeds / processes + (process < seeds % processes ? 1 : 0);
  }
}
