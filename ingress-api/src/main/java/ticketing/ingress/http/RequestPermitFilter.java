package ticketing.ingress.http;

import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.stereotype.Component;
import org.springframework.web.filter.OncePerRequestFilter;
import ticketing.ingress.problem.ApiException;
import ticketing.ingress.problem.ErrorCode;
import ticketing.ingress.problem.ProblemDetailAdvice;

/// Limits the requests in progress. A request counts once its body is in memory, so slow clients
/// use no permit.
@Component
@Order(Ordered.HIGHEST_PRECEDENCE + 150) // after the body filter
class RequestPermitFilter extends OncePerRequestFilter {

  private static final Duration RETRY_AFTER = Duration.ofSeconds(2);

  private static final Set<String> PROBES = Set.of("/livez", "/readyz");

  private final Semaphore permits;
  private final Duration queueTimeout;
  private final ProblemDetailAdvice problems;

  RequestPermitFilter(HttpSettings settings, ProblemDetailAdvice problems) {
    this.permits = new Semaphore(settings.maxConcurrentRequests(), true);
    this.queueTimeout = settings.queueTimeout();
    this.problems = problems;
  }

  /// Probes are answered while all permits are in use.
  @Override
  protected boolean shouldNotFilter(HttpServletRequest request) {
    return PROBES.contains(request.getRequestURI());
  }

  @Override
  protected void doFilterInternal(
      HttpServletRequest request, HttpServletResponse response, FilterChain chain)
      throws ServletException, IOException {
    if (!acquire()) {
      problems.write(
          response,
          ApiException.withRetryAfter(
              ErrorCode.OVERLOADED, "Too many concurrent requests.", RETRY_AFTER));
      return;
    }
    try {
      chain.doFilter(request, response);
    } finally {
      permits.release();
    }
  }

  Semaphore permits() {
    return permits;
  }

  private boolean acquire() {
    try {
      return permits.tryAcquire(queueTimeout.toNanos(), TimeUnit.NANOSECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }
}
