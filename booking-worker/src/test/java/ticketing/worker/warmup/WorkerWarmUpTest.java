package ticketing.worker.warmup;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.MeterRegistry;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.springframework.boot.SpringApplication;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.jdbc.core.simple.JdbcClient;
import ticketing.local.servers.LocalServers;
import ticketing.redis.RedisGateway;
import ticketing.warmup.WarmUpTask;
import ticketing.worker.WorkerApplication;
import ticketing.worker.WorkerArguments;

class WorkerWarmUpTest {

  private static final int RUNS = 5;
  private static final List<String> TABLES =
      List.of("events", "seat_types", "reservations", "tickets");

  private final LocalServers servers = LocalServers.shared();

  @Test
  void warmUpLeavesNoRowKeyOrMetric() throws Exception {
    String queue = "warm-up-" + UUID.randomUUID();
    servers.newQueues(queue);
    try (ConfigurableApplicationContext worker =
        SpringApplication.run(
            WorkerApplication.class, WorkerArguments.of(servers, servers.newDatabase(), queue))) {
      List<String> keys = keys(worker);
      WarmUpTask warmUp = worker.getBean(WarmUpTask.class);
      warmUp.open();
      for (int i = 0; i < RUNS; i++) {
        warmUp.run();
      }
      warmUp.close();

      JdbcClient sql = worker.getBean(JdbcClient.class);
      assertThat(TABLES)
          .allSatisfy(table ->
              assertThat(sql.sql("SELECT COUNT(*) FROM " + table).query(Integer.class).single())
                  .isZero());
      assertThat(
              worker.getBean(MeterRegistry.class).find("ticketing.decisions").counters().stream()
                  .mapToDouble(Counter::count)
                  .sum())
          .isZero();
      assertThat(keys(worker)).isSubsetOf(keys);
    }
  }

  private static List<String> keys(ConfigurableApplicationContext worker) {
    return worker
        .getBean(RedisGateway.class)
        .call(client -> client)
        .getKeys()
        .getKeysStream()
        .toList();
  }
}
