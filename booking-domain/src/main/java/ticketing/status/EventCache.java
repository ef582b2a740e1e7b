package ticketing.status;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import org.redisson.api.RBatch;
import org.redisson.api.RScript.Mode;
import org.redisson.api.RScript.ReturnType;
import org.redisson.api.RScriptAsync;
import org.redisson.client.codec.StringCodec;
import ticketing.domain.EventView;
import ticketing.domain.Json;
import ticketing.redis.RedisGateway;

/// Copies of events in Redis under `event:{eventId}`, plain JSON, and the channel `events` on which
/// each newer copy is announced. An older copy never replaces a newer one, whoever comes first.
public final class EventCache {

  private static final String CHANNEL = "events";
  private static final String REFRESH = RedisGateway.script(EventCache.class, "refresh.lua");
  private static final String EVICT = RedisGateway.script(EventCache.class, "evict.lua");

  private final RedisGateway redis;
  private final StatusStoreSettings settings;

  public EventCache(RedisGateway redis, StatusStoreSettings settings) {
    this.redis = redis;
    this.settings = settings;
  }

  /// @throws RedisUnavailable if Redis is down
  public Optional<EventView> find(long eventId) {
    String json =
        redis.call(client -> client.<String>getBucket(key(eventId), StringCodec.INSTANCE).get());
    return Optional.ofNullable(json).map(text -> Json.INTERNAL.readValue(text, EventView.class));
  }

  /// Stores this copy and announces it, unless a newer one is known.
  public CompletableFuture<Void> refresh(EventView event) {
    return redis
        .<Object>async(
            client ->
                refresh(client.getScript(StringCodec.INSTANCE), event, settings.event())
                    .thenApply(stored -> (Object) stored))
        .thenAccept(stored -> {});
  }

  /// Removes the copy after a change, and refuses for a minute to store one from before it.
  ///
  /// @param version of the row after the change
  public CompletableFuture<Void> evict(long eventId, long version) {
    return redis
        .<Object>async(
            client ->
                client
                    .getScript(StringCodec.INSTANCE)
                    .<Object>evalAsync(
                        key(eventId),
                        Mode.READ_WRITE,
                        EVICT,
                        ReturnType.LONG,
                        List.of(key(eventId), fence(eventId)),
                        String.valueOf(version)))
        .thenAccept(removed -> {});
  }

  /// Hears every newer copy from now on; see [StatusStore#subscribe].
  ///
  /// @throws RedisUnavailable if Redis is down; it is up to the caller to try again
  public void subscribe(Consumer<EventView> listener) {
    redis.call(
        client ->
            client
                .getTopic(CHANNEL, StringCodec.INSTANCE)
                .addListener(
                    String.class,
                    (channel, json) ->
                        listener.accept(Json.INTERNAL.readValue(json, EventView.class))));
  }

  static void addRefresh(RBatch batch, EventView event, Duration ttl) {
    refresh(batch.getScript(StringCodec.INSTANCE), event, ttl);
  }

  private static CompletableFuture<Long> refresh(
      RScriptAsync script, EventView event, Duration ttl) {
    return script
        .<Long>evalAsync(
            key(event.eventId()),
            Mode.READ_WRITE,
            REFRESH,
            ReturnType.LONG,
            List.of(key(event.eventId()), fence(event.eventId())),
            Json.INTERNAL.writeValueAsString(event),
            String.valueOf(event.version()),
            StatusStore.seconds(ttl),
            CHANNEL)
        .toCompletableFuture();
  }

  private static String key(long eventId) {
    return "event:" + eventId;
  }

  /// The hash tag puts it on the same cluster node as the key that it guards.
  private static String fence(long eventId) {
    return "fence:{event:" + eventId + "}";
  }
}
