package ticketing.ingress.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;
import org.redisson.client.codec.StringCodec;
import ticketing.domain.EventView;
import ticketing.domain.Json;
import ticketing.ingress.IngressFixture;
import ticketing.ingress.event.EventCatalog;
import ticketing.ingress.event.EventEntity;
import ticketing.ingress.event.EventRepository;
import ticketing.redis.RedisGateway;
import tools.jackson.databind.JsonNode;

/// Copies in Redis, under the keys, in the form and for the time that the contract names.
class RedisCacheTest {

  private final IngressFixture ingress = IngressFixture.shared();
  private final RedisGateway redis = ingress.context.getBean(RedisGateway.class);

  private JsonNode copy(String key) {
    await().until(() -> ingress.redisGet(key) != null);
    return Json.INTERNAL.readTree(ingress.redisGet(key));
  }

  private void expect(String key, Duration ttl) {
    long left =
        redis.call(client -> client.getBucket(key, StringCodec.INSTANCE).remainTimeToLive());
    assertThat(Duration.ofMillis(left)).isBetween(ttl.minusSeconds(25), ttl);
  }

  @Test
  void copiesArePlainJsonWithTheirOwnTimes() {
    long event = ingress.newEvent(10, 8);
    ingress.context.getBean(EventCatalog.class).evictLocalCache();
    ingress.get("/api/v1/events/" + event, null);
    JsonNode copy = copy("event:" + event);
    assertThat(copy.get("eventId").longValue()).isEqualTo(event);
    assertThat(copy.get("eventName").asString()).isEqualTo("Concert");
    assertThat(copy.get("availableSeats").intValue()).isEqualTo(8);
    expect("event:" + event, Duration.ofMinutes(5));

    String email = IngressFixture.newUser() + "@example.org";
    String user =
        ingress
            .post(
                "/api/v1/users",
                null,
                "{\"email\":\"%s\",\"password\":\"correct horse\",\"name\":\"Kim\"}"
                    .formatted(email))
            .json()
            .get("userId")
            .asString();
    ingress.get("/api/v1/users/me", ingress.token(user));
    assertThat(copy("user:" + user).get("email").asString()).isEqualTo(email);
    assertThat(ingress.redisGet("user:" + user)).doesNotContain("assword");
    expect("user:" + user, Duration.ofMinutes(10));

    long reservation = ingress.reserve(user, event, "CONFIRMED", null);
    ingress.get("/api/v1/reservations/" + reservation, ingress.token(user));
    assertThat(copy("reservation:" + reservation).get("quantity").intValue()).isEqualTo(2);
    expect("reservation:" + reservation, Duration.ofSeconds(30));
  }

  @Test
  void changeEvictsCopyForGood() {
    long event = ingress.newEvent();
    ingress.get("/api/v1/events/" + event, null);
    EventView old =
        ingress
            .context
            .getBean(EventRepository.class)
            .find(event)
            .map(EventEntity::view)
            .orElseThrow();
    ingress.context.getBean(ticketing.status.EventCache.class).refresh(old).join();
    assertThat(ingress.redisGet("event:" + event)).isNotNull();
    ingress.send(
        "PUT",
        "/api/v1/events/" + event,
        ingress.admin(),
        IngressFixture.event("").replace("Concert", "Renamed"));
    await().until(() -> ingress.redisGet("event:" + event) == null);
    ingress.context.getBean(ticketing.status.EventCache.class).refresh(old).join();
    assertThat(ingress.redisGet("event:" + event)).isNull();
    assertThat(ingress.get("/api/v1/events/" + event, null).json().get("eventName").asString())
        .isEqualTo("Renamed");
  }

  @Test
  void administratorEvictsEverythingAfterABulkUpdate() {
    long event = ingress.newEvent(10, 10);
    ingress.context.getBean(EventCatalog.class).evictLocalCache();
    ingress.get("/api/v1/events/" + event, null);
    copy("event:" + event);
    ingress.sql().update("update events set event_name = 'Bulk' where id = ?", event);
    String path = "/api/v1/operations/caches/eviction";
    assertThat(ingress.post(path, ingress.token(IngressFixture.newUser()), null).status())
        .isEqualTo(403);
    IngressFixture.Answer evicted = ingress.post(path, ingress.admin(), null);
    assertThat(evicted.status()).isEqualTo(200);
    assertThat(evicted.json().get("evicted").longValue()).isPositive();
    assertThat(ingress.redisGet("event:" + event)).isNull();
    assertThat(ingress.get("/api/v1/events/" + event, null).json().get("eventName").asString())
        .isEqualTo("Bulk");
  }

  @Test
  void crowdAtAColdEventCausesOneRead() throws Exception {
    long event = ingress.newEvent(10, 10);
    EventCatalog catalog = ingress.context.getBean(EventCatalog.class);
    ingress.sql().queryForObject("select 1", Integer.class);
    double before = misses();
    crowd(100, () -> catalog.get(event));
    assertThat(misses() - before).isEqualTo(1);
  }

  private void crowd(int size, Supplier<EventView> read) throws Exception {
    CountDownLatch start = new CountDownLatch(size);
    ingress.context.getBean(EventCatalog.class).evictLocalCache();
    redis.call(client -> client.getKeys().deleteByPattern("event:*"));
    List<Future<EventView>> readers = new ArrayList<>();
    try (ExecutorService people = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < size; i++) {
        readers.add(
            people.submit(() -> {
              start.countDown();
              start.await();
              return read.get();
            }));
      }
    }
    for (Future<EventView> reader : readers) {
      assertThat(reader.get().availableSeats()).isEqualTo(10);
    }
  }

  /// Reads of the database: what neither this process nor Redis had.
  private double misses() {
    return ingress
        .context
        .getBean(io.micrometer.core.instrument.MeterRegistry.class)
        .counter("ticketing.cache", "kind", "event", "result", "miss")
        .count();
  }

  @Test
  void hitRateIsExported() {
    long event = ingress.newEvent(10, 10);
    ingress.get("/api/v1/events/" + event, null);
    IngressFixture.Answer metrics =
        ingress.sendTo(ingress.managementPort(), "GET", "/actuator/prometheus", null, null);
    assertThat(metrics.body())
        .contains("ticketing_cache_reads_total{")
        .contains("kind=\"event\"")
        .contains("cache_gets_total{");
  }
}
