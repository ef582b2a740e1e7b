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

/// Access tokens that were revoked before they expired: Redis keys `session:{jti}`, stored until
/// the expiry of the token.
public final class RevokedTokens {

  private static final int MAX_BATCH_SIZE = 200; // tokens
  private static final int MAX_CONCURRENCY = 2; // round trips

  private final RedisGateway redis;
  private final BatchingExecutor<String, Boolean> lookups =
      new BatchingExecutor<>("revoked-tokens", MAX_BATCH_SIZE, MAX_CONCURRENCY, this::findRevoked);

  public RevokedTokens(RedisGateway redis) {
    this.redis = redis;
  }

  /// @throws RedisUnavailableException if the revocation cannot be stored now
  public void revoke(String jti, Instant now, Instant expiresAt) {
    Duration left = Duration.between(now, expiresAt);
    if (left.isPositive()) {
      redis.call(client -> {
        client.getBucket(key(jti), StringCodec.INSTANCE).set("ended", left);
        return null;
      });
    }
  }

  /// Returns true if the token was revoked. Returns false without Redis: bookings must work then,
  /// and the token still expires.
  public boolean isRevoked(String jti) {
    try {
      return RedisGateway.await(lookups.submit(jti));
    } catch (RedisUnavailableException e) {
      return false;
    }
  }

  private List<Boolean> findRevoked(List<String> ids) {
    return redis.call(client -> {
      RBatch batch = client.createBatch(BatchOptions.defaults());
      ids.forEach(jti -> batch.getBucket(key(jti), StringCodec.INSTANCE).isExistsAsync());
      return batch.execute().getResponses().stream().map(Boolean.TRUE::equals).toList();
    });
  }

  private static String key(String jti) {
    return "session:" + jti;
  }
}
