package ticketing.domain;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.resilience4j.circuitbreaker.CallNotPermittedException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;

/// Calls to a Redis that takes connections and never answers, as one that is stopped.
class RedisTest {

  private static final int WAIT_IN_VAIN = 5; // calls

  @Test
  void afterSomeCallsInVainTheNextOnesDoNotWait() throws IOException {
    try (ServerSocket silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
        Redis redis =
            Redis.connect(
                new RedisSettings(
                    List.of("redis://127.0.0.1:" + silent.getLocalPort()),
                    false,
                    "",
                    Duration.ofMillis(200),
                    0,
                    Duration.ofHours(1),
                    1))) {
      for (int i = 0; i < WAIT_IN_VAIN; i++) {
        assertThatThrownBy(() -> ask(redis)).isInstanceOf(RedisUnavailable.class);
      }
      for (int i = 0; i < 1_000; i++) {
        assertThatThrownBy(() -> ask(redis))
            .isInstanceOf(RedisUnavailable.class)
            .hasCauseInstanceOf(CallNotPermittedException.class);
      }
    }
  }

  private static long ask(Redis redis) {
    return redis.call(client -> client.getKeys().count());
  }
}
