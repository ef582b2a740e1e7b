package ticketing.notifier.connection;

import jakarta.websocket.Session;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.web.socket.CloseStatus;
import org.springframework.web.socket.PingMessage;
import org.springframework.web.socket.TextMessage;
import org.springframework.web.socket.WebSocketMessage;
import org.springframework.web.socket.WebSocketSession;
import org.springframework.web.socket.adapter.NativeWebSocketSession;
import ticketing.notifier.handshake.AuthenticatedUser;
import ticketing.notifier.settings.NotifierSettings;

/// One open socket and what waits to be sent through it. No method waits for the client: a virtual
/// thread that lives only while something waits does the sending, in order. What waits is bounded
/// in size, and each send in time; a client that reads too slowly is dropped with 1013.
public final class WebSocketConnection {

  private static final Logger log = LoggerFactory.getLogger(WebSocketConnection.class);
  private static final String TOMCAT_SEND_TIME =
      "org.apache.tomcat.websocket.BLOCKING_SEND_TIMEOUT";
  private static final String TOMCAT_CLOSE_TIME =
      "org.apache.tomcat.websocket.SESSION_CLOSE_TIMEOUT";

  /// Pings in a row without an answer that make a peer silent. One alone may be this process's own
  /// fault, if it was stopped for a while and asks only now.
  private static final int SILENT = 2;

  private final WebSocketSession session;
  private final AuthenticatedUser visitor;
  private final ConnectionRegistry peers;
  private final long maxUnsent;
  private final long maxFrame;

  /// What has come of a frame that is not complete, and its length in bytes. Parts come one after
  /// the other.
  private StringBuilder begun;

  private long begunSize;

  private final Queue<WebSocketMessage<?>> unsent = new ArrayDeque<>();
  private long unsentSize;
  private boolean sending;
  private CloseStatus last;

  private volatile long answeredAt = System.nanoTime();
  private final AtomicInteger unansweredPings = new AtomicInteger();
  private volatile long pingedAt = System.nanoTime();

  WebSocketConnection(
      WebSocketSession session,
      AuthenticatedUser visitor,
      ConnectionRegistry peers,
      NotifierSettings settings) {
    this.session = session;
    this.visitor = visitor;
    this.peers = peers;
    this.maxUnsent = settings.maxUnsent().toBytes();
    this.maxFrame = settings.maxFrame().toBytes();
    if (session instanceof NativeWebSocketSession adapter
        && adapter.getNativeSession() instanceof Session container) {
      Map<String, Object> tomcat = container.getUserProperties();
      tomcat.put(TOMCAT_SEND_TIME, settings.sendTime().toMillis());
      tomcat.put(TOMCAT_CLOSE_TIME, settings.sendTime().toMillis());
    }
  }

  public AuthenticatedUser visitor() {
    return visitor;
  }

  public void send(String frame) {
    enqueue(new TextMessage(frame), frame.length());
  }

  /// Puts a frame together. The socket of one that is too long is closed.
  ///
  /// @param size of the part, in bytes
  /// @return the whole frame with its last part; empty: there is none yet, or it is too long
  Optional<String> received(String part, int size, boolean last) {
    begunSize += size;
    if (begunSize > maxFrame) {
      // It stays too long, whatever comes.
      begun = null;
      close(CloseReason.FRAME_TOO_BIG.status());
      return Optional.empty();
    }
    if (begun == null) {
      begun = new StringBuilder(part.length());
    }
    begun.append(part);
    if (!last) {
      return Optional.empty();
    }
    String frame = begun.toString();
    begun = null;
    begunSize = 0;
    return Optional.of(frame);
  }

  void ping() {
    pingedAt = System.nanoTime();
    unansweredPings.incrementAndGet();
    enqueue(new PingMessage(ByteBuffer.allocate(0)), 1);
  }

  void answered() {
    answeredAt = System.nanoTime();
    unansweredPings.set(0);
  }

  long nanosSincePing() {
    return System.nanoTime() - pingedAt;
  }

  boolean isSilentFor(Duration time) {
    return unansweredPings.get() >= SILENT && System.nanoTime() - answeredAt > time.toNanos();
  }

  /// Closes the socket after what was sent before.
  public void close(CloseStatus status) {
    synchronized (this) {
      if (last != null) {
        return;
      }
      last = status;
    }
    startSending();
  }

  /// Closes the socket instead of sending what still waits.
  void drop(CloseStatus status, DropReason reason) {
    synchronized (this) {
      if (last != null) {
        return;
      }
      last = status;
      unsent.clear();
    }
    peers.dropped(reason);
    startSending();
  }

  private void enqueue(WebSocketMessage<?> message, int size) {
    boolean full;
    synchronized (this) {
      if (last != null) {
        return;
      }
      // Characters, not bytes: what it costs here, and our JSON is nearly all ASCII.
      full = unsentSize + size > maxUnsent;
      if (!full) {
        unsent.add(message);
        unsentSize += size;
      }
    }
    if (full) {
      drop(CloseReason.SLOW_READER.status(), DropReason.SLOW);
    } else {
      startSending();
    }
  }

  private void startSending() {
    synchronized (this) {
      if (sending) {
        return;
      }
      sending = true;
    }
    Thread.startVirtualThread(this::sendAll);
  }

  /// `sending` stays true for ever once the last frame, the close, is on its way.
  private void sendAll() {
    try {
      while (true) {
        WebSocketMessage<?> next;
        synchronized (this) {
          next = unsent.poll();
          if (next == null && last == null) {
            sending = false;
            return;
          }
        }
        if (next == null) {
          session.close(last);
          return;
        }
        session.sendMessage(next);
        sent(next);
      }
    } catch (IOException | RuntimeException e) {
      // Whatever it was, the container may have sent half a frame: this socket cannot go on.
      lost(e);
    }
  }

  private void sent(WebSocketMessage<?> message) {
    if (message instanceof TextMessage text) {
      peers.sent();
      synchronized (this) {
        unsentSize -= text.getPayload().length();
      }
    } else {
      synchronized (this) {
        unsentSize -= 1;
      }
    }
  }

  private void lost(Exception cause) {
    log.debug("Socket {} is lost", session.getId(), cause);
    boolean slow;
    synchronized (this) {
      slow = last == null && session.isOpen();
      last = CloseReason.SLOW_READER.status();
      unsent.clear();
    }
    if (slow) {
      peers.dropped(DropReason.SLOW);
    }
    try {
      session.close(CloseReason.SLOW_READER.status());
    } catch (IOException | IllegalStateException e) {
      log.debug("Socket {} is already closed", session.getId(), e);
    }
  }
}
