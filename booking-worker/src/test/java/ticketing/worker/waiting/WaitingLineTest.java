package ticketing.worker.waiting;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.springframework.boot.SpringApplication;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;
import ticketing.domain.Command;
import ticketing.domain.TicketStatus;
import ticketing.local.servers.LocalServers;
import ticketing.redis.RedisGateway;
import ticketing.status.SendRegister;
import ticketing.status.StatusEntry;
import ticketing.status.StatusStore;
import ticketing.status.StatusStoreSettings;
import ticketing.worker.WorkerApplication;
import ticketing.worker.WorkerArguments;
import ticketing.worker.pipeline.BoxOffice;

/// Entries that no publication removes leave the waiting line: position and oldest command of the
/// event are correct again.
class WaitingLineTest {

  private static final Duration TIMEOUT = Duration.ofSeconds(30);
  private static final AtomicLong EVENTS = new AtomicLong(700_000); // other tests share the Redis
  private static final LocalServers SERVERS = LocalServers.shared();

  private static ConfigurableApplicationContext worker;
  private static JdbcClient sql;
  private static StatusStore store;

  private final long event = event();

  @BeforeAll
  static void start() {
    String queue = "waiting-" + UUID.randomUUID();
    SERVERS.newQueues(queue);
    worker =
        SpringApplication.run(
            WorkerApplication.class,
            WorkerArguments.of(
                SERVERS,
                SERVERS.newDatabase(),
                queue,
                "--ticketing.send-register.lease=1s",
                "--ticketing.worker.waiting-line.recovery-interval=200ms",
                "--ticketing.worker.waiting-line.check-interval=200ms",
                "--ticketing.worker.waiting-line.max-events=10000",
                "--ticketing.worker.waiting-line.min-check-age=1s",
                "--ticketing.worker.waiting-line.max-undecided-age=1m",
                "--ticketing.worker.waiting-line.empty-queue-time=1s",
                "--ticketing.worker.pipeline.poll-wait=1s",
                "--ticketing.worker.pipeline.stop-timeout=5s"));
    sql = worker.getBean(JdbcClient.class);
    store = worker.getBean(StatusStore.class);
  }

  @AfterAll
  static void stop() {
    worker.close();
  }

  @Test
  void abandonedBookingLeavesTheLine() {
    StatusEntry abandoned = pending(event, now());
    StatusEntry finished = pending(event, now());
    StatusEntry retried = pending(event, now());
    StatusEntry next = pending(event, now());
    SendRegister.Sender crashing = worker.getBean(SendRegister.class).startSender();
    StatusStore ofCrashing = storeOf(crashing);
    List.of(abandoned, finished, retried).forEach(entry -> ofCrashing.storePending(entry).join());
    crashing.finish(finished);
    store.claimPending(otherAttempt(retried)).join();
    store.storePending(next).join();
    assertThat(position(next)).isEqualTo(3);
    assertThat(oldest()).isEqualTo(abandoned.ticket().acceptedAt());

    crashing.close();

    await().atMost(TIMEOUT).untilAsserted(() -> assertThat(position(next)).isEqualTo(2));
    assertThat(oldest()).isEqualTo(finished.ticket().acceptedAt());
    // The command may be queued, so the ticket stays pending.
    assertThat(store.find(abandoned.ticket().ticketId()))
        .hasValueSatisfying(
            entry -> assertThat(entry.ticket().status()).isEqualTo(TicketStatus.PENDING));
  }

  @Test
  void lockedEventDelaysNoOtherEvent() {
    Command.ConfirmHold confirm = confirmation();
    long other = event();
    SendRegister.Sender crashing = worker.getBean(SendRegister.class).startSender();
    StatusStore ofCrashing = storeOf(crashing);
    ofCrashing.storePending(StatusEntry.pending(confirm)).join();
    ofCrashing.storePending(pending(other, now())).join();
    new TransactionTemplate(worker.getBean(PlatformTransactionManager.class))
        .executeWithoutResult(transaction -> {
          sql.sql("SELECT id FROM events WHERE id = ? FOR UPDATE")
              .param(event)
              .query(Long.class)
              .single();
          crashing.close();
          await().atMost(TIMEOUT).until(() -> store.oldestPending(List.of(other)).isEmpty());
          assertThat(store.oldestPending(List.of(event))).isPresent();
        });
    await().atMost(TIMEOUT).until(() -> store.oldestPending(List.of(event)).isEmpty());
  }

  @Test
  void abandonedConfirmationIsDecided() {
    Command.ConfirmHold confirm = confirmation();
    SendRegister.Sender crashing = worker.getBean(SendRegister.class).startSender();
    storeOf(crashing).storePending(StatusEntry.pending(confirm)).join();
    crashing.close();

    await()
        .atMost(TIMEOUT)
        .untilAsserted(() ->
            assertThat(store.find(confirm.ticketId()).orElseThrow().ticket().status())
                .isEqualTo(TicketStatus.CONFIRMED));
    assertThat(store.oldestPending(List.of(event))).isEmpty();
  }

  /// Returns a confirmation of a new hold.
  private Command.ConfirmHold confirmation() {
    Command.BookSeats book = book(event, now());
    worker.getBean(BoxOffice.class).decide(event, List.of(book));
    long reservation =
        sql.sql("SELECT id FROM reservations WHERE ticket_id = ?")
            .param(book.ticketId().toString())
            .query(Long.class)
            .single();
    sql.sql("UPDATE reservations SET status = 'HELD', expires_at = ? WHERE id = ?")
        .params(java.sql.Timestamp.from(now().plusSeconds(600)), reservation)
        .update();
    return new Command.ConfirmHold(
        UUID.randomUUID(), "7", event, reservation, now(), "key", UUID.randomUUID());
  }

  @Test
  void decidedEntryLeavesTheLine() {
    Command.BookSeats book = book(event, now().minusSeconds(5));
    storeAndIndex(StatusEntry.pending(book));
    // A worker that crashes here publishes no decision.
    worker.getBean(BoxOffice.class).decide(event, List.of(book));

    await().atMost(TIMEOUT).until(() -> store.oldestPending(List.of(event)).isEmpty());
    assertThat(store.find(book.ticketId()).orElseThrow().ticket().status())
        .isEqualTo(TicketStatus.CONFIRMED);
  }

  @Test
  void revokedEntryLeavesTheLine() {
    StatusEntry revoked = pending(event, now().minusSeconds(5));
    storeAndIndex(revoked);
    sql.sql(
            """
            INSERT INTO revoked_commands (attempt_id, ticket_id, event_id, created_at)
            VALUES (?, ?, ?, UTC_TIMESTAMP(6))\
            """)
        .params(revoked.attemptId().toString(), revoked.ticket().ticketId().toString(), event)
        .update();

    await().atMost(TIMEOUT).until(() -> store.oldestPending(List.of(event)).isEmpty());
    assertThat(store.find(revoked.ticket().ticketId())).isEmpty();
  }

  @Test
  void entryWithoutCommandExpires() {
    StatusEntry lost = pending(event, now().minusSeconds(120));
    StatusEntry young = pending(event, now());
    storeAndIndex(lost);
    storeAndIndex(young);

    await()
        .atMost(TIMEOUT)
        .untilAsserted(() -> assertThat(oldest()).isEqualTo(young.ticket().acceptedAt()));
    assertThat(position(young)).isZero();
  }

  private static void storeAndIndex(StatusEntry entry) {
    store.storePending(entry).join();
    worker.getBean(SendRegister.class).addLine(entry.ticket().eventId());
  }

  private static StatusStore storeOf(SendRegister.Sender sender) {
    return new StatusStore(
        worker.getBean(RedisGateway.class), worker.getBean(StatusStoreSettings.class), sender);
  }

  private long position(StatusEntry entry) {
    return store.find(entry.ticket().ticketId()).orElseThrow().ticket().position();
  }

  private Instant oldest() {
    return store.oldestPending(List.of(event)).orElseThrow();
  }

  private static StatusEntry pending(long event, Instant acceptedAt) {
    return StatusEntry.pending(book(event, acceptedAt));
  }

  private static StatusEntry otherAttempt(StatusEntry first) {
    return StatusEntry.pending(
        new Command.BookSeats(
            first.ticket().ticketId(),
            first.owner(),
            first.ticket().eventId(),
            "A",
            1,
            first.ticket().acceptedAt(),
            first.fingerprint(),
            UUID.randomUUID()));
  }

  private static Command.BookSeats book(long event, Instant acceptedAt) {
    return new Command.BookSeats(
        UUID.randomUUID(), "7", event, "A", 1, acceptedAt, "key", UUID.randomUUID());
  }

  private static Instant now() {
    return Instant.now().truncatedTo(ChronoUnit.MICROS);
  }

  private static long event() {
    long id = EVENTS.incrementAndGet();
    sql.sql(
            """
            INSERT INTO events (id, event_name, total_seats, available_seats, event_date)
            VALUES (?, 'Show', 10, 10, '2030-01-01 10:00:00')\
            """)
        .param(id)
        .update();
    sql.sql("INSERT INTO seat_types VALUES (?, 'A', 10.00, 10, 10)").param(id).update();
    return id;
  }
}
