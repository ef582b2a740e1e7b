package ticketing.ingress.ratelimit;

import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.time.Duration;
import org.springframework.core.annotation.Order;
import org.springframework.security.core.Authentication;
import org.springframework.security.core.context.SecurityContextHolder;
import org.springframework.stereotype.Component;
import org.springframework.web.filter.OncePerRequestFilter;
import ticketing.ingress.problem.ApiException;
import ticketing.ingress.problem.ProblemDetailAdvice;
import ticketing.ingress.security.AuthenticatedUser;

/// Rejects requests of an authenticated user over the rate limit with 429.
@Component
@Order(0) // after the security filter chain, which authenticates the user
class RateLimitByUserFilter extends OncePerRequestFilter {

  private final RateLimiter limiter;
  private final ProblemDetailAdvice problems;
  private final boolean enabled;
  private final RateLimitMetrics metrics;

  RateLimitByUserFilter(
      RateLimiter limiter,
      ProblemDetailAdvice problems,
      RateLimitSettings settings,
      RateLimitMetrics metrics) {
    this.limiter = limiter;
    this.problems = problems;
    this.enabled = settings.enabled();
    this.metrics = metrics;
  }

  @Override
  protected void doFilterInternal(
      HttpServletRequest request, HttpServletResponse response, FilterChain chain)
      throws ServletException, IOException {
    Authentication authentication = SecurityContextHolder.getContext().getAuthentication();
    Duration retryAfter =
        enabled
                && authentication != null
                && authentication.getPrincipal() instanceof AuthenticatedUser user
            ? limiter.acquireForUser(user.userId())
            : Duration.ZERO;
    if (retryAfter.isZero()) {
      chain.doFilter(request, response);
    } else {
      metrics.countRejection(RateLimitMetrics.Sender.USER);
      problems.write(response, ApiException.rateLimited(retryAfter));
    }
  }
}
