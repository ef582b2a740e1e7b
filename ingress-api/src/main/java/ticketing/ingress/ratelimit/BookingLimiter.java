package ticketing.ingress.ratelimit;

import java.time.Duration;
import java.util.function.BooleanSupplier;
import org.springframework.stereotype.Component;
import ticketing.ingress.problem.ApiException;
import ticketing.ingress.problem.ErrorCode;
import ticketing.ingress.security.AuthenticatedUser;

/// Limit of the rate of the bookings of a user.
@Component
public class BookingLimiter {

  private final RateLimiter limiter;
  private final RateLimitMetrics metrics;
  private final boolean enabled;

  BookingLimiter(RateLimiter limiter, RateLimitMetrics metrics, RateLimitSettings settings) {
    this.limiter = limiter;
    this.metrics = metrics;
    this.enabled = settings.enabled();
  }

  /// Counts a booking. A repeated request is admitted in excess of the limit.
  ///
  /// @param repeated true for a repeated request; called only beyond the limit
  /// @throws ApiException `RATE_LIMITED`
  public void admit(AuthenticatedUser user, BooleanSupplier repeated) {
    if (!enabled) {
      return;
    }
    Duration retryAfter = limiter.acquireBookingOfUser(user.userId());
    if (!retryAfter.isZero() && !repeated.getAsBoolean()) {
      metrics.countRejection(RateLimitMetrics.Sender.USER);
      throw ApiException.withRetryAfter(ErrorCode.RATE_LIMITED, "Too many bookings.", retryAfter);
    }
  }
}
