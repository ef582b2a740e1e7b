package ticketing.ingress.cache;

import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Predicate;
import org.redisson.api.BatchOptions;
import org.redisson.api.RBatch;
import org.redisson.client.codec.StringCodec;
import org.springframework.stereotype.Component;
import ticketing.domain.Json;
import ticketing.redis.CommandBatch.Reply;
import ticketing.redis.RedisGateway;
import ticketing.redis.RedisUnavailableException;

/// Cache of database rows in Redis, as plain JSON. While Redis is unavailable every read is a miss,
/// as is a read of an unreadable value.
@Component
public class RedisCache {

  /// Time without caching of a value with an accepted change, longer than a usual backlog. Only the
  /// owner reads the value meanwhile.
  private static final Duration CHANGE_FENCE_TTL = Duration.ofMinutes(10);

  private final RedisGateway redis;
  private final CacheMetrics metrics;

  RedisCache(RedisGateway redis, CacheMetrics metrics) {
    this.redis = redis;
    this.metrics = metrics;
  }

  /// Result of a read.
  ///
  /// @param value empty after a miss
  /// @param cacheable false while Redis is unavailable or a change of the value is undecided
  public record Cached<T>(Optional<T> value, boolean cacheable) {}

  /// Reads a value. An unreadable value is a miss.
  ///
  /// @param belongsToKey compares the value with its id
  public <T> Cached<T> find(CachedKind kind, String id, Class<T> type, Predicate<T> belongsToKey) {
    AtomicReference<Reply<String>> json = new AtomicReference<>();
    AtomicReference<Reply<Boolean>> fence = new AtomicReference<>();
    try {
      redis.execute(batch -> {
        json.set(
            batch.read(
                key(kind, id),
                commands ->
                    commands.<String>getBucket(key(kind, id), StringCodec.INSTANCE).getAsync()));
        fence.set(
            batch.read(
                fence(kind, id),
                commands ->
                    commands.getBucket(fence(kind, id), StringCodec.INSTANCE).isExistsAsync()));
      });
    } catch (RedisUnavailableException e) {
      return new Cached<>(Optional.empty(), false);
    }
    boolean fenced = fence.get().value().orElse(false);
    Optional<T> value =
        fenced
            ? Optional.empty()
            : redis.parse(key(kind, id), json.get().value().orElse(null), type, belongsToKey);
    metrics.countRead(kind, value.isPresent());
    return new Cached<>(value, !fenced);
  }

  public void store(CachedKind kind, String id, Object value, Duration ttl) {
    String json = Json.INTERNAL.writeValueAsString(value);
    redis
        .async(client -> client.getBucket(key(kind, id), StringCodec.INSTANCE).setAsync(json, ttl))
        .exceptionally(failure -> null);
  }

  /// Evicts a value before its change, and prevents caching for ten minutes.
  public void evictForChange(CachedKind kind, String id) {
    try {
      redis.call(client -> {
        RBatch batch = client.createBatch(BatchOptions.defaults());
        batch.getBucket(fence(kind, id), StringCodec.INSTANCE).setAsync("1", CHANGE_FENCE_TTL);
        batch.getBucket(key(kind, id), StringCodec.INSTANCE).deleteAsync();
        return batch.execute();
      });
    } catch (RedisUnavailableException e) {
      // The value expires after its TTL.
    }
  }

  /// Evicts all values of all kinds.
  ///
  /// @return number of evicted values
  /// @throws RedisUnavailableException if Redis is unavailable
  public long evictAll() {
    return redis.call(client -> {
      long evicted = 0;
      for (CachedKind kind : CachedKind.values()) {
        evicted += client.getKeys().deleteByPattern(kind.prefix() + ":*");
      }
      return evicted;
    });
  }

  private static String key(CachedKind kind, String id) {
    return kind.prefix() + ":" + id;
  }

  private static String fence(CachedKind kind, String id) {
    return "changing:" + kind.prefix() + ":" + id;
  }
}
