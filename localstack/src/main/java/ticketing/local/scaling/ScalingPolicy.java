package ticketing.local.scaling;

import java.time.Duration;
import java.time.Instant;
import java.util.OptionalInt;

/// Number of workers for a backlog, like target tracking on backlog per worker on AWS.
///
/// `required = ceil(backlog / target)`, within the bounds. `target = latency x rate` is the backlog
/// that one worker decides within the latency. All missing workers are added together. One worker
/// is removed at a time, after fewer were sufficient for a whole quiet period.
public final class ScalingPolicy {

  /// @param min smallest number of workers, 1 or more.
  /// @param max largest number of workers.
  /// @param latency target for the time of a command in the queue.
  /// @param quietPeriod time for which fewer workers must be sufficient before one is removed.
  public record Bounds(int min, int max, Duration latency, Duration quietPeriod) {
    public Bounds {
      if (min < 1 || max < min) {
        throw new IllegalArgumentException("1 <= min <= max is required");
      }
      if (!latency.isPositive()) {
        throw new IllegalArgumentException("latency must be positive");
      }
    }
  }

  private final Bounds bounds;
  private Instant fewerSufficientSince;

  ScalingPolicy(Bounds bounds) {
    this.bounds = bounds;
  }

  /// @param backlog visible commands, not negative
  /// @param rate decisions per second of one worker, positive
  static int required(Bounds bounds, long backlog, double rate) {
    double target = Math.max(1, bounds.latency().toMillis() / 1e3 * rate);
    return (int) Math.clamp(Math.ceil(backlog / target), bounds.min(), bounds.max());
  }

  /// @param running current number of workers
  /// @return new number of workers; empty if it does not change
  OptionalInt decide(Instant now, int running, long backlog, double rate) {
    int required = required(bounds, backlog, rate);
    if (required >= running) {
      fewerSufficientSince = null;
      return required == running ? OptionalInt.empty() : OptionalInt.of(required);
    }
    if (fewerSufficientSince == null) {
      fewerSufficientSince = now;
    }
    if (Duration.between(fewerSufficientSince, now).compareTo(bounds.quietPeriod()) < 0) {
      return OptionalInt.empty();
    }
    // The next worker is removed after another quiet period.
    fewerSufficientSince = now;
    return OptionalInt.of(running - 1);
  }
}
