package ticketing.notifier.handshake;

import java.time.Instant;
import java.util.List;
import java.util.UUID;
import ticketing.security.Role;

/// User of a connection, as the access token of its handshake states.
///
/// @param revocationIds a revocation of one of them ends the connection; empty if there is no token
/// @param token the token as the client sent it, for requests to ingress-api on the user's behalf
public record AuthenticatedUser(
    String userId, Role role, List<UUID> revocationIds, Instant expiresAt, String token) {

  /// Session attribute that contains the user of a connection.
  public static final String ATTRIBUTE = "user";

  /// User of a connection to an endpoint that requires no token.
  public static final AuthenticatedUser ANONYMOUS =
      new AuthenticatedUser("", Role.BUYER, List.of(), Instant.MAX, "");

  public boolean isAnonymous() {
    return userId.isEmpty();
  }

  public boolean maySee(String owner) {
    return role.readsAll() || userId.equals(owner);
  }
}
