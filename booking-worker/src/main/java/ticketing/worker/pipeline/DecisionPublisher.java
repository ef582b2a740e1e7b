package ticketing.worker.pipeline;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.stereotype.Component;
import ticketing.domain.EventView;
import ticketing.redis.RedisUnavailableException;
import ticketing.status.StatusEntry;
import ticketing.status.StatusStore;
import ticketing.worker.settings.WorkerMetrics;

/// Tells the board what was committed. The database has it already; whether Redis hears of it now
/// does not change what was decided. What Redis missed while it was away is told again when it is
/// back, as far as it is remembered; the rest is found in the database by whoever asks.
@Component
public class DecisionPublisher {

  private static final Logger log = LoggerFactory.getLogger(DecisionPublisher.class);
  private static final int REMEMBERED = 50_000; // most decisions kept for Redis's return
  private static final int AT_ONCE = 500; // most decisions told again in one round trip
  private static final int EVENTS = 10_000; // most events whose state is kept for it

  private final StatusStore board;
  private final Deque<StatusEntry> missed = new ArrayDeque<>();
  private final LinkedHashMap<Long, EventView> missedEvents = new LinkedHashMap<>();

  DecisionPublisher(StatusStore board, WorkerMetrics metrics) {
    this.board = board;
    metrics.watch(
        "ticketing.missed",
        "announcements",
        "Decisions that Redis has still to hear of",
        this::missed);
  }

  /// @param event after the change, or null if it did not change
  public void announce(
      List<StatusEntry> fresh, List<StatusEntry> known, EventView event, List<Long> reservations) {
    List<StatusEntry> all = new ArrayList<>(fresh);
    all.addAll(known);
    try {
      board.publish(all, fresh.size(), event, reservations);
    } catch (RedisUnavailableException e) {
      remember(all);
      remember(event);
    }
  }

  /// Takes off the board what these attempts put there. Ingress has done so already, unless it died
  /// or could not reach Redis; then this is forgotten with the ticket's time to live.
  void withdraw(List<StatusEntry> attempts) {
    for (StatusEntry attempt : attempts) {
      log.info("ticket {}: a withdrawn attempt arrived", attempt.ticket().ticketId());
      board
          .removePending(attempt)
          .exceptionally(
              failure -> {
                log.debug("not taken off the board: {}", failure.getMessage());
                return null;
              });
    }
  }

  /// Redis may come back with a copy of the event from before, and would serve it until it expires.
  private void remember(EventView event) {
    if (event == null) {
      return;
    }
    synchronized (missed) {
      missedEvents.merge(
          event.eventId(), event, (old, now) -> old.version() > now.version() ? old : now);
      if (missedEvents.size() > EVENTS) {
        missedEvents.pollFirstEntry();
      }
    }
  }

  private void remember(List<StatusEntry> entries) {
    synchronized (missed) {
      missed.addAll(entries);
      while (missed.size() > REMEMBERED) {
        missed.poll();
      }
    }
  }

  @Scheduled(fixedDelay = 500) // ms
  void tellAgain() {
    tellEventsAgain();
    List<StatusEntry> some = take();
    while (!some.isEmpty()) {
      try {
        board.publish(some, 0, null, List.of());
        log.debug("{} decisions told again", some.size());
      } catch (RedisUnavailableException e) {
        remember(some);
        return;
      }
      some = take();
    }
  }

  private void tellEventsAgain() {
    List<EventView> events;
    synchronized (missed) {
      events = List.copyOf(missedEvents.values());
    }
    for (EventView event : events) {
      try {
        board.publish(List.of(), 0, event, List.of());
      } catch (RedisUnavailableException e) {
        return;
      }
      synchronized (missed) {
        missedEvents.remove(event.eventId(), event);
      }
    }
  }

  private int missed() {
    synchronized (missed) {
      return missed.size();
    }
  }

  private List<StatusEntry> take() {
    synchronized (missed) {
      List<StatusEntry> some = new ArrayList<>(Math.min(AT_ONCE, missed.size()));
      while (some.size() < AT_ONCE && !missed.isEmpty()) {
        some.add(missed.poll());
      }
      return some;
    }
  }
}
