package ticketing.ingress.cache;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;
import org.redisson.api.RScript;
import org.redisson.client.codec.ByteArrayCodec;
import org.redisson.client.codec.StringCodec;
import ticketing.domain.Command;
import ticketing.domain.TicketStatus;
import ticketing.ingress.IngressFixture;
import ticketing.ingress.event.EventCatalog;
import ticketing.redis.RedisGateway;

/// Values of every Redis type, and garbage, under the keys that requests read.
class UnreadableCacheTest {

  private static final List<String> VALUES =
      List.of(
          "'SET', KEYS[1], ''",
          "'SET', KEYS[1], '{}'",
          "'SET', KEYS[1], 'null'",
          "'SET', KEYS[1], 'garbage'",
          "'SET', KEYS[1], '{\"eventId\":1,\"version\":99999999}'",
          "'HSET', KEYS[1], 'x', 'y'",
          "'RPUSH', KEYS[1], 'x'",
          "'SADD', KEYS[1], 'x'",
          "'ZADD', KEYS[1], 1, 'x'",
          "'XADD', KEYS[1], '*', 'x', 'y'");

  private final IngressFixture ingress = IngressFixture.shared();
  private final RedisGateway redis = ingress.context.getBean(RedisGateway.class);

  private void put(String key, String command) {
    redis.<Object>call(client -> {
      client.getKeys().delete(key);
      return client
          .getScript(StringCodec.INSTANCE)
          .eval(
              RScript.Mode.READ_WRITE,
              "redis.call(" + command + ") return 1",
              RScript.ReturnType.LONG,
              List.of(key));
    });
  }

  @AfterEach
  void circuitBreakerIsClosed() {
    assertThat(
            ingress.context.getBean(MeterRegistry.class).get("ticketing.redis.up").gauge().value())
        .isEqualTo(1);
  }

  @ParameterizedTest
  @FieldSource("VALUES")
  void unreadableEventIsReadFromTheDatabase(String command) {
    long event = ingress.newEvent(10, 10);
    long other = ingress.newEvent(10, 10);
    put("event:" + event, command);
    put("rate:" + event, command);
    put("waiting:" + event, command);
    put("{waiting:" + event + "}", command);
    put("lock:event:" + event, command);
    ingress.context.getBean(EventCatalog.class).evictLocalCache();

    assertThat(ingress.get("/api/v1/events/" + event, null).status()).isEqualTo(200);
    for (long booked : new long[] {other, event}) {
      IngressFixture.Answer ticket = ingress.book(IngressFixture.newUser(), booked, 1);
      assertThat(ticket.status()).isEqualTo(202);
      assertThat(ticket.json().get("position").longValue()).isZero();
    }
    await("the value is replaced")
        .atMost(Duration.ofSeconds(30))
        .untilAsserted(() -> {
          ingress.context.getBean(EventCatalog.class).evictLocalCache();
          ingress.get("/api/v1/events/" + event, null);
          assertThat(ingress.redisGet("event:" + event)).contains("\"eventId\":" + event + ",");
        });
    redis.call(client ->
        client.getKeys().delete("rate:" + event, "waiting:" + event, "lock:event:" + event));
    ingress.drain();
  }

  @ParameterizedTest
  @FieldSource("VALUES")
  void unreadableTicketIsPending(String command) {
    String user = IngressFixture.newUser();
    Command booked = ingress.booked(user, ingress.newEvent(10, 10), 1);
    put("ticket:" + booked.ticketId(), command);

    IngressFixture.Answer ticket =
        ingress.get("/api/v1/tickets/" + booked.ticketId(), ingress.token(user));
    assertThat(ticket.status()).isEqualTo(200);
    assertThat(ticket.json().get("status").asString()).isEqualTo("PENDING");
    UUID unknown = UUID.randomUUID();
    put("ticket:" + unknown, command);
    assertThat(ingress.get("/api/v1/tickets/" + unknown, ingress.token(user)).status())
        .isEqualTo(404);
  }

  @ParameterizedTest
  @FieldSource("VALUES")
  void unreadableUserAndReservationAreMisses(String command) {
    String user = IngressFixture.newUser();
    long reservation = ingress.reserve(user, ingress.newEvent(10, 10), "CONFIRMED", null);
    put("user:" + user, command);
    put("reservation:" + reservation, command);

    IngressFixture.Answer me = ingress.get("/api/v1/users/me", ingress.token(user));
    assertThat(me.json().get("userId").asString()).isEqualTo(user);
    IngressFixture.Answer read =
        ingress.get("/api/v1/reservations/" + reservation, ingress.token(user));
    assertThat(read.json().get("reservationId").longValue()).isEqualTo(reservation);
  }

  @ParameterizedTest
  @FieldSource("VALUES")
  void unreadableBucketIsReplaced(String command) {
    IngressFixture strict = IngressFixture.strict();
    String user = IngressFixture.newUser();
    put("rate:user:1/60:" + user, command);

    for (int i = 0; i < 3; i++) {
      assertThat(
              strict
                  .get(
                      "/api/v1/users/me", strict.token(user), "X-Forwarded-For", "10.9." + i + ".1")
                  .status())
          .isEqualTo(200);
    }
    await("the bucket is synchronized")
        .atMost(Duration.ofSeconds(30))
        .untilAsserted(() -> {
          strict.get("/api/v1/users/me", strict.token(user), "X-Forwarded-For", "10.9.9.1");
          assertThat(
                  redis.<byte[]>call(client ->
                      client
                          .<byte[]>getBucket("rate:user:1/60:" + user, ByteArrayCodec.INSTANCE)
                          .get()))
              .hasSizeGreaterThan(40);
        });
  }

  @Test
  void publishedGarbageEndsNoSubscription() {
    long event = ingress.newEvent(10, 10);
    ingress.get("/api/v1/events/" + event, null);
    redis.call(client -> {
      client.getTopic("events", StringCodec.INSTANCE).publish("garbage");
      client.getTopic("events", StringCodec.INSTANCE).publish("{}");
      return client.getTopic("tickets", StringCodec.INSTANCE).publish("garbage\n{}\n");
    });
    String user = IngressFixture.newUser();
    Command booked = ingress.booked(user, event, 1);
    ingress.decide(booked, TicketStatus.CONFIRMED, null, 1L);
    assertThat(
            ingress
                .get(
                    "/api/v1/tickets/" + booked.ticketId(),
                    ingress.token(user),
                    "Prefer",
                    "wait=20")
                .json()
                .get("status")
                .asString())
        .isEqualTo("CONFIRMED");
  }
}
