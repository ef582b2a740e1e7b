package ticketing.ingress.connection;

import jakarta.servlet.ServletRequest;
import java.time.Duration;

/// Time of a request since its first byte, and the timeout of the next read of its body.
public final class RequestClock {

  private RequestClock() {}

  /// Returns the [System#nanoTime] at which the first byte of the request was received.
  public static long startNanos(ServletRequest request) {
    return request.getAttribute(ConnectionValve.PROCESSOR) instanceof ClientProcessor processor
        ? processor.startNanos()
        : System.nanoTime();
  }

  /// Limits the time of each read until the next request.
  public static void setReadTimeout(ServletRequest request, Duration timeout) {
    if (request.getAttribute(ConnectionValve.PROCESSOR) instanceof ClientProcessor processor) {
      processor.setReadTimeout(Math.max(1, timeout.toMillis()));
    }
  }
}
