package ticketing.worker.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.flywaydb.core.Flyway;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.springframework.boot.SpringApplication;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.datasource.DriverManagerDataSource;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.sqs.SqsAsyncClient;
import software.amazon.awssdk.services.sqs.model.QueueAttributeName;
import ticketing.domain.Command;
import ticketing.domain.CommandCodec;
import ticketing.domain.Json;
import ticketing.domain.Reason;
import ticketing.domain.Ticket;
import ticketing.local.servers.LocalServers;
import ticketing.redis.RedisGateway;
import ticketing.redis.RedisSettings;
import ticketing.status.StatusEntry;
import ticketing.status.StatusStore;
import ticketing.status.StatusStoreSettings;
import ticketing.worker.WorkerApplication;
import ticketing.worker.WorkerArguments;
import ticketing.worker.pipeline.CrashingWorker.Point;

/// A worker crashes at a point of the pipeline, and a second worker continues: every accepted
/// command has one decision, in the tables, in the status store and in the publications.
///
/// All crashes run concurrently, each with its own schema and queue.
class CrashTest {

  private static final int SEATS = 9;
  private static final int BUYERS = 12;
  private static final Duration VISIBILITY = Duration.ofSeconds(8);
  private static final Duration LIMIT = Duration.ofMinutes(3);

  private static final LocalServers SERVERS = LocalServers.shared();
  private static final Map<CrashPoint, Scene> SCENES = new EnumMap<>(CrashPoint.class);
  private static final List<CompletableFuture<Void>> CLOSING = new ArrayList<>();
  private static SqsAsyncClient sqs;
  private static RedisGateway redis;
  private static StatusStore store;

  private enum Work {
    BOOKINGS,
    DUE_HOLDS,
    REDRIVEN
  }

  enum CrashPoint {
    BETWEEN_LOCK_AND_TRANSACTION(Work.BOOKINGS, Point.LOCKED),
    BEFORE_THE_COMMIT(Work.BOOKINGS, Point.BEFORE_COMMIT),
    BETWEEN_COMMIT_AND_PUBLICATION(Work.BOOKINGS, Point.COMMITTED),
    BETWEEN_PUBLICATION_AND_DELETION(Work.BOOKINGS, Point.PUBLISHED),
    DURING_A_DELETION(Work.BOOKINGS, Point.HALF_DELETED),
    DURING_AN_EXPIRY(Work.DUE_HOLDS, Point.BEFORE_COMMIT),
    AFTER_AN_EXPIRY(Work.DUE_HOLDS, Point.COMMITTED),
    DURING_A_REDRIVE(Work.REDRIVEN, Point.BEFORE_COMMIT),
    AFTER_A_REDRIVE(Work.REDRIVEN, Point.COMMITTED);

    final Work work;
    final Point point;

    CrashPoint(Work work, Point point) {
      this.work = work;
      this.point = point;
    }
  }

  @BeforeAll
  static void startAll(@TempDir Path folder) throws IOException {
    sqs =
        SqsAsyncClient.builder()
            .endpointOverride(URI.create(SERVERS.queueEndpoint()))
            .region(Region.AP_NORTHEAST_2)
            .credentialsProvider(
                StaticCredentialsProvider.create(AwsBasicCredentials.create("local", "local")))
            .build();
    redis =
        RedisGateway.connect(
            new RedisSettings(
                List.of(SERVERS.redisAddress()),
                false,
                "",
                Duration.ofSeconds(30),
                1,
                Duration.ofMillis(100),
                4));
    Duration hour = Duration.ofHours(1);
    store = new StatusStore(redis, new StatusStoreSettings(hour, hour, hour));
    for (CrashPoint crash : CrashPoint.values()) {
      SCENES.put(crash, new Scene(crash, folder));
    }
    store.subscribe(
        decision -> SCENES.values().forEach(scene -> scene.published.add(decision)), () -> {});
    // The workers start after the preparation, because they use all processors.
    for (Scene scene : SCENES.values()) {
      scene.start();
    }
  }

  @AfterAll
  static void tidy() {
    SCENES.values().forEach(Scene::end);
    SCENES.clear();
    CLOSING.forEach(CompletableFuture::join);
    CLOSING.clear();
    sqs.close();
    redis.close();
  }

  @ParameterizedTest
  @EnumSource
  void successorDecidesEveryCommandOnce(CrashPoint crash) throws Exception {
    Scene scene = SCENES.get(crash);
    scene.awaitCrash();
    List<Map<String, Object>> before = scene.tickets();
    scene.assertCrashedAt(crash);
    ConfigurableApplicationContext successor =
        SpringApplication.run(WorkerApplication.class, scene.settings().toArray(String[]::new));
    try {
      await("all commands are decided and all messages deleted")
          .atMost(LIMIT)
          .untilAsserted(() -> {
            assertThat(scene.messages(scene.queue)).isZero();
            assertThat(scene.undecided()).isEmpty();
            assertThat(scene.holdsDue()).isZero();
          });
    } finally {
      // The shutdown takes seconds, during which other cases run.
      CLOSING.add(CompletableFuture.runAsync(successor::close, Thread::startVirtualThread));
    }
    assertThat(scene.messages(scene.queue + "-dlq")).isZero();
    if (crash.work != Work.REDRIVEN) {
      assertThat(scene.tickets()).as("decisions are unchanged").containsAll(before);
    }
    scene.assertConsistent();
  }

  /// One crashing worker and its commands.
  private static final class Scene {
    final String queue = "crash-" + UUID.randomUUID();
    final String schema = SERVERS.newDatabase();
    final ConcurrentLinkedQueue<StatusStore.PublishedDecision> published =
        new ConcurrentLinkedQueue<>();
    final List<Command> accepted = new ArrayList<>();
    final JdbcClient sql;
    final long event;
    final Path log;
    private final Point point;
    private Process worker;

    Scene(CrashPoint crash, Path folder) {
      SERVERS.newQueues(queue);
      sqs.setQueueAttributes(request ->
              request
                  .queueUrl(url(queue))
                  .attributes(
                      Map.of(
                          QueueAttributeName.VISIBILITY_TIMEOUT,
                          String.valueOf(VISIBILITY.toSeconds()))))
          .join();
      DriverManagerDataSource source =
          new DriverManagerDataSource(schema, SERVERS.databaseUser(), SERVERS.databasePassword());
      Flyway.configure().dataSource(source).load().migrate();
      sql = JdbcClient.create(source);
      event = addEvent();
      switch (crash.work) {
        case BOOKINGS -> book();
        case DUE_HOLDS -> insertDueHolds();
        case REDRIVEN -> {
          book();
          giveUp();
        }
      }
      log = folder.resolve(crash + ".log");
      point = crash.point;
    }

    void start() throws IOException {
      List<String> command =
          new ArrayList<>(
              List.of(
                  Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                  "-Xmx256m",
                  "-XX:+UseSerialGC",
                  "-XX:TieredStopAtLevel=1",
                  "-cp",
                  System.getProperty("java.class.path"),
                  CrashingWorker.class.getName(),
                  point.name()));
      command.addAll(settings());
      worker =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(log.toFile())
              .start();
    }

    void end() {
      if (worker != null) {
        worker.destroyForcibly();
      }
    }

    List<String> settings() {
      return List.of(
          WorkerArguments.of(
              SERVERS,
              schema,
              queue,
              "--ticketing.worker.lock.lease=3s",
              "--ticketing.worker.pipeline.poll-wait=1s",
              "--ticketing.worker.maintenance.hold-expiry-interval=200ms",
              "--ticketing.worker.pipeline.stop-timeout=5s"));
    }

    private long addEvent() {
      sql.sql(
              """
              INSERT INTO events (event_name, total_seats, available_seats, event_date)
              VALUES ('Show', :seats, :seats, '2037-01-01 10:00:00')\
              """)
          .param("seats", SEATS)
          .update();
      long id = number("SELECT MAX(id) FROM events");
      sql.sql("INSERT INTO seat_types VALUES (:event, 'A', 10.00, :seats, :seats)")
          .param("event", id)
          .param("seats", SEATS)
          .update();
      return id;
    }

    private void book() {
      for (int buyer = 0; buyer < BUYERS; buyer++) {
        Command book =
            new Command.BookSeats(UUID.randomUUID(), "buyer-" + buyer, event, "A", 1, now());
        accepted.add(book);
        store.storePending(StatusEntry.pending(book)).join();
        sqs.sendMessage(
                message -> message.queueUrl(url(queue)).messageBody(CommandCodec.encode(book)))
            .join();
      }
    }

    /// Commands of redriven dead letters have the reason GAVE_UP.
    private void giveUp() {
      for (Command command : accepted) {
        sql.sql(
                """
                INSERT INTO tickets (id, action, user_id, event_id, seat_type, quantity, decision,
                       reason, accepted_at, decided_at)
                VALUES (?, 'BOOK', ?, ?, 'A', 1, 'REJECTED', 'GAVE_UP', UTC_TIMESTAMP(6),
                       UTC_TIMESTAMP(6))\
                """)
            .params(command.ticketId().toString(), command.userId(), event)
            .update();
        StatusEntry pending = StatusEntry.pending(command);
        Ticket givenUp = pending.ticket().rejected(Reason.GAVE_UP, command.acceptedAt());
        store.publish(List.of(pending.decided(givenUp)), 0, null, List.of());
      }
      sql.sql("INSERT INTO redrives (started_at) VALUES (UTC_TIMESTAMP(6))").update();
    }

    private void insertDueHolds() {
      for (int hold = 0; hold < SEATS; hold++) {
        String ticket = UUID.randomUUID().toString();
        sql.sql(
                """
                INSERT INTO reservations (ticket_id, event_id, user_id, quantity, seat_type,
                       total_price, status, reserved_at, expires_at)
                VALUES (?, ?, 'ann', 1, 'A', 10.00, 'HELD', '2020-01-01', '2020-01-02')\
                """)
            .params(ticket, event)
            .update();
        sql.sql(
                """
                INSERT INTO tickets (id, action, user_id, event_id, seat_type, quantity, decision,
                       reservation_id, accepted_at, decided_at)
                SELECT ticket_id, 'BOOK', user_id, event_id, seat_type, quantity, 'HELD', id,
                       reserved_at, reserved_at
                FROM reservations WHERE ticket_id = ?\
                """)
            .param(ticket)
            .update();
      }
      sql.sql("UPDATE events SET available_seats = 0").update();
      sql.sql("UPDATE seat_types SET available_seats = 0").update();
    }

    void awaitCrash() throws InterruptedException {
      assertThat(worker.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS)).as(this::readLog).isTrue();
      assertThat(worker.exitValue()).as(this::readLog).isEqualTo(point.exitCode());
    }

    /// Verifies the state at the crash.
    void assertCrashedAt(CrashPoint crash) {
      long decided =
          number("SELECT COUNT(*) FROM tickets WHERE action = 'BOOK' AND reason IS NULL");
      long expired = number("SELECT COUNT(*) FROM reservations WHERE status = 'EXPIRED'");
      switch (crash) {
        case BETWEEN_LOCK_AND_TRANSACTION, BEFORE_THE_COMMIT, DURING_A_REDRIVE ->
            assertThat(decided).isZero();
        case BETWEEN_COMMIT_AND_PUBLICATION, AFTER_A_REDRIVE -> {
          assertThat(decided).isPositive();
          assertThat(countPublished()).isZero();
        }
        case BETWEEN_PUBLICATION_AND_DELETION -> {
          assertThat(decided).isPositive();
          assertThat(countPublished()).isPositive();
          assertThat(messages(queue)).isEqualTo(BUYERS);
        }
        case DURING_A_DELETION -> {
          long decisions = number("SELECT COUNT(*) FROM tickets");
          assertThat(messages(queue)).isLessThan(BUYERS).isGreaterThan(BUYERS - decisions);
        }
        case DURING_AN_EXPIRY -> assertThat(expired).isZero();
        case AFTER_AN_EXPIRY -> assertThat(expired).isEqualTo(SEATS);
      }
    }

    void assertConsistent() {
      assertThat(number("SELECT COUNT(*) FROM tickets WHERE reason = 'GAVE_UP'")).isZero();
      long sold =
          number(
              """
              SELECT COALESCE(SUM(quantity), 0) FROM reservations
              WHERE status IN ('CONFIRMED', 'HELD')\
              """);
      assertThat(number("SELECT available_seats FROM events")).isEqualTo(SEATS - sold);
      assertThat(number("SELECT available_seats FROM seat_types")).isEqualTo(SEATS - sold);
      if (accepted.isEmpty()) {
        assertThat(sold).isZero();
        return;
      }
      assertThat(sold).isEqualTo(SEATS);
      assertThat(number("SELECT COUNT(*) FROM tickets WHERE reason = 'SOLD_OUT'"))
          .isEqualTo(BUYERS - SEATS);
      Map<String, String> decided = decisions();
      assertThat(decided).hasSize(BUYERS);
      for (Command command : accepted) {
        String id = command.ticketId().toString();
        StatusEntry stored = store.find(command.ticketId()).orElseThrow();
        assertThat(stored.ticket().status().name()).as("status store").isEqualTo(decided.get(id));
        assertThat(publicationsOf(command.ticketId()))
            .as("publications")
            .containsOnly(decided.get(id));
      }
    }

    private List<String> publicationsOf(UUID ticketId) {
      return published.stream()
          .filter(one -> one.ticketId().equals(ticketId))
          .map(one -> Json.INTERNAL.readTree(one.json()).path("status").asString())
          .toList();
    }

    private Map<String, String> decisions() {
      return tickets().stream()
          .collect(
              Collectors.toMap(
                  row -> row.get("id").toString(), row -> row.get("decision").toString()));
    }

    List<Map<String, Object>> tickets() {
      return sql.sql("SELECT * FROM tickets").query().listOfRows();
    }

    List<UUID> undecided() {
      Map<String, String> decided = new HashMap<>();
      tickets().stream()
          .filter(row -> !Reason.GAVE_UP.name().equals(row.get("reason")))
          .forEach(row -> decided.put(row.get("id").toString(), ""));
      return accepted.stream()
          .map(Command::ticketId)
          .filter(id -> !decided.containsKey(id.toString()))
          .toList();
    }

    long holdsDue() {
      return number("SELECT COUNT(*) FROM reservations WHERE status = 'HELD'");
    }

    private long countPublished() {
      return accepted.stream()
          .filter(command ->
              store
                  .find(command.ticketId())
                  .map(StatusEntry::ticket)
                  .filter(ticket -> ticket.status().isFinal())
                  .filter(ticket -> ticket.reason() != Reason.GAVE_UP)
                  .isPresent())
          .count();
    }

    /// Visible and invisible messages.
    long messages(String of) {
      return sqs
          .getQueueAttributes(
              request -> request.queueUrl(url(of)).attributeNames(QueueAttributeName.ALL))
          .join()
          .attributes()
          .entrySet()
          .stream()
          .filter(one -> one.getKey().toString().startsWith("ApproximateNumberOf"))
          .mapToLong(one -> Long.parseLong(one.getValue()))
          .sum();
    }

    long number(String query) {
      return sql.sql(query).query(Long.class).single();
    }

    private String readLog() {
      try (Stream<String> lines = Files.lines(log)) {
        return lines.collect(Collectors.joining("\n"));
      } catch (IOException e) {
        return e.toString();
      }
    }

    private static String url(String name) {
      return sqs.getQueueUrl(request -> request.queueName(name)).join().queueUrl();
    }

    private static Instant now() {
      return Instant.now().truncatedTo(ChronoUnit.MICROS);
    }
  }
}
