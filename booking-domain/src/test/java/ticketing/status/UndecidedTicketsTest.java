package ticketing.status;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import ticketing.domain.Command;
import ticketing.redis.RedisGateway;
import ticketing.status.StatusStore.Stored;

class UndecidedTicketsTest {

  private static final Duration HOUR = Duration.ofHours(1);

  private static RedisGateway redis;
  private static StatusStore store;

  private final String user = UUID.randomUUID().toString();
  private Instant acceptedAt = Instant.now().truncatedTo(ChronoUnit.MICROS);

  @BeforeAll
  static void connect() {
    redis = TestRedis.connect(1);
    store = new StatusStore(redis, new StatusStoreSettings(HOUR, HOUR, HOUR));
  }

  @AfterAll
  static void disconnect() {
    redis.close();
  }

  private StatusEntry booking(long event) {
    return booking(UUID.randomUUID(), user, event);
  }

  private StatusEntry booking(UUID id, String owner, long event) {
    acceptedAt = acceptedAt.plusMillis(1);
    return StatusEntry.pending(
        new Command.BookSeats(id, owner, event, "VIP", 1, acceptedAt, null, null));
  }

  private static UUID id(StatusEntry entry) {
    return entry.ticket().ticketId();
  }

  @Test
  void concurrentBookingsNeverExceedTheLimit() {
    List<CompletableFuture<Stored>> stored =
        IntStream.range(0, 40).mapToObj(i -> store.storePending(booking(1), 10)).toList();
    assertThat(stored.stream().filter(one -> !one.join().overLimit())).hasSize(10);
    assertThat(store.storePending(booking(2), 10).join().overLimit()).isFalse();
    assertThat(store.findUndecidedBookings(user, 1)).hasSize(10);
    assertThat(store.findUndecided(user)).hasSize(11);
  }

  @Test
  void refusedBookingIsNotStored() {
    StatusEntry first = booking(3);
    store.storePending(first, 1).join();
    StatusEntry refused = booking(3);
    assertThat(store.storePending(refused, 1).join().overLimit()).isTrue();
    assertThat(store.find(id(refused))).isEmpty();
    assertThat(store.findUndecided(user)).containsExactly(id(first));
    StatusEntry repeated = booking(id(first), user, 3);
    assertThat(store.storePending(repeated, 1).join().overLimit()).isFalse();
  }

  @Test
  void refusalOfConcurrentRequestIsNoAcceptance() {
    store.storePending(booking(4), 1).join();
    StatusEntry refused = booking(4);
    StatusEntry same = booking(id(refused), user, 4);
    CompletableFuture<Stored> first = store.storePending(refused, 1);
    assertThat(store.storePending(same, 1).join().overLimit()).isTrue();
    assertThat(first.join().overLimit()).isTrue();
  }

  @Test
  void onlyBookingsAreLimited() {
    Command confirm =
        new Command.ConfirmHold(UUID.randomUUID(), user, 5, 7, acceptedAt, null, null);
    assertThat(store.storePending(StatusEntry.pending(confirm), 0).join().overLimit()).isFalse();
    assertThat(store.findUndecided(user)).containsExactly(confirm.ticketId());
    assertThat(store.findUndecidedBookings(user, 5)).isEmpty();
  }

  @Test
  void newestTicketsOfUserAreKept() {
    List<StatusEntry> entries = new ArrayList<>();
    for (int i = 0; i < UndecidedTickets.MAX_TICKETS + 5; i++) {
      entries.add(booking(i));
      store.storePending(entries.getLast()).join();
    }
    assertThat(store.findUndecided(user))
        .isEqualTo(
            entries.reversed().stream()
                .map(UndecidedTicketsTest::id)
                .limit(UndecidedTickets.MAX_TICKETS)
                .toList());
  }

  /// Equal bytes in all fields match at positions that are no records.
  @Test
  void bucketEqualsItsModel() {
    UndecidedTickets.Owner bucket = UndecidedTickets.Owner.of(user);
    List<String> users =
        Stream.iterate(0, i -> i + 1)
            .map(i -> user + i)
            .filter(other -> UndecidedTickets.Owner.of(other).bucket() == bucket.bucket())
            .limit(3)
            .toList();
    Random random = new Random(1);
    Map<String, List<UUID>> model = new HashMap<>();
    for (int i = 0; i < 600; i++) {
      String owner = users.get(random.nextInt(users.size()));
      List<UUID> expected = model.computeIfAbsent(owner, absent -> new ArrayList<>());
      UUID id = new UUID(repeated(random), repeated(random));
      boolean known = model.values().stream().anyMatch(ids -> ids.contains(id));
      if (random.nextBoolean() && !known) {
        redis.execute(batch ->
            UndecidedTickets.add(
                batch,
                bucket.bucket(),
                List.of(
                    new UndecidedTickets.Addition(
                        UndecidedTickets.Owner.of(owner),
                        booking(id, owner, random.nextInt(3)).ticket(),
                        1_000)),
                HOUR));
        expected.addFirst(id);
      } else if (!expected.isEmpty() && random.nextBoolean()) {
        UUID removed = expected.remove(random.nextInt(expected.size()));
        store.removeUndecided(owner, List.of(removed, UUID.randomUUID()));
      }
      assertThat(store.findUndecided(owner)).isEqualTo(expected);
    }
    assertThat(model.values()).anyMatch(ids -> ids.size() > 3);
  }

  private static long repeated(Random random) {
    return 0x0101_0101_0101_0101L * random.nextInt(3) << 8 * random.nextInt(2);
  }
}
