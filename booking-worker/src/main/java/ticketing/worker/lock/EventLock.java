package ticketing.worker.lock;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.util.Collection;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;
import ticketing.redis.RedisErrorReplyException;
import ticketing.redis.RedisGateway;
import ticketing.redis.RedisUnavailableException;

/// Redis lock `lock:event:{eventId}` around a transaction. It prevents that workers block each
/// other inside the database. The row lock prevents overselling, so the work continues without
/// Redis, with an unreadable value under the key, and after the maximum wait.
///
/// A value under the key can be orphaned: a foreign value, or a lock without an expiry. It delays
/// its event by the maximum wait, then this worker bypasses the lock of the event for a time. The
/// lock is not fair, so a wait can also end while other workers pass the lock on. The next batch
/// waits for it again then.
///
/// A Redisson lock belongs to a thread and counts its acquisitions. Here each acquisition has its
/// own owner id: after a release that Redis did not receive, the same thread could otherwise
/// acquire the lock twice and release it once.
@Component
public class EventLock {

  private static final Logger log = LoggerFactory.getLogger(EventLock.class);

  private static final int MAX_LATE_RELEASES = 100; // others expire with their lease
  private static final Duration LATE_RELEASE_DELAY = Duration.ofMillis(100);
  private static final int MAX_BYPASSED_EVENTS = 10_000;
  private static final long NO_KEY = -2; // answer of PTTL

  private final RedisGateway redis;
  private final LockSettings settings;
  private final LockMetrics metrics;
  private final AtomicLong owners = new AtomicLong();
  private final Semaphore lateReleases = new Semaphore(MAX_LATE_RELEASES);

  /// [System#nanoTime] of the end of the bypass, by event id.
  private final Map<Long, Long> bypassEnds = new ConcurrentHashMap<>();

  EventLock(RedisGateway redis, LockSettings settings, LockMetrics metrics) {
    this.redis = redis;
    this.settings = settings;
    this.metrics = metrics;
  }

  /// Returns the same lock without metrics, for a warm-up.
  public EventLock withoutMetrics() {
    return new EventLock(redis, settings, new LockMetrics(new SimpleMeterRegistry()));
  }

  private enum Release {
    RELEASED,
    WAS_NOT_HELD,
    UNKNOWN
  }

  private enum Acquisition {
    HELD,
    NOT_HELD,
    /// Redis may grant the lock after the time limit of the call.
    UNKNOWN
  }

  /// One acquisition of the lock.
  public final class Lease implements AutoCloseable {
    private final long eventId;
    private final String name;
    private final long owner = owners.incrementAndGet();
    private Acquisition acquisition = Acquisition.NOT_HELD;
    private long acquiredAt;

    private Lease(long eventId) {
      this.eventId = eventId;
      this.name = "lock:event:" + eventId;
    }

    private boolean isLockUsed() {
      return settings.enabled() && !isBypassed(eventId);
    }

    private Lease acquire() {
      if (isLockUsed()) {
        acquisition = tryAcquire();
      }
      acquiredAt = System.nanoTime();
      return this;
    }

    private Acquisition tryAcquire() {
      long since = System.nanoTime();
      LockMetrics.Result result = LockMetrics.Result.UNAVAILABLE;
      try {
        if (RedisGateway.await(startAcquisition(settings.maxWait()))) {
          result = LockMetrics.Result.TAKEN;
          return Acquisition.HELD;
        }
        result = LockMetrics.Result.TIMED_OUT;
        if (isPassedOn()) {
          log.debug("lock is contended, row lock alone decides one batch, lock={}", name);
          return Acquisition.NOT_HELD;
        }
        bypass(eventId);
        log.warn(
            "lock is held for too long, row lock alone decides, lock={} bypass={}s",
            name,
            settings.bypassTime().toSeconds());
        return Acquisition.NOT_HELD;
      } catch (RedisErrorReplyException e) {
        redis.reportUnreadable(name, e.getMessage());
        return Acquisition.NOT_HELD;
      } catch (RedisUnavailableException e) {
        log.debug("deciding without lock, lock={} cause={}", name, e.getMessage());
        return Acquisition.UNKNOWN;
      } finally {
        metrics.recordWait(result, Duration.ofNanos(System.nanoTime() - since));
      }
    }

    /// True if the lock is free now, or its holder acquired it during the wait of this lease.
    private boolean isPassedOn() {
      long left =
          redis.call(
              client -> client.getLock(name).remainTimeToLiveAsync().toCompletableFuture().join());
      long age = settings.lease().toMillis() - left;
      return left == NO_KEY || left >= 0 && age >= 0 && age < settings.maxWait().toMillis();
    }

    private CompletableFuture<Boolean> startAcquisition(Duration maxWait) {
      return redis.async(client ->
          client
              .getLock(name)
              .tryLockAsync(
                  maxWait.toMillis(), settings.lease().toMillis(), TimeUnit.MILLISECONDS, owner));
    }

    /// Completes an acquisition without a wait.
    ///
    /// @return false if another owner has the lock, or its value is unreadable
    private boolean complete(CompletableFuture<Boolean> started) {
      LockMetrics.Result result = LockMetrics.Result.UNAVAILABLE;
      long since = System.nanoTime();
      try {
        if (!RedisGateway.await(started)) {
          return false;
        }
        result = LockMetrics.Result.TAKEN;
        acquisition = Acquisition.HELD;
      } catch (RedisErrorReplyException e) {
        return false;
      } catch (RedisUnavailableException e) {
        log.debug("deciding without lock, lock={} cause={}", name, e.getMessage());
        acquisition = Acquisition.UNKNOWN;
      }
      acquiredAt = System.nanoTime();
      metrics.recordWait(result, Duration.ofNanos(acquiredAt - since));
      return true;
    }

    /// Releases the lock, also if its acquisition is unknown.
    @Override
    public void close() {
      if (acquisition != Acquisition.NOT_HELD) {
        close(startRelease());
      }
    }

    private void close(CompletableFuture<Void> started) {
      boolean held = acquisition == Acquisition.HELD;
      switch (result(started)) {
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

    private CompletableFuture<Void> startRelease() {
      return redis.async(client -> client.getLock(name).unlockAsync(owner));
    }

    private Release result(CompletableFuture<Void> started) {
      try {
        RedisGateway.await(started);
        return Release.RELEASED;
      } catch (CompletionException e) {
        if (e.getCause() instanceof IllegalMonitorStateException) {
          return Release.WAS_NOT_HELD;
        }
        throw e;
      } catch (RedisUnavailableException e) {
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
        } while (result(startRelease()) == Release.UNKNOWN && System.nanoTime() - end < 0);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      } finally {
        lateReleases.release();
      }
    }
  }

  /// Acquires the lock of an event. The lease is empty without Redis, after the maximum wait, and
  /// during the bypass that follows it.
  public Lease acquire(long eventId) {
    return new Lease(eventId).acquire();
  }

  /// Locks of several events. They are released together.
  public final class Leases implements AutoCloseable {
    private final Map<Long, Lease> byEvent = new HashMap<>();

    private Leases(Collection<Long> eventIds) {
      Map<Lease, CompletableFuture<Boolean>> started = new HashMap<>();
      for (long eventId : eventIds) {
        Lease lease = new Lease(eventId);
        if (lease.isLockUsed()) {
          started.put(lease, lease.startAcquisition(Duration.ZERO));
        } else {
          byEvent.put(eventId, lease);
        }
      }
      started.forEach((lease, acquisition) -> {
        if (lease.complete(acquisition)) {
          byEvent.put(lease.eventId, lease);
        }
      });
    }

    /// Returns the events that may be decided: those with a lock that was free, is bypassed, or is
    /// unknown because Redis is unavailable.
    public Set<Long> eventIds() {
      return byEvent.keySet();
    }

    @Override
    public void close() {
      Map<Lease, CompletableFuture<Void>> started = new HashMap<>();
      for (Lease lease : byEvent.values()) {
        if (lease.acquisition != Acquisition.NOT_HELD) {
          started.put(lease, lease.startRelease());
        }
      }
      started.forEach(Lease::close);
    }
  }

  /// Acquires those locks of these events that are free, without a wait.
  public Leases tryAcquire(Collection<Long> eventIds) {
    return new Leases(eventIds);
  }

  private boolean isBypassed(long eventId) {
    Long end = bypassEnds.get(eventId);
    if (end == null) {
      return false;
    }
    if (System.nanoTime() - end < 0) {
      return true;
    }
    bypassEnds.remove(eventId, end);
    return false;
  }

  private void bypass(long eventId) {
    long now = System.nanoTime();
    if (bypassEnds.size() >= MAX_BYPASSED_EVENTS) {
      bypassEnds.values().removeIf(end -> now - end >= 0);
    }
    if (bypassEnds.size() < MAX_BYPASSED_EVENTS) {
      bypassEnds.put(eventId, now + settings.bypassTime().toNanos());
    }
  }
}
