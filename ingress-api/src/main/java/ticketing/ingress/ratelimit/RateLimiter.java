package ticketing.ingress.ratelimit;

import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.LoadingCache;
import io.github.bucket4j.BucketConfiguration;
import io.github.bucket4j.ConsumptionProbe;
import io.github.bucket4j.distributed.BucketProxy;
import io.github.bucket4j.distributed.proxy.ProxyManager;
import io.github.bucket4j.distributed.proxy.optimization.DelayParameters;
import io.github.bucket4j.distributed.proxy.optimization.Optimization;
import io.github.bucket4j.distributed.proxy.optimization.Optimizations;
import io.github.bucket4j.util.concurrent.batch.BatchHelper.BatchFailedException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.springframework.stereotype.Component;
import ticketing.redis.RedisGateway;
import ticketing.redis.RedisUnavailableException;

/// Token buckets of users and addresses, shared by all instances in Redis keys `rate:{kind}:...`.
/// An instance synchronizes a bucket after 1/50 of its capacity or after 1 s, so most requests need
/// no round trip. Each instance may exceed the limit by that part. Fails open: without Redis every
/// request is accepted.
@Component
class RateLimiter {

  private static final int SYNCHRONIZATIONS_PER_BUCKET = 50;
  private static final Duration MAX_SYNCHRONIZATION_DELAY = Duration.ofSeconds(1);
  private static final int MAX_LOCAL_BUCKETS = 50_000;
  private static final Duration LOCAL_BUCKET_TTL = Duration.ofSeconds(10);

  private final BucketCache users;
  private final BucketCache addresses;

  RateLimiter(RedisGateway redis, RateLimitSettings settings) {
    ProxyManager<String> buckets = new RedisBucketProxyManager(redis);
    this.users = new BucketCache(buckets, "user", settings.user());
    this.addresses = new BucketCache(buckets, "address", settings.address());
  }

  /// Takes one token of the user.
  ///
  /// @return zero, or the time until the next token
  Duration acquireForUser(String userId) {
    return users.acquire(userId);
  }

  /// Takes one token of the address.
  ///
  /// @return zero, or the time until the next token
  Duration acquireForAddress(String address) {
    return addresses.acquire(address);
  }

  private static final class BucketCache {

    private final LoadingCache<String, LocalBucket> buckets;

    /// The key contains the rate, so a changed setting starts with a full bucket.
    BucketCache(ProxyManager<String> shared, String kind, RateLimitSettings.Rate rate) {
      String prefix = "rate:" + kind + ":" + rate.perSecond() + "/" + rate.burst() + ":";
      BucketConfiguration configuration =
          BucketConfiguration.builder()
              .addLimit(limit ->
                  limit
                      .capacity(rate.burst())
                      .refillGreedy(rate.perSecond(), Duration.ofSeconds(1)))
              .build();
      int localTokens = rate.burst() / SYNCHRONIZATIONS_PER_BUCKET;
      Optimization synchronization =
          localTokens == 0
              ? Optimizations.batching()
              : Optimizations.delaying(new DelayParameters(localTokens, MAX_SYNCHRONIZATION_DELAY));
      this.buckets =
          Caffeine.newBuilder()
              .maximumSize(MAX_LOCAL_BUCKETS)
              .expireAfterAccess(LOCAL_BUCKET_TTL)
              .build(id ->
                  new LocalBucket(
                      shared
                          .builder()
                          .withOptimization(synchronization)
                          .build(prefix + id, () -> configuration),
                      localTokens));
    }

    Duration acquire(String id) {
      return buckets.get(id).acquire();
    }
  }

  private static final class LocalBucket {

    private final BucketProxy shared;
    private final AtomicInteger localTokens;

    /// [System#nanoTime] of the next token. Earlier requests are rejected without a round trip.
    private volatile long emptyUntil = System.nanoTime();

    /// @param localTokens requests accepted without the shared bucket
    LocalBucket(BucketProxy shared, int localTokens) {
      this.shared = shared;
      this.localTokens = new AtomicInteger(localTokens);
    }

    Duration acquire() {
      if (localTokens.get() > 0 && localTokens.getAndDecrement() > 0) {
        return Duration.ZERO;
      }
      long remainingNanos = emptyUntil - System.nanoTime();
      if (remainingNanos > 0) {
        return Duration.ofNanos(remainingNanos);
      }
      try {
        ConsumptionProbe probe = shared.tryConsumeAndReturnRemaining(1);
        if (probe.isConsumed()) {
          return Duration.ZERO;
        }
        emptyUntil = System.nanoTime() + probe.getNanosToWaitForRefill();
        return Duration.ofNanos(probe.getNanosToWaitForRefill());
      } catch (RedisUnavailableException e) {
        return Duration.ZERO;
      } catch (BatchFailedException e) {
        // Bucket4j wraps the failure for requests that another request's thread served.
        if (e.getCause() instanceof RedisUnavailableException) {
          return Duration.ZERO;
        }
        throw e;
      }
    }
  }
}
