package ticketing.client;

import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;

/// Limits of repeating a request that had no response or a retryable status (408, 429, 500, 502,
/// 503, 504, or 401 with a renewable session).
///
/// The pause before a repetition is the server's `Retry-After` or, without it, `firstPause` doubled
/// with each attempt up to `maxPause`. Up to 250 ms of jitter are added.
///
/// @param maxAttempts 1 or more; 1: no repetition
/// @param timeout no repetition starts later than this after the first attempt
public record RetryPolicy(
    int maxAttempts, Duration timeout, Duration firstPause, Duration maxPause) {

  /// One attempt.
  public static final RetryPolicy NONE =
      new RetryPolicy(1, Duration.ZERO, Duration.ZERO, Duration.ZERO);

  /// Repetitions for 2 minutes, with pauses of 1 s to 30 s.
  public static final RetryPolicy STANDARD =
      new RetryPolicy(100, Duration.ofMinutes(2), Duration.ofSeconds(1), Duration.ofSeconds(30));

  private static final int MAX_JITTER = 250; // ms
  private static final int MAX_DOUBLINGS = 20;

  public RetryPolicy {
    if (maxAttempts < 1) {
      throw new IllegalArgumentException("maxAttempts must be positive");
    }
  }

  /// @param failures attempts so far, 1 or more
  Duration backoff(int failures) {
    Duration pause = firstPause.multipliedBy(1L << Math.min(failures - 1, MAX_DOUBLINGS));
    return pause.compareTo(maxPause) < 0 ? pause : maxPause;
  }

  static Duration withJitter(Duration pause) {
    return pause.plusMillis(ThreadLocalRandom.current().nextInt(MAX_JITTER));
  }
}
