package ticketing.ingress.ratelimit;

import io.github.bucket4j.distributed.ExpirationAfterWriteStrategy;
import io.github.bucket4j.distributed.proxy.ClientSideConfig;
import io.github.bucket4j.distributed.proxy.generic.compare_and_swap.AbstractCompareAndSwapBasedProxyManager;
import io.github.bucket4j.distributed.proxy.generic.compare_and_swap.AsyncCompareAndSwapOperation;
import io.github.bucket4j.distributed.proxy.generic.compare_and_swap.CompareAndSwapOperation;
import io.github.bucket4j.distributed.remote.RemoteBucketState;
import io.github.bucket4j.distributed.serialization.InternalSerializationHelper;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.redisson.api.BatchOptions;
import org.redisson.api.RBatch;
import org.redisson.client.codec.ByteArrayCodec;
import ticketing.redis.RedisErrorReplyException;
import ticketing.redis.RedisGateway;

/// Bucket4j buckets in Redis by compare-and-swap over Redisson's public API, which Bucket4j does
/// not support. A bucket expires 10 s after it is full. Every method may throw
/// [RedisUnavailableException].
final class RedisBucketProxyManager extends AbstractCompareAndSwapBasedProxyManager<String> {

  private static final ExpirationAfterWriteStrategy EXPIRATION =
      ExpirationAfterWriteStrategy.basedOnTimeForRefillingBucketUpToMax(Duration.ofSeconds(10));

  private static final String RATE_PREFIX = "rate:";

  private final RedisGateway redis;

  RedisBucketProxyManager(RedisGateway redis) {
    super(ClientSideConfig.getDefault().withExpirationAfterWriteStrategy(EXPIRATION));
    this.redis = redis;
  }

  @Override
  protected CompareAndSwapOperation beginCompareAndSwapOperation(String key) {
    return new CompareAndSwapOperation() {
      @Override
      public Optional<byte[]> getStateData(Optional<Long> timeoutNanos) {
        try {
          return redis
              .call(client ->
                  Optional.ofNullable(client.<byte[]>getBucket(key, ByteArrayCodec.INSTANCE).get()))
              .filter(state -> isReadable(key, state));
        } catch (RedisErrorReplyException e) {
          evictUnreadable(key);
          return Optional.empty();
        }
      }

      @Override
      public boolean compareAndSwap(
          byte[] expected, byte[] updated, RemoteBucketState state, Optional<Long> timeoutNanos) {
        long millis = EXPIRATION.calculateTimeToLiveMillis(state, currentTimeNanos());
        return redis.call(client -> {
          RBatch batch = client.createBatch(BatchOptions.defaults());
          var bucket = batch.<byte[]>getBucket(key, ByteArrayCodec.INSTANCE);
          bucket.compareAndSetAsync(expected, updated);
          bucket.expireAsync(Duration.ofMillis(Math.max(1, millis)));
          return (Boolean) batch.execute().getResponses().getFirst();
        });
      }
    };
  }

  /// Bucket4j fails for a state that it did not write, with an exception of any unchecked type.
  private boolean isReadable(String key, byte[] state) {
    try {
      InternalSerializationHelper.deserializeState(state);
      return true;
    } catch (RuntimeException e) {
      evictUnreadable(key);
      return false;
    }
  }

  /// The next request starts with a full bucket. The log contains no user and no address.
  private void evictUnreadable(String key) {
    redis.reportUnreadable(
        key.substring(0, key.indexOf(':', RATE_PREFIX.length()) + 1) + "*", "no bucket");
    removeProxy(key);
  }

  @Override
  protected AsyncCompareAndSwapOperation beginAsyncCompareAndSwapOperation(String key) {
    throw new UnsupportedOperationException("buckets are accessed by blocking");
  }

  @Override
  protected CompletableFuture<Void> removeAsync(String key) {
    throw new UnsupportedOperationException("buckets are accessed by blocking");
  }

  @Override
  public void removeProxy(String key) {
    redis.call(client -> client.getBucket(key).delete());
  }

  @Override
  public boolean isAsyncModeSupported() {
    return false;
  }

  @Override
  public boolean isExpireAfterWriteSupported() {
    return true;
  }
}
