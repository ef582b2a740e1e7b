package ticketing.status;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Isolated;
import org.redisson.api.RScript;
import org.redisson.client.codec.StringCodec;
import ticketing.domain.Command;
import ticketing.domain.Money;
import ticketing.domain.TicketIds;
import ticketing.redis.RedisGateway;

/// Memory of Redis for pending tickets of different users, with an `Idempotency-Key` and a price:
/// entry, waiting line and undecided tickets of the user.
@Isolated("other tests change the memory of the same server")
class PendingTicketMemoryTest {

  private static final int TICKETS = 40_000;
  private static final long MIN_PLAUSIBLE_BYTES = 100;
  private static final long MAX_BYTES_PER_TICKET = 250;
  private static final int DELETED_TOGETHER = 1_000; // keys
  private static final long EVENT = 12_345;
  private static final String FINGERPRINT = "0123456789abcdef".repeat(4);

  @Test
  void pendingTicketNeedsAtMost250Bytes() {
    try (RedisGateway redis = TestRedis.connect(5)) {
      Duration hour = Duration.ofHours(1);
      StatusStore store = new StatusStore(redis, new StatusStoreSettings(hour, hour, hour));
      List<StatusEntry> entries = entries();
      store.storePending(entries.getFirst()).join();
      long before = usedMemory(redis);

      List<CompletableFuture<StatusStore.Stored>> stored =
          entries.stream().map(store::storePending).toList();
      stored.forEach(CompletableFuture::join);

      long perTicket = (usedMemory(redis) - before) / TICKETS;
      redis.call(client -> client.getKeys().deleteByPattern("{waiting:" + EVENT + "}*"));
      for (int from = 0; from < TICKETS; from += DELETED_TOGETHER) {
        String[] keys =
            entries.subList(from, from + DELETED_TOGETHER).stream()
                .map(entry -> "ticket:" + entry.ticket().ticketId())
                .toArray(String[]::new);
        redis.call(client -> client.getKeys().unlink(keys));
      }
      assertThat(perTicket).isBetween(MIN_PLAUSIBLE_BYTES, MAX_BYTES_PER_TICKET);
    }
  }

  private static List<StatusEntry> entries() {
    Instant start = Instant.now().truncatedTo(ChronoUnit.MICROS);
    List<StatusEntry> entries = new ArrayList<>(TICKETS);
    for (int i = 0; i < TICKETS; i++) {
      UUID id = UUID.randomUUID();
      entries.add(
          StatusEntry.pending(
              new Command.BookSeats(
                  id,
                  UUID.randomUUID().toString(),
                  EVENT,
                  "VIP",
                  2,
                  start.plus(i * 20L, ChronoUnit.MICROS),
                  FINGERPRINT,
                  TicketIds.newAttempt(id),
                  Money.of("150000.00"))));
    }
    return entries;
  }

  private static long usedMemory(RedisGateway redis) {
    String info =
        redis.call(client ->
            client
                .getScript(StringCodec.INSTANCE)
                .eval(
                    RScript.Mode.READ_WRITE,
                    "return redis.call('INFO', 'memory')",
                    RScript.ReturnType.VALUE));
    // The buffers of the connections depend on the last commands only.
    return value(info, "used_memory:") - value(info, "mem_clients_normal:");
  }

  private static long value(String info, String name) {
    return info.lines()
        .filter(line -> line.startsWith(name))
        .mapToLong(line -> Long.parseLong(line.substring(name.length()).strip()))
        .findFirst()
        .orElseThrow();
  }
}
