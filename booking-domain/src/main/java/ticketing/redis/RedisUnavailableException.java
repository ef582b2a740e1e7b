package ticketing.redis;

/// Redis did not answer, or the circuit breaker is open. The caller continues without Redis,
/// because Redis contains only copies.
public sealed class RedisUnavailableException extends RuntimeException
    permits RedisErrorReplyException {

  RedisUnavailableException(Throwable cause) {
    super("Redis is unavailable", cause);
  }

  RedisUnavailableException(String message, Throwable cause) {
    super(message, cause);
  }
}
