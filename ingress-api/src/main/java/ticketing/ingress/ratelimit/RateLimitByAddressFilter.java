package ticketing.ingress.ratelimit;

import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.time.Duration;
import org.springframework.boot.security.autoconfigure.web.servlet.SecurityFilterProperties;
import org.springframework.core.annotation.Order;
import org.springframework.stereotype.Component;
import org.springframework.web.filter.OncePerRequestFilter;
import ticketing.ingress.problem.ApiException;
import ticketing.ingress.problem.ProblemDetailAdvice;

/// Rejects requests of an address over its rate limit with 429. Runs ahead of authentication, so
/// requests with invalid tokens count too.
@Component
@Order(SecurityFilterProperties.DEFAULT_FILTER_ORDER - 1)
class RateLimitByAddressFilter extends OncePerRequestFilter {

  private final RateLimiter limiter;
  private final ProblemDetailAdvice problems;
  private final ClientAddresses addresses;
  private final boolean enabled;
  private final RateLimitMetrics metrics;

  RateLimitByAddressFilter(
      RateLimiter limiter,
      ProblemDetailAdvice problems,
      ClientAddresses addresses,
      RateLimitSettings settings,
      RateLimitMetrics metrics) {
    this.limiter = limiter;
    this.problems = problems;
    this.addresses = addresses;
    this.enabled = settings.enabled();
    this.metrics = metrics;
  }

  @Override
  protected boolean shouldNotFilter(HttpServletRequest request) {
    return !enabled || !request.getRequestURI().startsWith("/api/");
  }

  @Override
  protected void doFilterInternal(
      HttpServletRequest request, HttpServletResponse response, FilterChain chain)
      throws ServletException, IOException {
    Duration retryAfter = limiter.acquireForAddress(addresses.of(request));
    if (retryAfter.isZero()) {
      chain.doFilter(request, response);
    } else {
      metrics.countRejection(RateLimitMetrics.Sender.ADDRESS);
      problems.write(response, ApiException.rateLimited(retryAfter));
    }
  }
}
