package ticketing.simulation.redis;

/// Faults of Redis. All probabilities concern one call.
public final class RedisFaults {

  /// Refuses connections.
  public boolean refusing;

  /// Probability that a request is lost; the caller gets a timeout.
  public double lostRequest;

  /// Probability that an answer is lost; the call has its effect.
  public double lostAnswer;

  /// Probability that a call evicts a random key.
  public double eviction;

  /// Probability that an acquisition of a lock has the wrong result.
  public double falseLock;

  /// Factor of the latency.
  public int slowness = 1;
}
