package ticketing.systemtest.fleet;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;

/// A wire that can be cut and made slow: listens on the loopback and passes everything on.
final class TcpProxy implements AutoCloseable {

  private static final int BACKLOG = 1_024;
  private static final int CHUNK = 16_384;
  private static final int CONNECT_MILLIS = 5_000;

  private final int target;
  private final ServerSocket server;
  private final Set<Socket> open = ConcurrentHashMap.newKeySet();
  private volatile boolean cut;
  private volatile boolean silent;
  private volatile long delayMillis;

  /// @param target port on the loopback
  TcpProxy(int port, int target) throws IOException {
    this.target = target;
    this.server = new ServerSocket();
    server.setReuseAddress(true);
    server.bind(new InetSocketAddress(InetAddress.getByName("127.0.0.1"), port), BACKLOG);
    Thread.ofVirtual().name("proxy-" + port).start(this::accept);
  }

  /// Resets all connections, and every new one, until [#heal()].
  void cut() {
    cut = true;
    hangUp();
  }

  /// Lets through what clients send and loses what is answered, until [#heal()].
  void silence() {
    silent = true;
  }

  /// Holds back whatever passes by this long.
  void slow(Duration delay) {
    delayMillis = delay.toMillis();
  }

  void heal() {
    cut = false;
    delayMillis = 0;
    if (silent) {
      silent = false;
      // An answer of which the beginning is lost makes no sense.
      hangUp();
    }
  }

  @Override
  public void close() throws IOException {
    server.close();
    hangUp();
  }

  private void hangUp() {
    open.forEach(TcpProxy::reset);
  }

  private void accept() {
    while (!server.isClosed()) {
      try {
        Socket client = server.accept();
        Thread.ofVirtual().start(() -> connect(client));
      } catch (IOException e) {
        // Closed, or a client that left again: the loop's condition tells them apart.
        continue;
      }
    }
  }

  private void connect(Socket client) {
    Socket upstream = new Socket();
    open.add(client);
    open.add(upstream);
    try {
      client.setTcpNoDelay(true);
      upstream.setTcpNoDelay(true);
      if (cut) {
        throw new IOException("cut");
      }
      upstream.connect(new InetSocketAddress("127.0.0.1", target), CONNECT_MILLIS);
      Thread.ofVirtual().start(() -> pass(client, upstream, false));
      pass(upstream, client, true);
    } catch (IOException e) {
      end(client, upstream);
    }
  }

  private void pass(Socket from, Socket to, boolean answers) {
    byte[] chunk = new byte[CHUNK];
    try {
      InputStream input = from.getInputStream();
      OutputStream output = to.getOutputStream();
      for (int read = input.read(chunk); read >= 0; read = input.read(chunk)) {
        if (delayMillis > 0) {
          TimeUnit.MILLISECONDS.sleep(delayMillis);
        }
        if (!(answers && silent)) {
          output.write(chunk, 0, read);
        }
      }
    } catch (IOException e) {
      // One end has gone: so must the other.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    end(from, to);
  }

  private void end(Socket one, Socket other) {
    open.remove(one);
    open.remove(other);
    reset(one);
    reset(other);
  }

  private static void reset(Socket socket) {
    try {
      // Not a polite farewell: what is on the way is lost.
      socket.setSoLinger(true, 0);
      socket.close();
    } catch (IOException e) {
      // It is closed already.
    }
  }
}
