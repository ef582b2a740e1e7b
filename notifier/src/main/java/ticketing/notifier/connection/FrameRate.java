package ticketing.notifier.connection;

import java.util.function.LongSupplier;

/// Token bucket of the client frames of one connection. Not thread-safe: frames of a connection
/// arrive one after the other.
final class FrameRate {

  private static final double NANOS_PER_SECOND = 1e9;

  private final double perNano;
  private final int burst;
  private final LongSupplier nanoTime;
  private double tokens;
  private long refilledAt;

  /// @param perSecond tokens added each second
  /// @param burst capacity of the bucket
  /// @param nanoTime as [System#nanoTime]
  FrameRate(int perSecond, int burst, LongSupplier nanoTime) {
    this.perNano = perSecond / NANOS_PER_SECOND;
    this.burst = burst;
    this.nanoTime = nanoTime;
    this.tokens = burst;
    this.refilledAt = nanoTime.getAsLong();
  }

  /// Takes one token.
  ///
  /// @return false if the bucket is empty
  boolean acquire() {
    long now = nanoTime.getAsLong();
    tokens = Math.min(burst, tokens + (now - refilledAt) * perNano);
    refilledAt = now;
    if (tokens < 1) {
      return false;
    }
    tokens--;
    return true;
  }
}
