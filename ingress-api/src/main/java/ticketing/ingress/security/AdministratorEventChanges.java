package ticketing.ingress.security;

import jakarta.servlet.http.HttpServletRequest;
import org.springframework.http.HttpMethod;
import org.springframework.security.oauth2.core.OAuth2AuthenticationException;
import org.springframework.security.oauth2.jwt.Jwt;
import org.springframework.security.oauth2.jwt.JwtDecoder;
import org.springframework.security.oauth2.jwt.JwtException;
import org.springframework.security.oauth2.server.resource.web.BearerTokenResolver;
import org.springframework.security.oauth2.server.resource.web.DefaultBearerTokenResolver;
import org.springframework.security.web.servlet.util.matcher.PathPatternRequestMatcher;
import org.springframework.security.web.util.matcher.OrRequestMatcher;
import org.springframework.security.web.util.matcher.RequestMatcher;
import org.springframework.stereotype.Component;
import ticketing.ingress.http.EventChanges;
import ticketing.security.RevokedTokens;

/// Recognizes administrators ahead of the security filters, which run with the complete body. These
/// filters authenticate the request again.
@Component
class AdministratorEventChanges implements EventChanges {

  private static final RequestMatcher CHANGE =
      new OrRequestMatcher(
          PathPatternRequestMatcher.withDefaults().matcher(HttpMethod.POST, "/api/v1/events"),
          PathPatternRequestMatcher.withDefaults().matcher(HttpMethod.PUT, "/api/v1/events/*"));

  private final BearerTokenResolver tokens = new DefaultBearerTokenResolver();
  private final JwtDecoder decoder;
  private final RevokedTokens revokedTokens;

  AdministratorEventChanges(JwtDecoder decoder, RevokedTokens revokedTokens) {
    this.decoder = decoder;
    this.revokedTokens = revokedTokens;
  }

  @Override
  public boolean contain(HttpServletRequest request) {
    return CHANGE.matches(request) && isAdministrator(request);
  }

  private boolean isAdministrator(HttpServletRequest request) {
    try {
      String token = tokens.resolve(request);
      if (token == null) {
        return false;
      }
      Jwt jwt = decoder.decode(token);
      AuthenticatedUser user = AuthenticatedUser.of(jwt);
      return AuthenticatedUser.ADMIN.equals(user.role())
          && !revokedTokens.isRevoked(user.tokenId());
    } catch (JwtException | OAuth2AuthenticationException e) {
      return false;
    }
  }
}
