package ticketing.local.servers;

import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.OptionalLong;
import java.util.function.IntConsumer;
import java.util.function.IntPredicate;

/// A server that other programs use too, behind a [TcpRelay]. A stop cuts the connections and keeps
/// the server running.
final class RelayedServer implements LocalServer {

  private static final long POLL_INTERVAL = 50; // ms

  private final String name;
  private final InetSocketAddress target;
  private final Duration startTimeout;
  private final IntPredicate isReady;
  private final IntConsumer onStop;
  private final OptionalLong pid;
  private final TcpRelay relay;

  RelayedServer(
      String name,
      InetSocketAddress target,
      Duration startTimeout,
      IntPredicate isReady,
      IntConsumer onStop) {
    this(name, target, Ports.free(), OptionalLong.empty(), startTimeout, isReady, onStop);
  }

  /// @param port port of the relay.
  /// @param pid process of the server, if it is a child of this JVM.
  /// @param isReady tests the server through the port of the relay.
  /// @param onStop deletes data through the port of the relay; runs at a stop, while connected.
  RelayedServer(
      String name,
      InetSocketAddress target,
      int port,
      OptionalLong pid,
      Duration startTimeout,
      IntPredicate isReady,
      IntConsumer onStop) {
    this.name = name;
    this.target = target;
    this.startTimeout = startTimeout;
    this.isReady = isReady;
    this.onStop = onStop;
    this.pid = pid;
    this.relay = new TcpRelay(port, target);
  }

  @Override
  public synchronized void start() {
    if (!relay.isRunning()) {
      relay.start();
      awaitReady();
    }
  }

  @Override
  public synchronized void stop() {
    if (relay.isRunning()) {
      onStop.accept(port());
      relay.stop();
    }
  }

  @Override
  public void kill() {
    stop();
  }

  @Override
  public boolean isRunning() {
    return relay.isRunning();
  }

  @Override
  public int port() {
    return relay.port();
  }

  @Override
  public long pid() {
    return pid.orElseThrow(() -> new IllegalStateException(name + " is not a child process"));
  }

  private void awaitReady() {
    long deadline = System.nanoTime() + startTimeout.toNanos();
    try {
      while (!isReady.test(port())) {
        if (System.nanoTime() > deadline) {
          relay.stop();
          throw new ServerException(
              "no response from %s at %s within %d s"
                  .formatted(name, target, startTimeout.toSeconds()));
        }
        Thread.sleep(POLL_INTERVAL);
      }
    } catch (InterruptedException e) {
      relay.stop();
      Thread.currentThread().interrupt();
      throw new ServerException("interrupted during the start of " + name, e);
    }
  }
}
