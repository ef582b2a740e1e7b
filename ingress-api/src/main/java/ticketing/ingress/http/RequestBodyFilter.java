package ticketing.ingress.http;

import jakarta.servlet.FilterChain;
import jakarta.servlet.ReadListener;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletInputStream;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import jakarta.servlet.http.HttpServletResponse;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Locale;
import java.util.Optional;
import org.springframework.core.NestedExceptionUtils;
import org.springframework.core.Ordered;
import org.springframework.core.annotation.Order;
import org.springframework.http.HttpHeaders;
import org.springframework.stereotype.Component;
import org.springframework.web.filter.OncePerRequestFilter;
import ticketing.ingress.connection.ConnectionSettings;
import ticketing.ingress.connection.RequestClock;
import ticketing.ingress.problem.ApiException;
import ticketing.ingress.problem.ErrorCode;
import ticketing.ingress.problem.ProblemDetailAdvice;

/// Receives the body of each request before any other work. A body over the limit gets 413, a body
/// that is not complete in time 408.
@Component
@Order(Ordered.HIGHEST_PRECEDENCE + 100)
class RequestBodyFilter extends OncePerRequestFilter {

  private static final int BUFFER_BYTES = 2048;

  /// Limits of a body.
  ///
  /// @param maxBytes size of the body
  /// @param timeout from the first byte of the head to the complete body
  private record Limits(int maxBytes, Duration timeout) {}

  private final Limits limits;
  private final Limits eventLimits;
  private final Limits posterLimits;
  private final EventChanges eventChanges;
  private final ProblemDetailAdvice problems;

  RequestBodyFilter(
      HttpSettings settings,
      ConnectionSettings deadlines,
      EventChanges eventChanges,
      ProblemDetailAdvice problems) {
    this.limits =
        new Limits(Math.toIntExact(settings.maxBodySize().toBytes()), deadlines.requestTimeout());
    this.eventLimits =
        new Limits(
            Math.toIntExact(settings.maxEventBodySize().toBytes()),
            deadlines.eventRequestTimeout());
    this.posterLimits =
        new Limits(
            Math.toIntExact(settings.maxPosterBodySize().toBytes()),
            deadlines.eventRequestTimeout());
    this.eventChanges = eventChanges;
    this.problems = problems;
  }

  @Override
  protected void doFilterInternal(
      HttpServletRequest request, HttpServletResponse response, FilterChain chain)
      throws ServletException, IOException {
    long length = request.getContentLengthLong();
    boolean chunked = length < 0 && request.getHeader("Transfer-Encoding") != null;
    if (length <= 0 && !chunked) {
      chain.doFilter(request, response);
      return;
    }
    Limits applied =
        switch (eventChanges.bodyOf(request)) {
          case EVENT -> eventLimits;
          case POSTER -> posterLimits;
          case OTHER -> limits;
        };
    if (length > applied.maxBytes()) {
      reject(response, applied);
      return;
    }
    Optional<byte[]> body = receive(request, applied);
    if (body.isEmpty()) {
      rejectSlow(response);
    } else if (body.get().length > applied.maxBytes()) {
      reject(response, applied);
    } else if (isCoded(request)) {
      problems.write(
          response,
          ApiException.of(ErrorCode.UNSUPPORTED_MEDIA_TYPE, "No content coding is supported."));
    } else if (isJson(request) && !isUtf8Text(body.get())) {
      problems.write(response, ApiException.invalid("body", "must be JSON in UTF-8"));
    } else {
      chain.doFilter(new BufferedRequest(request, body.get()), response);
    }
  }

  /// @return at most one byte over the limit; empty if the body is not complete in time
  private static Optional<byte[]> receive(HttpServletRequest request, Limits limits)
      throws IOException {
    long deadline = RequestClock.startNanos(request) + limits.timeout().toNanos();
    ServletInputStream input = request.getInputStream();
    ByteArrayOutputStream body = new ByteArrayOutputStream();
    byte[] buffer = new byte[BUFFER_BYTES];
    try {
      while (body.size() <= limits.maxBytes()) {
        long remaining = deadline - System.nanoTime();
        if (remaining <= 0) {
          return Optional.empty();
        }
        RequestClock.setReadTimeout(request, Duration.ofNanos(remaining));
        int length =
            input.read(buffer, 0, Math.min(buffer.length, limits.maxBytes() + 1 - body.size()));
        if (length < 0) {
          break;
        }
        body.write(buffer, 0, length);
      }
      return Optional.of(body.toByteArray());
    } catch (IOException e) {
      // Tomcat wraps the timeout of a read.
      if (NestedExceptionUtils.getMostSpecificCause(e) instanceof SocketTimeoutException) {
        return Optional.empty();
      }
      throw e;
    }
  }

  private static boolean isCoded(HttpServletRequest request) {
    String coding = request.getHeader(HttpHeaders.CONTENT_ENCODING);
    return coding != null && !coding.isBlank() && !coding.strip().equalsIgnoreCase("identity");
  }

  private static boolean isJson(HttpServletRequest request) {
    String type = request.getContentType();
    return type != null && type.toLowerCase(Locale.ROOT).contains("json");
  }

  /// The parser accepts UTF-16, UTF-32 and characters in an overlong form. Text with another
  /// encoding has invalid bytes or zeros.
  private static boolean isUtf8Text(byte[] body) {
    for (byte value : body) {
      if (value == 0) {
        return false;
      }
    }
    try {
      StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(body));
      return true;
    } catch (CharacterCodingException e) {
      return false;
    }
  }

  private void rejectSlow(HttpServletResponse response) throws IOException {
    response.setHeader("Connection", "close");
    problems.write(
        response, ApiException.of(ErrorCode.REQUEST_TIMEOUT, "The body is not complete in time."));
  }

  private void reject(HttpServletResponse response, Limits applied) throws IOException {
    problems.write(
        response,
        ApiException.of(
            ErrorCode.BODY_TOO_LARGE, "The body exceeds " + applied.maxBytes() + " bytes."));
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
