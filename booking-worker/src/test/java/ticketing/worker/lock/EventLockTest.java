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
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;
import org.redisson.api.RScript;
import org.redisson.client.codec.StringCodec;
import ticketing.local.servers.LocalServers;
import ticketing.local.servers.TcpRelay;
import ticketing.redis.RedisGateway;
import ticketing.redis.RedisSettings;

/// Lock of an event on a Redis server.
class EventLockTest {

  private final RedisGateway redis = connect(Duration.ofSeconds(20));
  private final RedisGateway otherRedis = connect(Duration.ofSeconds(20));
  private final RedisGateway impatient = connect(Duration.ofMillis(200));

  @BeforeEach
  void warmUp() {
    assertThat(isLocked(redis, 1)).isFalse();
    // Its first calls connect, which can take longer than its timeout.
    await().ignoreExceptions().until(() -> !isLocked(impatient, 1));
  }

  @AfterEach
  void disconnect() {
    redis.close();
    otherRedis.close();
    impatient.close();
  }

  @Test
  void lockIsHeldUntilTheLeaseIsClosed() {
    try (EventLock.Lease _ = lock(redis).acquire(1)) {
      assertThat(isLocked(redis, 1)).isTrue();
    }
    assertThat(isLocked(redis, 1)).isFalse();
  }

  @Test
  void secondWorkerContinuesAfterTheMaximumWait() {
    EventLock first = lock(redis);
    EventLock second = lock(otherRedis, Duration.ofMillis(200), Duration.ofMillis(1));
    try (EventLock.Lease _ = first.acquire(5)) {
      long since = System.nanoTime();
      try (EventLock.Lease _ = second.acquire(5)) {
        assertThat(Duration.ofNanos(System.nanoTime() - since))
            .isGreaterThan(Duration.ofMillis(150));
      }
      assertThat(isLocked(redis, 5)).as("the lease of the first worker remains").isTrue();
    }
    await("the bypass ends")
        .until(() -> {
          try (EventLock.Lease _ = second.acquire(5)) {
            return isLocked(redis, 5);
          }
        });
  }

  @Test
  void contendedLockIsNotBypassed() {
    Duration lease = Duration.ofSeconds(60);
    Duration maxWait = Duration.ofSeconds(1);
    SimpleMeterRegistry meters = new SimpleMeterRegistry();
    EventLock lock =
        new EventLock(
            otherRedis,
            new LockSettings(true, maxWait, lease, Duration.ofHours(1)),
            new LockMetrics(meters));
    try (EventLock.Lease _ = lock(redis).acquire(8)) {
      // At the end of the wait it is as old as a lock that was acquired in its last moment.
      redis.call(client -> client.getBucket("lock:event:8").expire(lease.plus(maxWait)));
      lock.acquire(8).close();
    }
    assertThat(meters.get("ticketing.lock.wait").tag("result", "timed_out").timer().count())
        .isEqualTo(1);
    try (EventLock.Lease _ = lock.acquire(8)) {
      assertThat(isLocked(redis, 8)).as("the next batch uses the lock").isTrue();
    }
  }

  private static final List<String> FOREIGN_VALUES =
      List.of(
          "'SET', KEYS[1], 'garbage'",
          "'HSET', KEYS[1], 'x', 'y'",
          "'HSET', KEYS[1], 'other-worker:1', '1'",
          "'RPUSH', KEYS[1], 'x'",
          "'SADD', KEYS[1], 'x'",
          "'ZADD', KEYS[1], 1, 'x'",
          "'XADD', KEYS[1], '*', 'x', 'y'");

  /// None of these values expires.
  @ParameterizedTest
  @FieldSource("FOREIGN_VALUES")
  void foreignLockDelaysItsEventOnce(String command) {
    SimpleMeterRegistry meters = new SimpleMeterRegistry();
    EventLock lock =
        new EventLock(
            redis,
            new LockSettings(
                true, Duration.ofMillis(300), Duration.ofSeconds(60), Duration.ofHours(1)),
            new LockMetrics(meters));
    redis.<Object>call(client -> {
      client.getKeys().delete("lock:event:6");
      return client
          .getScript(StringCodec.INSTANCE)
          .eval(
              RScript.Mode.READ_WRITE,
              "return redis.call(" + command + ")",
              RScript.ReturnType.VALUE,
              List.of("lock:event:6"));
    });
    try {
      for (int i = 0; i < 20; i++) {
        try (EventLock.Lease _ = lock.acquire(6)) {
          try (EventLock.Lease _ = lock.acquire(7)) {
            assertThat(isLocked(redis, 7)).isTrue();
          }
        }
      }
      assertThat(meters.get("ticketing.lock.wait").tag("result", "timed_out").timer().count())
          .isLessThanOrEqualTo(1);
      assertThat(meters.get("ticketing.lock.wait").tag("result", "taken").timer().count())
          .isEqualTo(20);
      assertThat(redis.<Long>call(client -> client.getKeys().countExists("lock:event:6")))
          .isEqualTo(1);
    } finally {
      redis.call(client -> client.getKeys().delete("lock:event:6"));
    }
  }

  @Test
  void lockGrantedAfterTheTimeLimitIsReleased() throws IOException {
    pauseRedis(Duration.ofSeconds(2));
    try (EventLock.Lease _ = lock(impatient).acquire(2)) {
      await("Redis grants the lock late").until(() -> isLocked(redis, 2));
    }
    assertThat(isLocked(redis, 2)).as("the lock remains until its lease expires").isFalse();
  }

  /// State after a release that did not reach Redis.
  @Test
  void remainingLockExpiresForItsOwnThreadToo() {
    Duration lease = Duration.ofSeconds(1);
    redis.call(client -> {
      client.getLock("lock:event:3").lock(lease.toMillis(), TimeUnit.MILLISECONDS);
      return null;
    });
    try (EventLock.Lease _ = lock(redis).acquire(3)) {
      assertThat(isLocked(redis, 3)).isTrue();
    }
    assertThat(isLocked(redis, 3)).isFalse();
  }

  @Test
  void failedReleaseIsRetried() {
    URI address = URI.create(LocalServers.shared().redisAddress());
    TcpRelay relay = new TcpRelay(new InetSocketAddress(address.getHost(), address.getPort()));
    relay.start();
    try (RedisGateway relayed =
        connect("redis://127.0.0.1:" + relay.port(), Duration.ofMillis(500))) {
      try (EventLock.Lease _ = lock(relayed).acquire(4)) {
        assertThat(isLocked(redis, 4)).isTrue();
        relay.stop();
      }
      assertThat(isLocked(redis, 4)).as("the release does not reach Redis").isTrue();
      relay.start();
      await("released long before the lease of 60 s expires").until(() -> !isLocked(redis, 4));
    } finally {
      relay.stop();
    }
  }

  private static EventLock lock(RedisGateway redis) {
    return lock(redis, Duration.ofSeconds(10), Duration.ofSeconds(30));
  }

  private static EventLock lock(RedisGateway redis, Duration maxWait, Duration bypassTime) {
    return new EventLock(
        redis,
        new LockSettings(true, maxWait, Duration.ofSeconds(60), bypassTime),
        new LockMetrics(new SimpleMeterRegistry()));
  }

  /// Redis accepts commands and executes them after the duration.
  private static void pauseRedis(Duration time) throws IOException {
    URI address = URI.create(LocalServers.shared().redisAddress());
    try (Socket socket = new Socket(address.getHost(), address.getPort())) {
      String command = "CLIENT PAUSE " + time.toMillis() + "\r\n";
      socket.getOutputStream().write(command.getBytes(StandardCharsets.US_ASCII));
      assertThat(socket.getInputStream().readNBytes(5)).asString().isEqualTo("+OK\r\n");
    }
  }

  private static boolean isLocked(RedisGateway redis, long event) {
    return redis.call(client -> client.getLock("lock:event:" + event).isLocked());
  }

  private static RedisGateway connect(Duration timeout) {
    return connect(LocalServers.shared().redisAddress(), timeout);
  }

  private static RedisGateway connect(String address, Duration timeout) {
    return RedisGateway.connect(
        new RedisSettings(List.of(address), false, "", timeout, 0, Duration.ofMillis(100), 8));
  }
}
