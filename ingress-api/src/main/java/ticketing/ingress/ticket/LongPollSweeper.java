package ticketing.ingress.ticket;

import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;
import org.springframework.stereotype.Component;

/// Ends long polls at their timeout and reads the tickets of the others every three seconds. At a
/// shutdown it answers all of them.
@Component
class LongPollSweeper implements SmartLifecycle {

  private static final Logger log = LoggerFactory.getLogger(LongPollSweeper.class);

  private static final Duration INTERVAL = Duration.ofMillis(50);
  private static final Duration SHUTDOWN_TIMEOUT = Duration.ofSeconds(5);
  private static final Duration SHUTDOWN_POLL_INTERVAL = Duration.ofMillis(5);
  private static final int MAX_BATCH_SIZE = 500; // tickets in one read
  private static final int MAX_LOOKUPS = 50; // tickets of a batch read from the ledger

  private final LongPolls polls;
  private final TicketReader tickets;
  private ScheduledExecutorService timer;
  private volatile boolean running;

  /// Reads run on another thread than timeouts, because they block.
  private ScheduledExecutorService reader;

  LongPollSweeper(LongPolls polls, TicketReader tickets) {
    this.polls = polls;
    this.tickets = tickets;
  }

  /// An exception would end the schedule.
  private void sweep() {
    try {
      List<UUID> reread = polls.endOverdue();
      for (int from = 0; from < reread.size(); from += MAX_BATCH_SIZE) {
        List<UUID> batch = reread.subList(from, Math.min(reread.size(), from + MAX_BATCH_SIZE));
        reader.execute(() -> read(batch));
      }
    } catch (RuntimeException e) {
      log.warn("cannot sweep long polls", e);
    }
  }

  private void read(List<UUID> ticketIds) {
    try {
      tickets.findFinal(new HashSet<>(ticketIds), MAX_LOOKUPS).values().forEach(polls::decided);
    } catch (RuntimeException e) {
      log.warn("cannot read tickets of long polls, tickets={}", ticketIds.size(), e);
    }
  }

  @Override
  public void start() {
    polls.open();
    reader =
        Executors.newSingleThreadScheduledExecutor(
            Thread.ofVirtual().name("long-poll-reads").factory());
    timer =
        Executors.newSingleThreadScheduledExecutor(Thread.ofVirtual().name("long-polls").factory());
    timer.scheduleWithFixedDelay(
        this::sweep, INTERVAL.toMillis(), INTERVAL.toMillis(), TimeUnit.MILLISECONDS);
    running = true;
  }

  /// Blocks until all polls are answered, at most 5 s.
  @Override
  public void stop() {
    running = false;
    timer.shutdownNow();
    reader.shutdownNow();
    polls.close();
    long end = System.nanoTime() + SHUTDOWN_TIMEOUT.toNanos();
    while (polls.count() > 0 && System.nanoTime() - end < 0) {
      LockSupport.parkNanos(SHUTDOWN_POLL_INTERVAL.toNanos());
    }
  }

  @Override
  public boolean isRunning() {
    return running;
  }
}
