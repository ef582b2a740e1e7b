package ticketing.ingress.ratelimit;

import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.LoadingCache;
import io.github.bucket4j.Bucket;
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
/// no round trip. Each instance may exceed the limit by that part. Without Redis each instance
/// applies the limits to its own requests.
@Component
class RateLimiter {

  private static final int SYNCHRONIZATIONS_PER_BUCKET = 50;
  private static final Duration MAX_SYNCHRONIZATION_DELAY = Duration.ofSeconds(1);
  private static final int MAX_LOCAL_BUCKETS = 50_000;
  private static final Duration LOCAL_BUCKET_TTL = Duration.ofSeconds(10);

  private final BucketCache users;
  private final BucketCache addresses;
  private final BucketCache bookings;
  private final BucketCache signInsOfAccount;
  private final BucketCache signInsOfAddress;
  private final BucketCache signUpsOfAddress;
  private final BucketCache mailsOfAccount;
  private final BucketCache mailsOfAddress;

  RateLimiter(RedisGateway redis, RateLimitSettings settings) {
    ProxyManager<String> buckets = new RedisBucketProxyManager(redis);
    this.users = new BucketCache(buckets, "user", settings.user());
    this.addresses = new BucketCache(buckets, "address", settings.address());
    this.bookings = new BucketCache(buckets, "booking", settings.booking());
    this.signInsOfAccount = new BucketCache(buckets, "sign-in-account", settings.signInAccount());
    this.signInsOfAddress = new BucketCache(buckets, "sign-in-address", settings.signInAddress());
    this.signUpsOfAddress = new BucketCache(buckets, "sign-up-address", settings.signUpAddress());
    this.mailsOfAccount = new BucketCache(buckets, "mail-account", settings.mailAccount());
    this.mailsOfAddress = new BucketCache(buckets, "mail-address", settings.mailAddress());
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

  /// Takes one booking token of the user.
  ///
  /// @return zero, or the time until the next token
  Duration acquireBookingOfUser(String userId) {
    return bookings.acquire(userId);
  }

  /// Takes one sign-in token of the account.
  ///
  /// @return zero, or the time until the next token
  Duration acquireSignInOfAccount(String account) {
    return signInsOfAccount.acquire(account);
  }

  /// Returns the token of a successful sign-in, because the limit is on guesses.
  void returnSignInOfAccount(String account) {
    signInsOfAccount.release(account);
  }

  /// Takes one sign-in token of the address.
  ///
  /// @return zero, or the time until the next token
  Duration acquireSignInOfAddress(String address) {
    return signInsOfAddress.acquire(address);
  }

  /// Returns the token of a successful request, because the limit is on guesses.
  void returnSignInOfAddress(String address) {
    signInsOfAddress.release(address);
  }

  /// Takes one sign-up token of the address.
  ///
  /// @return zero, or the time until the next token
  Duration acquireSignUpOfAddress(String address) {
    return signUpsOfAddress.acquire(address);
  }

  /// Takes one token of the mails to the account.
  ///
  /// @return zero, or the time until the next token
  Duration acquireMailOfAccount(String account) {
    return mailsOfAccount.acquire(account);
  }

  /// Takes one token of the mails that the address requests.
  ///
  /// @return zero, or the time until the next token
  Duration acquireMailOfAddress(String address) {
    return mailsOfAddress.acquire(address);
  }

  private static final class BucketCache {

    private final LoadingCache<String, LocalBucket> buckets;

    BucketCache(ProxyManager<String> shared, String kind, RateLimitSettings.Rate rate) {
      this(shared, kind, rate.burst(), rate.perSecond(), Duration.ofSeconds(1));
    }

    BucketCache(ProxyManager<String> shared, String kind, RateLimitSettings.Quota quota) {
      this(shared, kind, quota.tokens(), quota.tokens(), quota.period());
    }

    /// The key contains the rate, so a changed setting starts with a full bucket.
    private BucketCache(
        ProxyManager<String> shared, String kind, int capacity, int refill, Duration period) {
      String rate = period.equals(Duration.ofSeconds(1)) ? "" : "/" + period.toSeconds() + "s";
      String prefix = "rate:" + kind + ":" + refill + "/" + capacity + rate + ":";
      BucketConfiguration configuration =
          BucketConfiguration.builder()
              .addLimit(limit -> limit.capacity(capacity).refillGreedy(refill, period))
              .build();
      int localTokens = capacity / SYNCHRONIZATIONS_PER_BUCKET;
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
                      configuration,
                      localTokens));
    }

    void release(String id) {
      buckets.get(id).release();
    }

    Duration acquire(String id) {
      return buckets.get(id).acquire();
    }
  }

  private static final class LocalBucket {

    private final BucketProxy shared;
    private final Bucket withoutRedis;
    private final AtomicInteger localTokens;

    /// [System#nanoTime] of the next token. Earlier requests are rejected without a round trip.
    private volatile long emptyUntil = System.nanoTime();

    /// @param localTokens requests accepted without the shared bucket
    LocalBucket(BucketProxy shared, BucketConfiguration configuration, int localTokens) {
      this.shared = shared;
      this.withoutRedis = Bucket.builder().addLimit(configuration.getBandwidths()[0]).build();
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
        return acquireFrom(shared);
      } catch (RedisUnavailableException e) {
        return acquireFrom(withoutRedis);
      } catch (BatchFailedException e) {
        // Bucket4j wraps the failure for requests that another request's thread served.
        if (e.getCause() instanceof RedisUnavailableException) {
          return acquireFrom(withoutRedis);
        }
        throw e;
      }
    }

    private Duration acquireFrom(Bucket bucket) {
      ConsumptionProbe probe = bucket.tryConsumeAndReturnRemaining(1);
      if (probe.isConsumed()) {
        return Duration.ZERO;
      }
      emptyUntil = System.nanoTime() + probe.getNanosToWaitForRefill();
      return Duration.ofNanos(probe.getNanosToWaitForRefill());
    }

    void release() {
      try {
        shared.addTokens(1);
      } catch (RedisUnavailableException | BatchFailedException e) {
        withoutRedis.addTokens(1);
      }
    }
  }
}
