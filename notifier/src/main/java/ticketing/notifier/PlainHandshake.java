package ticketing.notifier;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletRequestWrapper;
import java.util.Collections;
import java.util.Enumeration;
import java.util.Map;
import org.springframework.http.server.ServerHttpRequest;
import org.springframework.http.server.ServerHttpResponse;
import org.springframework.http.server.ServletServerHttpRequest;
import org.springframework.web.socket.WebSocketHandler;
import org.springframework.web.socket.server.HandshakeHandler;
import org.springframework.web.socket.server.support.DefaultHandshakeHandler;

/// Agrees on no extension, whatever the client offers. Every browser offers `permessage-deflate`,
/// and a container that takes it keeps a window of 32 KiB in the heap and some 300 KiB of zlib's
/// outside it for each socket: a few gigabytes for ten thousand, to make a frame of 300 bytes
/// shorter.
///
/// The offer has to be hidden: Tomcat negotiates by itself and takes what it has, so to choose
/// nothing in Spring's `filterRequestedExtensions` changes nothing.
final class PlainHandshake implements HandshakeHandler {

  private static final String OFFER = "Sec-WebSocket-Extensions";

  private final DefaultHandshakeHandler handshake = new DefaultHandshakeHandler();

  PlainHandshake() {
    handshake.setSupportedProtocols(Access.PROTOCOL);
  }

  @Override
  public boolean doHandshake(
      ServerHttpRequest request,
      ServerHttpResponse response,
      WebSocketHandler handler,
      Map<String, Object> attributes) {
    HttpServletRequest offering = ((ServletServerHttpRequest) request).getServletRequest();
    return handshake.doHandshake(
        new ServletServerHttpRequest(new WithoutOffer(offering)), response, handler, attributes);
  }

  private static final class WithoutOffer extends HttpServletRequestWrapper {
    WithoutOffer(HttpServletRequest request) {
      super(request);
    }

    @Override
    public String getHeader(String name) {
      return OFFER.equalsIgnoreCase(name) ? null : super.getHeader(name);
    }

    @Override
    public Enumeration<String> getHeaders(String name) {
      return OFFER.equalsIgnoreCase(name)
          ? Collections.emptyEnumeration()
          : super.getHeaders(name);
    }
  }
}
