package ticketing.notifier;

import java.time.Instant;

/// Who holds a socket.
///
/// @param tokenId the token's `jti`; null if it has none
/// @param token as the client presented it, for questions to ingress in its name
record Visitor(String userId, boolean admin, String tokenId, Instant expiresAt, String token) {

  /// Of a socket that needs no token.
  static final Visitor ANYBODY = new Visitor("", false, null, Instant.MAX, "");

  boolean maySee(String owner) {
    return admin || userId.equals(owner);
  }
}
