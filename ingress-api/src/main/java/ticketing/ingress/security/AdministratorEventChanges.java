package ticketing.ingress.security;

import jakarta.servlet.http.HttpServletRequest;
import org.springframework.http.HttpMethod;
import org.springframework.security.core.AuthenticationException;
import org.springframework.security.oauth2.server.resource.authentication.BearerTokenAuthenticationToken;
import org.springframework.security.oauth2.server.resource.web.BearerTokenResolver;
import org.springframework.security.oauth2.server.resource.web.DefaultBearerTokenResolver;
import org.springframework.security.web.servlet.util.matcher.PathPatternRequestMatcher;
import org.springframework.security.web.util.matcher.OrRequestMatcher;
import org.springframework.security.web.util.matcher.RequestMatcher;
import org.springframework.stereotype.Component;
import ticketing.ingress.http.EventChanges;
import ticketing.security.Role;

/// Recognizes administrators ahead of the security filters, which run with the complete body. These
/// filters authenticate the request again.
@Component
class AdministratorEventChanges implements EventChanges {

  private static final RequestMatcher CHANGE =
      new OrRequestMatcher(
          PathPatternRequestMatcher.withDefaults().matcher(HttpMethod.POST, "/api/v1/events"),
          PathPatternRequestMatcher.withDefaults().matcher(HttpMethod.PUT, "/api/v1/events/*"));

  private static final RequestMatcher POSTER =
      PathPatternRequestMatcher.withDefaults().matcher(HttpMethod.PUT, "/api/v1/events/*/poster");

  private final BearerTokenResolver tokens = new DefaultBearerTokenResolver();
  private final TokenAuthenticationManager authentication;

  AdministratorEventChanges(TokenAuthenticationManager authentication) {
    this.authentication = authentication;
  }

  @Override
  public Body bodyOf(HttpServletRequest request) {
    Body body =
        CHANGE.matches(request) ? Body.EVENT : POSTER.matches(request) ? Body.POSTER : Body.OTHER;
    return body == Body.OTHER || isAdministrator(request) ? body : Body.OTHER;
  }

  private boolean isAdministrator(HttpServletRequest request) {
    try {
      String token = tokens.resolve(request);
      return token != null
          && authentication.authenticate(new BearerTokenAuthenticationToken(token)).getPrincipal()
              instanceof AuthenticatedUser user
          && user.role() == Role.ADMIN;
    } catch (AuthenticationException e) {
      return false;
    }
  }
}
