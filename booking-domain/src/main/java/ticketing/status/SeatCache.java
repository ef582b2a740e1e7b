package ticketing.status;

import java.time.Duration;
import java.util.Optional;
import java.util.function.Consumer;
import org.redisson.client.codec.StringCodec;
import ticketing.domain.Json;
import ticketing.domain.seatmap.SeatsView;
import ticketing.redis.CommandBatch;
import ticketing.redis.RedisErrorReplyException;
import ticketing.redis.RedisGateway;
import tools.jackson.core.JacksonException;

/// Bitmaps of numbered seats in Redis under `seats:{eventId}`, and the channel `seats` on which
/// each change is published. An older version never replaces a newer one; every change is
/// published.
public final class SeatCache {

  private static final String CHANNEL = "seats";
  private static final String STORE_SEATS = RedisGateway.script(SeatCache.class, "store_seats.lua");

  private final RedisGateway redis;

  public SeatCache(RedisGateway redis) {
    this.redis = redis;
  }

  /// Returns all sections; empty if none are cached, or if the value is unreadable.
  ///
  /// @throws ticketing.redis.RedisUnavailableException if Redis is down
  public Optional<SeatsView> find(long eventId) {
    String key = key(eventId);
    try {
      String json = redis.call(client -> client.<String>getBucket(key, StringCodec.INSTANCE).get());
      return redis.parse(key, json, SeatsView.class, seats -> seats.eventId() == eventId);
    } catch (RedisErrorReplyException e) {
      redis.reportUnreadable(key, e.getMessage());
      return Optional.empty();
    }
  }

  /// Subscribes to the published changes, see [StatusStore#subscribe]. Each contains the complete
  /// bitmaps of its sections. Changes of an event may arrive in another order than their versions.
  ///
  /// @throws ticketing.redis.RedisUnavailableException if Redis is down; the caller must try again
  public void subscribe(Consumer<SeatsView> listener) {
    redis.subscribe(client ->
        client
            .getTopic(CHANNEL, StringCodec.INSTANCE)
            .addListener(
                String.class, (channel, json) -> parsePublished(json).ifPresent(listener)));
  }

  private Optional<SeatsView> parsePublished(String json) {
    try {
      return Optional.ofNullable(Json.INTERNAL.readValue(json, SeatsView.class));
    } catch (JacksonException e) {
      redis.reportUnreadable("channel " + CHANNEL, e.getClass().getSimpleName());
      return Optional.empty();
    }
  }

  static void addTo(CommandBatch batch, SeatsView.Change change, Duration ttl) {
    String key = key(change.all().eventId());
    batch.run(
        key,
        STORE_SEATS,
        Json.INTERNAL.writeValueAsString(change.all()),
        String.valueOf(change.all().version()),
        RedisGateway.seconds(ttl),
        CHANNEL,
        Json.INTERNAL.writeValueAsString(change.changed()));
  }

  private static String key(long eventId) {
    return "seats:" + eventId;
  }
}
