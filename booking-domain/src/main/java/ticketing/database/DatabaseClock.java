package ticketing.database;

import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import javax.sql.DataSource;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Clock of the database: its last measured time plus the monotonic time since then. Times of
/// acceptance, ends of holds and expiries of all processes therefore follow one clock. A step of
/// the clock of a process has no effect.
///
/// The time is measured at the start and then periodically. While the database is unavailable, the
/// last measurement applies; without any, the time of the process at its start. A measurement is
/// accurate to half its round trip; smaller changes and changes below 20 ms are not applied.
public final class DatabaseClock extends Clock implements MeterBinder, AutoCloseable {

  private static final Logger log = LoggerFactory.getLogger(DatabaseClock.class);
  private static final int SAMPLES = 3; // the fastest one counts
  private static final int QUERY_TIMEOUT_SECONDS = 1;
  private static final Duration MAX_ROUND_TRIP = Duration.ofSeconds(1);
  private static final Duration MIN_CHANGE = Duration.ofMillis(20);

  private final DataSource database;
  private final Clock process;
  private final ClockSettings settings;
  private final ScheduledExecutorService scheduler =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofVirtual().name("database-clock").factory());
  private volatile Reference reference;
  private volatile Duration skew; // null: not measured yet
  private boolean excessLogged; // guarded by this

  /// Measures the skew once, and starts the periodic measurements.
  ///
  /// @param process clock of this process
  public DatabaseClock(DataSource database, Clock process, ClockSettings settings) {
    this.database = database;
    this.process = process;
    this.settings = settings;
    this.reference = new Reference(process.instant(), System.nanoTime());
    measure();
    long interval = settings.interval().toMillis();
    scheduler.scheduleWithFixedDelay(this::measure, interval, interval, TimeUnit.MILLISECONDS);
  }

  /// @param time time at the monotonic time
  /// @param nanoTime monotonic time
  private record Reference(Instant time, long nanoTime) {

    Instant at(long nanoTime) {
      return time.plusNanos(nanoTime - this.nanoTime);
    }
  }

  /// @param reference time of the database
  /// @param skew clock of this process minus clock of the database
  private record Sample(Reference reference, Duration skew, Duration roundTrip) {}

  @Override
  public Instant instant() {
    // The reference is read first: the time since it is not negative.
    Reference last = reference;
    return last.at(System.nanoTime());
  }

  @Override
  public ZoneId getZone() {
    return process.getZone();
  }

  @Override
  public Clock withZone(ZoneId zone) {
    throw new UnsupportedOperationException("times are UTC");
  }

  /// Returns the last measured skew in seconds, positive if this process is ahead of the database.
  /// `NaN` if there is no measurement.
  public double skewSeconds() {
    Duration measured = skew;
    return measured == null ? Double.NaN : measured.toNanos() / 1e9;
  }

  private void measure() {
    try (Connection connection = database.getConnection();
        Statement statement = connection.createStatement()) {
      statement.setQueryTimeout(QUERY_TIMEOUT_SECONDS);
      Sample fastest = sample(statement);
      for (int i = 1; i < SAMPLES; i++) {
        Sample next = sample(statement);
        fastest = next.roundTrip().compareTo(fastest.roundTrip()) < 0 ? next : fastest;
      }
      if (fastest.roundTrip().compareTo(MAX_ROUND_TRIP) <= 0) {
        apply(fastest);
      }
    } catch (SQLException | RuntimeException e) {
      log.debug("cannot measure clock skew, cause={}", e.toString());
    }
  }

  private Sample sample(Statement statement) throws SQLException {
    long start = System.nanoTime();
    Instant before = process.instant();
    try (ResultSet rows = statement.executeQuery("SELECT UTC_TIMESTAMP(6)")) {
      long roundTrip = System.nanoTime() - start;
      rows.next();
      Instant time = rows.getObject(1, LocalDateTime.class).toInstant(ZoneOffset.UTC);
      return new Sample(
          new Reference(time, start + roundTrip / 2),
          Duration.between(time, before.plusNanos(roundTrip / 2)),
          Duration.ofNanos(roundTrip));
    }
  }

  private synchronized void apply(Sample sample) {
    skew = sample.skew();
    Reference measured = sample.reference();
    Duration change = Duration.between(reference.at(measured.nanoTime()), measured.time()).abs();
    if (change.compareTo(MIN_CHANGE) >= 0 && change.compareTo(sample.roundTrip()) > 0) {
      reference = measured;
    }
    boolean excess = sample.skew().abs().compareTo(settings.maxSkew()) > 0;
    if (excess != excessLogged) {
      excessLogged = excess;
      if (excess) {
        log.warn("clock differs from database, skew={}ms", sample.skew().toMillis());
      } else {
        log.info("clock agrees with database again, skew={}ms", sample.skew().toMillis());
      }
    }
  }

  @Override
  public void bindTo(MeterRegistry registry) {
    Gauge.builder("ticketing.clock.skew", this, DatabaseClock::skewSeconds)
        .description("Clock of this process minus clock of the database")
        .baseUnit("seconds")
        .register(registry);
  }

  /// Ends the measurements.
  @Override
  public void close() {
    scheduler.shutdownNow();
  }
}
