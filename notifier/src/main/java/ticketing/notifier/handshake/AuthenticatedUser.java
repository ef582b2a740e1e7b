package ticketing.notifier.handshake;

import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// User of a connection, as the access token of its handshake states.
///
/// @param tokenId see [ticketing.security.RevokedToken#idOf]; null if there is no token
/// @param token the token as the client sent it, for requests to ingress-api on the user's behalf
public record AuthenticatedUser(
    String userId, boolean admin, @Nullable UUID tokenId, Instant expiresAt, String token) {

  /// Session attribute that contains the user of a connection.
  public static final String ATTRIBUTE = "user";

  /// User of a connection to an endpoint that requires no token.
  public static final AuthenticatedUser ANONYMOUS =
      new AuthenticatedUser("", false, null, Instant.MAX, "");

  public boolean maySee(String owner) {
    return admin || userId.equals(owner);
  }
}
