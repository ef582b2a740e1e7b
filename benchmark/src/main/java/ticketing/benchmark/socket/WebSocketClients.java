package ticketing.benchmark.socket;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetSocketAddress;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.SelectionKey;
import java.nio.channels.Selector;
import java.nio.channels.SocketChannel;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/// Tens of thousands of WebSocket clients on one thread. It supports only the frames that the
/// servers of this benchmark send, answers pings, and calls the listener on its thread.
final class WebSocketClients implements AutoCloseable {

  interface Listener {
    /// The server has accepted the handshake.
    void onOpen(int client);

    void onFrame(int client, String text);
  }

  /// One local address has about 28,000 ports for connections to the same server.
  private static final int MAX_CLIENTS_PER_ADDRESS = 20_000;

  private static final int TEXT_OPCODE = 1;
  private static final int CLOSE_OPCODE = 8;
  private static final int PING_OPCODE = 9;
  private static final int PONG_OPCODE = 10;

  private final InetSocketAddress server;
  private final byte[] handshake;
  private final Listener listener;
  private final Client[] clients;
  private final int maxHandshakes;
  private final Selector selector;
  private final Thread thread;
  private final CountDownLatch open;
  private final ByteBuffer in = ByteBuffer.allocateDirect(256 * 1024);
  private int connecting; // clients that have begun to connect
  private volatile int closedByServer;
  private volatile boolean closing;
  private volatile Throwable failure;

  /// One client, with the bytes of an incomplete frame.
  private static final class Client {
    final int number;
    final SocketChannel channel;
    byte[] unread;
    ByteArrayOutputStream text;
    boolean open;

    Client(int number, SocketChannel channel) {
      this.number = number;
      this.channel = channel;
    }
  }

  /// @param offersCompression true: offers compression, as browsers do; compressed frames are not
  ///   supported
  /// @param token access token; null: none is sent
  /// @param maxHandshakes maximum number of concurrent handshakes
  WebSocketClients(
      InetSocketAddress server,
      boolean offersCompression,
      String path,
      String token,
      int count,
      int maxHandshakes,
      Listener listener)
      throws IOException {
    this.server = server;
    this.listener = listener;
    this.clients = new Client[count];
    this.maxHandshakes = maxHandshakes;
    this.open = new CountDownLatch(count);
    this.selector = Selector.open();
    this.handshake =
        ("GET "
                + path
                + " HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
                + (offersCompression
                    ? "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n"
                    : "")
                + (token == null ? "" : "Authorization: Bearer " + token + "\r\n")
                + "\r\n")
            .getBytes(StandardCharsets.US_ASCII);
    this.thread = Thread.ofPlatform().name("websocket-clients").daemon().start(this::run);
  }

  /// Blocks until all connections are open.
  void awaitOpen(long seconds) throws InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
    while (!open.await(100, TimeUnit.MILLISECONDS)) {
      requireRunning();
      if (System.nanoTime() - deadline > 0) {
        throw new IllegalStateException(open.getCount() + " connections are not open");
      }
    }
    requireRunning();
  }

  /// @throws IllegalStateException if the thread has failed
  void requireRunning() {
    if (failure != null) {
      throw new IllegalStateException("the clients have failed", failure);
    }
  }

  /// Number of connections that the server has closed.
  int closedByServer() {
    return closedByServer;
  }

  /// Sends a text frame, from any thread.
  void send(int client, String text) {
    try {
      write(clients[client], TEXT_OPCODE, text.getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void write(Client client, int opcode, byte[] payload) throws IOException {
    // A mask of zeros leaves the payload unchanged.
    ByteBuffer frame = ByteBuffer.allocate(payload.length + 8);
    frame.put((byte) (0x80 | opcode));
    if (payload.length < 126) {
      frame.put((byte) (0x80 | payload.length));
    } else {
      frame.put((byte) (0x80 | 126)).putShort((short) payload.length);
    }
    frame.putInt(0).put(payload).flip();
    write(client, frame);
  }

  private static void write(Client client, ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      if (client.channel.write(bytes) == 0) {
        Thread.onSpinWait();
      }
    }
  }

  private void run() {
    try {
      while (!closing) {
        connectNext();
        selector.select(this::handle);
      }
      for (Client client : clients) {
        if (client != null) {
          client.channel.setOption(StandardSocketOptions.SO_LINGER, 0);
          client.channel.close();
        }
      }
      selector.close();
    } catch (IOException | RuntimeException e) {
      failure = e;
    }
  }

  private void connectNext() throws IOException {
    while (connecting < clients.length
        && connecting - (clients.length - open.getCount()) < maxHandshakes) {
      SocketChannel channel = SocketChannel.open();
      channel.configureBlocking(false);
      channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
      channel.bind(
          new InetSocketAddress("127.0.0." + (2 + connecting / MAX_CLIENTS_PER_ADDRESS), 0));
      clients[connecting] = new Client(connecting, channel);
      channel.connect(server);
      channel.register(selector, SelectionKey.OP_CONNECT, clients[connecting]);
      connecting++;
    }
  }

  private void handle(SelectionKey key) {
    Client client = (Client) key.attachment();
    try {
      if (key.isConnectable()) {
        client.channel.finishConnect();
        key.interestOps(SelectionKey.OP_READ);
        write(client, ByteBuffer.wrap(handshake));
      } else {
        read(client);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("client " + client.number, e);
    }
  }

  private void read(Client client) throws IOException {
    in.clear();
    if (client.unread != null) {
      in.put(client.unread);
      client.unread = null;
    }
    if (client.channel.read(in) < 0) {
      closeLost(client);
      return;
    }
    in.flip();
    if (!client.open) {
      readHandshake(client);
    }
    while (client.open && readFrame(client)) {
      // Each iteration reads one frame.
    }
    if (in.hasRemaining() && client.channel.isOpen()) {
      client.unread = new byte[in.remaining()];
      in.get(client.unread);
    }
  }

  private void closeLost(Client client) throws IOException {
    client.channel.close();
    client.open = false;
    closedByServer++;
  }

  private void readHandshake(Client client) {
    byte[] head = new byte[in.remaining()];
    in.duplicate().get(head);
    String text = new String(head, StandardCharsets.US_ASCII);
    int end = text.indexOf("\r\n\r\n");
    if (end < 0) {
      return;
    }
    if (!text.startsWith("HTTP/1.1 101")) {
      throw new IllegalStateException("client " + client.number + " received " + text);
    }
    in.position(end + 4);
    client.open = true;
    open.countDown();
    listener.onOpen(client.number);
  }

  /// @return false if the frame is incomplete
  private boolean readFrame(Client client) throws IOException {
    if (in.remaining() < 2) {
      return false;
    }
    int at = in.position();
    boolean last = (in.get(at) & 0x80) != 0;
    int opcode = in.get(at) & 0x0f;
    int length = in.get(at + 1) & 0x7f;
    int head = 2;
    if (length == 126) {
      if (in.remaining() < 4) {
        return false;
      }
      length = in.getShort(at + 2) & 0xffff;
      head = 4;
    }
    if (in.remaining() < head + length) {
      return false;
    }
    byte[] payload = new byte[length];
    in.position(at + head).get(payload);
    switch (opcode) {
      case CLOSE_OPCODE -> closeLost(client);
      case PING_OPCODE -> write(client, PONG_OPCODE, payload);
      case PONG_OPCODE -> {}
      default -> appendText(client, payload, last);
    }
    return true;
  }

  private void appendText(Client client, byte[] payload, boolean last) {
    if (last && client.text == null) {
      listener.onFrame(client.number, new String(payload, StandardCharsets.UTF_8));
      return;
    }
    if (client.text == null) {
      client.text = new ByteArrayOutputStream();
    }
    client.text.writeBytes(payload);
    if (last) {
      String text = client.text.toString(StandardCharsets.UTF_8);
      client.text = null;
      listener.onFrame(client.number, text);
    }
  }

  /// Resets all connections.
  @Override
  public void close() throws InterruptedException {
    closing = true;
    selector.wakeup();
    thread.join();
    Arrays.fill(clients, null);
  }
}
