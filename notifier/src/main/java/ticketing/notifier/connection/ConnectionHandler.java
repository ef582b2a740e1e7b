package ticketing.notifier.connection;

import java.util.Optional;
import org.springframework.web.socket.BinaryMessage;
import org.springframework.web.socket.CloseStatus;
import org.springframework.web.socket.PongMessage;
import org.springframework.web.socket.TextMessage;
import org.springframework.web.socket.WebSocketSession;
import org.springframework.web.socket.handler.AbstractWebSocketHandler;
import ticketing.notifier.handshake.AuthenticatedUser;
import ticketing.notifier.handshake.HandshakeAuthenticator;

/// Leads the frames of a socket to its [FrameHandler], and notes when it opens, answers and closes.
public final class ConnectionHandler extends AbstractWebSocketHandler {

  public interface Opening {
    /// @param name last segment of the path
    FrameHandler open(WebSocketConnection peer, String name) throws InterruptedException;
  }

  private static final String PEER = "peer";
  private static final String CONVERSATION = "conversation";

  private final ConnectionRegistry peers;
  private final Opening opening;

  public ConnectionHandler(ConnectionRegistry peers, Opening opening) {
    this.peers = peers;
    this.opening = opening;
  }

  @Override
  public void afterConnectionEstablished(WebSocketSession session) throws InterruptedException {
    AuthenticatedUser visitor =
        (AuthenticatedUser) session.getAttributes().get(HandshakeAuthenticator.VISITOR);
    WebSocketConnection peer = peers.meet(session, visitor);
    // Before it counts as open: it may close again at once, and must be found then.
    session.getAttributes().put(PEER, peer);
    peers.opened(peer);
    String path = session.getUri().getPath();
    FrameHandler conversation = opening.open(peer, path.substring(path.lastIndexOf('/') + 1));
    session.getAttributes().put(CONVERSATION, conversation);
    if (!session.isOpen()) {
      // It closed before there was a conversation to tell.
      conversation.closed();
    }
  }

  /// So that the container keeps no room for a whole frame.
  @Override
  public boolean supportsPartialMessages() {
    return true;
  }

  @Override
  protected void handleTextMessage(WebSocketSession session, TextMessage part)
      throws InterruptedException {
    Optional<String> frame =
        peer(session).received(part.getPayload(), part.getPayloadLength(), part.isLast());
    if (frame.isPresent()
        && session.getAttributes().get(CONVERSATION) instanceof FrameHandler conversation) {
      conversation.received(frame.get());
    }
  }

  @Override
  protected void handleBinaryMessage(WebSocketSession session, BinaryMessage part) {
    WebSocketConnection peer = peer(session);
    peer.received("", part.getPayloadLength(), part.isLast())
        .ifPresent(frame -> peer.send(ErrorFrame.badFrame("Frames are text")));
  }

  @Override
  protected void handlePongMessage(WebSocketSession session, PongMessage message) {
    peer(session).answered();
  }

  @Override
  public void afterConnectionClosed(WebSocketSession session, CloseStatus status) {
    peers.closed(peer(session));
    if (session.getAttributes().get(CONVERSATION) instanceof FrameHandler conversation) {
      conversation.closed();
    }
  }

  private static WebSocketConnection peer(WebSocketSession session) {
    return (WebSocketConnection) session.getAttributes().get(PEER);
  }
}
