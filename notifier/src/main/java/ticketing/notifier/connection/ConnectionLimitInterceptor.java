package ticketing.notifier.connection;

import java.io.IOException;
import java.util.Map;
import org.springframework.http.HttpHeaders;
import org.springframework.http.server.ServerHttpRequest;
import org.springframework.http.server.ServerHttpResponse;
import org.springframework.web.socket.WebSocketHandler;
import org.springframework.web.socket.server.HandshakeInterceptor;
import ticketing.notifier.handshake.HandshakeRefusal;

/// Refuses a handshake with 503 while the registry has no capacity.
public final class ConnectionLimitInterceptor implements HandshakeInterceptor {

  private static final String RETRY_AFTER_SECONDS = "5";

  private final ConnectionRegistry registry;

  public ConnectionLimitInterceptor(ConnectionRegistry registry) {
    this.registry = registry;
  }

  @Override
  public boolean beforeHandshake(
      ServerHttpRequest request,
      ServerHttpResponse response,
      WebSocketHandler handler,
      Map<String, Object> attributes)
      throws IOException {
    if (registry.hasCapacity()) {
      return true;
    }
    response.getHeaders().set(HttpHeaders.RETRY_AFTER, RETRY_AFTER_SECONDS);
    HandshakeRefusal.TOO_MANY_SOCKETS.write(
        response, "This instance has reached its maximum number of connections");
    return false;
  }

  @Override
  public void afterHandshake(
      ServerHttpRequest request,
      ServerHttpResponse response,
      WebSocketHandler handler,
      Exception failure) {}
}
