package ticketing.ingress.http;

import jakarta.servlet.http.HttpServletRequest;

/// Requests of administrators that create or change an event or its poster. Their bodies may be
/// larger.
public interface EventChanges {

  /// Kind of the body of a request.
  enum Body {
    EVENT,
    POSTER,
    /// The request is none of these, or its token is not valid.
    OTHER
  }

  /// Returns the kind of the body. Reads no body.
  Body bodyOf(HttpServletRequest request);
}
