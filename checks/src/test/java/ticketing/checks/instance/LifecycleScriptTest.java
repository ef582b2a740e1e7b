package ticketing.checks.instance;

import static org.assertj.core.api.Assertions.assertThat;
import static ticketing.checks.instance.InstanceScripts.endAfter;

import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import ticketing.checks.instance.InstanceScripts.Result;

/// The script that follows the auto scaling group.
class LifecycleScriptTest {

  private static final String COMPLETE = "aws autoscaling complete-lifecycle-action";
  private static final String UNHEALTHY = "aws autoscaling set-instance-health";

  @TempDir Path folder;

  private Result run(String state, int rounds, String answer) throws Exception {
    String metadata =
        """
        case $call in
          *target-lifecycle-state*) echo %s; exit ;;
          *meta-data/instance-id*) echo i-1; exit ;;
          *latest/api/token*) echo token; exit ;;
        esac
        """
            .formatted(state);
    return new InstanceScripts(folder, metadata + endAfter(rounds) + answer).run("lifecycle.sh");
  }

  @Test
  void readyInstanceCompletesItsLaunchOnce() throws Exception {
    Result result = run("InService", 4, "true\n");
    assertThat(result.count(COMPLETE)).isEqualTo(1);
    assertThat(result.count("--lifecycle-hook-name launching")).isEqualTo(1);
    assertThat(result.count(UNHEALTHY)).isZero();
  }

  @Test
  void unreadyInstanceDoesNotCompleteItsLaunch() throws Exception {
    Result result = run("InService", 4, "[[ $call != *readyz* ]]\n");
    assertThat(result.count(COMPLETE)).isZero();
  }

  @Test
  void failedCompletionIsRepeated() throws Exception {
    Result result = run("InService", 12, "[[ $call != *complete-lifecycle* || $count -gt 8 ]]\n");
    assertThat(result.count(COMPLETE)).isEqualTo(9);
    assertThat(result.count(UNHEALTHY)).isZero();
    assertThat(result.count("livez")).as("checks after the completion").isPositive();
  }

  @Test
  void inactiveActionCountsAsCompleted() throws Exception {
    Result result =
        run(
            "InService",
            4,
            """
            [[ $call == *complete-lifecycle* ]] &&
              { echo 'ValidationError: No active Lifecycle Action found' >&2; exit 254; }
            true
            """);
    assertThat(result.count(COMPLETE)).isEqualTo(1);
    assertThat(result.count("livez")).isPositive();
  }

  @Test
  void deadProcessIsReportedAfterAMinute() throws Exception {
    assertThat(run("InService", 12, "[[ $call != *livez* ]]\n").count(UNHEALTHY)).isZero();
    assertThat(run("InService", 14, "[[ $call != *livez* ]]\n").count(UNHEALTHY)).isPositive();
  }

  @Test
  void instanceStopsOnceBeforeItsTermination() throws Exception {
    Result result = run("Terminated", 5, "[[ $call != *complete-lifecycle* || $count -gt 3 ]]\n");
    assertThat(result.count("sleep 30")).isEqualTo(1);
    assertThat(result.count("systemctl stop ticketing")).isEqualTo(1);
    assertThat(result.count("--lifecycle-hook-name draining")).isEqualTo(4);
  }

  @Test
  void warmInstancePreparesWithoutStart() throws Exception {
    Result result = run("Warmed:Terminated", 2, "true\n");
    assertThat(result.count("sleep 30")).isZero();
    assertThat(result.count("systemctl start")).isZero();
  }
}
