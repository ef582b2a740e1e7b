package ticketing.worker.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.beans.factory.config.BeanPostProcessor;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.health.contributor.HealthIndicator;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.jdbc.core.simple.JdbcClient;
import ticketing.domain.Command;
import ticketing.domain.TicketStatus;
import ticketing.local.servers.LocalServers;
import ticketing.status.StatusEntry;
import ticketing.status.StatusStore;
import ticketing.worker.WorkerApplication;
import ticketing.worker.WorkerArguments;
import ticketing.worker.lock.EventLock;
import ticketing.worker.order.AcceptanceOrder;
import ticketing.worker.store.DecisionStore;
import ticketing.worker.store.Transactions;

/// Worker with a clock that is one hour ahead of the database, or with a correction of its clock.
class ShiftedClockTest {

  private static final Duration SHIFT = Duration.ofHours(1);
  private static final LocalServers SERVERS = LocalServers.shared();

  private static ConfigurableApplicationContext worker;
  private static JdbcClient sql;

  @BeforeAll
  static void start() {
    String queue = "shifted-" + UUID.randomUUID();
    SERVERS.newQueues(queue);
    SpringApplication application = new SpringApplication(WorkerApplication.class);
    application.addInitializers(
        context -> context.getBeanFactory().addBeanPostProcessor(new ShiftedClock()));
    worker =
        application.run(
            WorkerArguments.of(
                SERVERS,
                SERVERS.newDatabase(),
                queue,
                "--ticketing.worker.pipeline.poll-wait=1s",
                "--ticketing.worker.pipeline.stop-timeout=5s"));
    sql = worker.getBean(JdbcClient.class);
  }

  @AfterAll
  static void stop() {
    worker.close();
  }

  private static final class ShiftedClock implements BeanPostProcessor {
    @Override
    public Object postProcessAfterInitialization(Object bean, String name) {
      return name.equals("processClock") ? Clock.offset((Clock) bean, SHIFT) : bean;
    }
  }

  @Test
  void holdEndsByTheClockOfTheDatabase() {
    BoxOffice boxOffice = worker.getBean(BoxOffice.class);
    long event = event();
    Instant accepted = Instant.now().truncatedTo(ChronoUnit.MICROS);
    Command.BookSeats book =
        new Command.BookSeats(UUID.randomUUID(), "ann", event, "A", 1, accepted);

    StatusEntry held = boxOffice.decide(event, List.of(book)).decided().getFirst();

    assertThat(held.ticket().status()).isEqualTo(TicketStatus.HELD);
    assertThat(held.ticket().expiresAt())
        .isCloseTo(accepted.plus(10, ChronoUnit.MINUTES), within(1, ChronoUnit.MINUTES));
    Command.BookSeats later =
        new Command.BookSeats(UUID.randomUUID(), "bob", event, "A", 1, accepted.plusMillis(1));
    boxOffice.decide(event, List.of(later));
    assertThat(
            sql.sql("SELECT COUNT(*) FROM reservations WHERE event_id = ? AND status = 'HELD'")
                .param(event)
                .query(Long.class)
                .single())
        .as("holds that are not expired")
        .isEqualTo(2);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void correctedClockExpiresNoHoldEarly(boolean withCommands) {
    long event = event();
    sql.sql("UPDATE events SET hold_minutes = 1 WHERE id = ?").param(event).update();
    Instant accepted = Instant.now().truncatedTo(ChronoUnit.MICROS);
    BoxOffice boxOffice = worker.getBean(BoxOffice.class);
    boxOffice.decide(
        event, List.of(new Command.BookSeats(UUID.randomUUID(), "ann", event, "A", 1, accepted)));
    Instant end =
        sql.sql("SELECT expires_at FROM reservations WHERE event_id = ?")
            .param(event)
            .query(LocalDateTime.class)
            .single()
            .toInstant(ZoneOffset.UTC);

    BoxOffice corrected = boxOfficeWithTimes(List.of(end.plusSeconds(1), end.minusSeconds(4)));
    if (withCommands) {
      corrected.decide(
          event, List.of(new Command.BookSeats(UUID.randomUUID(), "bob", event, "A", 1, accepted)));
    } else {
      corrected.expireHolds(event);
    }

    assertThat(
            sql.sql("SELECT expired_at FROM hold_expiries WHERE event_id = ?")
                .param(event)
                .query(LocalDateTime.class)
                .single()
                .toInstant(ZoneOffset.UTC))
        .isAfterOrEqualTo(end);
  }

  /// @param times results of the reads of the clock; the last one repeats
  private static BoxOffice boxOfficeWithTimes(List<Instant> times) {
    Deque<Instant> left = new ArrayDeque<>(times);
    InstantSource reads = () -> left.size() > 1 ? left.removeFirst() : left.getFirst();
    return new BoxOffice(
        worker.getBean(DecisionStore.class),
        worker.getBean(StatusStore.class),
        worker.getBean(EventLock.class),
        worker.getBean(AcceptanceOrder.class),
        worker.getBean(Transactions.class),
        reads.withZone(ZoneOffset.UTC),
        worker.getBean(PipelineSettings.class),
        worker.getBean(PipelineMetrics.class));
  }

  @Test
  void healthShowsTheSkew() {
    Object seconds =
        worker.getBean("clockSkew", HealthIndicator.class).health().getDetails().get("seconds");
    assertThat((Double) seconds).isCloseTo(SHIFT.toSeconds(), within(60.0));
  }

  private static long event() {
    sql.sql(
            """
            INSERT INTO events (event_name, total_seats, available_seats, event_date, hold_minutes)
            VALUES ('Show', 10, 10, '2030-01-01 10:00:00', 10)\
            """)
        .update();
    long id = sql.sql("SELECT MAX(id) FROM events").query(Long.class).single();
    sql.sql("INSERT INTO seat_types VALUES (?, 'A', 10.00, 10, 10)").param(id).update();
    return id;
  }
}
