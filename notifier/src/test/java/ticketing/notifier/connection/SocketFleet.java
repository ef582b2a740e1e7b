package ticketing.notifier.connection;

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

/// Tens of thousands of WebSockets on one thread, with next to no memory for each. It understands
/// what a server of ours sends and no more; answers pings; and tells of everything at once, on its
/// thread.
final class SocketFleet implements AutoCloseable {

  interface Listener {
    /// The server has switched protocols.
    void opened(int socket);

    void frame(int socket, String text);
  }

  /// One address has some 28,000 ports for connections to the same server.
  private static final int OF_ONE_ADDRESS = 20_000;

  private static final int TEXT = 1;
  private static final int CLOSE = 8;
  private static final int PING = 9;
  private static final int PONG = 10;

  private final InetSocketAddress server;
  private final byte[] handshake;
  private final Listener listener;
  private final Line[] lines;
  private final int atOnce;
  private final Selector selector;
  private final Thread thread;
  private final CountDownLatch open;
  private final ByteBuffer in = ByteBuffer.allocateDirect(256 * 1024);
  private int begun;
  private volatile int lost;
  private volatile boolean leaving;
  private volatile Throwable failure;

  /// One connection, and what has come of a frame that is not complete yet.
  private static final class Line {
    final int number;
    final SocketChannel channel;
    byte[] rest;
    ByteArrayOutputStream text;
    boolean open;

    Line(int number, SocketChannel channel) {
      this.number = number;
      this.channel = channel;
    }
  }

  /// @param token null: none is shown
  /// @param offering compression, as every browser does; what comes is not unpacked
  /// @param atOnce most handshakes at a time
  SocketFleet(
      InetSocketAddress server,
      boolean offering,
      String path,
      String token,
      int sockets,
      int atOnce,
      Listener listener)
      throws IOException {
    this.server = server;
    this.listener = listener;
    this.lines = new Line[sockets];
    this.atOnce = atOnce;
    this.open = new CountDownLatch(sockets);
    this.selector = Selector.open();
    this.handshake =
        ("GET "
                + path
                + " HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                + "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
                + (offering
                    ? "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n"
                    : "")
                + (token == null ? "" : "Authorization: Bearer " + token + "\r\n")
                + "\r\n")
            .getBytes(StandardCharsets.US_ASCII);
    this.thread = Thread.ofPlatform().name("fleet").daemon().start(this::run);
  }

  /// Returns when all sockets are open.
  void awaitOpen(long seconds) throws InterruptedException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(seconds);
    while (!open.await(100, TimeUnit.MILLISECONDS)) {
      check();
      if (System.nanoTime() - end > 0) {
        throw new IllegalStateException(open.getCount() + " sockets did not open");
      }
    }
    check();
  }

  /// @throws IllegalStateException if the fleet could not go on
  void check() {
    if (failure != null) {
      throw new IllegalStateException("the fleet has failed", failure);
    }
  }

  /// Sockets that the server has closed.
  int lost() {
    return lost;
  }

  /// Sends a text frame, from any thread.
  void send(int socket, String text) {
    try {
      write(lines[socket], TEXT, text.getBytes(StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void write(Line line, int opcode, byte[] payload) throws IOException {
    // Masked with zeros, which changes nothing.
    ByteBuffer frame = ByteBuffer.allocate(payload.length + 8);
    frame.put((byte) (0x80 | opcode));
    if (payload.length < 126) {
      frame.put((byte) (0x80 | payload.length));
    } else {
      frame.put((byte) (0x80 | 126)).putShort((short) payload.length);
    }
    frame.putInt(0).put(payload).flip();
    write(line, frame);
  }

  private static void write(Line line, ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      if (line.channel.write(bytes) == 0) {
        Thread.onSpinWait();
      }
    }
  }

  private void run() {
    try {
      while (!leaving) {
        begin();
        selector.select(this::ready);
      }
      for (Line line : lines) {
        if (line != null) {
          line.channel.setOption(StandardSocketOptions.SO_LINGER, 0);
          line.channel.close();
        }
      }
      selector.close();
    } catch (IOException | RuntimeException e) {
      failure = e;
    }
  }

  private void begin() throws IOException {
    while (begun < lines.length && begun - (lines.length - open.getCount()) < atOnce) {
      SocketChannel channel = SocketChannel.open();
      channel.configureBlocking(false);
      channel.setOption(StandardSocketOptions.TCP_NODELAY, true);
      channel.bind(new InetSocketAddress("127.0.0." + (2 + begun / OF_ONE_ADDRESS), 0));
      lines[begun] = new Line(begun, channel);
      channel.connect(server);
      channel.register(selector, SelectionKey.OP_CONNECT, lines[begun]);
      begun++;
    }
  }

  private void ready(SelectionKey key) {
    Line line = (Line) key.attachment();
    try {
      if (key.isConnectable()) {
        line.channel.finishConnect();
        key.interestOps(SelectionKey.OP_READ);
        write(line, ByteBuffer.wrap(handshake));
      } else {
        read(line);
      }
    } catch (IOException e) {
      throw new UncheckedIOException("socket " + line.number, e);
    }
  }

  private void read(Line line) throws IOException {
    in.clear();
    if (line.rest != null) {
      in.put(line.rest);
      line.rest = null;
    }
    if (line.channel.read(in) < 0) {
      lose(line);
      return;
    }
    in.flip();
    if (!line.open) {
      answered(line);
    }
    while (line.open && frame(line)) {
      // Each turn takes one frame.
    }
    if (in.hasRemaining() && line.channel.isOpen()) {
      line.rest = new byte[in.remaining()];
      in.get(line.rest);
    }
  }

  private void lose(Line line) throws IOException {
    line.channel.close();
    line.open = false;
    lost++;
  }

  private void answered(Line line) {
    byte[] head = new byte[in.remaining()];
    in.duplicate().get(head);
    String text = new String(head, StandardCharsets.US_ASCII);
    int end = text.indexOf("\r\n\r\n");
    if (end < 0) {
      return;
    }
    if (!text.startsWith("HTTP/1.1 101")) {
      throw new IllegalStateException("socket " + line.number + " was answered " + text);
    }
    in.position(end + 4);
    line.open = true;
    open.countDown();
    listener.opened(line.number);
  }

  /// @return whether there was a complete one
  private boolean frame(Line line) throws IOException {
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
      case CLOSE -> lose(line);
      case PING -> write(line, PONG, payload);
      case PONG -> {}
      default -> text(line, payload, last);
    }
    return true;
  }

  private void text(Line line, byte[] payload, boolean last) {
    if (last && line.text == null) {
      listener.frame(line.number, new String(payload, StandardCharsets.UTF_8));
      return;
    }
    if (line.text == null) {
      line.text = new ByteArrayOutputStream();
    }
    line.text.writeBytes(payload);
    if (last) {
      String text = line.text.toString(StandardCharsets.UTF_8);
      line.text = null;
      listener.frame(line.number, text);
    }
  }

  /// Ends all connections at once.
  @Override
  public void close() throws InterruptedException {
    leaving = true;
    selector.wakeup();
    thread.join();
    Arrays.fill(lines, null);
  }
}
