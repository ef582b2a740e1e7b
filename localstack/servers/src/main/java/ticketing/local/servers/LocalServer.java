package ticketing.local.servers;

/// A server that the system needs, at an address that stays the same: so that tests can see what
/// the system does without it.
public sealed interface LocalServer permits MariaDb, RedisServer, TestQueues, ElasticMq, TcpRelay {

  /// Ready on return; does nothing if it runs.
  ///
  /// @throws ServerException if it does not come up
  void start();

  /// Stops it as an operator would; does nothing if it is not running.
  void stop();

  /// Ends it as a power cut would.
  void kill();

  boolean isRunning();

  int port();

  /// @throws IllegalStateException if it is no process of ours, or was never started
  long pid();
}
