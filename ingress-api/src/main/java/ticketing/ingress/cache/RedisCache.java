package ticketing.ingress.cache;

import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.redisson.api.BatchOptions;
import org.redisson.api.RBatch;
import org.redisson.client.codec.StringCodec;
import org.springframework.stereotype.Component;
import ticketing.domain.Json;
import ticketing.redis.RedisGateway;
import ticketing.redis.RedisUnavailableException;

/// Plain JSON copies in Redis of what lies in the database. Without Redis there are none, and
/// everybody reads the database.
@Component
public class RedisCache {

  /// How long no copy is made of something whose change is on its way: longer than any usual
  /// backlog. Reading it from the database meanwhile costs little, as only its owner does.
  private static final Duration CHANGING = Duration.ofMinutes(10);

  private final RedisGateway redis;
  private final CacheMetrics metrics;

  RedisCache(RedisGateway redis, CacheMetrics metrics) {
    this.redis = redis;
    this.metrics = metrics;
  }

  /// @param copy empty if there is none
  /// @param wanted whether one should be made
  public record Found<T>(Optional<T> copy, boolean wanted) {}

  /// @param kind first part of the key, as in `kind:id`
  public <T> Found<T> find(CachedKind kind, String id, Class<T> type) {
    List<?> answers;
    try {
      answers =
          redis.call(
              client -> {
                RBatch batch = client.createBatch(BatchOptions.defaults());
                batch.getBucket(key(kind, id), StringCodec.INSTANCE).getAsync();
                batch.getBucket(fence(kind, id), StringCodec.INSTANCE).isExistsAsync();
                return batch.execute().getResponses();
              });
    } catch (RedisUnavailableException e) {
      return new Found<>(Optional.empty(), false);
    }
    boolean changing = (Boolean) answers.get(1);
    Optional<T> copy =
        changing
            ? Optional.empty()
            : Optional.ofNullable((String) answers.getFirst())
                .map(json -> Json.INTERNAL.readValue(json, type));
    metrics.countRead(kind, copy.isPresent());
    return new Found<>(copy, !changing);
  }

  public void store(CachedKind kind, String id, Object value, Duration ttl) {
    String json = Json.INTERNAL.writeValueAsString(value);
    redis
        .async(client -> client.getBucket(key(kind, id), StringCodec.INSTANCE).setAsync(json, ttl))
        .exceptionally(failure -> null);
  }

  /// Removes the copy and makes no other for a while.
  public void changing(CachedKind kind, String id) {
    try {
      redis.call(
          client -> {
            RBatch batch = client.createBatch(BatchOptions.defaults());
            batch.getBucket(fence(kind, id), StringCodec.INSTANCE).setAsync("1", CHANGING);
            batch.getBucket(key(kind, id), StringCodec.INSTANCE).deleteAsync();
            return batch.execute();
          });
    } catch (RedisUnavailableException e) {
      // A copy that survives this lives for its short time only.
    }
  }

  /// Removes every copy of every kind.
  ///
  /// @return how many there were
  /// @throws RedisUnavailable if that cannot be done now
  public long evictAll() {
    return redis.call(
        client -> {
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
