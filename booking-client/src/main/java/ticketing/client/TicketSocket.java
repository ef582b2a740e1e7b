package ticketing.client;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.Collection;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import javax.net.ssl.SSLSocketFactory;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/// One WebSocket connection to a notifier (RFC 6455). It ends at the first error, or after 60 s
/// without a frame or ping; [TicketFollower] connects again.
///
/// `java.net.http` is not used, because its WebSocket does not report every loss of a connection.
public final class TicketSocket implements AutoCloseable {

  /// Live subscriptions that the server permits on a connection.
  public static final int MAX_SUBSCRIPTIONS = 100;

  /// Limit of connecting and of the handshake.
  public static final Duration TIMEOUT = Duration.ofSeconds(15);

  /// The server pings every 25 s.
  private static final Duration MAX_SILENCE = Duration.ofSeconds(60);

  private static final int MAX_MESSAGE_SIZE = 1 << 20; // bytes
  private static final int SWITCHING_PROTOCOLS = 101;
  private static final int NORMAL_CLOSURE = 1_000;

  private static final int FINAL_FRAME = 0x80;
  private static final int MASKED = 0x80;
  private static final int CONTINUATION = 0;
  private static final int TEXT = 1;
  private static final int CLOSE = 8;
  private static final int PING = 9;
  private static final int PONG = 10;
  private static final int LENGTH_OF_16_BITS = 126;
  private static final int LENGTH_OF_64_BITS = 127;

  /// Receives frames, one at a time.
  public interface Listener {
    /// A frame with the ticket's complete state. The same state may arrive repeatedly.
    void onTicket(Ticket ticket);

    /// An error frame, such as `TICKET_NOT_FOUND`. The connection stays open.
    default void onError(String code, String detail) {}

    /// The connection ended or could not be opened. Not called after [TicketSocket#close].
    ///
    /// @param cause close status or error, for logs
    default void onConnectionLost(String cause) {}
  }

  /// The server refused the handshake.
  public static final class HandshakeException extends IOException {
    private final int status;

    HandshakeException(int status) {
      super("handshake refused with status " + status);
      this.status = status;
    }

    /// @return HTTP status, such as 401
    public int status() {
      return status;
    }
  }

  private final HttpSocket socket;
  private final Listener listener;
  private final CountDownLatch ended = new CountDownLatch(1);
  private volatile boolean open = true;
  private volatile boolean closed;

  private TicketSocket(HttpSocket socket, Listener listener) {
    this.socket = socket;
    this.listener = listener;
    Thread.ofVirtual().name("ticket-socket").start(this::receive);
  }

  /// Opens a connection for [#subscribe].
  ///
  /// @param notifier URL with the scheme `ws`, `wss`, `http` or `https`, without a path
  /// @throws IOException if the connection cannot be opened within 15 s
  public static TicketSocket open(URI notifier, String token, Listener listener)
      throws IOException {
    return open(notifier, "/ws/tickets", token, listener);
  }

  /// Opens a connection that sends one ticket's states and is closed by the server after the final
  /// one.
  ///
  /// @param notifier URL with the scheme `ws`, `wss`, `http` or `https`, without a path
  /// @throws IOException if the connection cannot be opened within 15 s
  public static TicketSocket openForTicket(
      URI notifier, UUID ticketId, String token, Listener listener) throws IOException {
    return open(notifier, "/ws/tickets/" + ticketId, token, listener);
  }

  private static TicketSocket open(URI notifier, String path, String token, Listener listener)
      throws IOException {
    HttpSocket socket =
        HttpSocket.open(notifier, TIMEOUT, (SSLSocketFactory) SSLSocketFactory.getDefault());
    try {
      socket.write(handshake(notifier, path, token));
      int status = socket.readHead().status();
      if (status != SWITCHING_PROTOCOLS) {
        throw new HandshakeException(status);
      }
      socket.setReadTimeout(MAX_SILENCE);
      return new TicketSocket(socket, listener);
    } catch (IOException e) {
      socket.close();
      throw e;
    }
  }

  private static byte[] handshake(URI notifier, String path, String token) {
    byte[] key = new byte[16];
    ThreadLocalRandom.current().nextBytes(key);
    return ("GET %s HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\n"
            + "Upgrade: websocket\r\nConnection: Upgrade\r\n"
            + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %s\r\n\r\n")
        .formatted(path, notifier.getAuthority(), token, Base64.getEncoder().encodeToString(key))
        .getBytes(StandardCharsets.ISO_8859_1);
  }

  /// Subscribes to tickets. The server sends each ticket's state at first and then every change.
  ///
  /// @param ticketIds at most 100
  /// @throws IOException if the frame cannot be sent
  public void subscribe(Collection<UUID> ticketIds) throws IOException {
    if (ticketIds.size() > MAX_SUBSCRIPTIONS) {
      throw new IllegalArgumentException("at most " + MAX_SUBSCRIPTIONS + " subscriptions");
    }
    String ids = ticketIds.stream().map(id -> "\"" + id + "\"").collect(Collectors.joining(","));
    String frame = "{\"action\":\"subscribe\",\"ticketIds\":[" + ids + "]}";
    send(TEXT, frame.getBytes(StandardCharsets.UTF_8));
  }

  public boolean isOpen() {
    return open;
  }

  /// Blocks until the connection ended and the listener has returned.
  ///
  /// @return false if the time is over first
  public boolean awaitEnd(Duration timeout) throws InterruptedException {
    return ended.await(timeout.toMillis(), TimeUnit.MILLISECONDS);
  }

  /// Ends the connection with status 1000.
  @Override
  public void close() {
    if (!closed) {
      closed = true;
      try {
        send(CLOSE, ByteBuffer.allocate(2).putShort((short) NORMAL_CLOSURE).array());
      } catch (IOException e) {
        System.getLogger(TicketSocket.class.getName())
            .log(System.Logger.Level.DEBUG, "cannot send close frame", e);
      }
      socket.close();
    }
  }

  private synchronized void send(int opcode, byte[] payload) throws IOException {
    byte[] mask = new byte[4];
    ThreadLocalRandom.current().nextBytes(mask);
    ByteBuffer frame = ByteBuffer.allocate(payload.length + 8);
    frame.put((byte) (FINAL_FRAME | opcode));
    if (payload.length < LENGTH_OF_16_BITS) {
      frame.put((byte) (MASKED | payload.length));
    } else {
      // At most 100 ticket ids, so never a length of 64 bits.
      frame.put((byte) (MASKED | LENGTH_OF_16_BITS)).putShort((short) payload.length);
    }
    frame.put(mask);
    for (int index = 0; index < payload.length; index++) {
      frame.put((byte) (payload[index] ^ mask[index % 4]));
    }
    byte[] bytes = new byte[frame.flip().remaining()];
    frame.get(bytes);
    socket.write(bytes);
  }

  private void receive() {
    String cause;
    try {
      cause = receiveUntilClosed();
    } catch (IOException | JacksonException e) {
      cause = HttpSocket.failureText(e);
    }
    socket.close();
    open = false;
    try {
      if (!closed) {
        listener.onConnectionLost(cause);
      }
    } finally {
      ended.countDown();
    }
  }

  /// @return reason of the server's close frame
  private String receiveUntilClosed() throws IOException {
    ByteArrayOutputStream message = new ByteArrayOutputStream();
    while (true) {
      int head = socket.readByte();
      byte[] payload = readPayload();
      switch (head & 0x0f) {
        case TEXT, CONTINUATION -> {
          message.writeBytes(payload);
          requireAllowedSize(message.size());
          if ((head & FINAL_FRAME) != 0) {
            deliver(message.toString(StandardCharsets.UTF_8));
            message.reset();
          }
        }
        case PING -> send(PONG, payload);
        case PONG -> {
          // No pings are sent.
        }
        case CLOSE -> {
          send(CLOSE, payload);
          return "closed with status "
              + (payload.length < 2 ? "none" : ByteBuffer.wrap(payload).getShort() & 0xffff);
        }
        default -> throw new IOException("unexpected frame " + head);
      }
    }
  }

  private byte[] readPayload() throws IOException {
    int length = socket.readByte();
    long size =
        switch (length) {
          case LENGTH_OF_16_BITS -> ByteBuffer.wrap(socket.readBytes(2)).getShort() & 0xffff;
          case LENGTH_OF_64_BITS -> ByteBuffer.wrap(socket.readBytes(8)).getLong();
          default -> length;
        };
    requireAllowedSize(size);
    return socket.readBytes((int) size);
  }

  private static void requireAllowedSize(long size) throws IOException {
    if (size < 0 || size > MAX_MESSAGE_SIZE) {
      throw new IOException("message has " + size + " bytes, limit " + MAX_MESSAGE_SIZE);
    }
  }

  private void deliver(String message) {
    JsonNode json = Payloads.readTree(message);
    JsonNode error = json.path("error");
    if (error.isMissingNode()) {
      listener.onTicket(Payloads.read(json, Ticket.class));
    } else {
      listener.onError(error.path("code").asString(""), error.path("detail").asString(""));
    }
  }
}
