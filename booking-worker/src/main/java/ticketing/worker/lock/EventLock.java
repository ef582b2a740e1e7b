package ticketing.worker.lock;

import java.time.Duration;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.redisson.client.RedisException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;
import ticketing.redis.RedisGateway;
import ticketing.redis.RedisUnavailableException;

/// Redis lock `lock:event:{eventId}` around a transaction. It prevents that workers block each
/// other inside the database. The row lock prevents overselling, so the work continues without
/// Redis.
///
/// A Redisson lock belongs to a thread and counts its acquisitions. Here each acquisition has its
/// own owner id: after a release that Redis did not receive, the same thread could otherwise
/// acquire the lock twice and release it once.
@Component
public class EventLock {

  private static final Logger log = LoggerFactory.getLogger(EventLock.class);

  private static final int MAX_LATE_RELEASES = 100; // others expire with their lease
  private static final Duration LATE_RELEASE_DELAY = Duration.ofMillis(100);

  private final RedisGateway redis;
  private final LockSettings settings;
  private final LockMetrics metrics;
  private final AtomicLong owners = new AtomicLong();
  private final Semaphore lateReleases = new Semaphore(MAX_LATE_RELEASES);

  EventLock(RedisGateway redis, LockSettings settings, LockMetrics metrics) {
    this.redis = redis;
    this.settings = settings;
    this.metrics = metrics;
  }

  private enum Release {
    RELEASED,
    WAS_NOT_HELD,
    UNKNOWN
  }

  /// One acquisition of the lock.
  public final class Lease implements AutoCloseable {
    private final String name;
    private final long owner = owners.incrementAndGet();
    private final boolean held;
    private final long acquiredAt;

    private Lease(String name) {
      this.name = name;
      this.held = acquire();
      this.acquiredAt = System.nanoTime();
    }

    private boolean acquire() {
      if (!settings.enabled()) {
        return false;
      }
      long since = System.nanoTime();
      LockMetrics.Result result = LockMetrics.Result.TIMED_OUT;
      try {
        if (!tryLock()) {
          throw new ConcurrentReservationException(name);
        }
        result = LockMetrics.Result.TAKEN;
        return true;
      } catch (RedisUnavailableException e) {
        result = LockMetrics.Result.UNAVAILABLE;
        log.debug("deciding without lock, lock={} cause={}", name, e.getMessage());
        return false;
      } finally {
        metrics.recordWait(result, Duration.ofNanos(System.nanoTime() - since));
      }
    }

    private boolean tryLock() {
      return redis.call(client ->
          client
              .getLock(name)
              .tryLockAsync(
                  settings.maxWait().toMillis(),
                  settings.lease().toMillis(),
                  TimeUnit.MILLISECONDS,
                  owner)
              .toCompletableFuture()
              .join());
    }

    /// Releases the lock, also if its acquisition is unknown: Redis may have granted it after the
    /// time limit of the call.
    @Override
    public void close() {
      if (!settings.enabled()) {
        return;
      }
      switch (tryRelease()) {
        case RELEASED -> {}
        case WAS_NOT_HELD -> {
          if (held) {
            log.warn("lock expired during the work, lock={}", name);
          }
        }
        case UNKNOWN -> {
          // While Redis is down, every batch has an unknown lease; only held ones are retried.
          if (held && lateReleases.tryAcquire()) {
            Thread.ofVirtual().name("release-" + name).start(this::releaseLate);
          }
        }
      }
      if (held) {
        metrics.recordHold(Duration.ofNanos(System.nanoTime() - acquiredAt));
      }
    }

    private Release tryRelease() {
      try {
        redis.call(client -> client.getLock(name).unlockAsync(owner).toCompletableFuture().join());
        return Release.RELEASED;
      } catch (CompletionException e) {
        if (e.getCause() instanceof IllegalMonitorStateException) {
          return Release.WAS_NOT_HELD;
        }
        throw e;
      } catch (RedisUnavailableException | RedisException e) {
        log.debug("cannot release lock, lock={} cause={}", name, e.getMessage());
        return Release.UNKNOWN;
      }
    }

    /// Retries the release until the lease expires.
    private void releaseLate() {
      long end = System.nanoTime() + settings.lease().toNanos();
      try {
        do {
          Thread.sleep(LATE_RELEASE_DELAY);
        } while (tryRelease() == Release.UNKNOWN && System.nanoTime() - end < 0);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      } finally {
        lateReleases.release();
      }
    }
  }

  /// Acquires the lock of an event. Without Redis, the lease is empty.
  ///
  /// @throws ConcurrentReservationException if another worker holds the lock for longer than the
  ///   maximum wait
  public Lease acquire(long eventId) {
    return new Lease("lock:event:" + eventId);
  }
}
