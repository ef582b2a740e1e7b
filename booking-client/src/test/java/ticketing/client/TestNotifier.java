package ticketing.client;

import java.io.BufferedInputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/// WebSocket server of the tests. A [Behaviour] decides what each connection does.
final class TestNotifier implements AutoCloseable {

  private static final String ACCEPT_SUFFIX = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";

  interface Behaviour {
    /// @param number of the connection, from 1
    /// @return false to answer the handshake with 401
    default boolean admits(int number, String token) {
      return true;
    }

    default void opened(int number, Peer peer) throws IOException {}

    default void received(int number, Peer peer, String frame) throws IOException {}
  }

  /// Server side of one connection.
  record Peer(Socket socket) {

    void send(String text) throws IOException {
      byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
      OutputStream output = socket.getOutputStream();
      synchronized (socket) {
        output.write(0x81);
        if (bytes.length < 126) {
          output.write(bytes.length);
        } else {
          output.write(new byte[] {126, (byte) (bytes.length >> 8), (byte) bytes.length});
        }
        output.write(bytes);
        output.flush();
      }
    }

    /// Sends a close frame with status 1000.
    void close() throws IOException {
      socket.getOutputStream().write(new byte[] {(byte) 0x88, 2, 3, (byte) 0xe8});
    }

    /// Ends the connection with a reset, as a failed proxy does.
    void drop() throws IOException {
      socket.setSoLinger(true, 0);
      socket.close();
    }
  }

  final AtomicInteger connections = new AtomicInteger();
  final List<String> paths = new CopyOnWriteArrayList<>();
  private final List<Socket> sockets = new CopyOnWriteArrayList<>();
  private final ServerSocket server;
  private final Behaviour behaviour;

  TestNotifier(Behaviour behaviour) throws IOException {
    this.behaviour = behaviour;
    this.server = new ServerSocket(0, 50, InetAddress.getByName("127.0.0.1"));
    Thread.ofVirtual().start(this::accept);
  }

  URI url() {
    return URI.create("http://127.0.0.1:" + server.getLocalPort());
  }

  private void accept() {
    try {
      while (true) {
        Socket socket = server.accept();
        sockets.add(socket);
        Thread.ofVirtual().start(() -> serve(socket));
      }
    } catch (IOException e) {
      if (!server.isClosed()) {
        throw new UncheckedIOException(e);
      }
    }
  }

  private void serve(Socket socket) {
    try (socket) {
      InputStream input = new BufferedInputStream(socket.getInputStream());
      ScriptedServer.Request request = ScriptedServer.read(input);
      int number = connections.incrementAndGet();
      paths.add(request.path());
      String token = request.headers().get("authorization").substring("Bearer ".length());
      if (!behaviour.admits(number, token)) {
        write(socket, "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n");
        return;
      }
      write(
          socket,
          "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
              + "Sec-WebSocket-Accept: "
              + accept(request.headers().get("sec-websocket-key"))
              + "\r\n\r\n");
      Peer peer = new Peer(socket);
      behaviour.opened(number, peer);
      DataInputStream frames = new DataInputStream(input);
      while (true) {
        int opcode = frames.readUnsignedByte() & 0x0f;
        int length = frames.readUnsignedByte() & 0x7f;
        if (length == 126) {
          length = frames.readUnsignedShort();
        }
        byte[] mask = frames.readNBytes(4);
        byte[] text = frames.readNBytes(length);
        for (int index = 0; index < text.length; index++) {
          text[index] ^= mask[index % 4];
        }
        if (opcode == 1) {
          behaviour.received(number, peer, new String(text, StandardCharsets.UTF_8));
        }
      }
    } catch (IOException e) {
      // The connection ended.
      sockets.remove(socket);
    }
  }

  private static void write(Socket socket, String text) throws IOException {
    socket.getOutputStream().write(text.getBytes(StandardCharsets.US_ASCII));
  }

  private static String accept(String key) {
    try {
      byte[] hash =
          MessageDigest.getInstance("SHA-1")
              .digest((key + ACCEPT_SUFFIX).getBytes(StandardCharsets.US_ASCII));
      return Base64.getEncoder().encodeToString(hash);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  @Override
  public void close() throws IOException {
    server.close();
    for (Socket socket : sockets) {
      socket.close();
    }
  }
}
