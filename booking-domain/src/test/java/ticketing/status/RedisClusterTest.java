package ticketing.status;

import static java.util.stream.Collectors.toSet;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.redisson.api.RLock;
import ticketing.domain.Command;
import ticketing.domain.EventView;
import ticketing.domain.EventView.SeatTypeView;
import ticketing.domain.Json;
import ticketing.domain.Money;
import ticketing.domain.Ticket;
import ticketing.domain.TicketStatus;
import ticketing.local.servers.RedisCluster;
import ticketing.redis.RedisGateway;
import ticketing.redis.RedisSettings;
import ticketing.security.RevocationSettings;
import ticketing.security.RevokedToken;
import ticketing.security.RevokedTokens;

/// All uses of Redis on a cluster of three primaries with one replica each. Twelve events are
/// distributed over all three primaries.
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class RedisClusterTest {

  private static final Duration LIMIT = Duration.ofSeconds(30);
  private static final long[] EVENTS = LongStream.rangeClosed(1, 12).toArray();

  private static RedisCluster cluster;
  private static RedisGateway one;
  private static RedisGateway other;
  private static StatusStore store;
  private static EventCache events;

  @BeforeAll
  static void start() {
    cluster = RedisCluster.start(Path.of("target", "redis-cluster"), "secret", LIMIT);
    one = connect();
    other = connect();
    store = new StatusStore(one, settings());
    events = new EventCache(one, settings());
  }

  @AfterAll
  static void stop() {
    one.close();
    other.close();
    cluster.close();
  }

  private static RedisGateway connect() {
    return RedisGateway.connect(
        new RedisSettings(
            cluster.addresses(),
            true,
            "secret",
            Duration.ofSeconds(5),
            3,
            Duration.ofSeconds(1),
            16));
  }

  private static StatusStoreSettings settings() {
    return new StatusStoreSettings(
        Duration.ofHours(1), Duration.ofMinutes(15), Duration.ofMinutes(5));
  }

  @Test
  @Order(1)
  void eventsAreDistributedOverAllPrimaries() {
    Set<String> primaries =
        LongStream.of(EVENTS).mapToObj(event -> primaryOf("waiting:" + event)).collect(toSet());
    assertThat(primaries).hasSize(3);
    // A script with two keys requires both on one node.
    for (long event : EVENTS) {
      assertThat(slot("fence:{event:" + event + "}")).isEqualTo(slot("event:" + event));
    }
  }

  @Test
  @Order(2)
  void storedTicketsHavePositionsOnAllNodes() {
    Map<UUID, Long> positions = new HashMap<>();
    for (long event : EVENTS) {
      for (long position = 0; position < 3; position++) {
        StatusEntry entry = pending(event);
        assertThat(store.storePending(entry).join().ticket().position()).isEqualTo(position);
        positions.put(entry.ticket().ticketId(), position);
      }
    }

    Map<UUID, StatusEntry> found = store.findAll(positions.keySet());

    assertThat(found).hasSize(3 * EVENTS.length);
    positions.forEach(
        (id, position) -> assertThat(found.get(id).ticket().position()).isEqualTo(position));
    assertThat(store.oldestPending(LongStream.of(EVENTS).boxed().toList())).isPresent();
  }

  @Test
  @Order(3)
  void storedEntryIsKeptUntilItIsRemoved() {
    StatusEntry entry = pending(1);
    store.storePending(entry).join();
    assertThat(store.storePending(StatusEntry.pending(command(1))).join().earlier()).isEmpty();
    assertThat(store.storePending(entry).join().earlier()).contains(stored(entry));

    store.removePending(entry).join();

    assertThat(store.find(entry.ticket().ticketId())).isEmpty();
  }

  @Test
  @Order(4)
  void publicationReachesAllProcessesFromAllNodes() {
    Map<UUID, String> published = new ConcurrentHashMap<>();
    Map<Long, Long> publishedEvents = new ConcurrentHashMap<>();
    new StatusStore(other, settings())
        .subscribe(decision -> published.put(decision.ticketId(), decision.json()), () -> {});
    new EventCache(other, settings())
        .subscribe(event -> publishedEvents.put(event.eventId(), event.version()));
    List<StatusEntry> decided = new ArrayList<>();
    for (long event : EVENTS) {
      StatusEntry entry = pending(event);
      store.storePending(entry).join();
      decided.add(decided(entry));
    }

    for (StatusEntry entry : decided) {
      store.publish(List.of(entry), 1, event(entry.ticket().eventId(), 7), List.of(42L, 43L));
    }
    // One publication with tickets of many events is distributed over the nodes.
    List<StatusEntry> mixed =
        decided.stream().map(entry -> decided(pending(entry.ticket().eventId()))).toList();
    store.publish(mixed, mixed.size(), null, List.of());

    Set<UUID> all = new HashSet<>(ids(decided));
    all.addAll(ids(mixed));
    await().atMost(LIMIT).untilAsserted(() -> assertThat(published.keySet()).containsAll(all));
    await()
        .atMost(LIMIT)
        .untilAsserted(() -> assertThat(publishedEvents).hasSize(EVENTS.length).containsValue(7L));
    assertThat(store.findAll(all).values())
        .hasSize(all.size())
        .allMatch(entry -> entry.ticket().status() == TicketStatus.CONFIRMED);
  }

  @Test
  @Order(4)
  void publishedDecisionIsStoredOnASlowNode() {
    Command command = command(1);
    while (primaryOf("ticket:" + command.ticketId()).equals(primaryOf("tickets"))) {
      command = command(1);
    }
    StatusEntry entry = StatusEntry.pending(command);
    UUID ticketId = command.ticketId();
    store.storePending(entry).join();
    List<TicketStatus> read = new CopyOnWriteArrayList<>();
    new StatusStore(other, settings())
        .subscribe(
            decision -> {
              if (decision.ticketId().equals(ticketId)) {
                read.add(store.find(ticketId).orElseThrow().ticket().status());
              }
            },
            () -> {});

    cluster.pauseWrites("ticket:" + ticketId, Duration.ofMillis(1_500));
    store.publish(List.of(decided(entry)), 1, null, List.of());

    await().atMost(LIMIT).until(() -> !read.isEmpty());
    assertThat(read).containsExactly(TicketStatus.CONFIRMED);
  }

  @Test
  @Order(5)
  void olderEventNeverReplacesANewerOne() {
    events.refresh(event(5, 20)).join();
    events.refresh(event(5, 19)).join();
    assertThat(events.find(5))
        .hasValueSatisfying(event -> assertThat(event.version()).isEqualTo(20));

    events.evict(5, 21).join();
    events.refresh(event(5, 20)).join();
    assertThat(events.find(5)).isEmpty();
  }

  @Test
  @Order(6)
  void eventLockHasOneHolder() throws InterruptedException {
    for (long event : EVENTS) {
      RLock first = one.call(client -> client.getLock("lock:event:" + event));
      RLock second = other.call(client -> client.getLock("lock:event:" + event));
      assertThat(first.tryLock(1, 10, TimeUnit.SECONDS)).isTrue();
      assertThat(second.tryLock(0, 10, TimeUnit.SECONDS)).isFalse();

      Thread contender =
          Thread.ofVirtual()
              .start(() -> {
                try {
                  if (second.tryLock(20, 10, TimeUnit.SECONDS)) {
                    second.unlock();
                  }
                } catch (InterruptedException e) {
                  Thread.currentThread().interrupt();
                }
              });
      first.unlock();
      // The cluster's channels wake the contender long before the lease ends.
      assertThat(contender.join(Duration.ofSeconds(9))).isTrue();
      assertThat(second.isLocked()).isFalse();
    }
  }

  @Test
  @Order(7)
  void revokedTokenIsKnownToEveryProcess() {
    RevocationSettings settings = new RevocationSettings(Duration.ofMillis(100), 1_000);
    RevokedToken token = RevokedToken.of(UUID.randomUUID(), Instant.now(), Instant.now());
    try (RevokedTokens publishing = new RevokedTokens(one, settings, Clock.systemUTC());
        RevokedTokens receiving = new RevokedTokens(other, settings, Clock.systemUTC())) {
      receiving.subscribe();
      await()
          .atMost(LIMIT)
          .until(() -> {
            publishing.publish(token);
            return receiving.isRevoked(token.id());
          });
      assertThat(receiving.isRevoked(UUID.randomUUID())).isFalse();
    }
  }

  @Test
  @Order(8)
  void storeWorksAfterAFailover() {
    StatusEntry before = pending(3);
    store.storePending(before).join();
    cluster.killPrimaryOf("{waiting:3}");

    await()
        .atMost(Duration.ofSeconds(60))
        .ignoreExceptions()
        .untilAsserted(() -> {
          StatusEntry after = pending(3);
          store.storePending(after).join();
          store.publish(List.of(decided(after)), 1, event(3, 30), List.of());
          assertThat(store.find(after.ticket().ticketId()))
              .hasValueSatisfying(
                  entry -> assertThat(entry.ticket().status()).isEqualTo(TicketStatus.CONFIRMED));
        });
  }

  private static Set<UUID> ids(List<StatusEntry> entries) {
    return entries.stream().map(entry -> entry.ticket().ticketId()).collect(toSet());
  }

  private static int slot(String key) {
    return one.call(client -> client.getKeys().getSlot(key));
  }

  private static String primaryOf(String key) {
    // With three primaries each has a third of the slots.
    return String.valueOf(slot(key) / 5462);
  }

  private static Command command(long event) {
    return new Command.BookSeats(
        UUID.randomUUID(), "user", event, "A", 1, Instant.now().truncatedTo(ChronoUnit.MICROS));
  }

  private static StatusEntry pending(long event) {
    return StatusEntry.pending(command(event));
  }

  private static StatusEntry stored(StatusEntry entry) {
    return Json.INTERNAL.readValue(Json.INTERNAL.writeValueAsString(entry), StatusEntry.class);
  }

  private static StatusEntry decided(StatusEntry entry) {
    Ticket ticket = entry.ticket();
    return entry.decided(
        ticket.decided(
            TicketStatus.CONFIRMED,
            new Ticket.Booked(42, ticket.seatType(), ticket.quantity(), Money.of("10.00")),
            Instant.now()));
  }

  private static EventView event(long id, long version) {
    return EventView.builder(id, "Concert", Instant.parse("2099-12-24T10:00:00Z"))
        .venue("Hall", "Seoul")
        .seatTypes(List.of(new SeatTypeView("A", Money.of("10.00"), 10, 9)))
        .version(version)
        .build();
  }
}
