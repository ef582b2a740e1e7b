package ticketing.local.scaling;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.OptionalInt;
import net.jqwik.api.Example;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.DoubleRange;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.LongRange;
import net.jqwik.api.constraints.Size;

class ScalingPolicyTest {

  private static final Instant START = Instant.parse("2026-12-24T10:00:00Z");
  private static final ScalingPolicy.Bounds BOUNDS =
      new ScalingPolicy.Bounds(1, 8, Duration.ofSeconds(2), Duration.ofSeconds(30));

  @Property
  void fewestWorkersForTheLatencyAreRequired(
      @ForAll @LongRange(min = 0, max = 1_000_000) long backlog,
      @ForAll @DoubleRange(min = 1, max = 10_000) double rate) {
    int required = ScalingPolicy.required(BOUNDS, backlog, rate);
    double perWorker = BOUNDS.latency().toSeconds() * rate;
    assertThat(required).isBetween(BOUNDS.min(), BOUNDS.max());
    assertThat(required == BOUNDS.max() || required * perWorker >= backlog).isTrue();
    assertThat(required == BOUNDS.min() || (required - 1) * perWorker < backlog).isTrue();
  }

  @Property
  void oneWorkerIsRemovedAfterEachQuietPeriod(
      @ForAll @Size(max = 200) List<@LongRange(min = 0, max = 10_000) Long> backlogs,
      @ForAll @IntRange(min = 1, max = 20) int secondsBetween) {
    ScalingPolicy policy = new ScalingPolicy(BOUNDS);
    Instant now = START;
    Instant lastNeeded = START;
    int running = BOUNDS.min();
    for (long backlog : backlogs) {
      int required = ScalingPolicy.required(BOUNDS, backlog, 500);
      if (required >= running) {
        lastNeeded = now;
      }
      OptionalInt decided = policy.decide(now, running, backlog, 500);
      if (decided.isPresent() && decided.getAsInt() < running) {
        assertThat(decided.getAsInt()).isEqualTo(running - 1);
        assertThat(Duration.between(lastNeeded, now)).isGreaterThanOrEqualTo(BOUNDS.quietPeriod());
        lastNeeded = now;
      } else {
        assertThat(decided)
            .isEqualTo(required > running ? OptionalInt.of(required) : OptionalInt.empty());
      }
      running = decided.orElse(running);
      now = now.plusSeconds(secondsBetween);
    }
  }

  @Example
  void newBacklogRestartsTheQuietPeriod() {
    ScalingPolicy policy = new ScalingPolicy(BOUNDS);
    assertThat(policy.decide(START, 2, 0, 500)).isEmpty();
    assertThat(policy.decide(START.plusSeconds(29), 2, 2_000, 500)).isEmpty();
    assertThat(policy.decide(START.plusSeconds(31), 2, 0, 500)).isEmpty();
    assertThat(policy.decide(START.plusSeconds(60), 2, 0, 500)).isEmpty();
    assertThat(policy.decide(START.plusSeconds(61), 2, 0, 500)).hasValue(1);
  }
}
