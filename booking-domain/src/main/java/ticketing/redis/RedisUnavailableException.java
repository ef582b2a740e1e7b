package ticketing.redis;

/// Redis did not answer, or the circuit breaker is open. The caller continues without Redis,
/// because Redis contains only copies.
public final class RedisUnavailableException extends RuntimeException {
  RedisUnavailableException(Throwable cause) {
    super("Redis is unavailable", cause);
  }
}
