package ticketing.notifier.handshake;

import java.time.Instant;

/// User of a connection, as the access token of its handshake states.
///
/// @param tokenId `jti` of the token; null if it has none
/// @param token the token as the client sent it, for requests to ingress-api on the user's behalf
public record AuthenticatedUser(
    String userId, boolean admin, String tokenId, Instant expiresAt, String token) {

  /// Session attribute that contains the user of a connection.
  public static final String ATTRIBUTE = "user";

  /// User of a connection to an endpoint that requires no token.
  public static final AuthenticatedUser ANONYMOUS =
      new AuthenticatedUser("", false, null, Instant.MAX, "");

  public boolean maySee(String owner) {
    return admin || userId.equals(owner);
  }
}
