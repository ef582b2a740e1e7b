package ticketing.worker.maintenance;

import jakarta.annotation.PreDestroy;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.Semaphore;
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

/// Expires due holds of events without commands, and makes due offers, for example after a sale was
/// resumed. A batch of commands does both for its event itself.
///
/// Each event has its own transactions, concurrently and in random order. An event that another
/// transaction locks is skipped, so it delays no other event. Several workers may run this job
/// concurrently: the row lock ensures that each hold expires once.
@Component
class HoldExpiry {

  private static final Logger log = LoggerFactory.getLogger(HoldExpiry.class);

  private final DecisionStore store;
  private final BoxOffice boxOffice;
  private final DecisionPublisher publisher;
  private final DatabaseHealth database;
  private final MaintenanceSettings settings;
  private final Clock clock;
  private final Semaphore permits;
  private final Set<Long> inProgress = ConcurrentHashMap.newKeySet();
  private final ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();

  // Last events of the previous run; used by the scheduled thread only.
  private long lastHoldEventId;
  private long lastOfferEventId;

  HoldExpiry(
      DecisionStore store,
      BoxOffice boxOffice,
      DecisionPublisher publisher,
      DatabaseHealth database,
      MaintenanceSettings settings,
      Clock clock) {
    this.store = store;
    this.boxOffice = boxOffice;
    this.publisher = publisher;
    this.database = database;
    this.settings = settings;
    this.clock = clock;
    this.permits = new Semaphore(settings.holdExpiryConcurrency());
  }

  @Scheduled(fixedDelayString = "${ticketing.worker.maintenance.hold-expiry-interval}")
  void expireDueHolds() {
    // While writes are suspended and no command arrives, an expiry is the only probe.
    if (!database.isReachable()) {
      return;
    }
    try {
      for (long eventId : nextEvents()) {
        if (inProgress.add(eventId)) {
          permits.acquire();
          threads.execute(() -> expireDueHoldsWithPermit(eventId));
        }
      }
    } catch (DataAccessException | TransactionException e) {
      database.recordFailure(e);
      log.warn("cannot find due holds, cause={}", e.getMessage());
    } catch (RejectedExecutionException e) {
      log.debug("expiry of holds stopped");
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /// Events with due holds or offers in random order. A run with the maximum number of events
  /// continues after the last event of the previous run, so events that stay locked exclude no
  /// others.
  private List<Long> nextEvents() {
    int limit = settings.holdExpiryMaxEvents();
    List<Long> events =
        new ArrayList<>(store.findEventsWithDueHolds(clock.instant(), lastHoldEventId, limit));
    lastHoldEventId = events.size() < limit ? 0 : events.getLast();
    List<Long> offers = store.findEventsWithDueOffers(clock.instant(), lastOfferEventId, limit);
    lastOfferEventId = offers.size() < limit ? 0 : offers.getLast();
    events.addAll(offers);
    Collections.shuffle(events);
    return events;
  }

  private void expireDueHoldsWithPermit(long eventId) {
    try {
      expireDueHolds(eventId);
    } catch (DataAccessException | TransactionException e) {
      database.recordFailure(e);
      log.warn("cannot expire holds, event={} cause={}", eventId, e.getMessage());
    } finally {
      inProgress.remove(eventId);
      permits.release();
    }
  }

  private void expireDueHolds(long eventId) {
    Optional<CommittedBatch> committed;
    do {
      committed = boxOffice.expireHolds(eventId);
      if (committed.filter(CommittedBatch::changesReservations).isPresent()) {
        database.recordWriteSuccess();
      }
      committed.ifPresent(publisher::publish);
    } while (committed.isPresent() && committed.get().changesReservations());
  }

  @PreDestroy
  void stop() {
    threads.close();
  }
}
