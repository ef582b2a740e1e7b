package ticketing.worker.maintenance;

import java.time.Clock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.dao.DataAccessException;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.stereotype.Component;
import org.springframework.transaction.TransactionException;
import ticketing.database.DatabaseHealth;
import ticketing.worker.settings.WorkerSettings;
import ticketing.worker.store.DecisionStore;

/// Forgets withdrawn commands whose messages cannot arrive any more. Any number of workers may do
/// so at once.
@Component
class RevokedCommandRetention {

  private static final Logger log = LoggerFactory.getLogger(RevokedCommandRetention.class);
  private static final int BATCHES = 100; // most transactions of one round

  private final DecisionStore ledger;
  private final DatabaseHealth database;
  private final WorkerSettings settings;
  private final Clock clock;

  RevokedCommandRetention(
      DecisionStore ledger, DatabaseHealth database, WorkerSettings settings, Clock clock) {
    this.ledger = ledger;
    this.database = database;
    this.settings = settings;
    this.clock = clock;
  }

  @Scheduled(fixedDelayString = "${ticketing.worker.withdrawals-every}")
  void forget() {
    if (!database.isUp()) {
      return;
    }
    try {
      int batch = settings.withdrawalsBatch();
      int forgotten = batch;
      for (int i = 0; i < BATCHES && forgotten == batch; i++) {
        forgotten =
            ledger.forgetWithdrawn(clock.instant().minus(settings.withdrawalsKept()), batch);
      }
    } catch (DataAccessException | TransactionException e) {
      database.recordFailure(e);
      log.debug("withdrawals not forgotten, next round tries again: {}", e.getMessage());
    }
  }
}
