package ticketing.ingress.security;

import java.time.Instant;
import java.util.List;
import org.springframework.security.authentication.AbstractAuthenticationToken;
import org.springframework.security.core.authority.SimpleGrantedAuthority;
import org.springframework.security.oauth2.jwt.Jwt;
import ticketing.domain.Command;

/// Who sends a request, as their token says.
///
/// @param tokenId `jti`, null if a foreign issuer gives none
public record AuthenticatedUser(String userId, String role, String tokenId, Instant expiresAt) {

  public static final String BUYER = "BUYER";
  public static final String ADMIN = "ADMIN";

  public static AuthenticatedUser of(Jwt token) {
    String role = ADMIN.equals(token.getClaimAsString("role")) ? ADMIN : BUYER;
    return new AuthenticatedUser(token.getSubject(), role, token.getId(), token.getExpiresAt());
  }

  public boolean isUsable() {
    return userId != null && !userId.isEmpty() && userId.length() <= Command.MAX_USER_ID;
  }

  boolean isAdmin() {
    return ADMIN.equals(role);
  }

  /// Whether this caller may see what belongs to that user.
  public boolean maySee(String owner) {
    return isAdmin() || userId.equals(owner);
  }

  public AbstractAuthenticationToken authenticated(Jwt token) {
    return new CallerToken(this, token);
  }

  private static final class CallerToken extends AbstractAuthenticationToken {

    private final transient AuthenticatedUser caller;
    private final transient Jwt token;

    CallerToken(AuthenticatedUser caller, Jwt token) {
      super(List.of(new SimpleGrantedAuthority("ROLE_" + caller.role())));
      this.caller = caller;
      this.token = token;
      setAuthenticated(true);
    }

    @Override
    public Object getPrincipal() {
      return caller;
    }

    @Override
    public Object getCredentials() {
      return token;
    }

    @Override
    public String getName() {
      return caller.userId();
    }
  }
}
