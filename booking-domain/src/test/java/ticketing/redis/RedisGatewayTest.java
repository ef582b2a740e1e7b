package ticketing.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.github.resilience4j.circuitbreaker.CallNotPermittedException;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletionException;
import org.junit.jupiter.api.Test;

/// Calls to a server that accepts connections and never answers, like a stopped process.
class RedisGatewayTest {

  private static final int FAILURES_UNTIL_OPEN = 5;

  @Test
  void repeatedFailuresRejectFurtherCallsImmediately() throws IOException {
    try (ServerSocket silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        RedisGateway redis = connect(silent, Duration.ofHours(1))) {
      for (int i = 0; i < FAILURES_UNTIL_OPEN; i++) {
        assertThatThrownBy(() -> countKeys(redis)).isInstanceOf(RedisUnavailableException.class);
      }
      for (int i = 0; i < 1_000; i++) {
        assertThatThrownBy(() -> countKeys(redis))
            .isInstanceOf(RedisUnavailableException.class)
            .hasCauseInstanceOf(CallNotPermittedException.class);
      }
    }
  }

  /// Otherwise an alarm on one minute of 0 would never fire.
  @Test
  void gaugeIsZeroInTheHalfOpenState() throws IOException {
    Duration openTime = Duration.ofMillis(50);
    try (ServerSocket silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        RedisGateway redis = connect(silent, openTime)) {
      var meters = new SimpleMeterRegistry();
      redis.bindTo(meters);
      Gauge up = meters.get("ticketing.redis.up").gauge();
      assertThat(up.value()).isEqualTo(1);
      for (int i = 0; i < FAILURES_UNTIL_OPEN; i++) {
        assertThatThrownBy(() -> countKeys(redis)).isInstanceOf(RedisUnavailableException.class);
      }
      assertThat(up.value()).isZero();
      await()
          .atMost(Duration.ofSeconds(10))
          .untilAsserted(() ->
              assertThatThrownBy(() -> countKeys(redis))
                  .isInstanceOf(RedisUnavailableException.class)
                  .cause()
                  .isNotInstanceOf(CallNotPermittedException.class));
      assertThat(up.value()).isZero();
    }
  }

  /// Redisson reports a connection that is reset during a write without a type of its own.
  @Test
  void lostConnectionIsAnOutage() throws IOException {
    try (ServerSocket silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        RedisGateway redis = connect(silent, Duration.ofHours(1))) {
      for (int i = 0; i < FAILURES_UNTIL_OPEN; i++) {
        assertThatThrownBy(() ->
                redis.call(client -> {
                  throw new CompletionException(new IOException("Connection reset by peer"));
                }))
            .isInstanceOf(RedisUnavailableException.class);
      }
      assertThatThrownBy(() -> countKeys(redis))
          .isInstanceOf(RedisUnavailableException.class)
          .hasCauseInstanceOf(CallNotPermittedException.class);
    }
  }

  private static RedisGateway connect(ServerSocket silent, Duration openTime) {
    return RedisGateway.connect(
        new RedisSettings(
            List.of("redis://127.0.0.1:" + silent.getLocalPort()),
            false,
            "",
            Duration.ofMillis(200),
            0,
            openTime,
            1));
  }

  private static long countKeys(RedisGateway redis) {
    return redis.call(client -> client.getKeys().count());
  }
}
