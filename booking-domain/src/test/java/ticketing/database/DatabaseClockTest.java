package ticketing.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.awaitility.Awaitility.await;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.concurrent.atomic.AtomicInteger;
import javax.sql.DataSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import ticketing.local.servers.LocalServers;

@ExtendWith(OutputCaptureExtension.class)
class DatabaseClockTest {

  private static final Duration TOLERANCE = Duration.ofSeconds(5); // for a loaded machine

  private static final DataSource ABSENT =
      database("jdbc:mysql://127.0.0.1:1/absent?connectTimeout=500");
  private static final Clock EPOCH = Clock.fixed(Instant.EPOCH, ZoneOffset.UTC);

  /// Clock that reads the time of the database only at its start.
  private static DatabaseClock measuredOnce(DataSource database, Clock process) {
    return new DatabaseClock(
        database, process, new ClockSettings(Duration.ofMinutes(10), Duration.ofSeconds(1)));
  }

  private static DataSource database(String url) {
    LocalServers servers = LocalServers.shared();
    return (DataSource)
        Proxy.newProxyInstance(
            DataSource.class.getClassLoader(),
            new Class<?>[] {DataSource.class},
            (proxy, method, arguments) ->
                DriverManager.getConnection(
                    url, servers.databaseUser(), servers.databasePassword()));
  }

  private static Instant databaseTime(DataSource database) throws SQLException {
    try (Connection connection = database.getConnection();
        Statement statement = connection.createStatement();
        ResultSet rows = statement.executeQuery("SELECT UTC_TIMESTAMP(6)")) {
      rows.next();
      return rows.getObject(1, LocalDateTime.class).toInstant(ZoneOffset.UTC);
    }
  }

  @Test
  void shiftedProcessGetsTheTimeOfTheDatabase(CapturedOutput output) throws SQLException {
    DataSource database = database(LocalServers.shared().newDatabase());
    Clock shifted = Clock.offset(Clock.systemUTC(), Duration.ofHours(1));
    try (DatabaseClock clock = measuredOnce(database, shifted)) {
      assertThat(clock.instant())
          .isCloseTo(databaseTime(database), within(TOLERANCE.toMillis(), ChronoUnit.MILLIS));
      SimpleMeterRegistry registry = new SimpleMeterRegistry();
      clock.bindTo(registry);
      assertThat(registry.get("ticketing.clock.skew").gauge().value())
          .isCloseTo(3600, within((double) TOLERANCE.toSeconds()));
    }
    assertThat(output).contains("clock differs from database, skew=");
  }

  @ParameterizedTest
  @ValueSource(ints = {-3600, 3600})
  void stepOfTheProcessClockHasNoEffect(int seconds) throws SQLException {
    DataSource database = database(LocalServers.shared().newDatabase());
    AtomicInteger deviation = new AtomicInteger(); // seconds
    InstantSource process = () -> Instant.now().plusSeconds(deviation.get());
    try (DatabaseClock clock = measuredOnce(database, process.withZone(ZoneOffset.UTC))) {
      Instant before = clock.instant();
      deviation.set(seconds);
      assertThat(clock.instant())
          .isAfterOrEqualTo(before)
          .isCloseTo(databaseTime(database), within(TOLERANCE.toMillis(), ChronoUnit.MILLIS));
    }
  }

  @Test
  void unavailableDatabaseDoesNotStopTheTime() {
    try (DatabaseClock clock = measuredOnce(ABSENT, EPOCH)) {
      Instant before = clock.instant();
      await().atMost(TOLERANCE).until(() -> clock.instant().isAfter(before));
    }
  }

  @Test
  void clockOfTheProcessCountsWithoutDatabase() {
    try (DatabaseClock clock = measuredOnce(ABSENT, EPOCH)) {
      assertThat(clock.instant()).isBetween(Instant.EPOCH, Instant.EPOCH.plus(TOLERANCE));
      assertThat(clock.skewSeconds()).isNaN();
    }
  }
}
