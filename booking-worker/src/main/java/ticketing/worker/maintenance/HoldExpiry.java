package ticketing.worker.maintenance;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Clock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.dao.DataAccessException;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.stereotype.Component;
import org.springframework.transaction.TransactionException;
import ticketing.database.DatabaseHealth;
import ticketing.worker.pipeline.BoxOffice;
import ticketing.worker.pipeline.CommittedBatch;
import ticketing.worker.pipeline.DecisionPublisher;
import ticketing.worker.store.DecisionStore;

/// Expires due holds. Several workers may run it concurrently: the row lock ensures that each hold
/// expires once.
@Component
class HoldExpiry {

  private static final Logger log = LoggerFactory.getLogger(HoldExpiry.class);
  private static final int MAX_EVENTS = 100; // in one run

  private final DecisionStore store;
  private final BoxOffice boxOffice;
  private final DecisionPublisher publisher;
  private final DatabaseHealth database;
  private final MaintenanceSettings settings;
  private final Clock clock;
  private final Counter expired;

  HoldExpiry(
      DecisionStore store,
      BoxOffice boxOffice,
      DecisionPublisher publisher,
      DatabaseHealth database,
      MaintenanceSettings settings,
      Clock clock,
      MeterRegistry registry) {
    this.store = store;
    this.boxOffice = boxOffice;
    this.publisher = publisher;
    this.database = database;
    this.settings = settings;
    this.clock = clock;
    this.expired =
        Counter.builder("ticketing.expired")
            .description("Expired holds")
            .baseUnit("holds")
            .register(registry);
  }

  @Scheduled(fixedDelayString = "${ticketing.worker.maintenance.hold-expiry-interval}")
  void expireDueHolds() {
    if (!database.isUp()) {
      return;
    }
    try {
      for (long eventId : store.findEventsWithDueHolds(clock.instant(), MAX_EVENTS)) {
        expireDueHolds(eventId);
      }
    } catch (DataAccessException | TransactionException e) {
      database.recordFailure(e);
      log.warn("cannot expire holds, cause={}", e.getMessage());
    }
  }

  private void expireDueHolds(long eventId) {
    int holds;
    do {
      CommittedBatch committed = boxOffice.expireHolds(eventId, settings.holdExpiryBatchSize());
      holds = committed.changedReservations().size();
      expired.increment(holds);
      publisher.publish(committed);
    } while (holds == settings.holdExpiryBatchSize());
  }
}
