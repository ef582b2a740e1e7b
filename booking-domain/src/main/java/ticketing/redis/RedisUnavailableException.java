package ticketing.redis;

/// Redis did not answer, or is known not to. Whoever catches it goes on without Redis: nothing in
/// it is the only copy of anything that matters.
public final class RedisUnavailableException extends RuntimeException {
  RedisUnavailableException(Throwable cause) {
    super("Redis is unavailable", cause);
  }
}
