package ticketing.status;

import java.time.Duration;
import java.util.List;
import ticketing.local.servers.LocalServers;
import ticketing.redis.RedisGateway;
import ticketing.redis.RedisSettings;

/// Connections to the shared Redis server, with timeouts for a busy machine.
final class TestRedis {

  private TestRedis() {}

  static RedisGateway connect(int retries) {
    return RedisGateway.connect(
        new RedisSettings(
            List.of(LocalServers.shared().redisAddress()),
            false,
            "",
            Duration.ofSeconds(10),
            retries,
            Duration.ofSeconds(1),
            8));
  }
}
