package ticketing.systemtest.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import ticketing.systemtest.fleet.Fault;
import ticketing.systemtest.fleet.Fleet;

/// A short run of `mvn -Pchaos`.
class ChaosTest {

  private static final Chaos.Plan PLAN =
      new Chaos.Plan(
          20_261_550,
          Duration.ZERO,
          10,
          0,
          false,
          Duration.ofSeconds(2),
          Duration.ofMillis(500),
          12,
          List.of(Fault.FLUSH, Fault.GARBAGE, Fault.EVICT, Fault.READ_ONLY));

  @Test
  void acceptedRequestsHaveOneFinalStateUnderFaults() throws Exception {
    ChaosSummary summary = new Chaos(Fleet.shared(), PLAN, List.of(System.out)).run();

    assertThat(summary.violations()).isEmpty();
    assertThat(summary.finalStates()).doesNotContainKey("undecided");
    assertThat(summary.finalStates()).containsKey("BOOK CONFIRMED");
    assertThat(summary.faults()).containsKeys("GARBAGE Redis", "READ_ONLY database");
  }
}
