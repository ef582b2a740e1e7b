package ticketing.local.scaling;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.util.OptionalInt;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ScalingPolicyTest {

  private static final Instant START = Instant.parse("2026-12-24T10:00:00Z");
  private static final Duration LATENCY = Duration.ofSeconds(2);
  private static final ScalingPolicy.Bounds BOUNDS =
      new ScalingPolicy.Bounds(1, 8, LATENCY, Duration.ofSeconds(30));
  private static final int RUNS = 1_000;

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void fewestWorkersForTheLatencyAreRequired(long seed) {
    Random random = new Random(seed);
    for (int run = 0; run < RUNS; run++) {
      long backlog = random.nextLong(run % 2 == 0 ? 1_000_000 : 20_000);
      double rate = random.nextDouble(1, 10_000);
      int required = ScalingPolicy.required(BOUNDS, backlog, rate);
      double perWorker = LATENCY.toSeconds() * rate;
      String values = "backlog " + backlog + ", rate " + rate;
      assertThat(required).as(values).isBetween(BOUNDS.min(), BOUNDS.max());
      assertThat(required == BOUNDS.max() || required * perWorker >= backlog).as(values).isTrue();
      assertThat(required == BOUNDS.min() || (required - 1) * perWorker < backlog)
          .as(values)
          .isTrue();
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void oneWorkerIsRemovedAfterEachQuietPeriod(long seed) {
    Random random = new Random(seed);
    int removals = 0;
    for (int run = 0; run < RUNS; run++) {
      removals += checkRemovals(random, 1 + random.nextInt(20));
    }
    assertThat(removals).isPositive();
  }

  /// @return number of removed workers
  private static int checkRemovals(Random random, int secondsBetween) {
    ScalingPolicy policy = new ScalingPolicy(BOUNDS);
    Instant now = START;
    Instant lastNeeded = START;
    int running = BOUNDS.min();
    int removals = 0;
    for (int step = 0; step < 200; step++) {
      long backlog = random.nextInt(3) == 0 ? random.nextLong(10_000) : 0;
      int required = ScalingPolicy.required(BOUNDS, backlog, 500);
      if (required >= running) {
        lastNeeded = now;
      }
      OptionalInt decided = policy.decide(now, running, backlog, 500);
      if (decided.isPresent() && decided.getAsInt() < running) {
        assertThat(decided.getAsInt()).isEqualTo(running - 1);
        assertThat(Duration.between(lastNeeded, now)).isGreaterThanOrEqualTo(BOUNDS.quietPeriod());
        lastNeeded = now;
        removals++;
      } else {
        assertThat(decided)
            .isEqualTo(required > running ? OptionalInt.of(required) : OptionalInt.empty());
      }
      running = decided.orElse(running);
      now = now.plusSeconds(secondsBetween);
    }
    return removals;
  }

  @Test
  void newBacklogRestartsTheQuietPeriod() {
    ScalingPolicy policy = new ScalingPolicy(BOUNDS);
    assertThat(policy.decide(START, 2, 0, 500)).isEmpty();
    assertThat(policy.decide(START.plusSeconds(29), 2, 2_000, 500)).isEmpty();
    assertThat(policy.decide(START.plusSeconds(31), 2, 0, 500)).isEmpty();
    assertThat(policy.decide(START.plusSeconds(60), 2, 0, 500)).isEmpty();
    assertThat(policy.decide(START.plusSeconds(61), 2, 0, 500)).hasValue(1);
  }
}
