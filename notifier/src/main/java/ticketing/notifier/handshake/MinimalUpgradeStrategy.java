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

/// Upgrades in Tomcat so that little of the handshake is kept for as long as the socket is open.
///
/// **No extension**, whatever the client offers. Every browser offers `permessage-deflate`, and a
/// container that takes it keeps a window of 32 KiB in the heap and some more of zlib's outside it
/// for each socket, to make a frame of 300 bytes shorter. The offer has to be hidden: Tomcat
/// negotiates by itself and takes what it has, so to choose nothing in Spring's
/// `filterRequestedExtensions` changes nothing.
///
/// **No headers and addresses**: Tomcat's session and Spring's would each keep copies, which nobody
/// reads again.
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
    HttpServletRequest whole = ((ServletServerHttpRequest) request).getServletRequest();
    upgrade.upgrade(new Spare(whole), response, protocol, extensions, user, handler, attributes);
  }

  private static final class Spare extends ServletServerHttpRequest {
    Spare(HttpServletRequest request) {
      super(new Nameless(request));
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

  /// Has the headers that a container asks for by name, and nothing to copy.
  private static final class Nameless extends HttpServletRequestWrapper {
    private static final String OFFER = "Sec-WebSocket-Extensions";

    Nameless(HttpServletRequest request) {
      super(request);
    }

    @Override
    public Enumeration<String> getHeaderNames() {
      return Collections.emptyEnumeration();
    }

    @Override
    public Enumeration<String> getHeaders(String name) {
      return OFFER.equalsIgnoreCase(name) ? Collections.emptyEnumeration() : super.getHeaders(name);
    }
  }
}
