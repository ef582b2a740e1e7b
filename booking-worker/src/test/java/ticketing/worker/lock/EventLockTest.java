package ticketing.worker.lock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import ticketing.local.servers.LocalServers;
import ticketing.local.servers.TcpRelay;
import ticketing.redis.RedisGateway;
import ticketing.redis.RedisSettings;
import ticketing.worker.settings.WorkerMetrics;
import ticketing.worker.settings.WorkerSettings;

/// The lock of an event on a real Redis.
class EventLockTest {

  private final RedisGateway redis = connect(Duration.ofSeconds(20));
  private final RedisGateway impatient = connect(Duration.ofMillis(200));

  @BeforeEach
  void warmUp() {
    assertThat(lockedInRedis(redis, 1)).isFalse();
    assertThat(lockedInRedis(impatient, 1)).isFalse();
  }

  @AfterEach
  void disconnect() {
    redis.close();
    impatient.close();
  }

  @Test
  void isHeldDuringTheWorkAndFreeAfterIt() {
    EventLock lock = new EventLock(redis, settings(), new WorkerMetrics(new SimpleMeterRegistry()));
    assertThat(lock.<Boolean>holding(1, () -> lockedInRedis(redis, 1))).isTrue();
    assertThat(lockedInRedis(redis, 1)).isFalse();
  }

  @Test
  void lockWhoseAnswerCameTooLateIsGivenBack() throws IOException {
    standStill(Duration.ofSeconds(2));
    EventLock lock =
        new EventLock(impatient, settings(), new WorkerMetrics(new SimpleMeterRegistry()));
    lock.holding(
        2,
        () -> {
          await("Redis gives the lock late").until(() -> lockedInRedis(redis, 2));
          return 0;
        });
    assertThat(lockedInRedis(redis, 2)).as("it is not left to its lease").isFalse();
  }

  /// As after a release that Redis never heard of.
  @Test
  void lockThatWasLeftBehindEndsWithItsLeaseAlsoForTheThreadThatLeftIt() {
    Duration lease = Duration.ofSeconds(1);
    redis.call(
        client -> {
          client.getLock("lock:event:3").lock(lease.toMillis(), TimeUnit.MILLISECONDS);
          return null;
        });
    EventLock lock = new EventLock(redis, settings(), new WorkerMetrics(new SimpleMeterRegistry()));
    assertThat(lock.<Boolean>holding(3, () -> lockedInRedis(redis, 3))).isTrue();
    assertThat(lockedInRedis(redis, 3)).as("nothing of it is left").isFalse();
  }

  @Test
  void releaseThatDidNotReachRedisIsTriedAgain() {
    URI address = URI.create(LocalServers.shared().redisAddress());
    TcpRelay wire = new TcpRelay(new InetSocketAddress(address.getHost(), address.getPort()));
    wire.start();
    try (RedisGateway cut = connect("redis://127.0.0.1:" + wire.port(), Duration.ofMillis(500))) {
      EventLock lock = new EventLock(cut, settings(), new WorkerMetrics(new SimpleMeterRegistry()));
      lock.holding(
          4,
          () -> {
            assertThat(lockedInRedis(redis, 4)).isTrue();
            wire.stop();
            return 0;
          });
      assertThat(lockedInRedis(redis, 4)).as("Redis did not hear of the release").isTrue();
      wire.start();
      await("long before the lease of a minute ends").until(() -> !lockedInRedis(redis, 4));
    } finally {
      wire.stop();
    }
  }

  /// Redis takes commands, and carries none out before the time is over.
  private static void standStill(Duration time) throws IOException {
    URI address = URI.create(LocalServers.shared().redisAddress());
    try (Socket socket = new Socket(address.getHost(), address.getPort())) {
      String command = "CLIENT PAUSE " + time.toMillis() + "\r\n";
      socket.getOutputStream().write(command.getBytes(StandardCharsets.US_ASCII));
      assertThat(socket.getInputStream().readNBytes(5)).asString().isEqualTo("+OK\r\n");
    }
  }

  private static boolean lockedInRedis(RedisGateway redis, long event) {
    return redis.call(client -> client.getLock("lock:event:" + event).isLocked());
  }

  private static RedisGateway connect(Duration timeout) {
    return connect(LocalServers.shared().redisAddress(), timeout);
  }

  private static RedisGateway connect(String address, Duration timeout) {
    return RedisGateway.connect(
        new RedisSettings(List.of(address), false, "", timeout, 0, Duration.ofMillis(100), 8));
  }

  private static WorkerSettings settings() {
    Duration second = Duration.ofSeconds(1);
    return new WorkerSettings(
        "queue",
        "dead",
        true,
        Duration.ofSeconds(10),
        Duration.ofSeconds(60),
        500,
        8,
        5000,
        8,
        second,
        second,
        second,
        second,
        second,
        second,
        second,
        500,
        second,
        second,
        second,
        500);
  }
}
