package ticketing.ingress.database;

import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.springframework.context.SmartLifecycle;
import org.springframework.stereotype.Component;
import ticketing.database.DatabaseHealth;

/// Probes the database once a second, so that no request waits for an unavailable one.
@Component
class DatabaseProbe implements SmartLifecycle {

  private static final int INTERVAL_SECONDS = 1;

  private final DatabaseHealth health;
  private ScheduledExecutorService prober;

  DatabaseProbe(DatabaseHealth health) {
    this.health = health;
  }

  @Override
  public void start() {
    prober =
        Executors.newSingleThreadScheduledExecutor(
            Thread.ofVirtual().name("database-probe").factory());
    prober.scheduleWithFixedDelay(
        health::probe, INTERVAL_SECONDS, INTERVAL_SECONDS, TimeUnit.SECONDS);
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
