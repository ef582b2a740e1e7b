package ticketing.notifier.handshake;

import java.time.Instant;

/// Who holds a socket.
///
/// @param tokenId the token's `jti`; null if it has none
/// @param token as the client presented it, for questions to ingress in its name
public record AuthenticatedUser(
    String userId, boolean admin, String tokenId, Instant expiresAt, String token) {

  /// Of a socket that needs no token.
  public static final AuthenticatedUser ANYBODY =
      new AuthenticatedUser("", false, null, Instant.MAX, "");

  public boolean maySee(String owner) {
    return admin || userId.equals(owner);
  }
}
