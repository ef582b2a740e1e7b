package ticketing.worker;

import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.redisson.api.RLock;
import org.redisson.client.RedisException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;
import ticketing.domain.Redis;
import ticketing.domain.RedisUnavailable;

/// The lock `lock:event:{eventId}` in Redis, around a whole transaction. It keeps workers from
/// queueing up inside the database; it does not keep seats from being sold twice, which is the row
/// lock's work. So where Redis is down the work is done without it.
@Component
class EventLock {

  private static final Logger log = LoggerFactory.getLogger(EventLock.class);

  private final Redis redis;
  private final WorkerSettings settings;

  EventLock(Redis redis, WorkerSettings settings) {
    this.redis = redis;
    this.settings = settings;
  }

  /// Runs the work while holding the lock, or without if there is no Redis.
  ///
  /// @throws ConcurrentReservationException if another worker kept the lock for too long
  <T> T holding(long eventId, Supplier<T> work) {
    Optional<RLock> lock = settings.lock() ? acquire(eventId) : Optional.empty();
    try {
      return work.get();
    } finally {
      lock.ifPresent(this::release);
    }
  }

  private Optional<RLock> acquire(long eventId) {
    try {
      return Optional.of(redis.call(client -> tryLock(client.getLock("lock:event:" + eventId))));
    } catch (RedisUnavailable e) {
      log.debug("event {} is decided without its lock: {}", eventId, e.getMessage());
      return Optional.empty();
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

  private void release(RLock lock) {
    try {
      redis.call(
          client -> {
            lock.unlock();
            return null;
          });
    } catch (IllegalMonitorStateException e) {
      log.warn("{} was lost before its work was done", lock.getName());
    } catch (RedisUnavailable | RedisException e) {
      log.debug("{} is left to expire: {}", lock.getName(), e.getMessage());
    }
  }
}
