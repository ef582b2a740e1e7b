package ticketing.ingress.information;

import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.LoadingCache;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import ticketing.domain.EventView;
import ticketing.ingress.cache.CachedKind;
import ticketing.ingress.cache.RedisCache;

/// Reads and writes the information of events.
///
/// Each change of the information raises the revision of the event in the same transaction. So the
/// information of a revision is cached in memory without an expiry. An event of a revision always
/// gets information of this revision or of a later one. Of concurrent reads of one event, one loads
/// it, from Redis or else from the primary database.
@Component
public class EventInformationCatalog {

  /// Estimated size of an entry without its texts, in bytes.
  private static final int ENTRY_BYTES = 300;

  /// Revision of an event that an older version cached.
  private static final long UNKNOWN_REVISION = 0;

  private record Key(long eventId, long revision) {}

  /// Value in Redis.
  ///
  /// @param revision the information is that of this revision of the event or of a later one
  private record Cached(long eventId, long revision, EventInformation information) {}

  private final EventInformationRepository rows;
  private final RedisCache redis;
  private final InformationSettings settings;
  private final LoadingCache<Key, InformationView> localCache;

  EventInformationCatalog(
      EventInformationRepository rows, RedisCache redis, InformationSettings settings) {
    this.rows = rows;
    this.redis = redis;
    this.settings = settings;
    this.localCache =
        Caffeine.newBuilder()
            .maximumWeight(settings.localCacheSize().toBytes())
            .weigher(
                (Key key, InformationView view) -> ENTRY_BYTES + Character.BYTES * view.length())
            .build(this::load);
  }

  /// Returns the event with its information.
  public EventDocument document(EventView event) {
    InformationView information =
        event.revision() == UNKNOWN_REVISION
            ? InformationView.of(event.eventId(), find(event.eventId()))
            : localCache.get(new Key(event.eventId(), event.revision()));
    return new EventDocument(event, information);
  }

  private InformationView load(Key key) {
    String id = String.valueOf(key.eventId());
    RedisCache.Cached<Cached> cached =
        redis.find(
            CachedKind.EVENT_INFORMATION,
            id,
            Cached.class,
            value -> value.eventId() == key.eventId());
    Optional<EventInformation> known =
        cached
            .value()
            .filter(value -> value.revision() >= key.revision() && value.information() != null)
            .map(Cached::information);
    if (known.isPresent()) {
      return InformationView.of(key.eventId(), known.get());
    }
    EventInformation information = find(key.eventId());
    if (cached.cacheable()) {
      redis.store(
          CachedKind.EVENT_INFORMATION,
          id,
          new Cached(key.eventId(), key.revision(), information),
          settings.cacheTtl());
    }
    return InformationView.of(key.eventId(), information);
  }

  /// Adds the short information to the events of a list. Runs in the transaction of the caller.
  public Function<EventView, ListedEvent> listed(List<Long> eventIds) {
    Map<Long, EventInformationEntity.Short> found =
        eventIds.isEmpty()
            ? Map.of()
            : rows.findShort(eventIds).stream()
                .collect(Collectors.toMap(EventInformationEntity.Short::eventId, each -> each));
    return event -> {
      EventInformationEntity.Short row = found.get(event.eventId());
      return row == null
          ? new ListedEvent(event, null, null, null)
          : new ListedEvent(
              event,
              row.runningMinutes(),
              row.minimumAge(),
              EventInformation.posterUrl(event.eventId(), row.posterRevision()));
    };
  }

  /// Returns the current information from the primary database.
  public EventInformation find(long eventId) {
    return rows.find(eventId)
        .map(EventInformationEntity::information)
        .orElse(EventInformation.NONE);
  }

  /// Returns the current revision of the poster from the primary database.
  public Optional<String> findPosterRevision(long eventId) {
    return rows.findPosterRevision(eventId);
  }

  /// Returns the current revisions of the posters of events by their ids, from the primary
  /// database. An event without a poster is absent.
  public Map<Long, String> findPosterRevisions(Collection<Long> eventIds) {
    return eventIds.isEmpty()
        ? Map.of()
        : rows.findShort(eventIds).stream()
            .filter(row -> row.posterRevision() != null)
            .collect(
                Collectors.toMap(
                    EventInformationEntity.Short::eventId,
                    EventInformationEntity.Short::posterRevision));
  }

  /// Replaces the texts and limits, and keeps the poster. Needs the transaction that creates the
  /// event or raises its revision.
  public void save(long eventId, EventInformation information) {
    EventInformation former = find(eventId);
    EventInformation changed = information.withPosterRevision(former.posterRevision());
    if (!changed.equals(former)) {
      rows.saveAndFlush(new EventInformationEntity(eventId, changed));
    }
  }

  /// Replaces the poster. Needs the transaction that raises the revision of the event.
  ///
  /// @param revision null: no poster
  /// @return revision of the former poster; null: none
  public @Nullable String savePoster(long eventId, @Nullable String revision) {
    EventInformation former = find(eventId);
    rows.saveAndFlush(new EventInformationEntity(eventId, former.withPosterRevision(revision)));
    return former.posterRevision();
  }

  public void evictLocalCache() {
    localCache.invalidateAll();
  }
}
