package ticketing.ingress.http;

import jakarta.servlet.FilterChain;
import jakarta.servlet.ReadListener;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletInputStream;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import jakarta.servlet.http.HttpServletResponse;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.stereotype.Component;
import org.springframework.web.filter.OncePerRequestFilter;
import ticketing.ingress.problem.ApiException;
import ticketing.ingress.problem.ErrorCode;
import ticketing.ingress.problem.ProblemDetailAdvice;

/// Rejects request bodies over the limit with 413. A body of unknown length is buffered up to the
/// limit, so its size is known before a handler runs.
@Component
@Order(Ordered.HIGHEST_PRECEDENCE + 100)
class BodySizeFilter extends OncePerRequestFilter {

  private final int maxBytes;
  private final ProblemDetailAdvice problems;

  BodySizeFilter(HttpSettings settings, ProblemDetailAdvice problems) {
    this.maxBytes = Math.toIntExact(settings.maxBodySize().toBytes());
    this.problems = problems;
  }

  @Override
  protected void doFilterInternal(
      HttpServletRequest request, HttpServletResponse response, FilterChain chain)
      throws ServletException, IOException {
    if (request.getContentLengthLong() > maxBytes) {
      reject(response);
    } else if (request.getContentLengthLong() < 0
        && request.getHeader("Transfer-Encoding") != null) {
      byte[] body = request.getInputStream().readNBytes(maxBytes + 1);
      if (body.length > maxBytes) {
        reject(response);
      } else {
        chain.doFilter(new BufferedRequest(request, body), response);
      }
    } else {
      chain.doFilter(request, response);
    }
  }

  private void reject(HttpServletResponse response) throws IOException {
    problems.write(
        response,
        ApiException.of(ErrorCode.BODY_TOO_LARGE, "The body exceeds " + maxBytes + " bytes."));
  }

  /// Request with its body in memory.
  private static final class BufferedRequest extends HttpServletRequestWrapper {

    private final byte[] body;

    BufferedRequest(HttpServletRequest request, byte[] body) {
      super(request);
      this.body = body;
    }

    @Override
    public ServletInputStream getInputStream() {
      ByteArrayInputStream in = new ByteArrayInputStream(body);
      return new ServletInputStream() {
        @Override
        public int read() {
          return in.read();
        }

        @Override
        public int read(byte[] to, int from, int length) {
          return in.read(to, from, length);
        }

        @Override
        public boolean isFinished() {
          return in.available() == 0;
        }

        @Override
        public boolean isReady() {
          return true;
        }

        @Override
        public void setReadListener(ReadListener listener) {
          throw new UnsupportedOperationException("the body is read by blocking");
        }
      };
    }
  }
}
