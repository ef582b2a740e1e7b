package ticketing.ingress.security;

import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.security.authentication.AbstractAuthenticationToken;
import org.springframework.security.core.authority.SimpleGrantedAuthority;
import ticketing.domain.Command;
import ticketing.security.Role;
import ticketing.security.VerifiedToken;

/// Authenticated user of a request, read from the bearer token.
///
/// @param tokenId see [RevokedToken#idOf]
/// @param sessionId session that a refresh token continues; null: none
/// @param expiresAt null if the token does not expire
public record AuthenticatedUser(
    String userId, Role role, UUID tokenId, @Nullable UUID sessionId, @Nullable Instant expiresAt) {

  static AuthenticatedUser of(VerifiedToken token) {
    return new AuthenticatedUser(
        token.userId(), token.role(), token.tokenId(), token.sessionId(), token.expiresAt());
  }

  /// A command can carry the user id.
  boolean hasValidUserId() {
    return userId.codePointCount(0, userId.length()) <= Command.MAX_USER_ID;
  }

  /// Owners read their own resources, staff and administrators read all.
  public boolean maySee(String owner) {
    return role.readsAll() || userId.equals(owner);
  }

  /// Owners and administrators may cancel a reservation.
  public boolean mayCancel(String owner) {
    return role == Role.ADMIN || userId.equals(owner);
  }

  AbstractAuthenticationToken toAuthentication() {
    return new UserAuthentication(this);
  }

  private static final class UserAuthentication extends AbstractAuthenticationToken {

    private final transient AuthenticatedUser user;

    UserAuthentication(AuthenticatedUser user) {
      super(List.of(new SimpleGrantedAuthority("ROLE_" + user.role())));
      this.user = user;
      setAuthenticated(true);
    }

    @Override
    public Object getPrincipal() {
      return user;
    }

    @Override
    public Object getCredentials() {
      return "";
    }

    @Override
    public String getName() {
      return user.userId();
    }
  }
}
