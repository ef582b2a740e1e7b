package ticketing.database;

import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import javax.sql.DataSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import ticketing.concurrent.MonotonicClock;

/// Availability of the database, from the failures and successes that the callers record.
///
/// One failure of kind [DatabaseErrors.Kind#UNAVAILABLE] opens the circuit breaker. While it is
/// open, one virtual thread probes the database once a second; the first successful probe closes
/// the breaker. A probe takes at most the connection timeout of the pool plus one second.
///
/// Writes of events can be suspended too ([#recordWriteFailure]): a database that answers may
/// reject every write. No connection probe detects the end of this state, so the callers probe with
/// their own writes, one a second ([#awaitAttempt]). The first successful write ends it. Safe for
/// use by several threads.
public final class DatabaseHealth implements MeterBinder, AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(DatabaseHealth.class);
  private static final Duration PROBE_INTERVAL = Duration.ofSeconds(1);
  private static final int PROBE_TIMEOUT_SECONDS = 1;

  private final DataSource database;
  private final int maxFailingEvents;
  private final CircuitBreaker breaker;
  private final Object monitor = new Object();
  private Thread prober; // guarded by monitor
  private long failures; // guarded by monitor
  private boolean outageLogged; // guarded by monitor
  private boolean closed; // guarded by monitor
  private final Set<Long> failingEvents = new HashSet<>(); // guarded by monitor
  private long nextAttemptAt; // System.nanoTime(), guarded by monitor
  private volatile WriteState writes = WriteState.ACCEPTED;

  /// State of the writes of events.
  private enum WriteState {
    ACCEPTED,
    /// Transactions of several events failed by locks or timeouts without a success.
    BLOCKED,
    /// The database is read-only or its disk is full.
    REJECTED
  }

  /// Creates an object whose callers record no writes of events.
  public DatabaseHealth(DataSource database) {
    this(database, Integer.MAX_VALUE);
  }

  /// @param maxFailingEvents number of different events whose transactions fail by locks or
  ///   timeouts, without a success between them, from which on writes are suspended
  public DatabaseHealth(DataSource database, int maxFailingEvents) {
    this.database = database;
    this.maxFailingEvents = maxFailingEvents;
    this.nextAttemptAt = System.nanoTime();
    this.breaker =
        CircuitBreaker.of(
            "database",
            CircuitBreakerConfig.custom()
                .clock(new MonotonicClock())
                .slidingWindowSize(1)
                .minimumNumberOfCalls(1)
                .failureRateThreshold(100)
                .build());
    breaker
        .getEventPublisher()
        .onStateTransition(event -> stateChanged(event.getStateTransition().getToState()));
  }

  /// Returns false while the database is unreachable or rejects every write.
  public boolean isUp() {
    return isReachable() && writes != WriteState.REJECTED;
  }

  /// Returns false while the database is not up or writes are suspended because several events are
  /// blocked.
  public boolean acceptsWrites() {
    return isReachable() && writes == WriteState.ACCEPTED;
  }

  /// Returns false from the first connection failure until the first successful probe after it.
  public boolean isReachable() {
    return breaker.getState() == CircuitBreaker.State.CLOSED;
  }

  /// Returns true if writes are suspended by locks or timeouts of several events. Other events may
  /// succeed.
  public boolean isBlocked() {
    return isReachable() && writes == WriteState.BLOCKED;
  }

  /// Records a failed call. A failure of another kind than `UNAVAILABLE` changes no state.
  public void recordFailure(RuntimeException failure) {
    if (DatabaseErrors.isUnavailable(failure)) {
      open(failure);
    }
  }

  /// Records a failed transaction of an event. A rejected write suspends writes. So does a lock or
  /// a timeout, if it is the last of several events without a success.
  public void recordWriteFailure(long eventId, RuntimeException failure) {
    switch (DatabaseErrors.classify(failure)) {
      case UNAVAILABLE -> open(failure);
      case WRITES_REJECTED -> suspendWrites(WriteState.REJECTED);
      case TRANSIENT_CONFLICT -> {
        boolean suspend;
        synchronized (monitor) {
          if (failingEvents.size() < maxFailingEvents) {
            failingEvents.add(eventId);
          }
          suspend = failingEvents.size() >= maxFailingEvents;
        }
        if (suspend) {
          suspendWrites(WriteState.BLOCKED);
        }
      }
      case INTEGRITY_VIOLATION, OTHER -> {}
    }
  }

  private void suspendWrites(WriteState state) {
    synchronized (monitor) {
      if (writes == WriteState.ACCEPTED) {
        log.warn("writes suspended, state={}", state);
      }
      // A rejected write is certain, a blocked one may be a coincidence.
      if (writes != WriteState.REJECTED) {
        writes = state;
      }
    }
  }

  /// Records a successful write of an event. It ends the suspension of writes.
  public void recordWriteSuccess() {
    recordSuccess();
    synchronized (monitor) {
      failingEvents.clear();
      if (writes != WriteState.ACCEPTED) {
        writes = WriteState.ACCEPTED;
        log.warn("writes accepted again");
        monitor.notifyAll();
      }
    }
  }

  private void open(Throwable failure) {
    synchronized (monitor) {
      failures++;
      breaker.onError(0, TimeUnit.NANOSECONDS, failure);
    }
  }

  /// Records a successful call. It does not close an open breaker: the call may have begun before
  /// the failure.
  public void recordSuccess() {
    breaker.onSuccess(0, TimeUnit.NANOSECONDS);
  }

  /// Probes the database now and records the result, for processes that make no regular calls.
  /// Blocks for at most the connection timeout of the pool plus one second.
  ///
  /// @return true if the database is reachable
  public boolean probe() {
    long failuresAtStart;
    synchronized (monitor) {
      failuresAtStart = failures;
    }
    try (Connection connection = database.getConnection()) {
      if (!connection.isValid(PROBE_TIMEOUT_SECONDS)) {
        throw new SQLException("connection is not valid");
      }
    } catch (SQLException | RuntimeException e) {
      log.debug("database probe failed, cause={}", e.toString());
      open(e);
      return false;
    }
    synchronized (monitor) {
      // The result of a probe that began before the last failure is outdated.
      if (!isReachable() && failures == failuresAtStart) {
        breaker.transitionToClosedState();
      }
      return isReachable();
    }
  }

  /// Blocks until the database is available or this object is closed.
  public void awaitUp() throws InterruptedException {
    synchronized (monitor) {
      while (!isUp() && !closed) {
        monitor.wait();
      }
    }
  }

  /// Blocks until writes are accepted, this object is closed or the time is over.
  ///
  /// @return true if writes are accepted
  public boolean awaitWrites(Duration maxWait) throws InterruptedException {
    long deadline = System.nanoTime() + maxWait.toNanos();
    synchronized (monitor) {
      while (!acceptsWrites() && !closed && deadline - System.nanoTime() > 0) {
        TimeUnit.NANOSECONDS.timedWait(monitor, deadline - System.nanoTime());
      }
      return acceptsWrites();
    }
  }

  /// Blocks until a failed write may be repeated: writes are accepted, or they are suspended and no
  /// other caller attempted one for a second.
  ///
  /// @return false if that was not so within the time
  public boolean awaitAttempt(Duration maxWait) throws InterruptedException {
    long deadline = System.nanoTime() + maxWait.toNanos();
    synchronized (monitor) {
      while (!acceptsWrites()) {
        long now = System.nanoTime();
        long remaining = deadline - now;
        if (isReachable()) {
          if (now - nextAttemptAt >= 0) {
            nextAttemptAt = now + PROBE_INTERVAL.toNanos();
            return true;
          }
          remaining = Math.min(remaining, nextAttemptAt - now);
        }
        if (closed || deadline - now <= 0) {
          return false;
        }
        TimeUnit.NANOSECONDS.timedWait(monitor, Math.max(1_000_000, remaining));
      }
      return true;
    }
  }

  private void stateChanged(CircuitBreaker.State state) {
    synchronized (monitor) {
      boolean outage = state == CircuitBreaker.State.OPEN;
      if (outage != outageLogged) {
        outageLogged = outage;
        log.warn(outage ? "database unavailable" : "database available again");
      }
      if (outage) {
        startProber();
      } else {
        monitor.notifyAll();
      }
    }
  }

  private void startProber() {
    if (prober == null && !closed) {
      prober = Thread.ofVirtual().name("database-probe").start(this::probeUntilUp);
    }
  }

  private void probeUntilUp() {
    try {
      while (!probe()) {
        TimeUnit.NANOSECONDS.sleep(PROBE_INTERVAL.toNanos());
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      synchronized (monitor) {
        prober = null;
        // A failure recorded after the last probe found this thread still registered.
        if (!isReachable()) {
          startProber();
        }
      }
    }
  }

  @Override
  public void bindTo(MeterRegistry registry) {
    Gauge.builder("ticketing.database.up", this, health -> health.acceptsWrites() ? 1 : 0)
        .description("1 while the database is available, 0 while calls are suspended")
        .register(registry);
  }

  /// Ends the probes and releases the callers of [#awaitUp].
  @Override
  public void close() {
    synchronized (monitor) {
      closed = true;
      if (prober != null) {
        prober.interrupt();
      }
      monitor.notifyAll();
    }
  }
}
