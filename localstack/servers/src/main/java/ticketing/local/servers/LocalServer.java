package ticketing.local.servers;

/// A server at a fixed address, which tests stop and start again.
public sealed interface LocalServer permits ServerProcess, TestQueues, ElasticMq, RelayedServer {

  /// Starts the server, which is ready on return. No effect if it runs.
  ///
  /// @throws ServerException if the server does not become ready
  void start();

  /// Stops the server in order. No effect if it does not run.
  void stop();

  /// Ends the server like a power failure.
  void kill();

  boolean isRunning();

  int port();

  /// @throws IllegalStateException if it is not a child process, or was not started
  long pid();
}
