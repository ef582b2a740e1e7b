package ticketing.systemtest.chaos;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import ticketing.systemtest.fleet.Fleet;

/// A short run of `mvn -Pchaos`.
class ChaosTest {

  private static final Chaos.Plan PLAN =
      new Chaos.Plan(
          20_261_550, Duration.ZERO, 6, false, Duration.ofSeconds(2), Duration.ofMillis(500), 12);

  @Test
  void acceptedRequestsHaveOneFinalStateUnderFaults() throws Exception {
    assertThat(new Chaos(Fleet.shared(), PLAN, System.out).run()).isEmpty();
  }
}
