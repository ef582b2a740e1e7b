package ticketing.status;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.redisson.api.RScript;
import org.redisson.client.codec.StringCodec;
import ticketing.domain.Command;
import ticketing.domain.EventView;
import ticketing.domain.EventView.SeatTypeView;
import ticketing.domain.Json;
import ticketing.domain.Money;
import ticketing.domain.Reason;
import ticketing.redis.Heartbeats;
import ticketing.redis.RedisGateway;

/// Values of every Redis type, and garbage, under the keys of the status store.
class UnreadableValueTest {

  private static final AtomicLong EVENTS = new AtomicLong(6_600_000);
  private static final Instant AT = Instant.now().truncatedTo(ChronoUnit.MICROS);

  private static final SimpleMeterRegistry METERS = new SimpleMeterRegistry();
  private static RedisGateway redis;
  private static StatusStore store;
  private static EventCache events;

  private final long event = EVENTS.addAndGet(2);
  private final long otherEvent = event + 1;

  enum Foreign {
    EMPTY_STRING("'SET', KEYS[1], ''"),
    GARBAGE("'SET', KEYS[1], 'garbage'"),
    EMPTY_OBJECT("'SET', KEYS[1], '{}'"),
    JSON_NULL("'SET', KEYS[1], 'null'"),
    HIGH_VERSION("'SET', KEYS[1], '{\"version\":999999999,\"status\":\"x\"}'"),
    BINARY("'SET', KEYS[1], '\\1\\255\\0'"),
    HASH("'HSET', KEYS[1], 'x', 'y'"),
    HASH_OF_RATE("'HSET', KEYS[1], 'rate', 'fast', 'since', 'x', 'count', 'y'"),
    LIST("'RPUSH', KEYS[1], 'x'"),
    SET("'SADD', KEYS[1], 'x'"),
    SORTED_SET("'ZADD', KEYS[1], 1, 'x'"),
    STREAM("'XADD', KEYS[1], '*', 'x', 'y'"),
    HYPERLOGLOG("'PFADD', KEYS[1], 'x'");

    private final String command;

    Foreign(String command) {
      this.command = command;
    }

    void put(String key) {
      redis.call(client ->
          client
              .getScript(StringCodec.INSTANCE)
              .eval(
                  RScript.Mode.READ_WRITE,
                  "redis.call('DEL', KEYS[1]) redis.call(" + command + ") return 1",
                  RScript.ReturnType.LONG,
                  List.of(key)));
    }
  }

  @BeforeAll
  static void connect() {
    redis = TestRedis.connect(5);
    redis.bindTo(METERS);
    Duration hour = Duration.ofHours(1);
    StatusStoreSettings settings = new StatusStoreSettings(hour, hour, hour);
    store = new StatusStore(redis, settings);
    events = new EventCache(redis, settings);
  }

  @AfterAll
  static void disconnect() {
    redis.close();
  }

  @AfterEach
  void circuitBreakerIsClosed() {
    assertThat(METERS.get("ticketing.redis.up").gauge().value()).isEqualTo(1);
  }

  @ParameterizedTest
  @EnumSource
  void unreadableTicketIsAbsentAndReplaced(Foreign value) {
    StatusEntry bad = pending(event);
    StatusEntry good = pending(otherEvent);
    store.storePending(good).join();
    value.put(key(bad));

    assertThat(store.findAll(List.of(id(bad), id(good)))).containsOnlyKeys(id(good));
    store.removePending(bad).join();
    value.put(key(bad));
    CompletableFuture<StatusStore.Stored> first = store.storePending(bad);
    CompletableFuture<StatusStore.Stored> second = store.storePending(good);
    CompletableFuture<?> claim = store.claimPending(bad);
    assertThat(second.join().earlier()).isPresent();
    assertThat(first.join().ticket().ticketId()).isEqualTo(id(bad));
    claim.join();
    if (value != Foreign.BINARY) {
      assertThat(store.find(id(bad)).orElseThrow().ticket().quantity()).isEqualTo(1);
    }

    value.put(key(bad));
    store.publish(List.of(rejected(bad, Reason.GAVE_UP), rejected(good)), 1, null, List.of());
    assertThat(store.find(id(good)).orElseThrow().ticket().reason()).isEqualTo(Reason.SOLD_OUT);
    store.publish(List.of(rejected(bad)), 1, null, List.of());
    assertThat(store.find(id(bad)).orElseThrow().ticket().reason()).isEqualTo(Reason.SOLD_OUT);
  }

  @ParameterizedTest
  @EnumSource
  void unreadableLineIsReplaced(Foreign value) {
    StatusEntry first = pending(event);
    StatusEntry other = pending(otherEvent);
    store.storePending(other).join();
    for (String key : List.of("{waiting:" + event + "}", "waiting:" + event, "rate:" + event)) {
      value.put(key);
      Map<UUID, StatusEntry> found = store.findAll(List.of(id(first), id(other)));
      assertThat(found.get(id(other)).ticket().position()).isZero();
      store.oldestPending(List.of(event));
      assertThat(store.oldestPending(List.of(otherEvent))).isPresent();
      assertThat(store.storePending(first).join().ticket().position()).isNotNull();
      assertThat(store.find(id(first)).orElseThrow().ticket().estimatedWaitSeconds()).isNull();
      value.put(key);
      store.publish(List.of(rejected(pending(event))), 1, null, List.of());
    }
    // An entry of a sorted set under the older name belongs to no ticket.
    assertThat(store.storePending(first).join().ticket().position()).isNotNull();
    store.publish(List.of(rejected(first)), 1, null, List.of());
    redis.call(client -> client.getKeys().delete("waiting:" + event, "{waiting:" + event + "}"));
  }

  @ParameterizedTest
  @EnumSource
  void unreadableUndecidedTicketsAreReplaced(Foreign value) {
    // Tests run in parallel, so this owner has a bucket that no other test writes.
    StatusEntry first = pending(event, "owner of " + value);
    String bucket = "undecided:" + UndecidedTickets.Owner.of(first.owner()).bucket();
    value.put(bucket);

    assertThat(store.findUndecided(first.owner())).isEmpty();
    store.removeUndecided(first.owner(), List.of(id(first)));
    store.publish(List.of(rejected(pending(event))), 1, null, List.of());
    assertThat(store.storePending(first, 1).join().overLimit()).isFalse();
    assertThat(store.findUndecided(first.owner())).containsExactly(id(first));
    store.removeUndecided(first.owner(), List.of(id(first)));
  }

  @ParameterizedTest
  @EnumSource
  void unreadableChunkIsReplaced(Foreign value) {
    StatusEntry first = pending(event);
    store.storePending(first).join();
    String chunk = "{waiting:" + event + "}:" + ChronoUnit.MICROS.between(Instant.EPOCH, AT);
    assertThat(redis.<Long>call(client -> client.getKeys().countExists(chunk))).isEqualTo(1);
    value.put(chunk);

    assertThat(store.find(id(first))).isPresent();
    assertThat(store.storePending(pending(event)).join().ticket().position()).isNotNull();
    value.put(chunk);
    store.oldestPending(List.of(event));
    store.publish(List.of(rejected(first)), 1, null, List.of());
  }

  @ParameterizedTest
  @EnumSource
  void unreadableEventIsAbsentAndReplaced(Foreign value) {
    events.refresh(event(otherEvent, 5)).join();
    for (String key : List.of("event:" + event, "fence:{event:" + event + "}")) {
      value.put(key);
      assertThat(events.find(event)).isEmpty();
      store.publish(List.of(rejected(pending(event))), 1, event(otherEvent, 6), List.of());
      assertThat(events.find(otherEvent)).map(EventView::version).contains(6L);
      events.refresh(event(event, 3)).join();
      assertThat(events.find(event)).map(EventView::version).contains(3L);
      events.evict(event, 3).join();
    }
    String wrongEvent = Json.INTERNAL.writeValueAsString(event(otherEvent, 900));
    redis.call(
        client -> client.getBucket("event:" + event, StringCodec.INSTANCE).getAndSet(wrongEvent));
    assertThat(events.find(event)).isEmpty();
  }

  @ParameterizedTest
  @EnumSource
  void unreadableHeartbeatsAreReplaced(Foreign value) {
    value.put("alive:notifier");
    Heartbeats heartbeats = new Heartbeats(redis);
    heartbeats.liveProcesses(Heartbeats.Kind.NOTIFIER);
    try (var _ = heartbeats.start(Heartbeats.Kind.NOTIFIER, () -> Map.of("sockets", 7.0))) {
      await()
          .atMost(Duration.ofSeconds(30))
          .until(() -> heartbeats.liveProcesses(Heartbeats.Kind.NOTIFIER).sum("sockets") == 7.0);
    }
    redis.call(client -> client.getKeys().delete("alive:notifier"));
  }

  private static StatusEntry pending(long event) {
    return pending(event, "7");
  }

  private static StatusEntry pending(long event, String owner) {
    return StatusEntry.pending(
        new Command.BookSeats(UUID.randomUUID(), owner, event, "VIP", 1, AT));
  }

  private static StatusEntry rejected(StatusEntry pending) {
    return rejected(pending, Reason.SOLD_OUT);
  }

  private static StatusEntry rejected(StatusEntry pending, Reason reason) {
    return pending.decided(pending.ticket().rejected(reason, AT));
  }

  private static UUID id(StatusEntry entry) {
    return entry.ticket().ticketId();
  }

  private static String key(StatusEntry entry) {
    return "ticket:" + id(entry);
  }

  private static EventView event(long id, long version) {
    return EventView.builder(id, "Concert", Instant.parse("2030-12-24T10:00:00Z"))
        .seatTypes(List.of(new SeatTypeView("VIP", Money.of("1.00"), 10, 5)))
        .version(version)
        .build();
  }
}
