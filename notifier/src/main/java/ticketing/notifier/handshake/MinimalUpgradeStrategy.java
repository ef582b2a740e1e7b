package ticketing.notifier.handshake;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import java.net.InetSocketAddress;
import java.security.Principal;
import java.util.Collections;
import java.util.Enumeration;
import java.util.List;
import java.util.Map;
import org.springframework.http.server.ServerHttpRequest;
import org.springframework.http.server.ServerHttpResponse;
import org.springframework.http.server.ServletServerHttpRequest;
import org.springframework.web.socket.WebSocketExtension;
import org.springframework.web.socket.WebSocketHandler;
import org.springframework.web.socket.server.RequestUpgradeStrategy;
import org.springframework.web.socket.server.standard.StandardWebSocketUpgradeStrategy;

/// Tomcat upgrade that retains little memory for an open connection.
///
/// **No extension.** Every browser offers `permessage-deflate`. A container that accepts it retains
/// a window of 32 KiB in the heap, and zlib's memory outside it, for each connection. Tomcat
/// negotiates extensions itself and ignores Spring's `filterRequestedExtensions`, so this class
/// hides the offer.
///
/// **No headers and addresses.** Tomcat's session and Spring's session each retain a copy of them,
/// which this process never reads.
public final class MinimalUpgradeStrategy implements RequestUpgradeStrategy {

  private final RequestUpgradeStrategy upgrade = new StandardWebSocketUpgradeStrategy();

  @Override
  public String[] getSupportedVersions() {
    return upgrade.getSupportedVersions();
  }

  @Override
  public List<WebSocketExtension> getSupportedExtensions(ServerHttpRequest request) {
    return List.of();
  }

  @Override
  public void upgrade(
      ServerHttpRequest request,
      ServerHttpResponse response,
      String protocol,
      List<WebSocketExtension> extensions,
      Principal user,
      WebSocketHandler handler,
      Map<String, Object> attributes) {
    HttpServletRequest original = ((ServletServerHttpRequest) request).getServletRequest();
    upgrade.upgrade(
        new MinimalRequest(original), response, protocol, extensions, user, handler, attributes);
  }

  private static final class MinimalRequest extends ServletServerHttpRequest {
    MinimalRequest(HttpServletRequest request) {
      super(new HeaderHidingRequest(request));
    }

    @Override
    public InetSocketAddress getLocalAddress() {
      return null;
    }

    @Override
    public InetSocketAddress getRemoteAddress() {
      return null;
    }
  }

  /// Serves headers by name, except the offered extensions, and lists no header names.
  private static final class HeaderHidingRequest extends HttpServletRequestWrapper {
    private static final String EXTENSIONS_HEADER = "Sec-WebSocket-Extensions";

    HeaderHidingRequest(HttpServletRequest request) {
      super(request);
    }

    @Override
    public Enumeration<String> getHeaderNames() {
      return Collections.emptyEnumeration();
    }

    @Override
    public Enumeration<String> getHeaders(String name) {
      return EXTENSIONS_HEADER.equalsIgnoreCase(name)
          ? Collections.emptyEnumeration()
          : super.getHeaders(name);
    }
  }
}
