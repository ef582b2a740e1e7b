package ticketing.ingress.security;

import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.security.authentication.AbstractAuthenticationToken;
import org.springframework.security.core.authority.SimpleGrantedAuthority;
import org.springframework.security.oauth2.jwt.Jwt;
import ticketing.domain.Command;
import ticketing.security.RevokedToken;

/// Authenticated user of a request, read from the bearer token.
///
/// @param tokenId see [RevokedToken#idOf]
/// @param expiresAt null if the token does not expire
public record AuthenticatedUser(
    String userId, String role, UUID tokenId, @Nullable Instant expiresAt) {

  public static final String BUYER = "BUYER";
  public static final String ADMIN = "ADMIN";

  static AuthenticatedUser of(Jwt token) {
    String role = ADMIN.equals(token.getClaimAsString("role")) ? ADMIN : BUYER;
    return new AuthenticatedUser(
        token.getSubject(), role, RevokedToken.idOf(token), token.getExpiresAt());
  }

  /// A command can carry the user id.
  boolean hasValidUserId() {
    return userId != null
        && !userId.isEmpty()
        && userId.codePointCount(0, userId.length()) <= Command.MAX_USER_ID;
  }

  /// Owners read their own resources, administrators read all.
  public boolean maySee(String owner) {
    return ADMIN.equals(role) || userId.equals(owner);
  }

  AbstractAuthenticationToken toAuthentication(Jwt token) {
    return new UserAuthentication(this, token);
  }

  private static final class UserAuthentication extends AbstractAuthenticationToken {

    private final transient AuthenticatedUser user;
    private final transient Jwt token;

    UserAuthentication(AuthenticatedUser user, Jwt token) {
      super(List.of(new SimpleGrantedAuthority("ROLE_" + user.role())));
      this.user = user;
      this.token = token;
      setAuthenticated(true);
    }

    @Override
    public Object getPrincipal() {
      return user;
    }

    @Override
    public Object getCredentials() {
      return token;
    }

    @Override
    public String getName() {
      return user.userId();
    }
  }
}
