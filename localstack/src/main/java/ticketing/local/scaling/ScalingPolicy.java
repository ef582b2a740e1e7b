package ticketing.local.scaling;

import java.time.Duration;
import java.time.Instant;
import java.util.OptionalInt;

/// How many workers a backlog asks for: what target tracking on backlog per worker does on AWS.
///
/// `wanted = ceil(backlog / target)`, within the bounds, where `target = latency x rate` is what
/// one worker works off within the wanted latency. More are added at once; one is taken away at a
/// time, and only when fewer have been enough during a whole quiet period.
public final class ScalingPolicy {

  /// @param least workers, at least 1
  /// @param most workers
  /// @param latency how long a request may wait in the queue
  /// @param quiet how long fewer workers must have been enough before one goes
  public record Bounds(int least, int most, Duration latency, Duration quiet) {
    public Bounds {
      if (least < 1 || most < least) {
        throw new IllegalArgumentException("1 <= least <= most");
      }
      if (!latency.isPositive()) {
        throw new IllegalArgumentException("latency must be positive");
      }
    }
  }

  private final Bounds bounds;
  private Instant fewerSince;

  ScalingPolicy(Bounds bounds) {
    this.bounds = bounds;
  }

  /// @param backlog messages waiting, not negative
  /// @param rate decisions per second of one worker, positive
  static int wanted(Bounds bounds, long backlog, double rate) {
    double target = Math.max(1, bounds.latency().toMillis() / 1e3 * rate);
    return (int) Math.clamp(Math.ceil(backlog / target), bounds.least(), bounds.most());
  }

  /// @param running workers now
  /// @return how many there should be, if that is another number
  OptionalInt decide(Instant now, int running, long backlog, double rate) {
    int wanted = wanted(bounds, backlog, rate);
    if (wanted >= running) {
      fewerSince = null;
      return wanted == running ? OptionalInt.empty() : OptionalInt.of(wanted);
    }
    if (fewerSince == null) {
      fewerSince = now;
    }
    if (Duration.between(fewerSince, now).compareTo(bounds.quiet()) < 0) {
      return OptionalInt.empty();
    }
    // The next one goes after another quiet period.
    fewerSince = now;
    return OptionalInt.of(running - 1);
  }
}
