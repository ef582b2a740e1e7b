package ticketing.database;

import static org.assertj.core.api.Assertions.assertThat;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLNonTransientConnectionException;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.springframework.dao.CannotAcquireLockException;
import org.springframework.dao.DataAccessResourceFailureException;
import org.springframework.dao.DataIntegrityViolationException;

@Timeout(30)
class DatabaseHealthTest {

  private volatile boolean reachable = true;
  private final AtomicInteger probes = new AtomicInteger();
  private final DatabaseHealth health = new DatabaseHealth(database(), 3);

  @AfterEach
  void close() {
    health.close();
  }

  @Test
  void connectionFailureSuspendsCallsUntilProbeSucceeds() throws InterruptedException {
    reachable = false;
    health.recordFailure(new DataAccessResourceFailureException("link failure"));
    assertThat(health.isUp()).isFalse();
    health.recordSuccess();
    assertThat(health.isUp()).isFalse();

    reachable = true;
    health.awaitUp();
    assertThat(health.isUp()).isTrue();
    assertThat(probes).hasPositiveValue();
  }

  @Test
  void answeringDatabaseStaysUp() {
    health.recordFailure(new DataIntegrityViolationException("duplicate"));
    health.recordFailure(new CannotAcquireLockException("deadlock"));
    assertThat(health.isUp()).isTrue();
    assertThat(probes).hasValue(0);
  }

  @Test
  void secondOutageIsDetectedAfterRecovery() throws InterruptedException {
    for (int outage = 0; outage < 50; outage++) {
      reachable = false;
      health.recordFailure(new DataAccessResourceFailureException("link failure"));
      assertThat(health.isUp()).isFalse();
      reachable = true;
      health.probe();
      health.awaitUp();
    }
  }

  @Test
  void explicitProbeDetectsOutageAndRecovery() {
    assertThat(health.probe()).isTrue();
    reachable = false;
    assertThat(health.probe()).isFalse();
    assertThat(health.isUp()).isFalse();
    reachable = true;
    assertThat(health.probe()).isTrue();
    assertThat(health.isUp()).isTrue();
  }

  @Test
  void closeReleasesBlockedCallers() throws Exception {
    reachable = false;
    health.recordFailure(new DataAccessResourceFailureException("link failure"));
    CompletableFuture<Void> blocked =
        CompletableFuture.runAsync(
            () -> {
              try {
                health.awaitUp();
              } catch (InterruptedException e) {
                throw new IllegalStateException(e);
              }
            },
            Thread::startVirtualThread);
    health.close();
    blocked.get(10, TimeUnit.SECONDS);
    assertThat(health.isUp()).isFalse();
  }

  @Test
  void rejectedWriteSuspendsWritesUntilSuccess() throws InterruptedException {
    health.recordWriteFailure(1, rejectedWrite());
    assertThat(health.isUp()).isFalse();
    assertThat(health.isReachable()).isTrue();
    health.probe();
    assertThat(health.isUp()).isFalse();
    health.recordWriteSuccess();
    assertThat(health.awaitWrites(Duration.ofSeconds(10))).isTrue();
    assertThat(health.isUp()).isTrue();
  }

  @Test
  void locksOfSeveralEventsSuspendWrites() {
    for (int attempt = 0; attempt < 10; attempt++) {
      health.recordWriteFailure(1, new CannotAcquireLockException("lock"));
    }
    health.recordWriteFailure(2, new CannotAcquireLockException("lock"));
    health.recordWriteSuccess();
    health.recordWriteFailure(1, new CannotAcquireLockException("lock"));
    health.recordWriteFailure(3, new CannotAcquireLockException("lock"));
    assertThat(health.acceptsWrites()).isTrue();
    health.recordWriteFailure(2, new CannotAcquireLockException("lock"));
    assertThat(health.acceptsWrites()).isFalse();
    assertThat(health.isBlocked()).isTrue();
    assertThat(health.isUp()).isTrue();
    health.recordWriteSuccess();
    assertThat(health.acceptsWrites()).isTrue();
  }

  @Test
  void oneAttemptASecondProbesSuspendedWrites() throws InterruptedException {
    assertThat(health.awaitAttempt(Duration.ZERO)).isTrue();
    health.recordWriteFailure(1, rejectedWrite());
    assertThat(health.awaitAttempt(Duration.ofSeconds(10))).isTrue();
    assertThat(health.awaitAttempt(Duration.ZERO)).isFalse();
    assertThat(health.awaitAttempt(Duration.ofSeconds(10))).isTrue();
    health.recordWriteSuccess();
    assertThat(health.awaitAttempt(Duration.ZERO)).isTrue();
    assertThat(health.awaitAttempt(Duration.ZERO)).isTrue();
  }

  private static RuntimeException rejectedWrite() {
    return new IllegalStateException(new SQLException("read-only", "HY000", 1290));
  }

  @Test
  void gaugeShowsAvailability() {
    SimpleMeterRegistry meters = new SimpleMeterRegistry();
    health.bindTo(meters);
    assertThat(meters.get("ticketing.database.up").gauge().value()).isEqualTo(1);
    reachable = false;
    health.probe();
    assertThat(meters.get("ticketing.database.up").gauge().value()).isZero();
  }

  private DataSource database() {
    Connection connection =
        proxy(Connection.class, method -> method.equals("isValid") ? reachable : null);
    return proxy(
        DataSource.class,
        method -> {
          probes.incrementAndGet();
          if (!reachable) {
            throw new SQLNonTransientConnectionException("connection refused");
          }
          return connection;
        });
  }

  private interface Answer {
    Object to(String method) throws Exception;
  }

  private static <T> T proxy(Class<T> type, Answer answer) {
    return type.cast(
        Proxy.newProxyInstance(
            type.getClassLoader(),
            new Class<?>[] {type},
            (self, method, arguments) -> answer.to(method.getName())));
  }
}
