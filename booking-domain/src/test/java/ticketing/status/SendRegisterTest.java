package ticketing.status;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.redisson.client.codec.StringCodec;
import ticketing.domain.Command;
import ticketing.redis.RedisGateway;
import ticketing.status.SendRegister.Send;

class SendRegisterTest {

  private static final AtomicLong EVENTS = new AtomicLong(9_000);
  private static final Duration TIMEOUT = Duration.ofSeconds(30);

  private static RedisGateway redis;

  private final long event = EVENTS.incrementAndGet();

  @BeforeAll
  static void connect() {
    redis = TestRedis.connect(1);
  }

  @AfterAll
  static void disconnect() {
    redis.close();
  }

  private static SendRegister register(Duration lease) {
    return new SendRegister(redis, new SendRegisterSettings(lease));
  }

  private static StatusStore store(SendRegister.Sender sender) {
    Duration hour = Duration.ofHours(1);
    return new StatusStore(redis, new StatusStoreSettings(hour, hour, hour), sender);
  }

  private StatusEntry pending() {
    return StatusEntry.pending(
        new Command.BookSeats(
            UUID.randomUUID(), "7", event, "A", 1, Instant.now().truncatedTo(ChronoUnit.MICROS)));
  }

  @Test
  void unsentCommandsOfExpiredSendersAreFound() {
    SendRegister register = register(Duration.ofMillis(500));
    SendRegister.Sender sender = register.startSender();
    StatusStore store = store(sender);
    StatusEntry sent = pending();
    StatusEntry unsent = pending();
    store.storePending(sent).join();
    store.storePending(unsent).join();
    sender.finish(sent);
    await().atMost(TIMEOUT).until(() -> register.sampleLines(100_000).contains(event));
    sender.close();

    Send expected = Send.of(unsent);
    await()
        .atMost(TIMEOUT)
        .untilAsserted(() -> assertThat(expiredSends(register)).contains(expected));
    assertThat(expiredSends(register)).doesNotContain(Send.of(sent));

    for (String instance : register.findExpiredSenders(1_000)) {
      register.remove(instance, List.of(expected));
    }
    assertThat(expiredSends(register)).doesNotContain(expected);
    register.removeLine(event);
    assertThat(register.sampleLines(100_000)).doesNotContain(event);
  }

  @Test
  void renewedLeaseKeepsTheSender() {
    SendRegister shortLease = register(Duration.ofMillis(500));
    SendRegister longLease = register(Duration.ofMinutes(1));
    Set<String> before = new HashSet<>(senders());
    try (SendRegister.Sender sender = longLease.startSender()) {
      // A process may crash directly after its start, so the lease exists before any command.
      Set<String> added = new HashSet<>(senders());
      added.removeAll(before);
      assertThat(added).hasSize(1);
      store(sender).storePending(pending()).join();
      shortLease.removeExpiredSender(added.iterator().next());
      assertThat(senders()).containsAll(added);
      assertThat(shortLease.findExpiredSenders(1_000)).doesNotContainAnyElementsOf(added);
    }
  }

  private static Set<String> senders() {
    return redis.call(client ->
        new HashSet<>(
            client.<String>getScoredSortedSet("senders", StringCodec.INSTANCE).readAll()));
  }

  private static List<Send> expiredSends(SendRegister register) {
    return register.findExpiredSenders(1_000).stream()
        .flatMap(instance -> register.findSends(instance, 1_000).stream())
        .toList();
  }
}
