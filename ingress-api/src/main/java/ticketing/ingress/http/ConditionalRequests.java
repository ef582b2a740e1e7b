package ticketing.ingress.http;

import org.jspecify.annotations.Nullable;

/// Conditions of RFC 9110 that Spring does not evaluate for reads.
public final class ConditionalRequests {

  private ConditionalRequests() {}

  /// `If-None-Match: *`, which is false for every existing resource: the response is 304.
  ///
  /// @param ifNoneMatch the request header
  public static boolean matchesAny(@Nullable String ifNoneMatch) {
    return ifNoneMatch != null && ifNoneMatch.strip().equals("*");
  }
}
