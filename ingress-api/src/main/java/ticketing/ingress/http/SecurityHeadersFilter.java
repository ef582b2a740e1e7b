package ticketing.ingress.http;

import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.stereotype.Component;
import org.springframework.web.filter.OncePerRequestFilter;

/// Tells the browser how little an answer may do. The pages load their own files, talk to this
/// process and to the notifier, and nothing else; no script or style stands in a page itself.
@Component
@Order(Ordered.HIGHEST_PRECEDENCE)
class SecurityHeadersFilter extends OncePerRequestFilter {

  private static final String DATA = "default-src 'none'; frame-ancestors 'none'";

  /// Its page has styles inside.
  private static final String SWAGGER =
      "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline';"
          + " base-uri 'none'; frame-ancestors 'none'; object-src 'none'";

  private final String pages;

  SecurityHeadersFilter(PageSettings settings) {
    this.pages =
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
        "Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()");
    chain.doFilter(request, response);
  }

  private String policy(String path) {
    if (path.startsWith("/swagger-ui")) {
      return SWAGGER;
    }
    return path.startsWith("/api/") || path.startsWith("/v3/") ? DATA : pages;
  }
}
