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

/// Refuses addresses that send more than their share, before their tokens are looked at.
@Component
@Order(SecurityFilterProperties.DEFAULT_FILTER_ORDER - 1)
class RateLimitByAddressFilter extends OncePerRequestFilter {

  private final RateLimiter limits;
  private final ProblemDetailAdvice problems;
  private final RateLimitSettings settings;
  private final RateLimitMetrics metrics;

  RateLimitByAddressFilter(
      RateLimiter limits,
      ProblemDetailAdvice problems,
      RateLimitSettings settings,
      RateLimitMetrics metrics) {
    this.limits = limits;
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
    Duration wait = limits.takeForAddress(address(request));
    if (wait.isZero()) {
      chain.doFilter(request, response);
    } else {
      metrics.countRefusal(RateLimitMetrics.Sender.ADDRESS);
      problems.write(response, ApiException.rateLimited(wait));
    }
  }

  /// Each proxy appends whom it heard from, so the client is as many places from the end as there
  /// are proxies of our own. What stands before that anybody may have written.
  private String address(HttpServletRequest request) {
    String forwarded = String.join(",", Collections.list(request.getHeaders("X-Forwarded-For")));
    if (settings.proxies() == 0 || forwarded.isBlank()) {
      return request.getRemoteAddr();
    }
    String[] hops = forwarded.split(",", -1);
    return hops[Math.max(0, hops.length - settings.proxies())].strip();
  }
}
