package ticketing.worker.maintenance;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.dao.DataAccessException;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.stereotype.Component;
import org.springframework.transaction.TransactionException;
import ticketing.database.DatabaseHealth;
import ticketing.worker.store.DecisionStore;

/// Deletes revoked commands that exceed the retention. Several workers may run it concurrently.
@Component
class RevokedCommandRetention {

  private static final Logger log = LoggerFactory.getLogger(RevokedCommandRetention.class);
  private static final int MAX_BATCHES = 100; // in one run

  private final DecisionStore store;
  private final DatabaseHealth database;
  private final MaintenanceSettings settings;

  RevokedCommandRetention(
      DecisionStore store, DatabaseHealth database, MaintenanceSettings settings) {
    this.store = store;
    this.database = database;
    this.settings = settings;
  }

  @Scheduled(fixedDelayString = "${ticketing.worker.maintenance.revoked-commands-interval}")
  void deleteExpired() {
    if (!database.isUp()) {
      return;
    }
    try {
      int batchSize = settings.revokedCommandsBatchSize();
      int deleted = batchSize;
      for (int batch = 0; batch < MAX_BATCHES && deleted == batchSize; batch++) {
        deleted = store.deleteExpiredRevocations(batchSize);
      }
    } catch (DataAccessException | TransactionException e) {
      database.recordFailure(e);
      log.debug("cannot delete revoked commands, cause={}", e.getMessage());
    }
  }
}
