package ticketing.notifier;

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

/// Answers a handshake that must not become a socket: 401, 426 or 503, as `application/problem+json`.
final class Entrance implements HandshakeInterceptor {

  /// Attribute of the session: the [Visitor].
  static final String VISITOR = "visitor";

  private final Peers peers;
  private final Access access;
  private final boolean tokenNeeded;

  Entrance(Peers peers, Access access, boolean tokenNeeded) {
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
    Optional<Visitor> visitor;
    try {
      visitor =
          tokenNeeded ? access.visitor(request.getHeaders()) : Optional.of(Visitor.ANYBODY);
    } catch (JwtException e) {
      headers.set(HttpHeaders.RETRY_AFTER, "5");
      return refuse(
          response,
          HttpStatus.SERVICE_UNAVAILABLE,
          "ISSUER_UNAVAILABLE",
          "The keys of the token's issuer cannot be had at the moment");
    }
    if (visitor.isEmpty()) {
      headers.set(HttpHeaders.WWW_AUTHENTICATE, "Bearer");
      return refuse(
          response,
          HttpStatus.UNAUTHORIZED,
          "UNAUTHORIZED",
          "A valid access token is needed: Authorization: Bearer <token>, or the subprotocols "
              + Access.PROTOCOL
              + " and bearer.<token>");
    }
    if (!"websocket".equalsIgnoreCase(request.getHeaders().getUpgrade())) {
      headers.set(HttpHeaders.UPGRADE, "websocket");
      return refuse(
          response, HttpStatus.UPGRADE_REQUIRED, "UPGRADE_REQUIRED", "This is a WebSocket");
    }
    if (!peers.haveRoom()) {
      headers.set(HttpHeaders.RETRY_AFTER, "5");
      return refuse(
          response,
          HttpStatus.SERVICE_UNAVAILABLE,
          "TOO_MANY_SOCKETS",
          "This instance takes no more sockets at the moment");
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

  private static boolean refuse(
      ServerHttpResponse response, HttpStatus status, String code, String detail)
      throws IOException {
    response.setStatusCode(status);
    response.getHeaders().setContentType(MediaType.APPLICATION_PROBLEM_JSON);
    response
        .getBody()
        .write(
            Json.INTERNAL.writeValueAsBytes(
                new Problem(
                    "about:blank", status.getReasonPhrase(), status.value(), detail, code)));
    return false;
  }

  /// RFC 9457.
  private record Problem(String type, String title, int status, String detail, String code) {}
}
