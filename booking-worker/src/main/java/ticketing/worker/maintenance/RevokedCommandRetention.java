package ticketing.worker.maintenance;

import java.time.Clock;
import java.time.Instant;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.dao.DataAccessException;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.stereotype.Component;
import org.springframework.transaction.TransactionException;
import ticketing.database.DatabaseHealth;
import ticketing.worker.store.DecisionStore;

/// Deletes revoked commands that exceed the retention, one batch in a run. Several workers may run
/// it concurrently.
@Component
class RevokedCommandRetention {

  private static final Logger log = LoggerFactory.getLogger(RevokedCommandRetention.class);

  private final DecisionStore store;
  private final DatabaseHealth database;
  private final Clock clock;
  private final MaintenanceSettings settings;
  private Instant next = Instant.MIN;

  RevokedCommandRetention(
      DecisionStore store, DatabaseHealth database, Clock clock, MaintenanceSettings settings) {
    this.store = store;
    this.database = database;
    this.clock = clock;
    this.settings = settings;
  }

  @Scheduled(fixedDelayString = "${ticketing.worker.maintenance.revoked-commands-pause}")
  void deleteExpired() {
    if (clock.instant().isBefore(next) || !database.isUp()) {
      return;
    }
    try {
      int batchSize = settings.revokedCommandsBatchSize();
      if (store.deleteExpiredRevocations(batchSize) < batchSize) {
        next = clock.instant().plus(settings.revokedCommandsInterval());
      }
    } catch (DataAccessException | TransactionException e) {
      database.recordFailure(e);
      log.debug("cannot delete revoked commands, cause={}", e.getMessage());
    }
  }
}
