package ticketing.ingress.http;

import jakarta.servlet.http.HttpServletRequest;

/// Requests of administrators that create or change an event. Their bodies may be larger.
public interface EventChanges {

  /// True for such a request with a valid token. Reads no body.
  boolean contain(HttpServletRequest request);
}
