package ticketing.notifier.connection;

import java.util.Optional;
import org.springframework.web.socket.BinaryMessage;
import org.springframework.web.socket.CloseStatus;
import org.springframework.web.socket.PongMessage;
import org.springframework.web.socket.TextMessage;
import org.springframework.web.socket.WebSocketSession;
import org.springframework.web.socket.handler.AbstractWebSocketHandler;
import ticketing.notifier.handshake.AuthenticatedUser;

/// Adapter from Spring's WebSocket callbacks to [WebSocketConnection] and [FrameHandler].
public final class ConnectionHandler extends AbstractWebSocketHandler {

  /// Creates the handler of a new connection.
  public interface FrameHandlerFactory {

    /// @param pathVariable last segment of the request path ahead of the suffix of the route
    FrameHandler create(WebSocketConnection connection, String pathVariable)
        throws InterruptedException;
  }

  private static final String CONNECTION = "connection";
  private static final String FRAME_HANDLER = "frameHandler";

  private final ConnectionRegistry registry;
  private final String pathSuffix;
  private final FrameHandlerFactory frameHandlers;

  /// @param pathSuffix end of the request path behind the path variable; empty: none
  public ConnectionHandler(
      ConnectionRegistry registry, String pathSuffix, FrameHandlerFactory frameHandlers) {
    this.registry = registry;
    this.pathSuffix = pathSuffix;
    this.frameHandlers = frameHandlers;
  }

  @Override
  public void afterConnectionEstablished(WebSocketSession session) throws InterruptedException {
    AuthenticatedUser user =
        (AuthenticatedUser) session.getAttributes().get(AuthenticatedUser.ATTRIBUTE);
    WebSocketConnection connection =
        registry.newConnection(
            session,
            user,
            (String) session.getAttributes().get(WebSocketConnection.ADDRESS_ATTRIBUTE));
    // Stored first: registering may close the session, and its close callback reads the attribute.
    session.getAttributes().put(CONNECTION, connection);
    registry.register(connection);
    String path = session.getUri().getPath();
    path = path.substring(0, path.length() - pathSuffix.length());
    FrameHandler handler =
        frameHandlers.create(connection, path.substring(path.lastIndexOf('/') + 1));
    session.getAttributes().put(FRAME_HANDLER, handler);
    if (!session.isOpen()) {
      // The close callback may have run without a handler.
      handler.onClose();
    }
  }

  /// True, so that the container allocates no buffer for a whole frame.
  @Override
  public boolean supportsPartialMessages() {
    return true;
  }

  @Override
  protected void handleTextMessage(WebSocketSession session, TextMessage part)
      throws InterruptedException {
    Optional<String> frame =
        connection(session).appendPart(part.getPayload(), part.getPayloadLength(), part.isLast());
    if (frame.isPresent()
        && session.getAttributes().get(FRAME_HANDLER) instanceof FrameHandler handler) {
      handler.onFrame(frame.get());
    }
  }

  @Override
  protected void handleBinaryMessage(WebSocketSession session, BinaryMessage part) {
    WebSocketConnection connection = connection(session);
    connection
        .appendPart("", part.getPayloadLength(), part.isLast())
        .ifPresent(frame -> connection.send(ErrorFrame.badFrame("Frames must be text frames")));
  }

  @Override
  protected void handlePongMessage(WebSocketSession session, PongMessage message) {
    connection(session).recordPong();
  }

  @Override
  public void afterConnectionClosed(WebSocketSession session, CloseStatus status) {
    registry.remove(connection(session));
    if (session.getAttributes().get(FRAME_HANDLER) instanceof FrameHandler handler) {
      handler.onClose();
    }
  }

  private static WebSocketConnection connection(WebSocketSession session) {
    return (WebSocketConnection) session.getAttributes().get(CONNECTION);
  }
}
