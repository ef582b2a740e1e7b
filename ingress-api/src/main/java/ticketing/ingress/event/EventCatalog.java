package ticketing.ingress.event;

import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.LoadingCache;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.cache.CaffeineCacheMetrics;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;
import org.springframework.stereotype.Component;
import ticketing.domain.EventView;
import ticketing.ingress.cache.CacheMetrics;
import ticketing.ingress.cache.CachedKind;
import ticketing.ingress.problem.ApiException;
import ticketing.ingress.problem.ErrorCode;
import ticketing.redis.RedisSubscription;
import ticketing.redis.RedisUnavailableException;
import ticketing.status.EventCache;

/// Events for reading: from a near copy in this process that is at most a moment old, else from
/// Redis, else from the database. For one event only one reader goes further than the near copy;
/// the others wait for it. Without Redis it works the same, straight from the database.
///
/// The database is the primary: what the catalog says turns bookings away.
@Component
public class EventCatalog implements SmartLifecycle {

  private static final Logger log = LoggerFactory.getLogger(EventCatalog.class);

  private final EventRepository events;
  private final EventCache board;
  private final CacheMetrics metrics;
  private final LoadingCache<Long, Optional<EventView>> near;
  private volatile RedisSubscription subscription;

  EventCatalog(
      EventRepository events,
      EventCache board,
      MeterRegistry meters,
      EventSettings settings,
      CacheMetrics metrics) {
    this.events = events;
    this.board = board;
    this.metrics = metrics;
    this.near =
        CaffeineCacheMetrics.monitor(
            meters,
            Caffeine.newBuilder()
                .maximumSize(settings.localCacheSize())
                .expireAfterWrite(settings.localCacheTtl())
                .recordStats()
                .build(this::load),
            "near-events");
  }

  /// @throws Problem `EVENT_NOT_FOUND`
  public EventView get(long eventId) {
    return near.get(eventId).orElseThrow(EventCatalog::notFound);
  }

  static ApiException notFound() {
    return ApiException.of(ErrorCode.EVENT_NOT_FOUND, "There is no such event.");
  }

  private Optional<EventView> load(long eventId) {
    boolean shared = true;
    try {
      // A copy that turns people away is not believed: Redis may have missed that seats came back.
      Optional<EventView> copy = board.find(eventId).filter(event -> event.availableSeats() > 0);
      metrics.countRead(CachedKind.EVENT, copy.isPresent());
      if (copy.isPresent()) {
        return copy;
      }
    } catch (RedisUnavailableException e) {
      shared = false;
    }
    Optional<EventView> event = events.find(eventId).map(EventEntity::view);
    if (shared && event.isPresent()) {
      logged(board.refresh(event.get()));
    }
    return event;
  }

  /// Takes note of a copy that somebody announced, if this process holds an older one.
  private void heard(EventView event) {
    near.asMap().computeIfPresent(event.eventId(), (id, old) -> newer(old, event));
  }

  /// Drops every copy after a change that has been committed.
  void changed(EventView event) {
    near.asMap().merge(event.eventId(), Optional.of(event), (old, now) -> newer(old, event));
    logged(board.evict(event.eventId(), event.version()));
  }

  /// Drops the copies of this process.
  public void forget() {
    near.invalidateAll();
  }

  private static Optional<EventView> newer(Optional<EventView> old, EventView event) {
    return old.isPresent() && old.get().version() > event.version() ? old : Optional.of(event);
  }

  private static void logged(CompletableFuture<Void> step) {
    step.exceptionally(
        failure -> {
          log.debug("A copy of an event was not updated: {}", failure.getMessage());
          return null;
        });
  }

  @Override
  public void start() {
    subscription = RedisSubscription.start("events", () -> board.subscribe(this::heard));
  }

  @Override
  public void stop() {
    subscription.close();
    subscription = null;
  }

  @Override
  public boolean isRunning() {
    return subscription != null;
  }
}
