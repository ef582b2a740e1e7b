package ticketing.worker;

import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.redisson.api.RLock;
import org.redisson.client.RedisException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;
import ticketing.domain.Redis;
import ticketing.domain.RedisUnavailable;
import ticketing.worker.WorkerMetrics.LockResult;

/// The lock `lock:event:{eventId}` in Redis, around a whole transaction. It keeps workers from
/// queueing up inside the database; it does not keep seats from being sold twice, which is the row
/// lock's work. So where Redis is down the work is done without it.
@Component
class EventLock {

  private static final Logger log = LoggerFactory.getLogger(EventLock.class);

  private final Redis redis;
  private final WorkerSettings settings;
  private final WorkerMetrics metrics;

  EventLock(Redis redis, WorkerSettings settings, WorkerMetrics metrics) {
    this.redis = redis;
    this.settings = settings;
    this.metrics = metrics;
  }

  /// Runs the work while holding the lock, or without if there is no Redis.
  ///
  /// @throws ConcurrentReservationException if another worker kept the lock for too long
  <T> T holding(long eventId, Supplier<T> work) {
    if (!settings.lock()) {
      return work.get();
    }
    String name = "lock:event:" + eventId;
    boolean held = acquire(name);
    long since = System.nanoTime();
    try {
      return work.get();
    } finally {
      release(name, held);
      if (held) {
        metrics.heldLock(Duration.ofNanos(System.nanoTime() - since));
      }
    }
  }

  private boolean acquire(String name) {
    long since = System.nanoTime();
    LockResult result = LockResult.TIMED_OUT;
    try {
      redis.call(client -> tryLock(client.getLock(name)));
      result = LockResult.TAKEN;
      return true;
    } catch (RedisUnavailable e) {
      result = LockResult.UNAVAILABLE;
      log.debug("working without {}: {}", name, e.getMessage());
      return false;
    } finally {
      metrics.waitedForLock(result, Duration.ofNanos(System.nanoTime() - since));
    }
  }

  private RLock tryLock(RLock lock) {
    try {
      if (lock.tryLock(
          settings.lockWait().toMillis(), settings.lockLease().toMillis(), TimeUnit.MILLISECONDS)) {
        return lock;
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    throw new ConcurrentReservationException(lock.getName());
  }

  /// Also where the lock is not known to be held: Redis may have given it and its answer come too
  /// late, and then everybody would wait for the lease to end.
  private void release(String name, boolean held) {
    try {
      redis.call(
          client -> {
            client.getLock(name).unlock();
            return null;
          });
    } catch (IllegalMonitorStateException e) {
      if (held) {
        log.warn("{} was lost before its work was done", name);
      }
    } catch (RedisUnavailable | RedisException e) {
      log.debug("{} is left to expire: {}", name, e.getMessage());
    }
  }
}
