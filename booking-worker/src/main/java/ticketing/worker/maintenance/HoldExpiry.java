package ticketing.worker.maintenance;

import java.time.Clock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.dao.DataAccessException;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.stereotype.Component;
import org.springframework.transaction.TransactionException;
import ticketing.database.DatabaseHealth;
import ticketing.worker.pipeline.BoxOffice;
import ticketing.worker.settings.WorkerSettings;
import ticketing.worker.store.DecisionStore;

/// Looks for holds that are due and lets the box office expire them. Any number of workers may do
/// so at once: the row lock lets each hold expire once.
@Component
class HoldExpiry {

  private static final Logger log = LoggerFactory.getLogger(HoldExpiry.class);
  private static final int EVENTS = 100; // most events of one round

  private final DecisionStore ledger;
  private final BoxOffice boxOffice;
  private final DatabaseHealth database;
  private final WorkerSettings settings;
  private final Clock clock;

  HoldExpiry(
      DecisionStore ledger,
      BoxOffice boxOffice,
      DatabaseHealth database,
      WorkerSettings settings,
      Clock clock) {
    this.ledger = ledger;
    this.boxOffice = boxOffice;
    this.database = database;
    this.settings = settings;
    this.clock = clock;
  }

  @Scheduled(fixedDelayString = "${ticketing.worker.expiry-every}")
  void expire() {
    if (!database.isUp()) {
      return;
    }
    try {
      for (long eventId : ledger.eventsWithHoldsDue(clock.instant(), EVENTS)) {
        while (boxOffice.expire(eventId) == settings.expiryBatch()) {
          log.debug("event {} has more holds due", eventId);
        }
      }
    } catch (DataAccessException | TransactionException e) {
      database.recordFailure(e);
      log.warn("holds not expired, next round tries again: {}", e.getMessage());
    }
  }
}
