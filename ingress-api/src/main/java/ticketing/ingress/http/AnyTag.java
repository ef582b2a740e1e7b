package ticketing.ingress.http;

import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.servlet.http.HttpServletResponseWrapper;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.Set;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.http.HttpHeaders;
import org.springframework.stereotype.Component;
import org.springframework.web.filter.OncePerRequestFilter;

/// `If-None-Match: *` of a read matches whatever there is (RFC 9110, 13.1.2): what has an `ETag` is
/// answered with 304. Spring sees to it only for requests that change something.
@Component
@Order(Ordered.HIGHEST_PRECEDENCE + 100)
class AnyTag extends OncePerRequestFilter {

  private static final Set<String> READS = Set.of("GET", "HEAD");

  @Override
  protected boolean shouldNotFilter(HttpServletRequest request) {
    String wanted = request.getHeader(HttpHeaders.IF_NONE_MATCH);
    return wanted == null || !wanted.strip().equals("*") || !READS.contains(request.getMethod());
  }

  @Override
  protected void doFilterInternal(
      HttpServletRequest request, HttpServletResponse response, FilterChain chain)
      throws ServletException, IOException {
    chain.doFilter(request, new NotModified(response));
  }

  /// Whoever wants to write the body has set everything else. Tomcat sends no body with 304.
  private static final class NotModified extends HttpServletResponseWrapper {

    NotModified(HttpServletResponse response) {
      super(response);
    }

    @Override
    public ServletOutputStream getOutputStream() throws IOException {
      turn();
      return super.getOutputStream();
    }

    @Override
    public PrintWriter getWriter() throws IOException {
      turn();
      return super.getWriter();
    }

    private void turn() {
      if (getStatus() == SC_OK && containsHeader(HttpHeaders.ETAG)) {
        setStatus(SC_NOT_MODIFIED);
      }
    }
  }
}
