package ticketing.ingress.http;

import org.jspecify.annotations.Nullable;
import org.springframework.http.ETag;

/// Conditions of RFC 9110 that Spring does not evaluate for reads.
public final class ConditionalRequests {

  private ConditionalRequests() {}

  /// `If-None-Match: *`, which is false for every existing resource: the response is 304.
  ///
  /// @param ifNoneMatch the request header
  public static boolean matchesAny(@Nullable String ifNoneMatch) {
    return ifNoneMatch != null && ifNoneMatch.strip().equals("*");
  }

  /// Weak comparison of the tags of `If-None-Match` with the tag of the response.
  ///
  /// @param ifNoneMatch the request header
  public static boolean matches(@Nullable String ifNoneMatch, @Nullable String entityTag) {
    return ifNoneMatch != null
        && entityTag != null
        && ETag.parse(ifNoneMatch).stream()
            .anyMatch(tag -> tag.isWildcard() || tag.compare(ETag.create(entityTag), false));
  }
}
