package ticketing.ingress.event;

import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.LoadingCache;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.cache.CaffeineCacheMetrics;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;
import org.springframework.stereotype.Component;
import ticketing.domain.EventView;
import ticketing.ingress.cache.CacheMetrics;
import ticketing.ingress.cache.CachedKind;
import ticketing.ingress.database.HighestId;
import ticketing.ingress.problem.ApiException;
import ticketing.ingress.problem.ErrorCode;
import ticketing.redis.RedisSubscription;
import ticketing.redis.RedisUnavailableException;
import ticketing.status.EventCache;

/// Reads single events from the local cache, else from Redis, else from the primary database. Of
/// concurrent reads of one event, one loads it and the others block until it is loaded.
///
/// Published events replace older ones in the local cache. While Redis is unavailable every load
/// reads the database.
@Component
public class EventCatalog implements SmartLifecycle {

  private static final Logger log = LoggerFactory.getLogger(EventCatalog.class);

  private final EventRepository events;
  private final EventCache cache;
  private final CacheMetrics metrics;
  private final HighestId highestId;
  private final LoadingCache<Long, Optional<EventView>> localCache;
  private volatile RedisSubscription subscription;

  EventCatalog(
      EventRepository events,
      EventCache cache,
      MeterRegistry meters,
      EventSettings settings,
      CacheMetrics metrics) {
    this.events = events;
    this.highestId = new HighestId(events::findHighestId);
    this.cache = cache;
    this.metrics = metrics;
    this.localCache =
        CaffeineCacheMetrics.monitor(
            meters,
            Caffeine.newBuilder()
                .maximumSize(settings.localCacheSize())
                .expireAfterWrite(settings.localCacheTtl())
                .recordStats()
                .build(this::load),
            "local-events");
  }

  /// @throws ApiException `EVENT_NOT_FOUND`
  public EventView get(long eventId) {
    return localCache.get(eventId).orElseThrow(EventCatalog::notFound);
  }

  /// Returns users with a held or confirmed reservation or a waiting entry of an event, in the
  /// order of the database.
  ///
  /// @param after last user of the previous page; empty: first page
  public List<String> findUsers(long eventId, String after, int limit) {
    return events.findUsers(eventId, after, limit);
  }

  static ApiException notFound() {
    return ApiException.of(ErrorCode.EVENT_NOT_FOUND, "There is no such event.");
  }

  private Optional<EventView> load(long eventId) {
    boolean redisUp = true;
    try {
      // A cached event without seats is not used: Redis may have missed that seats were freed.
      Optional<EventView> cached = cache.find(eventId).filter(event -> event.availableSeats() > 0);
      metrics.countRead(CachedKind.EVENT, cached.isPresent());
      if (cached.isPresent()) {
        return cached;
      }
    } catch (RedisUnavailableException e) {
      redisUp = false;
    }
    if (!highestId.mayExist(eventId)) {
      return Optional.empty();
    }
    Optional<EventView> event = events.find(eventId).map(EventEntity::view);
    if (redisUp && event.isPresent()) {
      logFailure(cache.refresh(event.get()));
    }
    return event;
  }

  private void published(EventView event) {
    highestId.raise(event.eventId());
    localCache.asMap().computeIfPresent(event.eventId(), (id, known) -> newer(known, event));
  }

  /// Evicts the event from Redis after a committed change, and caches it locally.
  void evictChanged(EventView event) {
    highestId.raise(event.eventId());
    localCache
        .asMap()
        .merge(event.eventId(), Optional.of(event), (known, changed) -> newer(known, event));
    logFailure(cache.evict(event.eventId(), event.version()));
  }

  public void evictLocalCache() {
    localCache.invalidateAll();
  }

  private static Optional<EventView> newer(Optional<EventView> known, EventView event) {
    return known.isPresent() && known.get().version() > event.version()
        ? known
        : Optional.of(event);
  }

  private static void logFailure(CompletableFuture<Void> update) {
    update.exceptionally(failure -> {
      log.debug("cannot update the event cache, cause={}", failure.getMessage());
      return null;
    });
  }

  @Override
  public void start() {
    subscription = RedisSubscription.start("events", () -> cache.subscribe(this::published));
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
