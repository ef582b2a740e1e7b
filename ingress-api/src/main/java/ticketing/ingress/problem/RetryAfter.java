package ticketing.ingress.problem;

import java.time.Duration;
import ticketing.domain.Ticket;

/// Values of the `Retry-After` header, in whole seconds.
public final class RetryAfter {

  private static final long MAX_SECONDS = 30;
  private static final long ASSUMED_DECISIONS_PER_SECOND = 500;

  private RetryAfter() {}

  /// Seconds of the duration, rounded up, at least 1.
  public static long seconds(Duration duration) {
    return Math.max(1, duration.plusMillis(999).toSeconds());
  }

  /// Estimated seconds until a pending ticket is decided, 1 to 30. Grows with the position.
  public static long seconds(Ticket ticket) {
    long wait =
        ticket.estimatedWaitSeconds() != null
            ? ticket.estimatedWaitSeconds()
            : ticket.position() != null ? ticket.position() / ASSUMED_DECISIONS_PER_SECOND : 0;
    return Math.clamp(wait, 1, MAX_SECONDS);
  }
}
