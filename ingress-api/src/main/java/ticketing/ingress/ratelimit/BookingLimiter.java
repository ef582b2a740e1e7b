package ticketing.ingress.ratelimit;

import java.time.Duration;
import java.util.UUID;
import java.util.function.BooleanSupplier;
import org.springframework.stereotype.Component;
import ticketing.ingress.problem.ApiException;
import ticketing.ingress.problem.ErrorCode;
import ticketing.ingress.security.AuthenticatedUser;

/// Limits of the bookings of a user: their rate, and the undecided ones for one event.
@Component
public class BookingLimiter {

  private static final Duration UNDECIDED_RETRY_AFTER = Duration.ofSeconds(2);

  private final RateLimiter limiter;
  private final UndecidedBookings undecided;
  private final RateLimitMetrics metrics;
  private final boolean enabled;

  BookingLimiter(
      RateLimiter limiter,
      UndecidedBookings undecided,
      RateLimitMetrics metrics,
      RateLimitSettings settings) {
    this.limiter = limiter;
    this.undecided = undecided;
    this.metrics = metrics;
    this.enabled = settings.enabled();
  }

  /// Counts a booking, and its ticket until it is decided. A repeated request is admitted in excess
  /// of the limits.
  ///
  /// @param repeated true for a repeated request; called only beyond a limit
  /// @throws ApiException `RATE_LIMITED`
  public void admit(AuthenticatedUser user, long eventId, UUID ticketId, BooleanSupplier repeated) {
    if (!enabled) {
      return;
    }
    switch (undecided.add(user, eventId, ticketId)) {
      case KNOWN -> {}
      case FULL -> {
        if (!repeated.getAsBoolean()) {
          throw rejection(
              "You have too many undecided bookings for this event.", UNDECIDED_RETRY_AFTER);
        }
      }
      case ADDED -> {
        Duration retryAfter = limiter.acquireBookingOfUser(user.userId());
        if (!retryAfter.isZero() && !repeated.getAsBoolean()) {
          undecided.remove(user, eventId, ticketId);
          throw rejection("Too many bookings.", retryAfter);
        }
      }
    }
  }

  /// Ends the count of a booking that was not accepted.
  public void removeUndecided(AuthenticatedUser user, long eventId, UUID ticketId) {
    if (enabled) {
      undecided.remove(user, eventId, ticketId);
    }
  }

  private ApiException rejection(String detail, Duration retryAfter) {
    metrics.countRejection(RateLimitMetrics.Sender.USER);
    return ApiException.withRetryAfter(ErrorCode.RATE_LIMITED, detail, retryAfter);
  }
}
