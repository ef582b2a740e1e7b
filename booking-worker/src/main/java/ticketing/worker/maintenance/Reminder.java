package ticketing.worker.maintenance;

import java.time.Clock;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.dao.DataAccessException;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.stereotype.Component;
import ticketing.database.DatabaseHealth;
import ticketing.redis.RedisUnavailableException;
import ticketing.status.StatusEntry;
import ticketing.status.StatusStore;
import ticketing.status.StatusStoreSettings;
import ticketing.worker.pipeline.DecisionPublisher;
import ticketing.worker.settings.WorkerSettings;
import ticketing.worker.store.DecisionStore;

/// The last net under the announcements: looks for tickets that still wait on the board although
/// they are decided, and announces them again. That is what is left when a worker could not reach
/// Redis and died before it could. Any number of workers may do so at once.
@Component
class Reminder {

  private static final Logger log = LoggerFactory.getLogger(Reminder.class);
  private static final int EVENTS = 1_000; // most events of one round
  private static final int TICKETS = 500; // most tickets of an event in one round

  private final StatusStore board;
  private final DecisionStore ledger;
  private final DecisionPublisher announcer;
  private final DatabaseHealth database;
  private final WorkerSettings settings;
  private final StatusStoreSettings boardSettings;
  private final Clock clock;

  Reminder(
      StatusStore board,
      DecisionStore ledger,
      DecisionPublisher announcer,
      DatabaseHealth database,
      WorkerSettings settings,
      StatusStoreSettings boardSettings,
      Clock clock) {
    this.board = board;
    this.ledger = ledger;
    this.announcer = announcer;
    this.database = database;
    this.settings = settings;
    this.boardSettings = boardSettings;
    this.clock = clock;
  }

  @Scheduled(fixedDelayString = "${ticketing.worker.remind-every}")
  void remind() {
    if (!database.isUp()) {
      return;
    }
    Instant now = clock.instant();
    try {
      List<Long> events = ledger.eventsDecidedSince(now.minus(boardSettings.pending()), EVENTS);
      List<UUID> waiting = board.pendingSince(events, now.minus(settings.remindEvery()), TICKETS);
      if (waiting.isEmpty()) {
        return;
      }
      Collection<StatusEntry> decided = ledger.decided(waiting).values();
      if (!decided.isEmpty()) {
        log.info("{} decisions were not on the board", decided.size());
        announcer.announce(List.of(), List.copyOf(decided), null, List.of());
      }
    } catch (RedisUnavailableException e) {
      log.debug("board not read, next round tries again: {}", e.getMessage());
    } catch (DataAccessException e) {
      database.recordFailure(e);
      log.debug("ledger not read, next round tries again: {}", e.getMessage());
    }
  }
}
