package ticketing.domain;

/// Redis did not answer, or is known not to. Whoever catches it goes on without Redis: nothing in
/// it is the only copy of anything that matters.
public final class RedisUnavailable extends RuntimeException {
  RedisUnavailable(Throwable cause) {
    super("Redis is unavailable", cause);
  }
}
