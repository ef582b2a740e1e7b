package ticketing.ingress.page;

import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.stereotype.Component;
import org.springframework.web.filter.OncePerRequestFilter;

/// Security headers of every response. The pages load only their own files and connect only to this
/// process and the notifier. Inline scripts and styles are blocked. Only the check-in may use a
/// camera.
@Component
@Order(Ordered.HIGHEST_PRECEDENCE)
class SecurityHeadersFilter extends OncePerRequestFilter {

  private static final String API_POLICY = "default-src 'none'; frame-ancestors 'none'";

  /// Swagger UI has inline styles.
  private static final String SWAGGER_POLICY =
      "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline';"
          + " base-uri 'none'; frame-ancestors 'none'; object-src 'none'";

  private final String pagePolicy;

  SecurityHeadersFilter(PageSettings settings) {
    this.pagePolicy =
        ("default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self';"
                + " connect-src 'self' %s; form-action 'self'; base-uri 'none';"
                + " frame-ancestors 'none'")
            .formatted(settings.notifierUrl())
            .replace(" ;", ";");
  }

  @Override
  protected void doFilterInternal(
      HttpServletRequest request, HttpServletResponse response, FilterChain chain)
      throws ServletException, IOException {
    response.setHeader("Content-Security-Policy", policy(request.getRequestURI()));
    response.setHeader("Referrer-Policy", "same-origin");
    response.setHeader("Cross-Origin-Opener-Policy", "same-origin");
    response.setHeader("Cross-Origin-Resource-Policy", "same-origin");
    response.setHeader(
        "Permissions-Policy",
        "camera=(%s), geolocation=(), microphone=(), payment=(), usb=()"
            .formatted(
                request.getRequestURI().equals(StaticPageController.CHECK_IN) ? "self" : ""));
    chain.doFilter(request, response);
  }

  private String policy(String path) {
    if (path.startsWith("/swagger-ui")) {
      return SWAGGER_POLICY;
    }
    return path.startsWith("/api/") || path.startsWith("/v3/") ? API_POLICY : pagePolicy;
  }
}
