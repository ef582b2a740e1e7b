package ticketing.ingress.http;

import org.springframework.http.HttpHeaders;

/// Conditions of RFC 9110 that Spring does not evaluate for reads.
public final class ConditionalRequests {

  private ConditionalRequests() {}

  /// `If-None-Match: *`, which is false for every existing resource: the response is 304.
  public static boolean matchesAny(HttpHeaders request) {
    return request.getIfNoneMatch().contains("*");
  }
}
