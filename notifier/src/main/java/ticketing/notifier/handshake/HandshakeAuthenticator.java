package ticketing.notifier.handshake;

import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import org.springframework.http.HttpHeaders;
import org.springframework.http.server.ServerHttpRequest;
import org.springframework.http.server.ServerHttpResponse;
import org.springframework.web.socket.WebSocketHandler;
import org.springframework.web.socket.server.HandshakeInterceptor;
import ticketing.security.IssuerUnavailableException;

/// Refuses a handshake without a valid token (401), without an upgrade (426), or while the issuer's
/// keys are unavailable (503). Otherwise it stores the [AuthenticatedUser] in the session.
public final class HandshakeAuthenticator implements HandshakeInterceptor {

  private static final String RETRY_AFTER_SECONDS = "5";

  private final TokenAuthenticator tokens;
  private final boolean tokenRequired;

  public HandshakeAuthenticator(TokenAuthenticator tokens, boolean tokenRequired) {
    this.tokens = tokens;
    this.tokenRequired = tokenRequired;
  }

  @Override
  public boolean beforeHandshake(
      ServerHttpRequest request,
      ServerHttpResponse response,
      WebSocketHandler handler,
      Map<String, Object> attributes)
      throws IOException {
    HttpHeaders headers = response.getHeaders();
    Optional<AuthenticatedUser> user;
    try {
      user =
          tokenRequired
              ? tokens.authenticate(request.getHeaders())
              : Optional.of(AuthenticatedUser.ANONYMOUS);
    } catch (IssuerUnavailableException e) {
      headers.set(HttpHeaders.RETRY_AFTER, RETRY_AFTER_SECONDS);
      HandshakeRefusal.ISSUER_UNAVAILABLE.write(
          response, "The keys of the token's issuer are unavailable");
      return false;
    }
    if (user.isEmpty()) {
      headers.set(HttpHeaders.WWW_AUTHENTICATE, "Bearer");
      HandshakeRefusal.UNAUTHENTICATED.write(
          response,
          "A valid access token is required: Authorization: Bearer <token>, or the subprotocols "
              + TokenAuthenticator.PROTOCOL
              + " and bearer.<token>");
      return false;
    }
    if (!"websocket".equalsIgnoreCase(request.getHeaders().getUpgrade())) {
      headers.set(HttpHeaders.UPGRADE, "websocket");
      HandshakeRefusal.UPGRADE_REQUIRED.write(
          response, "This endpoint accepts only WebSocket handshakes");
      return false;
    }
    attributes.put(AuthenticatedUser.ATTRIBUTE, user.get());
    return true;
  }

  @Override
  public void afterHandshake(
      ServerHttpRequest request,
      ServerHttpResponse response,
      WebSocketHandler handler,
      Exception failure) {}
}
