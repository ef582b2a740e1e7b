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

/// How many requests users and addresses may send, counted over all instances in Redis under
/// `rate:{kind}:...`. An instance counts a small part of a bucket by itself before it asks or tells
/// Redis, so that most people cost no round trip, and each instance may let that much more through.
/// Without Redis nobody is refused.
@Component
class RateLimiter {

  /// An instance tells Redis after this part of a full bucket, or after that time.
  private static final int PARTS = 50;

  private static final Duration LONGEST_UNTOLD = Duration.ofSeconds(1);

  /// Most users and addresses that an instance counts for at once.
  private static final int MOST_COUNTED = 50_000;

  private static final Duration REMEMBERED = Duration.ofSeconds(10);

  private final Counted users;
  private final Counted addresses;

  RateLimiter(RedisGateway redis, RateLimitSettings settings) {
    ProxyManager<String> buckets = new RedisBucketProxyManager(redis);
    this.users = new Counted(buckets, "user", settings.user());
    this.addresses = new Counted(buckets, "address", settings.address());
  }

  /// Counts a request of this user.
  ///
  /// @return zero, or how long the next one has to wait
  Duration takeForUser(String userId) {
    return users.take(userId);
  }

  /// As [#takeForUser].
  Duration takeForAddress(String address) {
    return addresses.take(address);
  }

  private static final class Counted {

    private final LoadingCache<String, Near> near;

    /// The rate is a part of the key, so that a changed setting starts with a full bucket.
    Counted(ProxyManager<String> buckets, String kind, RateLimitSettings.Rate rate) {
      String prefix = "rate:" + kind + ":" + rate.perSecond() + "/" + rate.burst() + ":";
      BucketConfiguration configuration =
          BucketConfiguration.builder()
              .addLimit(
                  limit ->
                      limit
                          .capacity(rate.burst())
                          .refillGreedy(rate.perSecond(), Duration.ofSeconds(1)))
              .build();
      int part = rate.burst() / PARTS;
      Optimization untold =
          part == 0
              ? Optimizations.batching()
              : Optimizations.delaying(new DelayParameters(part, LONGEST_UNTOLD));
      this.near =
          Caffeine.newBuilder()
              .maximumSize(MOST_COUNTED)
              .expireAfterAccess(REMEMBERED)
              .build(
                  id ->
                      new Near(
                          buckets
                              .builder()
                              .withOptimization(untold)
                              .build(prefix + id, () -> configuration),
                          part));
    }

    Duration take(String id) {
      return near.get(id).take();
    }
  }

  private static final class Near {

    private final BucketProxy bucket;
    private final AtomicInteger free;

    /// Until then it is known to be empty, and Redis is not asked.
    private volatile long emptyUntil = System.nanoTime();

    /// @param free how many requests pass after a rest before the bucket is asked at all
    Near(BucketProxy bucket, int free) {
      this.bucket = bucket;
      this.free = new AtomicInteger(free);
    }

    Duration take() {
      if (free.get() > 0 && free.getAndDecrement() > 0) {
        return Duration.ZERO;
      }
      long empty = emptyUntil - System.nanoTime();
      if (empty > 0) {
        return Duration.ofNanos(empty);
      }
      try {
        ConsumptionProbe probe = bucket.tryConsumeAndReturnRemaining(1);
        if (probe.isConsumed()) {
          return Duration.ZERO;
        }
        emptyUntil = System.nanoTime() + probe.getNanosToWaitForRefill();
        return Duration.ofNanos(probe.getNanosToWaitForRefill());
      } catch (RedisUnavailableException e) {
        return Duration.ZERO;
      } catch (BatchFailedException e) {
        // So fails whoever had another request's thread ask for it.
        if (e.getCause() instanceof RedisUnavailableException) {
          return Duration.ZERO;
        }
        throw e;
      }
    }
  }
}
