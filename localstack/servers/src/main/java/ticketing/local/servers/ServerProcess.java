package ticketing.local.servers;

import java.time.Duration;
import java.util.function.Consumer;

/// A server that is a child process.
abstract sealed class ServerProcess implements LocalServer permits DatabaseServer, RedisServer {

  private final int port;
  private final Duration startTimeout;
  private final Duration stopGrace;
  private ManagedProcess process;

  /// @param startTimeout maximum time from the start to the first response
  /// @param stopGrace time after which a stopped process is killed
  ServerProcess(int port, Duration startTimeout, Duration stopGrace) {
    this.port = port;
    this.startTimeout = startTimeout;
    this.stopGrace = stopGrace;
  }

  /// Name of the server in messages.
  abstract String name();

  /// Prepares the data and starts the process.
  ///
  /// @throws ServerException if the data cannot be prepared
  abstract ManagedProcess launch();

  /// True if the server responds to a request.
  abstract boolean isReady();

  @Override
  public final synchronized void start() {
    if (isRunning()) {
      return;
    }
    Ports.requireFree(port, name());
    process = launch();
    process.awaitReady(this::isReady, startTimeout);
  }

  @Override
  public final synchronized void stop() {
    if (process != null) {
      process.stop(stopGrace);
    }
  }

  @Override
  public final synchronized void kill() {
    if (process != null) {
      process.kill();
    }
  }

  @Override
  public final synchronized boolean isRunning() {
    return process != null && process.isAlive();
  }

  @Override
  public final synchronized long pid() {
    if (process == null) {
      throw new IllegalStateException("not started");
    }
    return process.pid();
  }

  final synchronized Duration processorTime() {
    return process == null ? Duration.ZERO : process.processorTime();
  }

  final synchronized void onUnexpectedEnd(Consumer<ManagedProcess> listener) {
    process.onUnexpectedEnd(listener);
  }

  @Override
  public final int port() {
    return port;
  }
}
