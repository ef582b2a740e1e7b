package ticketing.ingress.ratelimit;

import io.github.bucket4j.distributed.ExpirationAfterWriteStrategy;
import io.github.bucket4j.distributed.proxy.ClientSideConfig;
import io.github.bucket4j.distributed.proxy.generic.compare_and_swap.AbstractCompareAndSwapBasedProxyManager;
import io.github.bucket4j.distributed.proxy.generic.compare_and_swap.AsyncCompareAndSwapOperation;
import io.github.bucket4j.distributed.proxy.generic.compare_and_swap.CompareAndSwapOperation;
import io.github.bucket4j.distributed.remote.RemoteBucketState;
import io.github.bucket4j.distributed.serialization.InternalSerializationHelper;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.jspecify.annotations.Nullable;
import org.redisson.api.RScript;
import org.redisson.client.codec.ByteArrayCodec;
import ticketing.concurrent.BatchingExecutor;
import ticketing.redis.CommandBatch.Reply;
import ticketing.redis.RedisGateway;

/// Bucket4j buckets in Redis by compare-and-swap over Redisson's public API, which Bucket4j does
/// not support. A bucket expires 10 s after it is full. Concurrent accesses share their round
/// trips. Every method may throw [RedisUnavailableException].
final class RedisBucketProxyManager extends AbstractCompareAndSwapBasedProxyManager<String> {

  private static final ExpirationAfterWriteStrategy EXPIRATION =
      ExpirationAfterWriteStrategy.basedOnTimeForRefillingBucketUpToMax(Duration.ofSeconds(10));

  private static final String RATE_PREFIX = "rate:";
  private static final String SWAP_BUCKET =
      RedisGateway.script(RedisBucketProxyManager.class, "swap_bucket.lua");
  private static final int MAX_BATCH_SIZE = 200; // buckets
  private static final int MAX_CONCURRENCY = 2; // round trips of one kind
  private static final Duration LINGER = Duration.ofMillis(1);

  private final RedisGateway redis;
  private final BatchingExecutor<String, Reply<byte[]>> reads =
      new BatchingExecutor<>(
          "read-buckets", MAX_BATCH_SIZE, MAX_CONCURRENCY, LINGER, this::readAll);
  private final BatchingExecutor<Swap, Reply<Long>> swaps =
      new BatchingExecutor<>(
          "swap-buckets", MAX_BATCH_SIZE, MAX_CONCURRENCY, LINGER, this::swapAll);

  RedisBucketProxyManager(RedisGateway redis) {
    super(ClientSideConfig.getDefault().withExpirationAfterWriteStrategy(EXPIRATION));
    this.redis = redis;
  }

  /// @param expected null: the bucket is absent
  private record Swap(String key, byte @Nullable [] expected, byte[] updated, long ttlMillis) {}

  private List<Reply<byte[]>> readAll(List<String> keys) {
    List<Reply<byte[]>> replies = new ArrayList<>(keys.size());
    redis.execute(batch ->
        keys.forEach(key ->
            replies.add(
                batch.read(
                    key,
                    commands ->
                        commands.<byte[]>getBucket(key, ByteArrayCodec.INSTANCE).getAsync()))));
    return replies;
  }

  private List<Reply<Long>> swapAll(List<Swap> requested) {
    List<Reply<Long>> replies = new ArrayList<>(requested.size());
    redis.execute(batch -> {
      for (Swap swap : requested) {
        List<Object> arguments =
            new ArrayList<>(List.of(swap.updated(), bytes(String.valueOf(swap.ttlMillis()))));
        if (swap.expected() != null) {
          arguments.add(swap.expected());
        }
        replies.add(
            batch.writeByScript(
                swap.key(),
                SWAP_BUCKET,
                ByteArrayCodec.INSTANCE,
                RScript.ReturnType.LONG,
                List.of(swap.key()),
                arguments.toArray()));
      }
    });
    return replies;
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  @Override
  protected CompareAndSwapOperation beginCompareAndSwapOperation(String key) {
    return new CompareAndSwapOperation() {
      @Override
      public Optional<byte[]> getStateData(Optional<Long> timeoutNanos) {
        Reply<byte[]> found = RedisGateway.await(reads.submit(key));
        if (found.isError()) {
          evictUnreadable(key);
        }
        return found.value().filter(state -> isReadable(key, state));
      }

      @Override
      public boolean compareAndSwap(
          byte[] expected, byte[] updated, RemoteBucketState state, Optional<Long> timeoutNanos) {
        long millis = EXPIRATION.calculateTimeToLiveMillis(state, currentTimeNanos());
        Swap swap = new Swap(key, expected, updated, Math.max(1, millis));
        return RedisGateway.await(swaps.submit(swap)).value().orElseThrow(RedisGateway::refused)
            == 1;
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
