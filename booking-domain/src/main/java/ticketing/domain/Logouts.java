package ticketing.domain;

import java.time.Duration;
import java.time.Instant;
import org.redisson.client.codec.StringCodec;

/// Tokens that were given back before their time: Redis keys `session:{jti}`, kept until the token
/// would have expired anyway.
public final class Logouts {

  private final Redis redis;

  public Logouts(Redis redis) {
    this.redis = redis;
  }

  /// @throws RedisUnavailable if it cannot be noted now
  public void end(String jti, Instant now, Instant expiresAt) {
    Duration left = Duration.between(now, expiresAt);
    if (left.isPositive()) {
      redis.call(
          client -> {
            client.getBucket(key(jti), StringCodec.INSTANCE).set("ended", left);
            return null;
          });
    }
  }

  /// Whether the token was given back. With Redis down the answer is no: a booking must go on then,
  /// and the token still expires by itself.
  public boolean ended(String jti) {
    try {
      return redis.call(
          client -> client.getBucket(key(jti), StringCodec.INSTANCE).isExists());
    } catch (RedisUnavailable e) {
      return false;
    }
  }

  private static String key(String jti) {
    return "session:" + jti;
  }
}
