package ticketing.systemtest.overload;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import ticketing.systemtest.fleet.Fleet;

/// A short run of `mvn -Poverload`.
class OverloadTest {

  private static final Overload.Plan PLAN =
      new Overload.Plan(
          Duration.ofSeconds(1), Duration.ofSeconds(3), Duration.ofSeconds(2), 16, 100, 40, 1_000);

  @Test
  @EnabledOnOs(OS.LINUX)
  void overloadedSystemRefusesRequestsAndRecovers() throws Exception {
    assertThat(new Overload(Fleet.shared(), PLAN, System.out).run()).isEmpty();
  }
}
