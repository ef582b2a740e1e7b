package ticketing.ingress.ratelimit;

import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.time.Duration;
import java.util.Collections;
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
  private final RateLimitSettings settings;
  private final RateLimitMetrics metrics;

  RateLimitByAddressFilter(
      RateLimiter limiter,
      ProblemDetailAdvice problems,
      RateLimitSettings settings,
      RateLimitMetrics metrics) {
    this.limiter = limiter;
    this.problems = problems;
    this.settings = settings;
    this.metrics = metrics;
  }

  @Override
  protected boolean shouldNotFilter(HttpServletRequest request) {
    return !settings.enabled() || !request.getRequestURI().startsWith("/api/");
  }

  @Override
  protected void doFilterInternal(
      HttpServletRequest request, HttpServletResponse response, FilterChain chain)
      throws ServletException, IOException {
    Duration retryAfter = limiter.acquireForAddress(clientAddress(request));
    if (retryAfter.isZero()) {
      chain.doFilter(request, response);
    } else {
      metrics.countRejection(RateLimitMetrics.Sender.ADDRESS);
      problems.write(response, ApiException.rateLimited(retryAfter));
    }
  }

  /// Each proxy appends the address of its peer to `X-Forwarded-For`. With n trusted proxies the
  /// client is the n-th entry from the end. The entries to its left can be forged.
  private String clientAddress(HttpServletRequest request) {
    String forwarded = String.join(",", Collections.list(request.getHeaders("X-Forwarded-For")));
    if (settings.proxies() == 0 || forwarded.isBlank()) {
      return request.getRemoteAddr();
    }
    String[] hops = forwarded.split(",", -1);
    return hops[Math.max(0, hops.length - settings.proxies())].strip();
  }
}
