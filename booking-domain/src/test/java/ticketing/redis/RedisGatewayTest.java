package ticketing.redis;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.resilience4j.circuitbreaker.CallNotPermittedException;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Calls to a Redis that takes connections and never answers, as one that is stopped.
class RedisGatewayTest {

  private static final int WAIT_IN_VAIN = 5; // calls

  @Test
  void afterSomeCallsInVainTheNextOnesDoNotWait() throws IOException {
    try (ServerSocket silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        RedisGateway redis = connect(silent, Duration.ofHours(1))) {
      for (int i = 0; i < WAIT_IN_VAIN; i++) {
        assertThatThrownBy(() -> ask(redis)).isInstanceOf(RedisUnavailableException.class);
      }
      for (int i = 0; i < 1_000; i++) {
        assertThatThrownBy(() -> ask(redis))
            .isInstanceOf(RedisUnavailableException.class)
            .hasCauseInstanceOf(CallNotPermittedException.class);
      }
    }
  }

  /// An alarm that waits for a minute of 0 would never ring if every try were a 1.
  @Test
  void isNotUpWhileItIsTriedAgain() throws IOException, InterruptedException {
    Duration pause = Duration.ofMillis(50);
    try (ServerSocket silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        RedisGateway redis = connect(silent, pause)) {
      var meters = new SimpleMeterRegistry();
      redis.bindTo(meters);
      Gauge up = meters.get("ticketing.redis.up").gauge();
      assertThat(up.value()).isEqualTo(1);
      for (int i = 0; i < WAIT_IN_VAIN; i++) {
        assertThatThrownBy(() -> ask(redis)).isInstanceOf(RedisUnavailableException.class);
      }
      assertThat(up.value()).isZero();
      Thread.sleep(pause.multipliedBy(2));
      assertThatThrownBy(() -> ask(redis))
          .isInstanceOf(RedisUnavailableException.class)
          .cause()
          .isNotInstanceOf(CallNotPermittedException.class);
      assertThat(up.value()).isZero();
    }
  }

  private static RedisGateway connect(ServerSocket silent, Duration pause) {
    return RedisGateway.connect(
        new RedisSettings(
            List.of("redis://127.0.0.1:" + silent.getLocalPort()),
            false,
            "",
            Duration.ofMillis(200),
            0,
            pause,
            1));
  }

  private static long ask(RedisGateway redis) {
    return redis.call(client -> client.getKeys().count());
  }
}
