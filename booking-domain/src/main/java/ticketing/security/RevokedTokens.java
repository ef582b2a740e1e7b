package ticketing.security;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.redisson.api.BatchOptions;
import org.redisson.api.RBatch;
import org.redisson.client.codec.StringCodec;
import ticketing.concurrent.BatchingExecutor;
import ticketing.redis.RedisGateway;
import ticketing.redis.RedisUnavailableException;

/// Tokens that were given back before their time: Redis keys `session:{jti}`, kept until the token
/// would have expired anyway.
public final class RevokedTokens {

  /// Most tokens asked about in one round trip, and most round trips at a time.
  private static final int TOGETHER = 200;

  private static final int ROUND_TRIPS = 2;

  private final RedisGateway redis;
  private final BatchingExecutor<String, Boolean> questions =
      new BatchingExecutor<>("logouts", TOGETHER, ROUND_TRIPS, this::isRevoked);

  public RevokedTokens(RedisGateway redis) {
    this.redis = redis;
  }

  /// @throws RedisUnavailable if it cannot be noted now
  public void revoke(String jti, Instant now, Instant expiresAt) {
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
  public boolean isRevoked(String jti) {
    try {
      return RedisGateway.await(questions.submit(jti));
    } catch (RedisUnavailableException e) {
      return false;
    }
  }

  private List<Boolean> isRevoked(List<String> ids) {
    return redis.call(
        client -> {
          RBatch batch = client.createBatch(BatchOptions.defaults());
          ids.forEach(jti -> batch.getBucket(key(jti), StringCodec.INSTANCE).isExistsAsync());
          return batch.execute().getResponses().stream().map(Boolean.TRUE::equals).toList();
        });
  }

  private static String key(String jti) {
    return "session:" + jti;
  }
}
