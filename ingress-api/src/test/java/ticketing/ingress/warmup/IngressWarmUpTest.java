package ticketing.ingress.warmup;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.redisson.api.RedissonClient;
import ticketing.ingress.IngressFixture;
import ticketing.redis.RedisGateway;
import ticketing.userfeed.UserChange;
import ticketing.userfeed.UserChanges;
import ticketing.warmup.WarmUpTask;

class IngressWarmUpTest {

  private static final int RUNS = 30;
  private final IngressFixture ingress = IngressFixture.shared();

  @Test
  void warmUpLeavesNoTrace() throws Exception {
    ingress.drain();
    Map<String, List<Long>> rows = countRows();
    List<String> keys = keys();
    double accepted = counted("ticketing.accepts");
    long observed = observed();
    List<UserChange> published = new CopyOnWriteArrayList<>();
    UserChanges changes = ingress.context.getBean(UserChanges.class);
    changes.subscribe(published::add, () -> {});

    for (WarmUpTask task : ingress.context.getBeansOfType(WarmUpTask.class).values()) {
      task.open();
      for (int i = 0; i < RUNS; i++) {
        task.run();
      }
      task.close();
    }

    assertThat(ingress.drain()).isEmpty();
    // Published in order: a later change arrives after all changes of the warm-up.
    UserChange last = new UserChange.TicketAccepted(UUID.randomUUID(), List.of("last"));
    changes.publishLater(last);
    await()
        .atMost(Duration.ofSeconds(30))
        .untilAsserted(() -> assertThat(published).contains(last));
    assertThat(published).containsExactly(last);
    assertThat(countRows()).isEqualTo(rows);
    assertThat(counted("ticketing.accepts")).isEqualTo(accepted);
    assertThat(observed()).isEqualTo(observed);
    // Requests of earlier tests may still remove keys. A finished send is removed later.
    await()
        .atMost(Duration.ofSeconds(30))
        .untilAsserted(() -> assertThat(keys).containsAll(keys()));
  }

  private Map<String, List<Long>> countRows() {
    return Map.of(
        "rows",
        List.of("events", "tickets", "reservations", "users", "revoked_commands").stream()
            .map(table -> ingress.sql().queryForObject("SELECT COUNT(*) FROM " + table, Long.class))
            .toList());
  }

  private double counted(String name) {
    return ingress.context.getBean(MeterRegistry.class).find(name).counters().stream()
        .mapToDouble(Counter::count)
        .sum();
  }

  private long observed() {
    return ingress
        .context
        .getBean(MeterRegistry.class)
        .find("http.server.requests")
        .timers()
        .stream()
        .mapToLong(timer -> timer.count())
        .sum();
  }

  /// Without the buckets of rate limits, which expire, the index of waiting lines, from which a
  /// worker removes empty lines, and the heartbeats of the process, which an earlier test may have
  /// deleted.
  private List<String> keys() {
    RedissonClient redis = ingress.context.getBean(RedisGateway.class).call(client -> client);
    return redis
        .getKeys()
        .getKeysStream()
        .filter(key ->
            !key.startsWith("rate:")
                && !key.startsWith("alive:")
                && !key.equals("senders")
                && !key.equals("waiting-lines"))
        .toList();
  }
}
