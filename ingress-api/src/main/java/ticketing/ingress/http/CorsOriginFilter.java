package ticketing.ingress.http;

import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.stereotype.Component;
import org.springframework.web.cors.CorsConfiguration;
import org.springframework.web.cors.CorsProcessor;
import org.springframework.web.cors.CorsUtils;
import org.springframework.web.cors.DefaultCorsProcessor;
import org.springframework.web.filter.OncePerRequestFilter;

/// CORS (Fetch standard) for the configured origins.
///
/// A request from another origin is processed without CORS headers, so a browser withholds the
/// response. It is not refused: behind a proxy, the pages of this process have another origin too.
@Component
@Order(Ordered.HIGHEST_PRECEDENCE + 50)
class CorsOriginFilter extends OncePerRequestFilter {

  private final CorsProcessor processor = new DefaultCorsProcessor();
  private final List<String> origins;
  private final CorsConfiguration configuration = new CorsConfiguration();

  CorsOriginFilter(HttpSettings settings) {
    this.origins = settings.corsOrigins();
    configuration.setAllowedOrigins(origins);
    configuration.setAllowedMethods(List.of("GET", "HEAD", "POST", "PUT", "DELETE"));
    configuration.setAllowedHeaders(
        List.of(
            HttpHeaders.AUTHORIZATION,
            HttpHeaders.CONTENT_TYPE,
            HttpHeaders.IF_MATCH,
            HttpHeaders.IF_NONE_MATCH,
            "Idempotency-Key",
            "Prefer"));
    configuration.setExposedHeaders(
        List.of(
            HttpHeaders.ETAG,
            HttpHeaders.LOCATION,
            HttpHeaders.RETRY_AFTER,
            HttpHeaders.WWW_AUTHENTICATE,
            "Preference-Applied"));
    configuration.setMaxAge(Duration.ofHours(1));
  }

  @Override
  protected boolean shouldNotFilter(HttpServletRequest request) {
    return !request.getRequestURI().startsWith("/api/");
  }

  @Override
  protected void doFilterInternal(
      HttpServletRequest request, HttpServletResponse response, FilterChain chain)
      throws ServletException, IOException {
    boolean preflight = CorsUtils.isPreFlightRequest(request);
    if (origins.contains(request.getHeader(HttpHeaders.ORIGIN))) {
      boolean valid = processor.processRequest(configuration, request, response);
      if (!valid || preflight) {
        return;
      }
    } else if (preflight) {
      response.addHeader(HttpHeaders.VARY, HttpHeaders.ORIGIN);
      response.setStatus(HttpStatus.NO_CONTENT.value());
      return;
    } else if (!origins.isEmpty()) {
      response.addHeader(HttpHeaders.VARY, HttpHeaders.ORIGIN);
    }
    chain.doFilter(request, response);
  }
}
