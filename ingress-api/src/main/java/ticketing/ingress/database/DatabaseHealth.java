package ticketing.ingress.database;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import javax.sql.DataSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;
import org.springframework.stereotype.Component;

/// Availability of the database, probed once a second, so that no request waits for a database that
/// is known to be unavailable.
@Component
public class DatabaseHealth implements SmartLifecycle {

  private static final Logger log = LoggerFactory.getLogger(DatabaseHealth.class);

  private static final int PROBE_INTERVAL_SECONDS = 1;
  private static final int PROBE_TIMEOUT_SECONDS = 1;

  private final DataSource database;
  private volatile boolean unavailable;
  private ScheduledExecutorService prober;

  DatabaseHealth(DataSource database, MeterRegistry registry) {
    this.database = database;
    Gauge.builder("ticketing.database.up", () -> unavailable ? 0 : 1)
        .description("1 while the database is available, 0 while calls are suspended")
        .register(registry);
  }

  public boolean isUnavailable() {
    return unavailable;
  }

  private void probe() {
    boolean failed = !isReachable();
    if (failed != unavailable) {
      log.warn(failed ? "database unavailable" : "database available");
    }
    unavailable = failed;
  }

  private boolean isReachable() {
    try (Connection connection = database.getConnection()) {
      return connection.isValid(PROBE_TIMEOUT_SECONDS);
    } catch (SQLException e) {
      return false;
    }
  }

  @Override
  public void start() {
    prober =
        Executors.newSingleThreadScheduledExecutor(
            Thread.ofVirtual().name("database-probe").factory());
    prober.scheduleWithFixedDelay(
        this::probe, PROBE_INTERVAL_SECONDS, PROBE_INTERVAL_SECONDS, TimeUnit.SECONDS);
  }

  @Override
  public void stop() {
    prober.shutdownNow();
    prober = null;
  }

  @Override
  public boolean isRunning() {
    return prober != null;
  }
}
