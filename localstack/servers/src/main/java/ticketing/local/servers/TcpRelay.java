package ticketing.local.servers;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.IntConsumer;
import java.util.function.IntPredicate;

/// Stands in front of a server that may not be stopped itself, as others use it too. Stopping it
/// cuts all connections and refuses new ones, which is all that an application sees of a dead
/// server.
public final class TcpRelay implements LocalServer {

  private static final int CONNECT_MILLIS = 5_000;
  private static final long POLL_MILLIS = 50;
  private static final int CHUNK = 16_384;

  private final String name;
  private final InetSocketAddress target;
  private final int port;
  private final Duration startTimeout;
  private final IntConsumer whenStopped;
  private final IntPredicate answers;
  private final Set<Socket> sockets = ConcurrentHashMap.newKeySet();
  private volatile boolean silent;
  private ServerSocket entrance;
  private Thread doorman;

  /// @param answers whether the server, asked through this port, is ready
  /// @param whenStopped what else a stop has to take away, run before the connections are cut
  public TcpRelay(
      String name,
      InetSocketAddress target,
      Duration startTimeout,
      IntPredicate answers,
      IntConsumer whenStopped) {
    this.name = name;
    this.target = target;
    this.port = Ports.free();
    this.startTimeout = startTimeout;
    this.answers = answers;
    this.whenStopped = whenStopped;
  }

  @Override
  public synchronized void start() {
    if (isRunning()) {
      return;
    }
    try {
      entrance = new ServerSocket();
      entrance.setReuseAddress(true);
      entrance.bind(new InetSocketAddress(InetAddress.getByName("127.0.0.1"), port));
    } catch (IOException e) {
      throw new ServerException("port " + port + " for " + name + " is already in use", e);
    }
    ServerSocket listening = entrance;
    doorman = Thread.startVirtualThread(() -> accept(listening));
    awaitReady();
  }

  @Override
  public synchronized void stop() {
    if (!isRunning()) {
      return;
    }
    whenStopped.accept(port);
    closeEntrance();
    sockets.forEach(TcpRelay::close);
  }

  /// While it is silent, what clients send arrives, and what the server answers is lost. Afterwards
  /// they have to connect again.
  public void silence(boolean now) {
    silent = now;
    if (!now) {
      sockets.forEach(TcpRelay::close);
    }
  }

  @Override
  public void kill() {
    stop();
  }

  @Override
  public synchronized boolean isRunning() {
    return entrance != null && !entrance.isClosed();
  }

  @Override
  public int port() {
    return port;
  }

  @Override
  public long pid() {
    throw new IllegalStateException(name + " is not ours");
  }

  private void awaitReady() {
    long deadline = System.nanoTime() + startTimeout.toNanos();
    try {
      while (!answers.test(port)) {
        if (System.nanoTime() > deadline) {
          closeEntrance();
          throw new ServerException(
              "%s at %s does not answer within %d s"
                  .formatted(name, target, startTimeout.toSeconds()));
        }
        Thread.sleep(POLL_MILLIS);
      }
    } catch (InterruptedException e) {
      closeEntrance();
      Thread.currentThread().interrupt();
      throw new ServerException("interrupted while waiting for " + name, e);
    }
  }

  /// The port is free only when the thread that waits at it has noticed.
  private void closeEntrance() {
    close(entrance);
    boolean interrupted = Thread.interrupted();
    try {
      doorman.join(Duration.ofSeconds(5));
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
        Thread.startVirtualThread(() -> join(listening, client));
      } catch (IOException e) {
        return; // stopped
      }
    }
  }

  private void join(ServerSocket listening, Socket client) {
    Socket server = new Socket();
    sockets.add(client);
    sockets.add(server);
    try {
      client.setTcpNoDelay(true);
      server.setTcpNoDelay(true);
      server.connect(target, CONNECT_MILLIS);
      if (listening.isClosed()) {
        // Stopped meanwhile: the stop may have missed these two.
        throw new IOException("stopped");
      }
      Thread.startVirtualThread(() -> copy(client, server, false));
      copy(server, client, true);
    } catch (IOException e) {
      cut(client, server);
    }
  }

  private void copy(Socket from, Socket to, boolean answers) {
    byte[] chunk = new byte[CHUNK];
    try {
      InputStream input = from.getInputStream();
      for (int read = input.read(chunk); read >= 0; read = input.read(chunk)) {
        if (!(answers && silent)) {
          to.getOutputStream().write(chunk, 0, read);
        }
      }
    } catch (IOException e) {
      // One of the two has gone; below the other follows.
    } finally {
      cut(from, to);
    }
  }

  private void cut(Socket one, Socket other) {
    sockets.remove(one);
    sockets.remove(other);
    close(one);
    close(other);
  }

  private static void close(Closeable socket) {
    try {
      socket.close();
    } catch (IOException e) {
      throw new ServerException("cannot close a socket: " + e.getMessage(), e);
    }
  }
}
