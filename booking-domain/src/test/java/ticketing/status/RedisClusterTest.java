package ticketing.status;

import static java.util.stream.Collectors.toSet;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.nio.file.Path;
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
import ticketing.domain.EventStatus;
import ticketing.domain.EventView;
import ticketing.domain.EventView.SeatTypeView;
import ticketing.domain.Json;
import ticketing.domain.Money;
import ticketing.domain.Ticket;
import ticketing.domain.TicketStatus;
import ticketing.local.servers.RedisCluster;
import ticketing.redis.RedisGateway;
import ticketing.redis.RedisSettings;
import ticketing.security.RevokedTokens;

/// Everything that the processes do with Redis, on a cluster of three primaries with a replica
/// each. The keys of one step lie on several nodes: twelve events fall on all three.
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class RedisClusterTest {

  private static final Duration LIMIT = Duration.ofSeconds(30);
  private static final long[] EVENTS = LongStream.rangeClosed(1, 12).toArray();

  private static RedisCluster cluster;
  private static RedisGateway one;
  private static RedisGateway other;
  private static StatusStore tickets;
  private static EventCache events;

  @BeforeAll
  static void start() {
    cluster = RedisCluster.start(Path.of("target", "redis-cluster"), "secret", LIMIT);
    one = connect();
    other = connect();
    tickets = new StatusStore(one, board());
    events = new EventCache(one, board());
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

  private static StatusStoreSettings board() {
    return new StatusStoreSettings(
        Duration.ofHours(1), Duration.ofMinutes(15), Duration.ofMinutes(5));
  }

  @Test
  @Order(1)
  void eventsAndTicketsLieOnAllThreePrimaries() {
    Set<String> primaries =
        LongStream.of(EVENTS).mapToObj(event -> primaryOf("waiting:" + event)).collect(toSet());
    assertThat(primaries).hasSize(3);
    // A script with two keys runs only where both lie.
    for (long event : EVENTS) {
      assertThat(slot("fence:{event:" + event + "}")).isEqualTo(slot("event:" + event));
    }
  }

  @Test
  @Order(2)
  void openedTicketsAreFoundWithTheirPlacesAcrossAllNodes() {
    Map<UUID, Long> places = new HashMap<>();
    for (long event : EVENTS) {
      for (long place = 0; place < 3; place++) {
        StatusEntry entry = pending(event);
        assertThat(tickets.storePending(entry).join().ticket().position()).isEqualTo(place);
        places.put(entry.ticket().ticketId(), place);
      }
    }

    Map<UUID, StatusEntry> found = tickets.findAll(places.keySet());

    assertThat(found).hasSize(3 * EVENTS.length);
    places.forEach((id, place) -> assertThat(found.get(id).ticket().position()).isEqualTo(place));
    assertThat(tickets.oldestPending(LongStream.of(EVENTS).boxed().toList())).isPresent();
  }

  @Test
  @Order(3)
  void openedTwiceStaysAsItWasAndWithdrawnIsGone() {
    StatusEntry entry = pending(1);
    tickets.storePending(entry).join();
    assertThat(tickets.storePending(StatusEntry.pending(command(1))).join().earlier()).isEmpty();
    assertThat(tickets.storePending(entry).join().earlier()).contains(stored(entry));

    tickets.removePending(entry).join();

    assertThat(tickets.find(entry.ticket().ticketId())).isEmpty();
  }

  @Test
  @Order(4)
  void announcementReachesEveryProcessAndEveryNode() {
    Map<UUID, String> heard = new ConcurrentHashMap<>();
    Map<Long, Long> heardEvents = new ConcurrentHashMap<>();
    new StatusStore(other, board())
        .subscribe(told -> heard.put(told.ticketId(), told.json()), () -> {});
    new EventCache(other, board())
        .subscribe(event -> heardEvents.put(event.eventId(), event.version()));
    List<StatusEntry> decided = new ArrayList<>();
    for (long event : EVENTS) {
      StatusEntry entry = pending(event);
      tickets.storePending(entry).join();
      decided.add(decided(entry));
    }

    for (StatusEntry entry : decided) {
      tickets.publish(List.of(entry), 1, event(entry.ticket().eventId(), 7), List.of(42L, 43L));
    }
    // One announcement for tickets of many events is split over the nodes just as well.
    List<StatusEntry> mixed =
        decided.stream().map(entry -> decided(pending(entry.ticket().eventId()))).toList();
    tickets.publish(mixed, mixed.size(), null, List.of());

    Set<UUID> all = new HashSet<>(ids(decided));
    all.addAll(ids(mixed));
    await().atMost(LIMIT).untilAsserted(() -> assertThat(heard.keySet()).containsAll(all));
    await()
        .atMost(LIMIT)
        .untilAsserted(() -> assertThat(heardEvents).hasSize(EVENTS.length).containsValue(7L));
    assertThat(tickets.findAll(all).values())
        .hasSize(all.size())
        .allMatch(entry -> entry.ticket().status() == TicketStatus.CONFIRMED);
  }

  @Test
  @Order(5)
  void olderCopyOfAnEventNeverReplacesANewerOne() {
    events.refresh(event(5, 20)).join();
    events.refresh(event(5, 19)).join();
    assertThat(events.find(5)).hasValueSatisfying(copy -> assertThat(copy.version()).isEqualTo(20));

    events.evict(5, 21).join();
    events.refresh(event(5, 20)).join();
    assertThat(events.find(5)).isEmpty();
  }

  @Test
  @Order(6)
  void lockOfAnEventHasOneHolderAndIsHandedOver() throws InterruptedException {
    for (long event : EVENTS) {
      RLock mine = one.call(client -> client.getLock("lock:event:" + event));
      RLock theirs = other.call(client -> client.getLock("lock:event:" + event));
      assertThat(mine.tryLock(1, 10, TimeUnit.SECONDS)).isTrue();
      assertThat(theirs.tryLock(0, 10, TimeUnit.SECONDS)).isFalse();

      Thread waiting =
          Thread.ofVirtual()
              .start(
                  () -> {
                    try {
                      if (theirs.tryLock(20, 10, TimeUnit.SECONDS)) {
                        theirs.unlock();
                      }
                    } catch (InterruptedException e) {
                      Thread.currentThread().interrupt();
                    }
                  });
      mine.unlock();
      // The one who waits is woken over the cluster's channels, long before the lease ends.
      assertThat(waiting.join(Duration.ofSeconds(9))).isTrue();
      assertThat(theirs.isLocked()).isFalse();
    }
  }

  @Test
  @Order(7)
  void loggedOutTokenIsKnownToEveryProcess() {
    Instant now = Instant.now();
    new RevokedTokens(one).revoke("token-1", now, now.plusSeconds(60));
    assertThat(new RevokedTokens(other).isRevoked("token-1")).isTrue();
    assertThat(new RevokedTokens(other).isRevoked("token-2")).isFalse();
  }

  @Test
  @Order(8)
  void boardGoesOnWhenAReplicaTookThePrimarysPlace() {
    StatusEntry before = pending(3);
    tickets.storePending(before).join();
    cluster.killPrimaryOf("waiting:3");

    await()
        .atMost(Duration.ofSeconds(60))
        .ignoreExceptions()
        .untilAsserted(
            () -> {
              StatusEntry after = pending(3);
              tickets.storePending(after).join();
              tickets.publish(List.of(decided(after)), 1, event(3, 30), List.of());
              assertThat(tickets.find(after.ticket().ticketId()))
                  .hasValueSatisfying(
                      entry ->
                          assertThat(entry.ticket().status()).isEqualTo(TicketStatus.CONFIRMED));
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
        UUID.randomUUID(),
        "user",
        event,
        "A",
        1,
        Instant.now().truncatedTo(ChronoUnit.MICROS),
        null);
  }

  private static StatusEntry pending(long event) {
    return StatusEntry.pending(command(event));
  }

  private static StatusEntry stored(StatusEntry entry) {
    return Json.INTERNAL.readValue(Json.INTERNAL.writeValueAsString(entry), StatusEntry.class);
  }

  private static StatusEntry decided(StatusEntry entry) {
    Ticket t = entry.ticket();
    return StatusEntry.decided(
        entry.owner(),
        null,
        new Ticket(
            t.ticketId(),
            t.action(),
            TicketStatus.CONFIRMED,
            t.eventId(),
            t.seatType(),
            t.quantity(),
            null,
            null,
            t.acceptedAt(),
            Instant.now(),
            42L,
            null,
            null,
            null));
  }

  private static EventView event(long id, long version) {
    return new EventView(
        id,
        "Concert",
        Instant.parse("2099-12-24T10:00:00Z"),
        "Hall",
        "Seoul",
        EventStatus.ACTIVE,
        10,
        9,
        null,
        null,
        null,
        null,
        List.of(new SeatTypeView("A", Money.of("10.00"), 10, 9)),
        version);
  }
}
