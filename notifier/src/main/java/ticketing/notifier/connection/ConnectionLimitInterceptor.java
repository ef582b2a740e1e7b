package ticketing.notifier.connection;

import java.io.IOException;
import java.util.Map;
import org.springframework.http.HttpHeaders;
import org.springframework.http.server.ServerHttpRequest;
import org.springframework.http.server.ServerHttpResponse;
import org.springframework.web.socket.WebSocketHandler;
import org.springframework.web.socket.server.HandshakeInterceptor;
import ticketing.address.ClientAddress;
import ticketing.notifier.handshake.AuthenticatedUser;
import ticketing.notifier.handshake.HandshakeRefusal;

/// Refuses a handshake with 503 while the registry has no capacity, and with 429 if the user or the
/// client address has its maximum number of connections. Runs after the authentication.
public final class ConnectionLimitInterceptor implements HandshakeInterceptor {

  private static final String RETRY_AFTER_SECONDS = "5";

  private final ConnectionRegistry registry;
  private final int proxies;

  public ConnectionLimitInterceptor(ConnectionRegistry registry) {
    this.registry = registry;
    this.proxies = registry.settings().proxies();
  }

  @Override
  public boolean beforeHandshake(
      ServerHttpRequest request,
      ServerHttpResponse response,
      WebSocketHandler handler,
      Map<String, Object> attributes)
      throws IOException {
    if (!registry.hasCapacity()) {
      response.getHeaders().set(HttpHeaders.RETRY_AFTER, RETRY_AFTER_SECONDS);
      HandshakeRefusal.TOO_MANY_SOCKETS.write(
          response, "This instance has reached its maximum number of connections");
      return false;
    }
    String address =
        ClientAddress.of(
            request.getRemoteAddress().getAddress().getHostAddress(),
            request.getHeaders().get("X-Forwarded-For"),
            proxies);
    AuthenticatedUser user = (AuthenticatedUser) attributes.get(AuthenticatedUser.ATTRIBUTE);
    if (!registry.admits(user, address)) {
      response.getHeaders().set(HttpHeaders.RETRY_AFTER, RETRY_AFTER_SECONDS);
      HandshakeRefusal.RATE_LIMITED.write(
          response, "The user or the address has its maximum number of connections");
      return false;
    }
    attributes.put(WebSocketConnection.ADDRESS_ATTRIBUTE, address);
    return true;
  }

  @Override
  public void afterHandshake(
      ServerHttpRequest request,
      ServerHttpResponse response,
      WebSocketHandler handler,
      Exception failure) {}
}
