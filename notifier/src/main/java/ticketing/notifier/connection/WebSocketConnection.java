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

/// Open WebSocket connection with its send queue. No method blocks on the client: a virtual thread
/// sends the queued frames in FIFO order, and ends when the queue is empty. The queue is bounded in
/// size and each send in time; a client that reads too slowly is dropped with 1013.
public final class WebSocketConnection {

  private static final Logger log = LoggerFactory.getLogger(WebSocketConnection.class);
  private static final String TOMCAT_SEND_TIMEOUT =
      "org.apache.tomcat.websocket.BLOCKING_SEND_TIMEOUT";
  private static final String TOMCAT_CLOSE_TIMEOUT =
      "org.apache.tomcat.websocket.SESSION_CLOSE_TIMEOUT";

  /// Unanswered pings in a row after which a client counts as silent. A single one may be caused by
  /// a pause of this process.
  private static final int MIN_MISSED_PINGS = 2;

  private static final int PING_SIZE = 1;

  /// Session attribute that contains the client address.
  static final String ADDRESS_ATTRIBUTE = "address";

  private final WebSocketSession session;
  private final AuthenticatedUser user;
  private final String address;
  private final ConnectionRegistry registry;
  private final long maxSendQueueSize;
  private final long maxFrameSize;
  private final FrameRate frameRate;

  /// Received parts of an incomplete frame. Parts arrive in order, without overlap.
  private StringBuilder partialFrame;

  private long partialFrameSize; // bytes

  private final Queue<WebSocketMessage<?>> sendQueue = new ArrayDeque<>();
  private long sendQueueSize;
  private boolean sending;
  private CloseStatus closeStatus;

  private volatile long pongAt = System.nanoTime();
  private final AtomicInteger missedPings = new AtomicInteger();
  private volatile long pingAt = System.nanoTime();

  WebSocketConnection(
      WebSocketSession session,
      AuthenticatedUser user,
      String address,
      ConnectionRegistry registry,
      ConnectionSettings settings) {
    this.session = session;
    this.user = user;
    this.address = address;
    this.frameRate =
        new FrameRate(settings.framesPerSecond(), settings.frameBurst(), System::nanoTime);
    this.registry = registry;
    this.maxSendQueueSize = settings.maxSendQueueSize().toBytes();
    this.maxFrameSize = settings.maxFrameSize().toBytes();
    if (session instanceof NativeWebSocketSession adapter
        && adapter.getNativeSession() instanceof Session container) {
      Map<String, Object> properties = container.getUserProperties();
      properties.put(TOMCAT_SEND_TIMEOUT, settings.sendTimeout().toMillis());
      properties.put(TOMCAT_CLOSE_TIMEOUT, settings.sendTimeout().toMillis());
    }
  }

  public AuthenticatedUser user() {
    return user;
  }

  /// See [ticketing.address.ClientAddress].
  String address() {
    return address;
  }

  /// Queues a text frame. Drops the connection if the queue is full.
  public void send(String frame) {
    enqueue(new TextMessage(frame), frame.length());
  }

  /// Appends a part of a client frame. A frame over the limit closes the connection with 1009, a
  /// frame over the rate sends an error frame and closes the connection with 1008.
  ///
  /// @param size of the part, in bytes
  /// @return the whole frame with its last part; otherwise empty
  Optional<String> appendPart(String part, int size, boolean last) {
    // An empty part counts as a frame: any number of them fits into the maximum size.
    if ((last || size == 0) && !frameRate.acquire()) {
      send(ErrorFrame.tooManyFrames());
      close(CloseReason.TOO_MANY_FRAMES);
      return Optional.empty();
    }
    partialFrameSize += size;
    if (partialFrameSize > maxFrameSize) {
      // The size is kept, so all further parts of the frame are discarded.
      partialFrame = null;
      close(CloseReason.FRAME_TOO_BIG);
      return Optional.empty();
    }
    if (partialFrame == null) {
      partialFrame = new StringBuilder(part.length());
    }
    partialFrame.append(part);
    if (!last) {
      return Optional.empty();
    }
    String frame = partialFrame.toString();
    partialFrame = null;
    partialFrameSize = 0;
    return Optional.of(frame);
  }

  void ping() {
    pingAt = System.nanoTime();
    missedPings.incrementAndGet();
    enqueue(new PingMessage(ByteBuffer.allocate(0)), PING_SIZE);
  }

  void recordPong() {
    pongAt = System.nanoTime();
    missedPings.set(0);
  }

  long nanosSincePing() {
    return System.nanoTime() - pingAt;
  }

  boolean hasMissedPings(Duration timeout) {
    return missedPings.get() >= MIN_MISSED_PINGS && System.nanoTime() - pongAt > timeout.toNanos();
  }

  /// Closes the connection after the queued frames are sent.
  public void close(CloseReason reason) {
    synchronized (this) {
      if (closeStatus != null) {
        return;
      }
      closeStatus = reason.status();
    }
    startSending();
  }

  /// Closes the connection and discards the queued frames.
  void drop(CloseReason closeReason, DropReason dropReason) {
    synchronized (this) {
      if (closeStatus != null) {
        return;
      }
      closeStatus = closeReason.status();
      sendQueue.clear();
    }
    registry.countDropped(dropReason);
    startSending();
  }

  private void enqueue(WebSocketMessage<?> message, int size) {
    boolean full;
    synchronized (this) {
      if (closeStatus != null) {
        return;
      }
      // Characters approximate bytes: Latin-1 strings use one byte each, and the JSON is ASCII.
      full = sendQueueSize + size > maxSendQueueSize;
      if (!full) {
        sendQueue.add(message);
        sendQueueSize += size;
      }
    }
    if (full) {
      drop(CloseReason.SLOW_READER, DropReason.SLOW);
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
    Thread.startVirtualThread(this::drainSendQueue);
  }

  /// `sending` stays true after the close frame, so that no further thread starts.
  private void drainSendQueue() {
    try {
      while (true) {
        WebSocketMessage<?> next;
        synchronized (this) {
          next = sendQueue.poll();
          if (next == null && closeStatus == null) {
            sending = false;
            return;
          }
        }
        if (next == null) {
          session.close(closeStatus);
          return;
        }
        session.sendMessage(next);
        recordSent(next);
      }
    } catch (IOException | RuntimeException e) {
      // The container may have sent half of a frame, so the connection is unusable.
      closeAfterFailure(e);
    }
  }

  private void recordSent(WebSocketMessage<?> message) {
    int size = PING_SIZE;
    if (message instanceof TextMessage text) {
      registry.countSentFrame();
      size = text.getPayload().length();
    }
    synchronized (this) {
      sendQueueSize -= size;
    }
  }

  private void closeAfterFailure(Exception cause) {
    log.debug("cannot send frame, session={}", session.getId(), cause);
    boolean slow;
    synchronized (this) {
      slow = closeStatus == null && session.isOpen();
      closeStatus = CloseReason.SLOW_READER.status();
      sendQueue.clear();
    }
    if (slow) {
      registry.countDropped(DropReason.SLOW);
    }
    try {
      session.close(CloseReason.SLOW_READER.status());
    } catch (IOException | IllegalStateException e) {
      log.debug("session is already closed, session={}", session.getId(), e);
    }
  }
}
