package ticketing.worker.queue;

import java.time.Duration;
import ticketing.worker.queue.CommandQueue.ReleaseReason;

/// Delays of redeliveries: they grow with the receive count, are bounded, and vary by 20 %, so that
/// messages released together are not redelivered together.
final class ReleaseDelay {

  private static final Duration MAX_UNREADABLE_DELAY = Duration.ofSeconds(30);
  private static final int MAX_GROWTHS = 10;
  private static final double JITTER = 0.2;

  private final QueueSettings settings;

  ReleaseDelay(QueueSettings settings) {
    this.settings = settings;
  }

  /// @param receiveCount receives of the message, including the current one
  /// @param random 0 to 1
  Duration of(ReleaseReason reason, int receiveCount, double random) {
    Duration delay =
        switch (reason) {
          case STOPPING -> Duration.ZERO;
          case UNDECIDED -> grow(settings.undecidedDelay(), 4, receiveCount, settings.maxDelay());
          case DEFERRED -> grow(settings.deferredDelay(), 4, receiveCount, settings.maxDelay());
          case UNREADABLE ->
              grow(settings.unreadableDelay(), 2, receiveCount, MAX_UNREADABLE_DELAY);
        };
    double factor = 1 - JITTER + 2 * JITTER * random;
    return Duration.ofMillis(Math.round(delay.toMillis() * factor));
  }

  private static Duration grow(Duration first, int factor, int receiveCount, Duration max) {
    int growths = Math.clamp(receiveCount - 1, 0, MAX_GROWTHS);
    double millis = Math.min(first.toMillis() * Math.pow(factor, growths), max.toMillis());
    return Duration.ofMillis((long) millis);
  }
}
