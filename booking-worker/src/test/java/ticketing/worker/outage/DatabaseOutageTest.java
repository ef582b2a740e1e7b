package ticketing.worker.outage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.micrometer.core.instrument.MeterRegistry;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.UUID;
import java.util.stream.IntStream;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.springframework.boot.SpringApplication;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.SmartLifecycle;
import org.springframework.jdbc.core.simple.JdbcClient;
import software.amazon.awssdk.services.sqs.SqsAsyncClient;
import ticketing.database.DatabaseHealth;
import ticketing.domain.Command;
import ticketing.domain.CommandCodec;
import ticketing.local.servers.LocalServers;
import ticketing.worker.WorkerApplication;
import ticketing.worker.WorkerArguments;

/// A database that answers and rejects or blocks writes. The visibility timeout is so short that
/// messages would exhaust their receives without extensions.
@Timeout(120)
class DatabaseOutageTest {

  private static final Duration VISIBILITY = Duration.ofSeconds(2);
  private static final Duration OBSERVATION = Duration.ofSeconds(7);
  private static final Duration TIMEOUT = Duration.ofSeconds(60);
  private static final LocalServers SERVERS = LocalServers.shared();

  private static String queue;
  private static ConfigurableApplicationContext worker;
  private static JdbcClient sql;

  @BeforeAll
  static void startWorker() {
    queue = "outage-" + UUID.randomUUID();
    SERVERS.newQueues(queue, VISIBILITY);
    worker = startWorker(SERVERS.newDatabase(), queue);
    sql = worker.getBean(JdbcClient.class);
  }

  private static ConfigurableApplicationContext startWorker(String database, String commands) {
    return SpringApplication.run(
        WorkerApplication.class,
        WorkerArguments.of(
            SERVERS,
            database,
            commands,
            "--ticketing.worker.pipeline.poll-wait=1s",
            "--ticketing.worker.pipeline.retry-for=500ms",
            "--ticketing.worker.pipeline.stop-timeout=5s",
            "--ticketing.worker.store.transaction-timeout=1s"));
  }

  @AfterAll
  static void stopWorker() {
    worker.close();
  }

  @Test
  void readOnlyDatabaseExhaustsNoReceives() {
    List<Long> events = newEvents(3);
    double redeliveries = redeliveries();
    SERVERS.setDatabaseReadOnly(true);
    try {
      book(events, 30);
      await().atMost(TIMEOUT).until(() -> !acceptsWrites());
      // Sent during the suspension.
      book(events, 3);
      assertFewReceives(redeliveries, 33, OBSERVATION);
      assertThat(decisions(events)).isZero();
    } finally {
      SERVERS.setDatabaseReadOnly(false);
    }
    awaitDecisions(events, 33);
    assertThat(acceptsWrites()).isTrue();
  }

  @Test
  void lockedTableExhaustsNoReceives() throws SQLException {
    List<Long> events = newEvents(4);
    double redeliveries = redeliveries();
    try (Connection blocking = worker.getBean(DataSource.class).getConnection()) {
      blocking.createStatement().execute("LOCK TABLES events WRITE");
      try {
        book(events, 12);
        await().atMost(TIMEOUT).until(() -> !acceptsWrites());
        assertFewReceives(redeliveries, 12, OBSERVATION);
      } finally {
        blocking.createStatement().execute("UNLOCK TABLES");
      }
    }
    awaitDecisions(events, 12);
    assertThat(acceptsWrites()).isTrue();
  }

  @Test
  void lockedEventDoesNotStopOthers() throws SQLException {
    List<Long> locked = newEvents(1);
    List<Long> other = newEvents(1);
    double redeliveries = redeliveries();
    try (Connection blocking = worker.getBean(DataSource.class).getConnection()) {
      blocking.setAutoCommit(false);
      blocking
          .createStatement()
          .executeQuery("SELECT id FROM events WHERE id = " + locked.getFirst() + " FOR UPDATE");
      book(locked, 10);
      for (int round = 1; round <= 5; round++) {
        book(other, 1);
        awaitDecisions(other, round);
        assertFewReceives(redeliveries, 10, OBSERVATION.dividedBy(5));
        assertThat(acceptsWrites()).isTrue();
      }
      assertThat(decisions(locked)).isZero();
      blocking.rollback();
    }
    awaitDecisions(locked, 10);
  }

  /// The visibility timeout alone would delay the messages by a minute.
  @Test
  void stoppingWorkerReleasesItsMessages() throws SQLException {
    String own = "stop-" + UUID.randomUUID();
    SERVERS.newQueues(own, Duration.ofMinutes(1));
    String database = SERVERS.newDatabase();
    try (ConfigurableApplicationContext stopping = startWorker(database, own);
        Connection blocking = stopping.getBean(DataSource.class).getConnection()) {
      JdbcClient its = stopping.getBean(JdbcClient.class);
      blocking.setAutoCommit(false);
      long event = newEvent(its);
      blocking
          .createStatement()
          .executeQuery("SELECT id FROM events WHERE id = " + event + " FOR UPDATE");
      book(own, List.of(event), 15);
      await().atMost(TIMEOUT).until(() -> SERVERS.queue().visible(own) == 0);
      stopping.getBean("commandListener", SmartLifecycle.class).stop();
      await().atMost(Duration.ofSeconds(30)).until(() -> SERVERS.queue().visible(own) == 15);
    }
  }

  /// Observes the worker. Without extensions each message would be received again after each
  /// visibility timeout. A stall of the machine may cause one redelivery of each message.
  private static void assertFewReceives(double redeliveries, int messages, Duration observation) {
    await()
        .during(observation)
        .atMost(TIMEOUT)
        .until(() ->
            redeliveries() - redeliveries < 2 * messages
                && SERVERS.queue().backlog(queue + "-dlq") == 0);
  }

  private static boolean acceptsWrites() {
    return worker.getBean(DatabaseHealth.class).acceptsWrites();
  }

  private static double redeliveries() {
    return worker.getBean(MeterRegistry.class).get("ticketing.redeliveries").counter().count();
  }

  private static List<Long> newEvents(int count) {
    return IntStream.range(0, count).mapToObj(number -> newEvent(sql)).toList();
  }

  private static long newEvent(JdbcClient sql) {
    sql.sql(
            """
            INSERT INTO events (event_name, total_seats, available_seats, event_date)
            VALUES ('Show', 100, 100, '2037-01-01 10:00:00')\
            """)
        .update();
    long event = sql.sql("SELECT MAX(id) FROM events").query(Long.class).single();
    sql.sql("INSERT INTO seat_types VALUES (?, 'A', 10.00, 100, 100)").param(event).update();
    return event;
  }

  private static void book(List<Long> events, int count) {
    book(queue, events, count);
  }

  private static void book(String queue, List<Long> events, int count) {
    SqsAsyncClient sqs = worker.getBean(SqsAsyncClient.class);
    String url = sqs.getQueueUrl(request -> request.queueName(queue)).join().queueUrl();
    for (int i = 0; i < count; i++) {
      Command book =
          new Command.BookSeats(
              UUID.randomUUID(),
              "buyer" + i,
              events.get(i % events.size()),
              "A",
              1,
              Instant.now().truncatedTo(ChronoUnit.MICROS));
      sqs.sendMessage(request -> request.queueUrl(url).messageBody(CommandCodec.encode(book)))
          .join();
    }
  }

  private static void awaitDecisions(List<Long> events, int count) {
    await().atMost(TIMEOUT).ignoreExceptions().until(() -> decisions(events) == count);
    assertThat(
            sql.sql(
                    "SELECT COUNT(*) FROM tickets WHERE event_id IN (:events) AND decision <>"
                        + " :status")
                .param("events", events)
                .param("status", "CONFIRMED")
                .query(Long.class)
                .single())
        .isZero();
    assertThat(SERVERS.queue().backlog(queue + "-dlq")).isZero();
  }

  private static long decisions(List<Long> events) {
    return sql.sql("SELECT COUNT(*) FROM tickets WHERE event_id IN (:events)")
        .param("events", events)
        .query(Long.class)
        .single();
  }
}
