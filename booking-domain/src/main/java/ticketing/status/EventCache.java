package ticketing.status;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.redisson.api.RScript.Mode;
import org.redisson.api.RScript.ReturnType;
import org.redisson.client.codec.StringCodec;
import ticketing.domain.EventView;
import ticketing.domain.Json;
import ticketing.redis.CommandBatch;
import ticketing.redis.RedisErrorReplyException;
import ticketing.redis.RedisGateway;
import tools.jackson.core.JacksonException;

/// Cached events in Redis under `event:{eventId}`, plain JSON, and the channel `events` on which
/// each newer version is published. An older version never replaces a newer one.
public final class EventCache {

  private static final String CHANNEL = "events";
  private static final String STORE_EVENT =
      RedisGateway.script(EventCache.class, "store_event.lua");
  private static final String EVICT_EVENT =
      RedisGateway.script(EventCache.class, "evict_event.lua");

  private final RedisGateway redis;
  private final StatusStoreSettings settings;

  public EventCache(RedisGateway redis, StatusStoreSettings settings) {
    this.redis = redis;
    this.settings = settings;
  }

  /// Empty if no event is cached, or if its value is unreadable.
  ///
  /// @throws RedisUnavailableException if Redis is down
  public Optional<EventView> find(long eventId) {
    String key = key(eventId);
    try {
      String json = redis.call(client -> client.<String>getBucket(key, StringCodec.INSTANCE).get());
      return redis.parse(key, json, EventView.class, event -> event.eventId() == eventId);
    } catch (RedisErrorReplyException e) {
      redis.reportUnreadable(key, e.getMessage());
      return Optional.empty();
    }
  }

  /// Caches this event and publishes it, unless a newer version is cached.
  public CompletableFuture<Void> refresh(EventView event) {
    return redis
        .<Object>async(client ->
            client
                .getScript(StringCodec.INSTANCE)
                .<Object>evalAsync(
                    key(event.eventId()),
                    Mode.READ_WRITE,
                    STORE_EVENT,
                    ReturnType.LONG,
                    List.of(key(event.eventId()), fence(event.eventId())),
                    arguments(event, settings.event())))
        .thenAccept(stored -> {});
  }

  /// Evicts an event after a change, and rejects older versions for 60 s.
  ///
  /// @param version version of the row after the change
  public CompletableFuture<Void> evict(long eventId, long version) {
    return redis
        .<Object>async(client ->
            client
                .getScript(StringCodec.INSTANCE)
                .<Object>evalAsync(
                    key(eventId),
                    Mode.READ_WRITE,
                    EVICT_EVENT,
                    ReturnType.LONG,
                    List.of(key(eventId), fence(eventId)),
                    String.valueOf(version)))
        .thenAccept(removed -> {});
  }

  /// Subscribes to the published events, see [StatusStore#subscribe].
  ///
  /// @throws RedisUnavailableException if Redis is down; the caller must try again
  public void subscribe(Consumer<EventView> listener) {
    redis.subscribe(client ->
        client
            .getTopic(CHANNEL, StringCodec.INSTANCE)
            .addListener(
                String.class, (channel, json) -> parsePublished(json).ifPresent(listener)));
  }

  private Optional<EventView> parsePublished(String json) {
    try {
      return Optional.ofNullable(Json.INTERNAL.readValue(json, EventView.class));
    } catch (JacksonException e) {
      redis.reportUnreadable("channel " + CHANNEL, e.getClass().getSimpleName());
      return Optional.empty();
    }
  }

  static void addTo(CommandBatch batch, EventView event, Duration ttl) {
    batch.<Long>writeByScript(
        key(event.eventId()),
        STORE_EVENT,
        StringCodec.INSTANCE,
        ReturnType.LONG,
        List.of(key(event.eventId()), fence(event.eventId())),
        arguments(event, ttl));
  }

  private static Object[] arguments(EventView event, Duration ttl) {
    return new Object[] {
      Json.INTERNAL.writeValueAsString(event),
      String.valueOf(event.version()),
      RedisGateway.seconds(ttl),
      CHANNEL
    };
  }

  static List<String> keys(long eventId) {
    return List.of(key(eventId), fence(eventId));
  }

  private static String key(long eventId) {
    return "event:" + eventId;
  }

  /// The hash tag stores this key on the same cluster node as the event.
  private static String fence(long eventId) {
    return "fence:{event:" + eventId + "}";
  }
}
