package ticketing.benchmark.support;

/// Requests that clients repeat until the close.
public interface RunningLoad extends AutoCloseable {

  /// Requests, or parts of requests, that the clients have sent.
  long requests();

  /// @throws IllegalStateException if the load ended early
  @Override
  void close();
}
