package ticketing.notifier.handshake;

import java.io.IOException;
import java.util.Map;
import java.util.Optional;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.http.server.ServerHttpRequest;
import org.springframework.http.server.ServerHttpResponse;
import org.springframework.security.oauth2.jwt.JwtException;
import org.springframework.web.socket.WebSocketHandler;
import org.springframework.web.socket.server.HandshakeInterceptor;
import ticketing.domain.Json;
import ticketing.notifier.connection.ConnectionRegistry;

/// Answers a handshake that must not become a socket: 401, 426 or 503, as
/// `application/problem+json`.
public final class HandshakeAuthenticator implements HandshakeInterceptor {

  /// Attribute of the session: the [AuthenticatedUser].
  public static final String VISITOR = "visitor";

  /// Why there is no socket. The names are part of the public contract.
  public enum Refusal {
    UNAUTHENTICATED(HttpStatus.UNAUTHORIZED),
    UPGRADE_REQUIRED(HttpStatus.UPGRADE_REQUIRED),
    ISSUER_UNAVAILABLE(HttpStatus.SERVICE_UNAVAILABLE),
    TOO_MANY_SOCKETS(HttpStatus.SERVICE_UNAVAILABLE);

    private final HttpStatus status;

    Refusal(HttpStatus status) {
      this.status = status;
    }

    public HttpStatus status() {
      return status;
    }
  }

  private final ConnectionRegistry peers;
  private final TokenAuthenticator access;
  private final boolean tokenNeeded;

  public HandshakeAuthenticator(
      ConnectionRegistry peers, TokenAuthenticator access, boolean tokenNeeded) {
    this.peers = peers;
    this.access = access;
    this.tokenNeeded = tokenNeeded;
  }

  @Override
  public boolean beforeHandshake(
      ServerHttpRequest request,
      ServerHttpResponse response,
      WebSocketHandler handler,
      Map<String, Object> attributes)
      throws IOException {
    HttpHeaders headers = response.getHeaders();
    Optional<AuthenticatedUser> visitor;
    try {
      visitor =
          tokenNeeded
              ? access.visitor(request.getHeaders())
              : Optional.of(AuthenticatedUser.ANYBODY);
    } catch (JwtException e) {
      headers.set(HttpHeaders.RETRY_AFTER, "5");
      return refuse(
          response,
          Refusal.ISSUER_UNAVAILABLE,
          "The keys of the token's issuer cannot be had at the moment");
    }
    if (visitor.isEmpty()) {
      headers.set(HttpHeaders.WWW_AUTHENTICATE, "Bearer");
      return refuse(
          response,
          Refusal.UNAUTHENTICATED,
          "A valid access token is needed: Authorization: Bearer <token>, or the subprotocols "
              + TokenAuthenticator.PROTOCOL
              + " and bearer.<token>");
    }
    if (!"websocket".equalsIgnoreCase(request.getHeaders().getUpgrade())) {
      headers.set(HttpHeaders.UPGRADE, "websocket");
      return refuse(response, Refusal.UPGRADE_REQUIRED, "This is a WebSocket");
    }
    if (!peers.haveRoom()) {
      headers.set(HttpHeaders.RETRY_AFTER, "5");
      return refuse(
          response, Refusal.TOO_MANY_SOCKETS, "This instance takes no more sockets at the moment");
    }
    attributes.put(VISITOR, visitor.get());
    return true;
  }

  @Override
  public void afterHandshake(
      ServerHttpRequest request,
      ServerHttpResponse response,
      WebSocketHandler handler,
      Exception failure) {}

  private static boolean refuse(ServerHttpResponse response, Refusal refusal, String detail)
      throws IOException {
    HttpStatus status = refusal.status();
    response.setStatusCode(status);
    response.getHeaders().setContentType(MediaType.APPLICATION_PROBLEM_JSON);
    response
        .getBody()
        .write(
            Json.INTERNAL.writeValueAsBytes(
                new Problem(
                    "about:blank", status.getReasonPhrase(), status.value(), detail, refusal)));
    return false;
  }

  /// RFC 9457.
  record Problem(String type, String title, int status, String detail, Refusal code) {}
}
