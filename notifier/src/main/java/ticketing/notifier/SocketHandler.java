package ticketing.notifier;

import java.util.Optional;
import org.springframework.web.socket.BinaryMessage;
import org.springframework.web.socket.CloseStatus;
import org.springframework.web.socket.PongMessage;
import org.springframework.web.socket.TextMessage;
import org.springframework.web.socket.WebSocketSession;
import org.springframework.web.socket.handler.AbstractWebSocketHandler;

/// Leads the frames of a socket to its [Conversation], and notes when it opens, answers and closes.
final class SocketHandler extends AbstractWebSocketHandler {

  interface Opening {
    /// @param name last segment of the path
    Conversation open(Peer peer, String name) throws InterruptedException;
  }

  private static final String PEER = "peer";
  private static final String CONVERSATION = "conversation";

  private final Peers peers;
  private final Opening opening;

  SocketHandler(Peers peers, Opening opening) {
    this.peers = peers;
    this.opening = opening;
  }

  @Override
  public void afterConnectionEstablished(WebSocketSession session) throws InterruptedException {
    Visitor visitor = (Visitor) session.getAttributes().get(Entrance.VISITOR);
    Peer peer = peers.meet(session, visitor);
    // Before it counts as open: it may close again at once, and must be found then.
    session.getAttributes().put(PEER, peer);
    peers.opened(peer);
    String path = session.getUri().getPath();
    Conversation conversation = opening.open(peer, path.substring(path.lastIndexOf('/') + 1));
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
        && session.getAttributes().get(CONVERSATION) instanceof Conversation conversation) {
      conversation.received(frame.get());
    }
  }

  @Override
  protected void handleBinaryMessage(WebSocketSession session, BinaryMessage part) {
    Peer peer = peer(session);
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
    if (session.getAttributes().get(CONVERSATION) instanceof Conversation conversation) {
      conversation.closed();
    }
  }

  private static Peer peer(WebSocketSession session) {
    return (Peer) session.getAttributes().get(PEER);
  }
}
