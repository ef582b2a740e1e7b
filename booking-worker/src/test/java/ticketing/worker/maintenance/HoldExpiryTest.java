package ticketing.worker.maintenance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.micrometer.core.instrument.MeterRegistry;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.boot.SpringApplication;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.dao.DataAccessResourceFailureException;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.scheduling.concurrent.ThreadPoolTaskScheduler;
import org.springframework.scheduling.config.ScheduledTaskHolder;
import software.amazon.awssdk.services.sqs.SqsAsyncClient;
import ticketing.database.DatabaseHealth;
import ticketing.domain.Command;
import ticketing.domain.CommandCodec;
import ticketing.domain.Reason;
import ticketing.domain.Ticket;
import ticketing.domain.TicketStatus;
import ticketing.local.servers.LocalServers;
import ticketing.redis.RedisGateway;
import ticketing.status.StatusEntry;
import ticketing.status.StatusStore;
import ticketing.userfeed.UserChange;
import ticketing.userfeed.UserChange.ReservationEnded.Ending;
import ticketing.worker.WorkerApplication;
import ticketing.worker.WorkerArguments;
import ticketing.worker.pipeline.BoxOffice;
import ticketing.worker.pipeline.CommittedBatch;
import ticketing.worker.pipeline.DecisionPublisher;

/// Expiry of holds in the batches of their event, and by the job for events without commands.
class HoldExpiryTest {

  private static final Duration TIMEOUT = Duration.ofSeconds(30);
  private static final int EXPIRIES = 3; // in one transaction
  private static final AtomicLong EVENT_IDS = new AtomicLong(5_000_000);

  private static Worker quiet;
  private static Worker sweeping;

  /// Worker with its own schema and queue.
  private record Worker(String queue, ConfigurableApplicationContext context) {

    static Worker start(String... settings) {
      LocalServers servers = LocalServers.shared();
      String queue = "expiry-" + UUID.randomUUID();
      servers.newQueues(queue);
      List<String> all =
          new ArrayList<>(
              List.of(
                  "--ticketing.worker.pipeline.poll-wait=1s",
                  "--ticketing.worker.pipeline.stop-timeout=5s",
                  "--ticketing.worker.pipeline.hold-expiry-batch-size=" + EXPIRIES));
      all.addAll(List.of(settings));
      return new Worker(
          queue,
          SpringApplication.run(
              WorkerApplication.class,
              WorkerArguments.of(
                  servers, servers.newDatabase(), queue, all.toArray(String[]::new))));
    }

    BoxOffice boxOffice() {
      return context.getBean(BoxOffice.class);
    }

    StatusStore statusStore() {
      return context.getBean(StatusStore.class);
    }

    JdbcClient sql() {
      return context.getBean(JdbcClient.class);
    }

    /// Event with one seat type and holds of ten minutes. Its id is unique in Redis, which the
    /// workers share.
    long event(int seats) {
      long id = EVENT_IDS.incrementAndGet();
      sql()
          .sql(
              """
              INSERT INTO events (id, event_name, total_seats, available_seats, event_date,
                     hold_minutes)
              VALUES (?, 'Show', ?, ?, '2037-01-01 10:00:00', 10)\
              """)
          .params(id, seats, seats)
          .update();
      sql()
          .sql("INSERT INTO seat_types VALUES (?, 'A', 10.00, ?, ?)")
          .params(id, seats, seats)
          .update();
      return id;
    }

    /// Decides and publishes one command.
    Ticket decide(Command command) {
      CommittedBatch committed = boxOffice().decide(command.eventId(), List.of(command));
      context.getBean(DecisionPublisher.class).publish(committed);
      return committed.decided().getFirst().ticket();
    }

    /// Id of a hold that ends at this time.
    long hold(long event, String user, int quantity, Instant end) {
      Ticket held = decide(book(event, user, quantity));
      assertThat(held.status()).isEqualTo(TicketStatus.HELD);
      sql()
          .sql("UPDATE reservations SET expires_at = ? WHERE id = ?")
          .params(LocalDateTime.ofInstant(end, ZoneOffset.UTC), held.reservationId())
          .update();
      return held.reservationId();
    }

    String status(long reservation) {
      return sql()
          .sql("SELECT status FROM reservations WHERE id = ?")
          .param(reservation)
          .query(String.class)
          .single();
    }

    int available(long event) {
      return sql()
          .sql("SELECT available_seats FROM events WHERE id = ?")
          .param(event)
          .query(Integer.class)
          .single();
    }

    void send(String to, Command command) {
      SqsAsyncClient sqs = context.getBean(SqsAsyncClient.class);
      String url = sqs.getQueueUrl(request -> request.queueName(to)).join().queueUrl();
      sqs.sendMessage(request -> request.queueUrl(url).messageBody(CommandCodec.encode(command)))
          .join();
    }

    void awaitDecision(Command command, TicketStatus status) {
      await()
          .atMost(TIMEOUT)
          .untilAsserted(() ->
              assertThat(statusStore().find(command.ticketId()))
                  .hasValueSatisfying(
                      entry -> assertThat(entry.ticket().status()).isEqualTo(status)));
    }
  }

  /// The job of this worker does not run during the tests.
  private static synchronized Worker quiet() {
    if (quiet == null) {
      quiet = Worker.start("--ticketing.worker.maintenance.hold-expiry-interval=1h");
    }
    return quiet;
  }

  private static synchronized Worker sweeping() {
    if (sweeping == null) {
      sweeping =
          Worker.start(
              "--ticketing.worker.maintenance.hold-expiry-interval=100ms",
              "--ticketing.worker.maintenance.dead-letter-interval=200ms",
              // Longer than the test: no timeout ends a blocked transaction.
              "--ticketing.worker.store.transaction-timeout=60s",
              "--ticketing.worker.lock.max-wait=60s",
              "--ticketing.worker.lock.lease=90s");
    }
    return sweeping;
  }

  @AfterAll
  static void stop() {
    for (Worker worker : new Worker[] {quiet, sweeping}) {
      if (worker != null) {
        worker.context.close();
      }
    }
    quiet = null;
    sweeping = null;
  }

  @Test
  void nextCommandBuysSeatsOfADueHold() {
    long event = quiet().event(5);
    long hold = quiet.hold(event, "ann", 5, now().minusMillis(1));
    double expired = expired();
    assertThat(quiet.decide(book(event, "bob", 5)).status()).isEqualTo(TicketStatus.HELD);
    assertThat(quiet.status(hold)).isEqualTo("EXPIRED");
    assertThat(quiet.available(event)).isZero();
    assertThat(expired() - expired).isEqualTo(1);
  }

  private static double expired() {
    return quiet.context.getBean(MeterRegistry.class).get("ticketing.expired").counter().count();
  }

  @Test
  void manyDueHoldsExpireBeforeTheNextCommand() {
    int holds = 3 * EXPIRIES + 1;
    long event = quiet().event(holds);
    List<Long> ids = new ArrayList<>();
    for (int i = 0; i < holds; i++) {
      ids.add(quiet.hold(event, "buyer" + i, 1, now().plusSeconds(600)));
    }
    Instant end = now().minusSeconds(1);
    for (int i = 0; i < holds; i++) {
      makeDue(quiet, ids.get(i), end.minusMillis(i / 2));
    }
    Command early = bookAt(end.minusMillis(1), event, "early", 10);
    Command late = book(event, "late", 8);
    CommittedBatch committed = quiet.boxOffice().decide(event, List.of(late, early, late));
    assertThat(committed.decided()).hasSize(2);
    assertThat(committed.changedReservations()).hasSize(holds);
    assertThat(committed.userChanges())
        .containsExactlyInAnyOrderElementsOf(
            IntStream.range(0, holds)
                .mapToObj(i ->
                    new UserChange.ReservationEnded(
                        ids.get(i), Ending.EXPIRED, List.of("buyer" + i)))
                .toList());
    assertThat(committed.changedEvent().availableSeats()).isEqualTo(holds - 8);
    assertThat(committed.decided().getFirst().ticket().reason()).isEqualTo(Reason.SOLD_OUT);
    assertThat(committed.decided().getLast().ticket().status()).isEqualTo(TicketStatus.HELD);
    assertThat(quiet.available(event)).isEqualTo(holds - 8);
  }

  @Test
  void cancellationByAnotherUserConcernsTheOwner() {
    long event = quiet().event(4);
    long first = quiet.hold(event, "ann", 1, now().plusSeconds(600));
    long second = quiet.hold(event, "ann", 1, now().plusSeconds(600));
    CommittedBatch committed =
        quiet
            .boxOffice()
            .decide(
                event,
                List.of(
                    new Command.CancelReservation(
                        UUID.randomUUID(), "admin", event, first, true, now()),
                    new Command.CancelReservation(
                        UUID.randomUUID(), "ann", event, second, false, now())));
    assertThat(committed.changedReservations()).hasSize(2);
    assertThat(committed.userChanges())
        .containsExactly(new UserChange.ReservationEnded(first, Ending.CANCELLED, List.of("ann")));
  }

  @Test
  void holdsExpireAfterARejectedWriteWithoutCommands() {
    long event = sweeping().event(5);
    long hold = sweeping.hold(event, "ann", 2, now().plusSeconds(600));
    DatabaseHealth database = sweeping.context().getBean(DatabaseHealth.class);
    SQLException readOnly = new SQLException("read-only", "HY000", 1290);
    database.recordWriteFailure(
        event, new DataAccessResourceFailureException("rejected", readOnly));
    sweeping
        .sql()
        .sql("UPDATE reservations SET expires_at = '2020-01-01' WHERE id = ?")
        .param(hold)
        .update();
    await().atMost(TIMEOUT).until(() -> sweeping.status(hold).equals("EXPIRED"));
    await().atMost(TIMEOUT).until(database::acceptsWrites);
  }

  @Test
  void undecidedConfirmationKeepsItsHold() {
    long event = quiet().event(4);
    Instant acceptedAt = now().minusMillis(2);
    long other = quiet.hold(event, "eve", 2, acceptedAt);
    long hold = quiet.hold(event, "ann", 2, acceptedAt.plusMillis(1));
    Command confirm = confirmAt(acceptedAt, event, "ann", hold);
    quiet.statusStore().storePending(StatusEntry.pending(confirm)).join();
    assertThat(quiet.decide(book(event, "bob", 3)).reason()).isEqualTo(Reason.SOLD_OUT);
    assertThat(quiet.status(other)).isEqualTo("EXPIRED");
    assertThat(quiet.boxOffice().expireHolds(event).orElseThrow().changedReservations()).isEmpty();
    assertThat(quiet.status(hold)).isEqualTo("HELD");
    assertThat(quiet.decide(confirm).status()).isEqualTo(TicketStatus.CONFIRMED);
    assertThat(quiet.decide(confirmAt(now(), event, "ann", hold)).status())
        .isEqualTo(TicketStatus.CONFIRMED);
    assertThat(quiet.available(event)).isEqualTo(2);
  }

  @Test
  void lateConfirmationKeepsNoHold() {
    long event = quiet().event(2);
    Instant end = now().minusMillis(5);
    long hold = quiet.hold(event, "ann", 2, end);
    Command confirm = confirmAt(end, event, "ann", hold);
    quiet.statusStore().storePending(StatusEntry.pending(confirm)).join();
    assertThat(quiet.decide(book(event, "bob", 2)).status()).isEqualTo(TicketStatus.HELD);
    assertThat(quiet.decide(confirm).reason()).isEqualTo(Reason.HOLD_EXPIRED);
  }

  @Test
  void lostConfirmationKeepsHoldsForABoundedTime() {
    long event = quiet().event(2);
    Instant acceptedAt = now().minus(Duration.ofHours(3));
    long hold = quiet.hold(event, "ann", 2, acceptedAt.plusSeconds(1));
    quiet
        .statusStore()
        .storePending(StatusEntry.pending(confirmAt(acceptedAt, event, "ann", hold)))
        .join();
    assertThat(quiet.decide(book(event, "bob", 2)).status()).isEqualTo(TicketStatus.HELD);
    assertThat(quiet.status(hold)).isEqualTo("EXPIRED");
  }

  /// As if Redis had evicted the entry of the confirmation.
  @Test
  void timelyConfirmationWithoutEntryTakesFreeSeats() {
    long event = quiet().event(4);
    Instant end = now().minusMillis(1);
    long sold = quiet.hold(event, "ann", 2, end);
    long free = quiet.hold(event, "eve", 2, end);
    assertThat(quiet.decide(book(event, "bob", 2)).status()).isEqualTo(TicketStatus.HELD);
    Instant acceptedAt = end.minusMillis(1);
    assertThat(quiet.decide(confirmAt(acceptedAt, event, "eve", free)).status())
        .isEqualTo(TicketStatus.CONFIRMED);
    assertThat(quiet.decide(confirmAt(acceptedAt, event, "ann", sold)).reason())
        .isEqualTo(Reason.HOLD_EXPIRED);
    assertThat(quiet.status(free)).isEqualTo("CONFIRMED");
    assertThat(quiet.status(sold)).isEqualTo("EXPIRED");
    assertThat(quiet.available(event)).isZero();
  }

  /// A skipped hold would make the booking `SOLD_OUT`.
  @Test
  void lockedHoldIsSkippedByTheJobOnly() throws Exception {
    long event = quiet().event(2);
    long hold = quiet.hold(event, "ann", 2, now().minusMillis(1));
    CompletableFuture<Ticket> booked;
    try (Connection blocking = quiet.context.getBean(DataSource.class).getConnection()) {
      blocking.setAutoCommit(false);
      blocking
          .createStatement()
          .executeQuery("SELECT id FROM reservations WHERE id = " + hold + " FOR UPDATE");
      assertThat(quiet.boxOffice().expireHolds(event).orElseThrow().changedReservations())
          .isEmpty();
      booked =
          CompletableFuture.supplyAsync(
              () -> quiet.decide(book(event, "bob", 2)), Thread::startVirtualThread);
      await()
          .atMost(TIMEOUT)
          .until(() -> booked.isDone() || !quiet.boxOffice().expireHolds(event).isPresent());
      assertThat(booked).isNotDone();
      blocking.rollback();
    }
    assertThat(booked.get(30, TimeUnit.SECONDS).status()).isEqualTo(TicketStatus.HELD);
    assertThat(quiet.status(hold)).isEqualTo("EXPIRED");
  }

  @Test
  void inconsistentHoldAffectsNoCommand() {
    long event = quiet().event(2);
    quiet.hold(event, "ann", 1, now().minusMillis(1));
    // The seat of the hold is on sale already, so its expiry violates a constraint.
    quiet.sql().sql("UPDATE events SET available_seats = 2 WHERE id = ?").param(event).update();
    quiet
        .sql()
        .sql("UPDATE seat_types SET available_seats = 2 WHERE event_id = ?")
        .param(event)
        .update();
    Command cancel =
        new Command.CancelReservation(UUID.randomUUID(), "bob", event, 1, false, now());
    assertThat(quiet.decide(cancel).reason()).isEqualTo(Reason.RESERVATION_NOT_FOUND);
  }

  @Test
  void sweepKeepsTheHoldOfAQueuedConfirmation() {
    long event = sweeping().event(4);
    Instant acceptedAt = now();
    long hold = sweeping.hold(event, "ann", 2, acceptedAt.plusSeconds(600));
    long other = sweeping.hold(event, "eve", 2, acceptedAt.plusSeconds(600));
    Command confirm = confirmAt(acceptedAt, event, "ann", hold);
    sweeping.statusStore().storePending(StatusEntry.pending(confirm)).join();
    makeDue(sweeping, hold, acceptedAt.plus(1, ChronoUnit.MICROS));
    makeDue(sweeping, other, acceptedAt);
    await().atMost(TIMEOUT).until(() -> sweeping.status(other).equals("EXPIRED"));
    assertThat(sweeping.status(hold)).isEqualTo("HELD");
    sweeping.send(sweeping.queue, confirm);
    sweeping.awaitDecision(confirm, TicketStatus.CONFIRMED);
    assertThat(sweeping.status(hold)).isEqualTo("CONFIRMED");
  }

  private static void makeDue(Worker worker, long reservation, Instant end) {
    worker
        .sql()
        .sql("UPDATE reservations SET expires_at = ? WHERE id = ?")
        .params(LocalDateTime.ofInstant(end, ZoneOffset.UTC), reservation)
        .update();
  }

  /// The rows of several events are locked, with due holds, a queued command and a dead letter
  /// each.
  @ParameterizedTest
  @ValueSource(strings = {"events WHERE id", "seat_types WHERE event_id"})
  void lockedEventsDelayNoOtherEvent(String rows) throws Exception {
    List<Long> locked = new ArrayList<>();
    List<Long> holds = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      long event = sweeping().event(5);
      locked.add(event);
      holds.add(sweeping.hold(event, "ann", 5, now().plusSeconds(600)));
    }
    long other = sweeping.event(5);
    long hold = sweeping.hold(other, "ann", 5, now().plusSeconds(600));
    List<Command> blocked = new ArrayList<>();
    try (Connection blocking = sweeping.context.getBean(DataSource.class).getConnection()) {
      blocking.setAutoCommit(false);
      for (long event : locked) {
        blocking
            .createStatement()
            .executeQuery("SELECT 1 FROM " + rows + " = " + event + " FOR UPDATE");
      }
      holds.forEach(blockedHold -> makeDue(sweeping, blockedHold, now()));
      for (int i = 0; i < 2; i++) {
        Command book = book(locked.get(i), "bob", 5);
        blocked.add(book);
        sweeping.send(sweeping.queue, book);
      }
      sweeping.send(sweeping.queue + "-dlq", book(locked.getFirst(), "eve", 1));
      makeDue(sweeping, hold, now());
      // Less than the transaction timeout, which ends a blocked statement.
      await().atMost(Duration.ofSeconds(20)).until(() -> sweeping.status(hold).equals("EXPIRED"));
      Command book = book(other, "bob", 5);
      sweeping.send(sweeping.queue, book);
      sweeping.awaitDecision(book, TicketStatus.HELD);
      assertThat(holds).allMatch(blockedHold -> sweeping.status(blockedHold).equals("HELD"));
      blocking.rollback();
    }
    blocked.forEach(book -> sweeping.awaitDecision(book, TicketStatus.HELD));
    await()
        .atMost(TIMEOUT)
        .until(() -> holds.stream().allMatch(id -> sweeping.status(id).equals("EXPIRED")));
  }

  @Test
  void heldRedisLockDelaysNoExpiry() {
    RedisGateway redis = sweeping().context.getBean(RedisGateway.class);
    long event = sweeping.event(5);
    long hold = sweeping.hold(event, "ann", 5, now().plusSeconds(600));
    redis.call(client -> {
      client.getLock("lock:event:" + event).lock(60, TimeUnit.SECONDS);
      return null;
    });
    try {
      makeDue(sweeping, hold, now());
      await().atMost(Duration.ofSeconds(20)).until(() -> sweeping.status(hold).equals("EXPIRED"));
    } finally {
      redis.call(client -> client.getKeys().delete("lock:event:" + event));
    }
  }

  @Test
  void eachJobHasItsOwnThread() {
    int jobs =
        sweeping().context.getBeansOfType(ScheduledTaskHolder.class).values().stream()
            .mapToInt(holder -> holder.getScheduledTasks().size())
            .sum();
    ThreadPoolTaskScheduler scheduler = sweeping.context.getBean(ThreadPoolTaskScheduler.class);
    assertThat(jobs).isBetween(4, scheduler.getScheduledThreadPoolExecutor().getCorePoolSize());
  }

  private static Command book(long event, String user, int quantity) {
    return bookAt(now(), event, user, quantity);
  }

  private static Command bookAt(Instant acceptedAt, long event, String user, int quantity) {
    return new Command.BookSeats(UUID.randomUUID(), user, event, "A", quantity, acceptedAt);
  }

  private static Command confirmAt(Instant acceptedAt, long event, String user, long reservation) {
    return new Command.ConfirmHold(UUID.randomUUID(), user, event, reservation, acceptedAt);
  }

  private static Instant now() {
    return Instant.now().truncatedTo(ChronoUnit.MICROS);
  }
}
