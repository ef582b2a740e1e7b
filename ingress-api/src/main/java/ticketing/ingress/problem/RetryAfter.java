package ticketing.ingress.problem;

import java.time.Duration;
import ticketing.domain.Ticket;

/// When it is worth asking again.
public final class RetryAfter {

  private static final long LONGEST = 30;
  private static final long ASSUMED_PER_SECOND = 500;

  private RetryAfter() {}

  /// Whole seconds, rounded up, at least one.
  public static long seconds(Duration duration) {
    return Math.max(1, duration.plusMillis(999).toSeconds());
  }

  /// Seconds until a pending ticket may be decided: longer the further back it stands.
  public static long seconds(Ticket ticket) {
    long wait =
        ticket.estimatedWaitSeconds() != null
            ? ticket.estimatedWaitSeconds()
            : ticket.position() != null ? ticket.position() / ASSUMED_PER_SECOND : 0;
    return Math.clamp(wait, 1, LONGEST);
  }
}
