package ticketing.benchmark.attack;

/// A running attack. It ends at the close.
interface Attack extends AutoCloseable {

  /// Requests, or parts of requests, that the attack has sent.
  long requests();

  /// @throws IllegalStateException if the attack ended early
  @Override
  void close();
}
