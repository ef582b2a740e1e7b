package ticketing.local.servers;

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

/// TCP relay on the loopback that injects network faults between a client and a server: [#stop],
/// [#cut], [#silence] and [#delay]. Thread-safe.
public final class TcpRelay implements AutoCloseable {

  private static final int BACKLOG = 1_024; // connections
  private static final int CHUNK_SIZE = 16_384; // bytes
  private static final int CONNECT_TIMEOUT = 5_000; // ms
  private static final Duration ACCEPT_END_TIMEOUT = Duration.ofSeconds(5);

  private final int port;
  private final InetSocketAddress target;
  private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
  private volatile boolean cut;
  private volatile boolean silent;
  private volatile long delayNanos;
  private ServerSocket listener;
  private Thread acceptor;

  /// A relay on a free port. It accepts connections after [#start].
  public TcpRelay(InetSocketAddress target) {
    this(Ports.free(), target);
  }

  /// A relay that accepts connections after [#start].
  public TcpRelay(int port, InetSocketAddress target) {
    this.port = port;
    this.target = target;
  }

  public int port() {
    return port;
  }

  /// Accepts connections. No effect if the relay runs.
  ///
  /// @throws ServerException if the port is in use
  public synchronized void start() {
    if (isRunning()) {
      return;
    }
    try {
      ServerSocket opened = new ServerSocket();
      opened.setReuseAddress(true);
      opened.bind(new InetSocketAddress(InetAddress.getByName("127.0.0.1"), port), BACKLOG);
      listener = opened;
      acceptor = Thread.ofVirtual().name("relay-" + port).start(() -> accept(opened));
    } catch (IOException e) {
      throw new ServerException("port " + port + " for the relay is already in use", e);
    }
  }

  public synchronized boolean isRunning() {
    return listener != null && !listener.isClosed();
  }

  /// Resets all connections and refuses new ones until [#start]. The port is free on return.
  public synchronized void stop() {
    if (!isRunning()) {
      return;
    }
    try {
      listener.close();
    } catch (IOException e) {
      throw new ServerException("cannot close port " + port + ": " + e.getMessage(), e);
    }
    awaitAcceptor();
    resetAll();
  }

  /// Resets all connections, and each new one after it is accepted, until [#heal].
  public void cut() {
    cut = true;
    resetAll();
  }

  /// Passes requests and drops responses, until [#heal].
  public void silence() {
    silent = true;
  }

  /// Delays each chunk of data in both directions, until [#heal].
  public void delay(Duration delay) {
    delayNanos = delay.toNanos();
  }

  /// Ends all faults except [#stop]. Connections that lost data are reset.
  public void heal() {
    cut = false;
    delayNanos = 0;
    if (silent) {
      silent = false;
      resetAll();
    }
  }

  @Override
  public void close() {
    stop();
  }

  // The port is free only when the accepting thread has returned.
  private void awaitAcceptor() {
    boolean interrupted = Thread.interrupted();
    try {
      acceptor.join(ACCEPT_END_TIMEOUT);
    } catch (InterruptedException e) {
      interrupted = true;
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  private void accept(ServerSocket listening) {
    while (!listening.isClosed()) {
      try {
        Socket client = listening.accept();
        Thread.ofVirtual().start(() -> connect(listening, client));
      } catch (IOException e) {
        // Stopped, or the client closed the connection: the loop condition decides.
        continue;
      }
    }
  }

  private void connect(ServerSocket listening, Socket client) {
    Socket server = new Socket();
    sockets.add(client);
    sockets.add(server);
    try {
      client.setTcpNoDelay(true);
      server.setTcpNoDelay(true);
      requireConnected(listening);
      server.connect(target, CONNECT_TIMEOUT);
      // A fault during the connect missed these two sockets.
      requireConnected(listening);
      Thread.ofVirtual().start(() -> copy(client, server, false));
      copy(server, client, true);
    } catch (IOException e) {
      sockets.remove(client);
      sockets.remove(server);
      reset(client);
      reset(server);
    }
  }

  private void requireConnected(ServerSocket listening) throws IOException {
    if (cut || listening.isClosed()) {
      throw new IOException("cut");
    }
  }

  private void copy(Socket from, Socket to, boolean isResponse) {
    byte[] chunk = new byte[CHUNK_SIZE];
    try {
      InputStream input = from.getInputStream();
      OutputStream output = to.getOutputStream();
      for (int read = input.read(chunk); read >= 0; read = input.read(chunk)) {
        if (delayNanos > 0) {
          TimeUnit.NANOSECONDS.sleep(delayNanos);
        }
        if (!(isResponse && silent)) {
          output.write(chunk, 0, read);
        }
      }
    } catch (IOException e) {
      // One side ended, so the other side is closed below.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    close(from);
    close(to);
  }

  private void close(Socket socket) {
    sockets.remove(socket);
    try {
      socket.close();
    } catch (IOException e) {
      throw new ServerException("cannot close a socket: " + e.getMessage(), e);
    }
  }

  private void resetAll() {
    sockets.forEach(TcpRelay::reset);
  }

  /// Closes with RST, which discards data in transit.
  private static void reset(Socket socket) {
    try {
      socket.setSoLinger(true, 0);
      socket.close();
    } catch (IOException e) {
      // The socket is closed already.
    }
  }
}
