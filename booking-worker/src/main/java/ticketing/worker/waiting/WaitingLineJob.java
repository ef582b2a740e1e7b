package ticketing.worker.waiting;

import java.time.Duration;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;
import org.springframework.dao.DataAccessException;
import org.springframework.stereotype.Component;
import org.springframework.transaction.TransactionException;
import ticketing.database.DatabaseHealth;
import ticketing.redis.RedisUnavailableException;

/// Runs the recovery of abandoned commands and the check of the waiting lines, each in its own
/// thread. Several workers may run them concurrently: every removal is idempotent.
@Component
class WaitingLineJob implements SmartLifecycle {

  private static final Logger log = LoggerFactory.getLogger(WaitingLineJob.class);

  private final AbandonedSendRecovery recovery;
  private final WaitingLineCheck check;
  private final DatabaseHealth database;
  private final WaitingLineSettings settings;
  private ScheduledExecutorService scheduler;

  WaitingLineJob(
      AbandonedSendRecovery recovery,
      WaitingLineCheck check,
      DatabaseHealth database,
      WaitingLineSettings settings) {
    this.recovery = recovery;
    this.check = check;
    this.database = database;
    this.settings = settings;
  }

  @Override
  public void start() {
    scheduler =
        Executors.newScheduledThreadPool(2, Thread.ofVirtual().name("waiting-line-", 0).factory());
    repeat(settings.recoveryInterval(), recovery::run);
    repeat(settings.checkInterval(), check::run);
  }

  private void repeat(Duration interval, Runnable task) {
    scheduler.scheduleWithFixedDelay(
        () -> run(task), interval.toMillis(), interval.toMillis(), TimeUnit.MILLISECONDS);
  }

  private void run(Runnable task) {
    if (!database.isUp()) {
      return;
    }
    try {
      task.run();
    } catch (RedisUnavailableException e) {
      log.debug("cannot check waiting lines, cause={}", e.getMessage());
    } catch (DataAccessException | TransactionException e) {
      database.recordFailure(e);
      log.debug("cannot check waiting lines, cause={}", e.getMessage());
    } catch (RuntimeException e) {
      // Any exception would end the schedule.
      log.warn("cannot check waiting lines", e);
    }
  }

  @Override
  public void stop() {
    scheduler.shutdownNow();
    scheduler = null;
  }

  @Override
  public boolean isRunning() {
    return scheduler != null;
  }
}
