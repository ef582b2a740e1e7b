package ticketing.simulation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.TimeUnit;
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
    assertThat(SimulationProcess.output(SimulationProcess.start("hash", REPEATED_SEEDS)))
        .isEqualTo(expected);
  }

  @Test
  void everySeedKeepsAllGuarantees() throws Exception {
    String first = System.getProperty("simulation.seed", "");
    String count = System.getProperty("simulation.seeds", "");
    int processes = Integer.getInteger("simulation.processes", 1);
    long seed = first.isBlank() ? new Random().nextLong() >>> 16 : Long.parseLong(first);
    long seeds = count.isBlank() ? Long.MAX_VALUE : Long.parseLong(count) / processes;
    long seconds =
        count.isBlank() ? Long.getLong("simulation.seconds", 20) : TimeUnit.DAYS.toSeconds(7);
    System.out.println("simulation: first seed " + seed + ", processes " + processes);
    List<Process> others = new ArrayList<>();
    for (int i = 1; i < processes; i++) {
      others.add(SimulationProcess.start("search", seed + i, (long) processes, seeds, seconds));
    }
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
    SeedSearch.Result result =
        SeedSearch.run(
            runner,
            null,
            seed,
            processes,
            seeds,
            () -> System.nanoTime() - end < 0 && others.stream().noneMatch(SimulationTest::failed));
    long total = result.seeds();
    Optional<Long> failed = result.failed().map(RunReport::seed);
    for (Process other : others) {
      if (failed.isPresent()) {
        other.destroyForcibly();
        continue;
      }
      String[] words = SimulationProcess.output(other).getLast().split(" ");
      total += Long.parseLong(words[0]);
      failed = words.length > 1 ? Optional.of(Long.valueOf(words[1])) : Optional.empty();
    }
    System.out.println("simulation: seeds run " + total);
    failed.ifPresent(
        one -> fail(Shrinker.shrink(runner, runner.run(one, Set.of(), false)).describe()));
    assertThat(total).isPositive();
  }

  private static boolean failed(Process other) {
    return !other.isAlive();
  }
}
