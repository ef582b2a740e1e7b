package ticketing.ingress.notification;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.dao.DataAccessException;
import org.springframework.stereotype.Component;
import org.springframework.transaction.TransactionException;
import ticketing.domain.EventView;
import ticketing.redis.RedisUnavailableException;
import ticketing.userfeed.UserChange;
import ticketing.userfeed.UserChange.EventChanged;
import ticketing.userfeed.UserChanges;

/// Publishes the change of an event to its users in the background, in pages of 1,000 users. A page
/// is retried for 30 s. At most 1,000 changes are queued; a further one is dropped. The feed of a
/// user is no record: a client reads the event after a reconnect.
@Component
public class EventChangePublisher implements DisposableBean {

  private static final Logger log = LoggerFactory.getLogger(EventChangePublisher.class);
  private static final int MAX_QUEUED_CHANGES = 1_000;
  private static final int MAX_ATTEMPTS = 30;
  private static final Duration RETRY_DELAY = Duration.ofSeconds(1);

  /// Reads users with an active reservation or a waiting entry of an event.
  @FunctionalInterface
  public interface UserReader {

    /// Returns the first users after an id in the order of the database.
    ///
    /// @param after empty: from the first user
    List<String> read(long eventId, String after, int limit);
  }

  private final UserChanges changes;
  private final ThreadPoolExecutor executor =
      new ThreadPoolExecutor(
          1,
          1,
          0,
          TimeUnit.SECONDS,
          new ArrayBlockingQueue<>(MAX_QUEUED_CHANGES),
          Thread.ofVirtual().name("publish-event-change").factory());

  EventChangePublisher(UserChanges changes) {
    this.changes = changes;
  }

  /// Starts to publish a committed change.
  public void publishLater(EventChanged.Kind kind, EventView event, UserReader users) {
    try {
      executor.execute(() -> publish(kind, event, users));
    } catch (RejectedExecutionException e) {
      log.warn("event change dropped, event={} kind={}", event.eventId(), kind);
    }
  }

  private void publish(EventChanged.Kind kind, EventView event, UserReader users) {
    String last = "";
    int failures = 0;
    while (failures < MAX_ATTEMPTS) {
      try {
        List<String> page = users.read(event.eventId(), last, UserChange.MAX_USERS);
        if (!page.isEmpty()) {
          changes.publish(List.of(new EventChanged(kind, event, page)));
          last = page.getLast();
        }
        if (page.size() < UserChange.MAX_USERS) {
          return;
        }
        failures = 0;
      } catch (RedisUnavailableException | DataAccessException | TransactionException e) {
        failures++;
        log.debug("cannot publish event change, event={}", event.eventId(), e);
        try {
          Thread.sleep(RETRY_DELAY);
        } catch (InterruptedException interrupted) {
          return;
        }
      }
    }
    log.warn("event change not published, event={} kind={}", event.eventId(), kind);
  }

  @Override
  public void destroy() {
    executor.shutdownNow();
  }
}
