package ticketing.worker.pipeline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.micrometer.core.instrument.MeterRegistry;
import java.sql.Connection;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;
import org.springframework.boot.SpringApplication;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.test.util.ReflectionTestUtils;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;
import software.amazon.awssdk.services.sqs.SqsAsyncClient;
import software.amazon.awssdk.services.sqs.model.MessageSystemAttributeName;
import software.amazon.awssdk.services.sqs.model.QueueAttributeName;
import ticketing.database.DatabaseHealth;
import ticketing.domain.Command;
import ticketing.domain.Command.BookSeats;
import ticketing.domain.Command.CancelReservation;
import ticketing.domain.CommandCodec;
import ticketing.domain.Reason;
import ticketing.domain.Ticket;
import ticketing.domain.TicketStatus;
import ticketing.local.servers.LocalServers;
import ticketing.redis.RedisGateway;
import ticketing.redis.RedisUnavailableException;
import ticketing.status.StatusEntry;
import ticketing.status.StatusStore;
import ticketing.worker.WorkerApplication;
import ticketing.worker.WorkerArguments;
import ticketing.worker.store.DecisionStore;

/// One or two workers with a database, Redis and a queue. Tests that stop a server run last,
/// because the workers of the other tests are shared.
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class BoxOfficeTest {

  private static final int LAST = Integer.MAX_VALUE;

  private static Scene shared;

  private final LocalServers servers = LocalServers.shared();
  private Scene scene;
  private JdbcClient sql;

  /// Workers with their own schema and queue.
  private record Scene(
      String database, String queue, List<ConfigurableApplicationContext> workers) {

    static Scene start(int workers, String... more) {
      Scene scene = empty();
      LocalServers.shared().newQueues(scene.queue);
      return scene.with(workers, more);
    }

    /// One worker whose queue has this visibility timeout.
    static Scene withVisibility(Duration visibility, String... more) {
      Scene scene = empty();
      LocalServers.shared().newQueues(scene.queue, visibility);
      return scene.with(1, more);
    }

    private static Scene empty() {
      return new Scene(
          LocalServers.shared().newDatabase(), "test-" + UUID.randomUUID(), new ArrayList<>());
    }

    private Scene with(int count, String... more) {
      List<String> own =
          new ArrayList<>(
              List.of(
                  "--ticketing.worker.pipeline.poll-wait=1s",
                  "--ticketing.worker.pipeline.stop-timeout=5s",
                  // More batches than in production compete for one lock.
                  "--ticketing.worker.lock.max-wait=60s"));
      own.addAll(List.of(more));
      String[] arguments =
          WorkerArguments.of(LocalServers.shared(), database, queue, own.toArray(String[]::new));
      for (int worker = 0; worker < count; worker++) {
        workers.add(SpringApplication.run(WorkerApplication.class, arguments));
      }
      return this;
    }

    /// Concurrently, because each worker finishes its last receive call.
    void close() {
      try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
        workers.forEach(worker -> threads.submit(worker::close));
      }
    }
  }

  @AfterEach
  void stop() {
    if (scene != shared) {
      scene.close();
    }
  }

  @AfterAll
  static void stopShared() {
    if (shared != null) {
      shared.close();
      shared = null;
    }
  }

  @Test
  void bookingCreatesReservationDecisionAndTicket() {
    worker();
    long event = event(10, null, null);
    Command book = book(event, "ann", 2);
    send(book);
    Ticket ticket = decided(book);
    assertThat(ticket.status()).isEqualTo(TicketStatus.CONFIRMED);
    assertThat(ticket.totalPrice().toString()).isEqualTo("20.00");
    Map<String, Object> row =
        sql.sql("SELECT * FROM reservations WHERE id = ?")
            .param(ticket.reservationId())
            .query()
            .singleRow();
    assertThat(row).containsEntry("user_id", "ann").containsEntry("quantity", 2);
    assertThat(row).containsEntry("ticket_id", book.ticketId().toString());
    assertThat(available(event)).isEqualTo(8);
  }

  @Test
  void redeliveredCommandGetsTheSameDecision() {
    ConfigurableApplicationContext worker = worker();
    long event = event(10, null, null);
    Command book = book(event, "ann", 2);
    BoxOffice boxOffice = worker.getBean(BoxOffice.class);
    decide(boxOffice, event, List.of(book, book));
    Ticket first = decided(book);
    decide(boxOffice, event, List.of(book));
    assertThat(decided(book)).isEqualTo(first);
    assertThat(available(event)).isEqualTo(8);
    assertThat(reservations("COUNT(*)", event)).isEqualTo(1);
  }

  /// With the lock, without it, and with a lock that expires during every transaction.
  @ParameterizedTest
  @ValueSource(strings = {"enabled=true", "enabled=false", "lease=1ms"})
  void twoWorkersSellEachSeatOnce(String lock) throws Exception {
    if (lock.equals("enabled=true")) {
      worker();
    } else {
      workers(2, "--ticketing.worker.lock." + lock);
    }
    List<BoxOffice> offices = offices();
    long event = event(50, null, null);
    List<Command> deliveries = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      Command book = book(event, "buyer" + i, 1);
      deliveries.add(book);
      deliveries.add(book);
    }
    Collections.shuffle(deliveries, new Random(42));
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<?>> running = new ArrayList<>();
      for (int from = 0; from < deliveries.size(); from += 8) {
        List<Command> batch = deliveries.subList(from, from + 8);
        BoxOffice office = offices.get(from / 8 % 2);
        running.add(threads.submit(() -> decide(office, event, batch)));
      }
      for (Future<?> one : running) {
        one.get();
      }
    }
    assertThat(tickets(event, "decision = 'CONFIRMED'")).isEqualTo(50);
    assertThat(tickets(event, "reason = 'SOLD_OUT'")).isEqualTo(150);
    assertThat(reservations("COUNT(*)", event)).isEqualTo(50);
    assertThat(reservations("COUNT(DISTINCT user_id)", event)).isEqualTo(50);
    assertThat(available(event)).isZero();
    assertThat(count("SELECT available_seats FROM seat_types WHERE event_id = " + event)).isZero();
  }

  @Test
  @Order(LAST)
  void twoLockHoldersSellEachSeatOnce() throws Exception {
    ConfigurableApplicationContext worker =
        workers(2, "--ticketing.worker.store.transaction-timeout=60s");
    BoxOffice one = offices().getFirst();
    BoxOffice other = offices().getLast();
    RedisGateway redis = worker.getBean(RedisGateway.class);
    long event = event(5, null, null);
    List<Command> some = new ArrayList<>();
    List<Command> more = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      some.add(book(event, "buyer" + i, 1));
      more.add(book(event, "other" + i, 1));
    }
    try (Connection blocking = worker.getBean(DataSource.class).getConnection();
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      blocking.setAutoCommit(false);
      blocking
          .createStatement()
          .executeQuery("SELECT id FROM events WHERE id = " + event + " FOR UPDATE");
      Future<?> first = threads.submit(() -> decide(one, event, some));
      awaitLocked(redis, event);
      servers.redis().stop();
      servers.redis().start();
      await("the restarted Redis has no lock")
          .atMost(Duration.ofSeconds(20))
          .ignoreException(RedisUnavailableException.class)
          .until(() -> !isLocked(redis, event));
      Future<?> second = threads.submit(() -> decide(other, event, more));
      awaitLocked(redis, event);
      blocking.rollback();
      first.get();
      second.get();
    }
    assertThat(count("SELECT COUNT(*) FROM tickets WHERE decision = 'CONFIRMED'")).isEqualTo(5);
    assertThat(count("SELECT COUNT(*) FROM tickets WHERE reason = 'SOLD_OUT'")).isEqualTo(15);
    assertThat(count("SELECT COUNT(*) FROM reservations")).isEqualTo(5);
    assertThat(available(event)).isZero();
  }

  private static void awaitLocked(RedisGateway redis, long event) {
    await("the lock is held")
        .atMost(Duration.ofSeconds(20))
        .ignoreException(RedisUnavailableException.class)
        .until(() -> isLocked(redis, event));
  }

  /// Blocks until a transaction blocks on the row of the event. The Redis lock may be that of
  /// another test whose event has the same id.
  private void awaitBlocked(long event) {
    await()
        .atMost(Duration.ofSeconds(20))
        .until(() ->
            count(
                    "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE DB = DATABASE()"
                        + " AND INFO LIKE '%FROM events WHERE id = "
                        + event
                        + " FOR UPDATE'")
                > 0);
  }

  private static boolean isLocked(RedisGateway redis, long event) {
    return redis.call(client -> client.getLock("lock:event:" + event).isLocked());
  }

  @Test
  void limitIncludesEarlierBookings() {
    BoxOffice office = worker().getBean(BoxOffice.class);
    long event = event(50, 4, null);
    Command first = book(event, "ann", 3);
    decide(office, event, List.of(first));
    Command tooMany = book(event, "ann", 2);
    Command fits = book(event, "ann", 1);
    decide(office, event, List.of(tooMany, fits));
    assertThat(decided(tooMany).reason()).isEqualTo(Reason.LIMIT_EXCEEDED);
    assertThat(decided(fits).status()).isEqualTo(TicketStatus.CONFIRMED);
  }

  @Test
  void expiredHoldReleasesItsSeats() {
    BoxOffice office = worker().getBean(BoxOffice.class);
    long event = event(5, null, 10);
    Command kept = book(event, "ann", 2);
    Command lost = book(event, "bob", 3);
    decide(office, event, List.of(kept, lost));
    assertThat(decided(kept).status()).isEqualTo(TicketStatus.HELD);
    assertThat(available(event)).isZero();
    Command confirm =
        new Command.ConfirmHold(
            UUID.randomUUID(), "ann", event, decided(kept).reservationId(), now());
    decide(office, event, List.of(confirm));
    assertThat(decided(confirm).status()).isEqualTo(TicketStatus.CONFIRMED);
    sql.sql(
            "UPDATE reservations SET expires_at = '2020-01-01' WHERE user_id = 'bob' AND event_id ="
                + " "
                + event)
        .update();
    await().atMost(Duration.ofSeconds(5)).until(() -> available(event) == 3);
    assertThat(
            sql.sql("SELECT status FROM reservations WHERE event_id = ? ORDER BY user_id")
                .param(event)
                .query(String.class)
                .list())
        .containsExactly("CONFIRMED", "EXPIRED");
    Command late =
        new Command.ConfirmHold(
            UUID.randomUUID(), "bob", event, decided(lost).reservationId(), now());
    decide(office, event, List.of(late));
    assertThat(decided(late).reason()).isEqualTo(Reason.HOLD_EXPIRED);
  }

  @Test
  void expiryUnderLoadKeepsSeatsAndLimitsConsistent() throws Exception {
    worker();
    List<BoxOffice> offices = offices();
    long event = event(40, 4, 10);
    AtomicBoolean finished = new AtomicBoolean();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<?> audit = threads.submit(() -> auditUntil(finished, event));
      try {
        // Every seat is sold several times.
        await()
            .atMost(Duration.ofMinutes(1))
            .until(() -> {
              sellRound(offices, event, threads);
              makeHoldsDue(event);
              return audit.isDone() || reservations("COALESCE(SUM(quantity), 0)", event) >= 160;
            });
      } finally {
        finished.set(true);
      }
      audit.get();
    }
    makeHoldsDue(event);
    await().atMost(Duration.ofSeconds(5)).until(() -> available(event) == 40);
    assertThat(reservations("COALESCE(SUM(status <> 'EXPIRED'), 0)", event)).isZero();
    assertThat(tickets(event, "reason = 'LIMIT_EXCEEDED'")).isPositive();
  }

  private void sellRound(List<BoxOffice> offices, long event, ExecutorService threads)
      throws Exception {
    List<Future<?>> running = new ArrayList<>();
    for (int group = 0; group < 20; group++) {
      BoxOffice office = offices.get(group % 2);
      List<Command> commands = new ArrayList<>();
      for (int i = 0; i < 5; i++) {
        commands.add(book(event, "ann", 1));
        commands.add(book(event, "buyer" + group, 1));
      }
      running.add(threads.submit(() -> decide(office, event, commands)));
    }
    for (Future<?> one : running) {
      one.get();
    }
  }

  /// Each statement reads one consistent state of the database.
  private void auditUntil(AtomicBoolean finished, long event) {
    String live =
        " (SELECT COALESCE(SUM(quantity), 0) FROM reservations"
            + " WHERE event_id = e.id AND status IN ('HELD', 'CONFIRMED') %s)";
    String look =
        "SELECT e.total_seats - e.available_seats AS gone,"
            + " (SELECT total_seats - available_seats FROM seat_types WHERE event_id = e.id)"
            + " AS goneOfType,"
            + live.formatted("")
            + " AS sold,"
            + live.formatted("AND user_id = 'ann'")
            + " AS ann FROM events e WHERE id = "
            + event;
    while (!finished.get()) {
      Map<String, Object> now = sql.sql(look).query().singleRow();
      long sold = ((Number) now.get("sold")).longValue();
      assertThat(((Number) now.get("gone")).longValue()).as("%s", now).isEqualTo(sold);
      assertThat(((Number) now.get("goneOfType")).longValue()).as("%s", now).isEqualTo(sold);
      assertThat(((Number) now.get("ann")).longValue()).as("%s", now).isLessThanOrEqualTo(4);
    }
  }

  /// Takes the row lock like a worker.
  private void makeHoldsDue(long event) {
    new TransactionTemplate(scene.workers.getLast().getBean(PlatformTransactionManager.class))
        .executeWithoutResult(tx -> {
          sql.sql("SELECT id FROM events WHERE id = ? FOR UPDATE")
              .param(event)
              .query(Long.class)
              .single();
          sql.sql(
                  "UPDATE reservations SET expires_at = '2020-01-01' WHERE status = 'HELD'"
                      + " AND event_id = "
                      + event)
              .update();
        });
  }

  @Test
  void secondCancellationReleasesNoSeats() {
    BoxOffice office = worker().getBean(BoxOffice.class);
    long event = event(5, null, null);
    Command book = book(event, "ann", 2);
    decide(office, event, List.of(book));
    for (int i = 0; i < 2; i++) {
      Command cancel = cancel(event, "ann", decided(book).reservationId());
      decide(office, event, List.of(cancel));
      assertThat(decided(cancel).status()).isEqualTo(TicketStatus.CANCELLED);
    }
    assertThat(available(event)).isEqualTo(5);
    Command foreign = cancel(event, "eve", decided(book).reservationId());
    decide(office, event, List.of(foreign));
    assertThat(decided(foreign).reason()).isEqualTo(Reason.RESERVATION_NOT_FOUND);
  }

  @Test
  void unreadableMessageDoesNotAffectOthers() {
    worker();
    long event = event(10, null, null);
    sendBody("this is not JSON");
    sendBody("{\"version\":99,\"commands\":[{\"action\":\"BOOK\"}]}");
    Command book = book(event, "ann", 1);
    send(book);
    assertThat(decided(book).status()).isEqualTo(TicketStatus.CONFIRMED);
    // The messages would be redelivered during other tests.
    sqs().purgeQueue(request -> request.queueUrl(url(scene.queue))).join();
  }

  /// With the delay of unreadable messages the message would be received again after two seconds.
  @Test
  void newerCommandIsLeftToNewerWorkers() {
    ConfigurableApplicationContext worker = workers(1);
    long event = event(10, null, null);
    Command known = book(event, "ann", 1);
    Command newer = book(event, "bob", 1);
    double received = received();
    String element = CommandCodec.encode(newer).replace("\"BOOK\"", "\"EXCHANGE\"");
    sendBody(
        CommandCodec.encode(known)
            .replace("[{", element.substring(element.indexOf('['), element.length() - 2) + ",{"));
    assertThat(decided(known).status()).isEqualTo(TicketStatus.CONFIRMED);
    await()
        .during(Duration.ofSeconds(5))
        .atMost(Duration.ofSeconds(30))
        .until(() -> received() == received + 1);
    assertThat(messages(scene.queue)).isEqualTo(1);
    assertThat(worker.getBean(StatusStore.class).find(newer.ticketId())).isEmpty();
  }

  private double received() {
    return scene.workers.stream()
        .mapToDouble(worker ->
            worker.getBean(MeterRegistry.class).get("ticketing.received").counter().count())
        .sum();
  }

  @Test
  void poisonMessagesBecomeDeadLettersAlone() {
    ConfigurableApplicationContext worker =
        in(
            Scene.withVisibility(
                // Long enough that a slow machine does not exhaust the receives of valid messages.
                Duration.ofSeconds(4),
                "--ticketing.worker.queue.unreadable-delay=0s",
                "--ticketing.worker.queue.deferred-delay=0s",
                "--ticketing.worker.maintenance.dead-letter-interval=200ms"));
    StatusStore store = worker.getBean(StatusStore.class);
    long event = event(50, null, null);
    List<Command> known = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      Command accepted = book(event, "poisoned" + i, 1);
      store.storePending(StatusEntry.pending(accepted)).join();
      known.add(accepted);
    }
    String valid = CommandCodec.encode(known.get(2));
    Command invalid =
        new BookSeats(
            UUID.randomUUID(), "eve", event, "A", 1, now(), "f".repeat(1_000), UUID.randomUUID());
    List<Command> others = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      others.add(book(event, "buyer" + i, 1));
    }
    sendBody("this is not JSON");
    sendBody(CommandCodec.encode(known.get(0)).replace("\"BOOK\"", "\"DANCE\""));
    sendBody(CommandCodec.encode(known.get(1)).replace("\"version\":1", "\"version\":99"));
    sendBody(valid.replace("poisoned2", "p".repeat(200_000)));
    List<Command> withInvalid = new ArrayList<>(others.subList(0, 10));
    withInvalid.add(invalid);
    sendBody(CommandCodec.encode(withInvalid));
    others.subList(10, 20).forEach(this::send);
    Command unknownEvent = book(4711, "ann", 1);
    send(unknownEvent);

    others.forEach(other -> assertThat(decided(other).status()).isEqualTo(TicketStatus.CONFIRMED));
    assertThat(decided(unknownEvent).reason()).isEqualTo(Reason.EVENT_NOT_FOUND);
    await()
        .atMost(Duration.ofSeconds(60))
        .untilAsserted(() -> {
          assertThat(messages(scene.queue)).isZero();
          assertThat(messages(scene.queue + "-dlq")).isEqualTo(5);
          assertThat(known).allMatch(one -> decided(one).reason() == Reason.GAVE_UP);
        });
    assertThat(count("SELECT COUNT(*) FROM tickets WHERE reason = 'GAVE_UP'")).isEqualTo(3);
    assertThat(count("SELECT COUNT(*) FROM reservations")).isEqualTo(20);
    assertThat(available(event)).isEqualTo(30);

    // The redriven messages are readable, as for a newer worker.
    recordRedrive();
    known.forEach(this::send);
    await()
        .atMost(Duration.ofSeconds(20))
        .untilAsserted(() ->
            assertThat(known).allMatch(one -> decided(one).status() == TicketStatus.CONFIRMED));
    assertThat(count("SELECT COUNT(*) FROM tickets WHERE reason = 'GAVE_UP'")).isZero();
    assertThat(available(event)).isEqualTo(27);
  }

  /// One of two fingerprints is too long for its column: the batch is split.
  @Test
  void logContextNamesEventAndSingleTicket() {
    worker();
    long event = event(10, null, null);
    Command valid = book(event, "ann", 1);
    Command invalid =
        new BookSeats(
            UUID.randomUUID(), "eve", event, "A", 1, now(), "f".repeat(1_000), UUID.randomUUID());
    ListAppender<ILoggingEvent> log = new ListAppender<>();
    log.start();
    Logger logger = (Logger) LoggerFactory.getLogger(CommandListener.class);
    logger.addAppender(log);
    sendBody(CommandCodec.encode(List.of(valid, invalid)));
    assertThat(decided(valid).status()).isEqualTo(TicketStatus.CONFIRMED);
    await().until(() -> log.list.stream().anyMatch(BoxOfficeTest::isSingle));
    logger.detachAppender(log);
    String ticket = invalid.ticketId().toString();
    assertThat(log.list)
        .allSatisfy(line ->
            assertThat(line.getMDCPropertyMap())
                .containsEntry("event", Long.toString(event))
                .hasSize(isSingle(line) ? 2 : 1))
        .filteredOn(BoxOfficeTest::isSingle)
        .allSatisfy(line -> assertThat(line.getMDCPropertyMap()).containsEntry("ticket", ticket));
  }

  /// The refund of a reservation that no seat count contains exceeds the seats of the event. MySQL
  /// reports a violated CHECK without the SQLSTATE of an integrity violation.
  @Test
  void violatedCheckAffectsOnlyItsCommand() throws Exception {
    ConfigurableApplicationContext worker = workers(1);
    long event = event(10_000, null, null); // not scarce, so the first batch is decided alone
    Command earlier = book(event, "bob", 1);
    Command valid = book(event, "ann", 1);
    sql.sql(
            """
            INSERT INTO reservations (ticket_id, event_id, user_id, quantity, seat_type,
                   total_price, status, reserved_at)
            VALUES (?, ?, 'eve', 3, 'A', 30.00, 'CONFIRMED', UTC_TIMESTAMP(6))\
            """)
        .params(UUID.randomUUID().toString(), event)
        .update();
    long reservation = count("SELECT MAX(id) FROM reservations");
    Command violating =
        new CancelReservation(UUID.randomUUID(), "eve", event, reservation, false, now());
    ListAppender<ILoggingEvent> log = new ListAppender<>();
    log.start();
    Logger logger = (Logger) LoggerFactory.getLogger(CommandListener.class);
    logger.addAppender(log);
    try (Connection blocking = worker.getBean(DataSource.class).getConnection()) {
      blocking.setAutoCommit(false);
      blocking
          .createStatement()
          .executeQuery("SELECT id FROM events WHERE id = " + event + " FOR UPDATE");
      // While this batch is blocked, the next commands gather in one batch.
      send(earlier);
      awaitBlocked(event);
      EventBatcher<?> batcher =
          (EventBatcher<?>)
              ReflectionTestUtils.getField(worker.getBean(CommandListener.class), "batcher");
      sendBody(CommandCodec.encode(List.of(valid, violating)));
      await().until(() -> batcher.size(event) == 2);
      blocking.rollback();
      assertThat(decided(valid).status()).isEqualTo(TicketStatus.CONFIRMED);
      await().until(() -> log.list.stream().anyMatch(BoxOfficeTest::isSingle));
    } finally {
      logger.detachAppender(log);
    }

    // The workers of other tests log too.
    ILoggingEvent first =
        log.list.stream()
            .filter(line -> line.getFormattedMessage().contains("event=" + event + " "))
            .findFirst()
            .orElseThrow();
    assertThat(first.getFormattedMessage())
        .startsWith("batch violates a constraint")
        .endsWith("batchSize=2");
    assertThat(first.getThrowableProxy().getMessage()).contains("ck_");
    assertThat(available(event)).isEqualTo(9_998);
    assertThat(tickets(event, "TRUE")).isEqualTo(2);
    assertThat(
            count(
                "SELECT quantity FROM reservations WHERE status = 'CONFIRMED' AND id = "
                    + reservation))
        .isEqualTo(3);
  }

  private static boolean isSingle(ILoggingEvent line) {
    return line.getFormattedMessage().contains("batchSize=1");
  }

  /// Visible, invisible and delayed messages.
  private long messages(String of) {
    return attributes(of).entrySet().stream()
        .filter(attribute -> attribute.getKey().toString().startsWith("ApproximateNumberOf"))
        .mapToLong(attribute -> Long.parseLong(attribute.getValue()))
        .sum();
  }

  private long visible(String of) {
    return Long.parseLong(attributes(of).get(QueueAttributeName.APPROXIMATE_NUMBER_OF_MESSAGES));
  }

  private Map<QueueAttributeName, String> attributes(String of) {
    return sqs()
        .getQueueAttributes(
            request -> request.queueUrl(url(of)).attributeNames(QueueAttributeName.ALL))
        .join()
        .attributes();
  }

  /// Otherwise the messages would exhaust their five receives in five seconds.
  @Test
  @Order(LAST)
  void databaseOutageCreatesNoDeadLetters() {
    DatabaseHealth health =
        in(Scene.withVisibility(
                Duration.ofSeconds(1),
                "--ticketing.worker.pipeline.retry-for=200ms",
                "--spring.datasource.hikari.connection-timeout=500"))
            .getBean(DatabaseHealth.class);
    long event = event(30, null, null);
    servers.database().stop();
    try {
      for (int i = 0; i < 30; i++) {
        send(book(event, "buyer" + i, 1));
      }
      await().atMost(Duration.ofSeconds(20)).until(() -> !health.isUp());
      await()
          .during(Duration.ofSeconds(4))
          .atMost(Duration.ofSeconds(10))
          .until(() -> messages(scene.queue + "-dlq") == 0);
      // The worker holds most messages, and releases some. A receive call without messages counts
      // none; the other counts include it.
      assertThat(
              await()
                  .atMost(Duration.ofSeconds(20))
                  .until(this::receiveCounts, counts -> !counts.isEmpty()))
          .allMatch(n -> n <= 3);
    } finally {
      servers.database().start();
    }
    await()
        .atMost(Duration.ofSeconds(30))
        .ignoreExceptions()
        .until(() -> count("SELECT COUNT(*) FROM tickets WHERE decision = 'CONFIRMED'") == 30);
    assertThat(messages(scene.queue + "-dlq")).isZero();
    assertThat(available(event)).isZero();
  }

  /// As many blocked events as concurrent batches. The transaction timeout ends their first
  /// attempts.
  @Test
  void blockedEventsDoNotBlockOtherEvents() throws Exception {
    ConfigurableApplicationContext worker =
        workers(1, "--ticketing.worker.store.transaction-timeout=2s");
    int maxBatches = worker.getBean(PipelineSettings.class).maxConcurrentBatches();
    long other = event(10, null, null);
    List<Command> blocked = new ArrayList<>();
    for (int i = 0; i < maxBatches; i++) {
      blocked.add(book(event(10, null, null), "ann", 1));
    }
    Command healthy = book(other, "ann", 1);
    try (Connection blocking = worker.getBean(DataSource.class).getConnection()) {
      blocking.setAutoCommit(false);
      blocking
          .createStatement()
          .executeQuery("SELECT id FROM events WHERE id > " + other + " FOR UPDATE");
      blocked.forEach(this::send);
      await("the worker has received them").until(() -> visible(scene.queue) == 0);
      send(healthy);
      assertThat(decided(healthy).status()).isEqualTo(TicketStatus.CONFIRMED);
      assertThat(count("SELECT COUNT(*) FROM tickets")).isEqualTo(1);
      blocking.rollback();
    }
    blocked.forEach(one -> assertThat(decided(one).status()).isEqualTo(TicketStatus.CONFIRMED));
  }

  /// Receive counts of up to ten messages.
  private List<Integer> receiveCounts() {
    return sqs()
        .receiveMessage(request ->
            request
                .queueUrl(url(scene.queue))
                .maxNumberOfMessages(10)
                .messageSystemAttributeNames(MessageSystemAttributeName.APPROXIMATE_RECEIVE_COUNT))
        .join()
        .messages()
        .stream()
        .map(message -> message.attributes().values().iterator().next())
        .map(Integer::valueOf)
        .toList();
  }

  @Test
  void unknownEventIsRejected() {
    worker();
    Command book = book(4711, "ann", 1);
    send(book);
    assertThat(decided(book).reason()).isEqualTo(Reason.EVENT_NOT_FOUND);
  }

  @Test
  void redriveReplacesGaveUpByADecision() {
    BoxOffice office = worker().getBean(BoxOffice.class);
    long event = event(10, null, null);
    Command book = book(event, "ann", 1);
    storePending(book);
    sendTo(scene.queue + "-dlq", CommandCodec.encode(book));
    assertThat(decided(book).reason()).isEqualTo(Reason.GAVE_UP);
    assertThat(available(event)).isEqualTo(10);
    recordRedrive();
    decide(office, event, List.of(book));
    assertThat(decided(book).status()).isEqualTo(TicketStatus.CONFIRMED);
    assertThat(tickets(event, "TRUE")).isEqualTo(1);
    assertThat(available(event)).isEqualTo(9);
  }

  @Test
  void gaveUpIsFinalWithoutRedrive() {
    BoxOffice office = worker().getBean(BoxOffice.class);
    long event = event(10, null, null);
    Command redriven = book(event, "ann", 1);
    Command late = book(event, "bob", 1);
    storePending(redriven);
    storePending(late);
    recordRedrive(); // precedes both decisions
    List<StatusEntry> entries = List.of(StatusEntry.pending(redriven), StatusEntry.pending(late));
    scene
        .workers
        .getFirst()
        .getBean(DecisionPublisher.class)
        .publish(
            office.giveUp(event, entries, worker().getBean(DecisionStore.class).currentTime()));
    assertThat(decided(redriven).reason()).isEqualTo(Reason.GAVE_UP);
    assertThat(decided(late).reason()).isEqualTo(Reason.GAVE_UP);
    sql.sql("INSERT INTO redrives (ticket_id, started_at) VALUES (?, UTC_TIMESTAMP(6))")
        .param(redriven.ticketId().toString())
        .update();
    Ticket first = decided(late);
    decide(office, event, List.of(late, redriven, book(event, "eve", 1)));
    assertThat(decided(redriven).status()).isEqualTo(TicketStatus.CONFIRMED);
    assertThat(decided(late)).isEqualTo(first);
    assertThat(tickets(event, "reason = 'GAVE_UP'")).isEqualTo(1);
    assertThat(available(event)).isEqualTo(8);
  }

  /// An absent entry stays absent when its ticket is given up.
  private void storePending(Command command) {
    scene
        .workers
        .getFirst()
        .getBean(StatusStore.class)
        .storePending(StatusEntry.pending(command))
        .join();
  }

  private void recordRedrive() {
    sql.sql("INSERT INTO redrives (started_at) VALUES (UTC_TIMESTAMP(6))").update();
  }

  /// Returns the first of the two shared workers, whose jobs run often.
  private ConfigurableApplicationContext worker() {
    if (shared == null) {
      shared =
          Scene.start(
              2,
              "--ticketing.worker.maintenance.hold-expiry-interval=20ms",
              "--ticketing.worker.maintenance.dead-letter-interval=200ms");
    }
    return in(shared);
  }

  /// Returns the first of the workers of this test.
  private ConfigurableApplicationContext workers(int count, String... settings) {
    return in(Scene.start(count, settings));
  }

  private ConfigurableApplicationContext in(Scene scene) {
    this.scene = scene;
    ConfigurableApplicationContext first = scene.workers.getFirst();
    sql = first.getBean(JdbcClient.class);
    return first;
  }

  private void decide(BoxOffice office, long event, List<? extends Command> commands) {
    scene
        .workers
        .getFirst()
        .getBean(DecisionPublisher.class)
        .publish(office.decide(event, commands));
  }

  private List<BoxOffice> offices() {
    return scene.workers.stream().map(worker -> worker.getBean(BoxOffice.class)).toList();
  }

  private long event(int seats, Integer limit, Integer holdMinutes) {
    sql.sql(
            """
            INSERT INTO events (event_name, total_seats, available_seats, event_date,
                   max_seats_per_user, hold_minutes)
            VALUES ('Show', ?, ?, '2027-01-01 10:00:00', ?, ?)\
            """)
        .params(seats, seats, limit, holdMinutes)
        .update();
    long id = count("SELECT MAX(id) FROM events");
    sql.sql("INSERT INTO seat_types VALUES (?, 'A', 10.00, ?, ?)")
        .params(id, seats, seats)
        .update();
    return id;
  }

  private static BookSeats book(long event, String user, int quantity) {
    return new BookSeats(UUID.randomUUID(), user, event, "A", quantity, now());
  }

  private static Command cancel(long event, String user, long reservation) {
    return new Command.CancelReservation(UUID.randomUUID(), user, event, reservation, false, now());
  }

  private static Instant now() {
    return Instant.now().truncatedTo(ChronoUnit.MICROS);
  }

  private void send(Command command) {
    sendBody(CommandCodec.encode(command));
  }

  private void sendBody(String body) {
    sendTo(scene.queue, body);
  }

  private void sendTo(String queue, String body) {
    sqs().sendMessage(request -> request.queueUrl(url(queue)).messageBody(body)).join();
  }

  private SqsAsyncClient sqs() {
    return scene.workers.getFirst().getBean(SqsAsyncClient.class);
  }

  private String url(String queue) {
    return sqs().getQueueUrl(request -> request.queueName(queue)).join().queueUrl();
  }

  private Ticket decided(Command command) {
    StatusStore store = scene.workers.getFirst().getBean(StatusStore.class);
    await()
        .atMost(Duration.ofSeconds(20))
        .until(() ->
            store
                .find(command.ticketId())
                .filter(entry -> entry.ticket().status().isFinal())
                .isPresent());
    return store.find(command.ticketId()).orElseThrow().ticket();
  }

  private int available(long event) {
    return (int) count("SELECT available_seats FROM events WHERE id = " + event);
  }

  private long tickets(long event, String which) {
    return count("SELECT COUNT(*) FROM tickets WHERE event_id = " + event + " AND " + which);
  }

  private long reservations(String what, long event) {
    return count("SELECT " + what + " FROM reservations WHERE event_id = " + event);
  }

  private long count(String query) {
    return sql.sql(query).query(Long.class).single();
  }
}
