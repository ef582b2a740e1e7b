package ticketing.database;

import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import javax.sql.DataSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Availability of the database, from the failures and successes that the callers record.
///
/// One failure of kind [DatabaseErrors.Kind#UNAVAILABLE] opens the circuit breaker. While it is
/// open, one virtual thread probes the database once a second; the first successful probe closes
/// the breaker. A probe takes at most the connection timeout of the pool plus one second. Safe for
/// use by several threads.
public final class DatabaseHealth implements MeterBinder, AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(DatabaseHealth.class);
  private static final Duration PROBE_INTERVAL = Duration.ofSeconds(1);
  private static final int PROBE_TIMEOUT_SECONDS = 1;

  private final DataSource database;
  private final CircuitBreaker breaker;
  private final Object monitor = new Object();
  private Thread prober; // guarded by monitor
  private long failures; // guarded by monitor
  private boolean outageLogged; // guarded by monitor
  private boolean closed; // guarded by monitor

  public DatabaseHealth(DataSource database) {
    this.database = database;
    this.breaker =
        CircuitBreaker.of(
            "database",
            CircuitBreakerConfig.custom()
                .slidingWindowSize(1)
                .minimumNumberOfCalls(1)
                .failureRateThreshold(100)
                .build());
    breaker
        .getEventPublisher()
        .onStateTransition(event -> stateChanged(event.getStateTransition().getToState()));
  }

  /// Returns false from the first recorded failure until the first successful probe after it.
  public boolean isUp() {
    return breaker.getState() == CircuitBreaker.State.CLOSED;
  }

  /// Records a failed call. A failure of another kind than `UNAVAILABLE` changes no state.
  public void recordFailure(RuntimeException failure) {
    if (DatabaseErrors.isUnavailable(failure)) {
      open(failure);
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
  /// @return true if the database is available
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
      if (!isUp() && failures == failuresAtStart) {
        breaker.transitionToClosedState();
      }
      return isUp();
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
        if (!isUp()) {
          startProber();
        }
      }
    }
  }

  @Override
  public void bindTo(MeterRegistry registry) {
    Gauge.builder("ticketing.database.up", this, health -> health.isUp() ? 1 : 0)
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
