package ticketing.worker.maintenance;

import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.dao.DataAccessException;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.stereotype.Component;
import org.springframework.transaction.TransactionException;
import ticketing.database.DatabaseHealth;

/// Removes tickets and reservations of long-past events, and old records of dead letters.
///
/// Each run removes at most one batch. A row is removed only after the lifetime of its message with
/// one redrive, so that no redelivered command loses its decision. Several workers may run the job
/// concurrently.
@Component
class RetentionJob {

  private static final Logger log = LoggerFactory.getLogger(RetentionJob.class);

  private final PastEventTable pastEvents;
  private final DeadLetterTable deadLetters;
  private final DatabaseHealth database;
  private final RetentionSettings settings;
  private final Clock clock;
  private Instant nextSearch = Instant.MIN;

  RetentionJob(
      PastEventTable pastEvents,
      DeadLetterTable deadLetters,
      DatabaseHealth database,
      RetentionSettings settings,
      Clock clock) {
    this.pastEvents = pastEvents;
    this.deadLetters = deadLetters;
    this.database = database;
    this.settings = settings;
    this.clock = clock;
  }

  @Scheduled(fixedDelayString = "${ticketing.worker.retention.pause}")
  void removeBatch() {
    Instant now = clock.instant().truncatedTo(ChronoUnit.MICROS);
    if (now.isBefore(nextSearch) || !database.isUp()) {
      return;
    }
    try {
      if (!removeOldRows(now)) {
        nextSearch = now.plus(settings.idleInterval());
      }
    } catch (DataAccessException | TransactionException e) {
      database.recordFailure(e);
      nextSearch = now.plus(settings.idleInterval());
      log.warn("cannot remove old rows, cause={}", e.getMessage());
    }
  }

  /// @return true if there are probably more old rows
  private boolean removeOldRows(Instant now) {
    int limit = settings.batchSize();
    Instant past = now.minus(settings.pastEvents());
    Optional<Long> event = pastEvents.findUnarchived(past);
    if (event.isPresent()) {
      pastEvents.markIncomplete(event.get());
      int removed =
          pastEvents.removeTickets(event.get(), past, limit, now)
              + pastEvents.removeReservations(event.get(), past, limit)
              + pastEvents.removeHistory(event.get(), limit);
      if (removed == 0) {
        pastEvents.markArchived(event.get(), now);
        log.info("removed rows of past event, event={}", event.get());
      }
      return true;
    }
    return deadLetters.deleteOlderThan(now.minus(settings.deadLetters()), limit) == limit
        || pastEvents.deleteRemovedTickets(now.minus(settings.removedTickets()), limit) == limit;
  }
}
