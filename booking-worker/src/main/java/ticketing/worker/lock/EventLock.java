package ticketing.worker.lock;

import java.time.Duration;
import java.util.concurrent.CompletionException;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import org.redisson.client.RedisException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;
import ticketing.redis.RedisGateway;
import ticketing.redis.RedisUnavailableException;
import ticketing.worker.settings.WorkerMetrics;
import ticketing.worker.settings.WorkerMetrics.LockResult;
import ticketing.worker.settings.WorkerSettings;

/// The lock `lock:event:{eventId}` in Redis, around a whole transaction. It keeps workers from
/// queueing up inside the database; it does not keep seats from being sold twice, which is the row
/// lock's work. So where Redis is down the work is done without it.
///
/// Redisson's lock belongs to a thread and counts how often that one has taken it. Here each taking
/// has an owner of its own: if Redis did not hear of a release, the same thread would take the lock
/// a second time, give it back once, and so leave it behind, with a lease that Redisson prolongs to
/// half a minute each time.
@Component
public class EventLock {

  private static final Logger log = LoggerFactory.getLogger(EventLock.class);

  /// Most releases that are tried again at a time; what is beyond is left to its lease.
  private static final int LATE_RELEASES = 100;

  private static final Duration LATE_RELEASE_PAUSE = Duration.ofMillis(100);

  private final RedisGateway redis;
  private final WorkerSettings settings;
  private final WorkerMetrics metrics;
  private final AtomicLong owners = new AtomicLong();
  private final Semaphore lateReleases = new Semaphore(LATE_RELEASES);

  EventLock(RedisGateway redis, WorkerSettings settings, WorkerMetrics metrics) {
    this.redis = redis;
    this.settings = settings;
    this.metrics = metrics;
  }

  /// One taking of a lock.
  private record Taking(String name, long owner) {}

  private enum Released {
    YES,
    WAS_NOT_HELD,
    UNKNOWN
  }

  /// Runs the work while holding the lock, or without if there is no Redis.
  ///
  /// @throws ConcurrentReservationException if another worker kept the lock for too long
  public <T> T holding(long eventId, Supplier<T> work) {
    if (!settings.lock()) {
      return work.get();
    }
    Taking taking = new Taking("lock:event:" + eventId, owners.incrementAndGet());
    boolean held = acquire(taking);
    long since = System.nanoTime();
    try {
      return work.get();
    } finally {
      release(taking, held);
      if (held) {
        metrics.heldLock(Duration.ofNanos(System.nanoTime() - since));
      }
    }
  }

  private boolean acquire(Taking taking) {
    long since = System.nanoTime();
    LockResult result = LockResult.TIMED_OUT;
    try {
      if (!redis.call(
          client ->
              client
                  .getLock(taking.name())
                  .tryLockAsync(
                      settings.lockWait().toMillis(),
                      settings.lockLease().toMillis(),
                      TimeUnit.MILLISECONDS,
                      taking.owner())
                  .toCompletableFuture()
                  .join())) {
        throw new ConcurrentReservationException(taking.name());
      }
      result = LockResult.TAKEN;
      return true;
    } catch (RedisUnavailableException e) {
      result = LockResult.UNAVAILABLE;
      log.debug("working without {}: {}", taking.name(), e.getMessage());
      return false;
    } finally {
      metrics.waitedForLock(result, Duration.ofNanos(System.nanoTime() - since));
    }
  }

  /// Also where the lock is not known to be held: Redis may have given it and its answer come too
  /// late, and then everybody would wait for the lease to end.
  private void release(Taking taking, boolean held) {
    switch (release(taking)) {
      case YES -> {}
      case WAS_NOT_HELD -> {
        if (held) {
          log.warn("{} was lost before its work was done", taking.name());
        }
      }
      case UNKNOWN -> {
        // One that is not known to be held may keep others waiting for a lease at most; while Redis
        // is down there are as many of those as groups.
        if (held && lateReleases.tryAcquire()) {
          Thread.ofVirtual().name("release-" + taking.name()).start(() -> releaseLate(taking));
        }
      }
    }
  }

  private Released release(Taking taking) {
    try {
      redis.call(
          client ->
              client
                  .getLock(taking.name())
                  .unlockAsync(taking.owner())
                  .toCompletableFuture()
                  .join());
      return Released.YES;
    } catch (CompletionException e) {
      if (e.getCause() instanceof IllegalMonitorStateException) {
        return Released.WAS_NOT_HELD;
      }
      throw e;
    } catch (RedisUnavailableException | RedisException e) {
      log.debug("{} is not released yet: {}", taking.name(), e.getMessage());
      return Released.UNKNOWN;
    }
  }

  /// Tries again until the lease would have ended anyway.
  private void releaseLate(Taking taking) {
    long end = System.nanoTime() + settings.lockLease().toNanos();
    try {
      do {
        Thread.sleep(LATE_RELEASE_PAUSE);
      } while (release(taking) == Released.UNKNOWN && System.nanoTime() - end < 0);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      lateReleases.release();
    }
  }
}
