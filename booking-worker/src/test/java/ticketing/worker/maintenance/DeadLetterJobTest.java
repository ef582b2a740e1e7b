package ticketing.worker.maintenance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.springframework.boot.SpringApplication;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;
import software.amazon.awssdk.services.sqs.SqsAsyncClient;
import software.amazon.awssdk.services.sqs.model.QueueAttributeName;
import software.amazon.awssdk.services.sqs.model.SendMessageBatchRequestEntry;
import software.amazon.awssdk.services.sqs.model.SendMessageBatchResponse;
import ticketing.domain.Command;
import ticketing.domain.Command.BookSeats;
import ticketing.domain.CommandCodec;
import ticketing.local.servers.LocalServers;
import ticketing.queue.SqsLimits;
import ticketing.status.StatusEntry;
import ticketing.status.StatusStore;
import ticketing.worker.WorkerApplication;
import ticketing.worker.WorkerArguments;
import ticketing.worker.pipeline.BoxOffice;

/// Dead letters in a queue of their own. The tests run the passes, the schedule runs none.
class DeadLetterJobTest {

  private static final Duration TIMEOUT = Duration.ofSeconds(30);

  private static final LocalServers SERVERS = LocalServers.shared();
  private static final String DATABASE = SERVERS.newDatabase();
  private static final String QUEUE = "dead-letters-" + UUID.randomUUID();
  private static final Map<UUID, AtomicInteger> PUBLICATIONS = new ConcurrentHashMap<>();
  private static ConfigurableApplicationContext worker;
  private static JdbcClient sql;
  private static SqsAsyncClient sqs;
  private static StatusStore store;
  private static DeadLetterJob job;

  @BeforeAll
  static void start() {
    SERVERS.newQueues(QUEUE);
    worker =
        SpringApplication.run(
            WorkerApplication.class,
            WorkerArguments.of(
                SERVERS,
                DATABASE,
                QUEUE,
                "--ticketing.worker.maintenance.dead-letter-interval=1h",
                "--ticketing.worker.maintenance.dead-letter-reread-interval=0s",
                "--ticketing.worker.pipeline.poll-wait=1s",
                "--ticketing.worker.queue.unreadable-delay=0s",
                "--ticketing.worker.queue.deferred-delay=0s",
                "--ticketing.worker.pipeline.stop-timeout=5s"));
    sql = worker.getBean(JdbcClient.class);
    sqs = worker.getBean(SqsAsyncClient.class);
    store = worker.getBean(StatusStore.class);
    job = worker.getBean(DeadLetterJob.class);
    store.subscribe(
        decision ->
            PUBLICATIONS
                .computeIfAbsent(decision.ticketId(), id -> new AtomicInteger())
                .incrementAndGet(),
        () -> {});
  }

  @AfterAll
  static void stop() {
    worker.close();
  }

  @AfterEach
  void purge() {
    sqs.purgeQueue(request -> request.queueUrl(deadLetterUrl())).join();
  }

  @Test
  void onePassRejectsAndPublishesThousandsOnce() {
    List<BookSeats> commands = new ArrayList<>();
    for (int i = 0; i < 3_000; i++) {
      commands.add(book(i % 40));
    }
    send(commands);
    runMeasuredPass(commands.size());
    assertThat(givenUp()).isGreaterThanOrEqualTo(3_000);
    runMeasuredPass(commands.size());
    await()
        .atMost(TIMEOUT)
        .untilAsserted(() ->
            assertThat(commands)
                .allSatisfy(
                    command -> assertThat(publications(command)).as("%s", command).isEqualTo(1)));
    assertThat(count("SELECT COUNT(*) FROM dead_letters")).isGreaterThanOrEqualTo(3_000);
    assertThat(visible()).as("visible after the pass").isEqualTo(3_000);
  }

  private static void runMeasuredPass(int messages) {
    long start = System.nanoTime();
    job.rejectDeadLetters();
    double perSecond = messages / ((System.nanoTime() - start) / 1e9);
    System.out.printf(
        "dead letters: %,.0f/s, %.1f times the required 1,000/s%n", perSecond, perSecond / 1_000);
  }

  @Test
  void receiveCountIsThatOfTheArrival() {
    String id = send(book(50));
    for (int receive = 0; receive < 3; receive++) {
      job.rejectDeadLetters();
    }
    assertThat(receiveCount(id)).isZero();
    assertThat(visible()).isEqualTo(1);
  }

  @Test
  void receivesOfTheMainQueueAreCounted() {
    String body = "{\"version\":1,\"commands\":[{\"action\":\"UNREADABLE\"}]}";
    String id =
        sqs.sendMessage(request -> request.queueUrl(url(QUEUE)).messageBody(body))
            .join()
            .messageId();
    await().atMost(Duration.ofMinutes(2)).until(() -> visible() == 1);
    job.rejectDeadLetters();
    job.rejectDeadLetters();
    assertThat(receiveCount(id)).isEqualTo(5);
  }

  @Test
  void messageOfDiscardedRecordIsDeleted() {
    BookSeats kept = book(51);
    String discardedId = send(book(51));
    String keptId = send(kept);
    job.rejectDeadLetters();
    sql.sql("UPDATE dead_letters SET discarded_at = UTC_TIMESTAMP(6) WHERE message_id = ?")
        .param(discardedId)
        .update();
    job.rejectDeadLetters();
    assertThat(visible()).isEqualTo(1);
    assertThat(count("SELECT COUNT(*) FROM dead_letters WHERE message_id = '" + discardedId + "'"))
        .isZero();
    assertThat(receiveCount(keptId)).isZero();
  }

  @Test
  void redrivenMessageKeepsItsReceiveCount() {
    String id = send(book(52));
    job.rejectDeadLetters();
    sql.sql(
            """
            UPDATE dead_letters SET redriven_at = UTC_TIMESTAMP(6), receive_count = 5
            WHERE message_id = ?\
            """)
        .param(id)
        .update();
    job.rejectDeadLetters();
    assertThat(receiveCount(id)).isEqualTo(5);
    assertThat(
            count(
                "SELECT COUNT(*) FROM dead_letters WHERE redriven_at IS NULL AND message_id = '"
                    + id
                    + "'"))
        .isEqualTo(1);
  }

  @Test
  void movingMessageIsNotGivenUp() {
    BookSeats moving = book(54);
    BookSeats other = book(54);
    send(List.of(moving, other));
    sql.sql("INSERT INTO redrives (ticket_id, started_at) VALUES (?, UTC_TIMESTAMP(6))")
        .param(moving.ticketId().toString())
        .update();
    job.rejectDeadLetters();
    assertThat(reasonOf(moving)).isEmpty();
    assertThat(reasonOf(other)).isEqualTo("GAVE_UP");
    assertThat(visible()).isEqualTo(2);

    sql.sql(
            """
            UPDATE redrives SET started_at = started_at - INTERVAL 1 MINUTE WHERE ticket_id = ?\
            """)
        .param(moving.ticketId().toString())
        .update();
    job.rejectDeadLetters();
    assertThat(reasonOf(moving)).isEqualTo("GAVE_UP");
  }

  @Test
  void noMessageOfMovingTicketIsGivenUp() {
    BookSeats moving = book(56);
    send(moving);
    send(moving);
    sql.sql("INSERT INTO redrives (ticket_id, started_at) VALUES (?, UTC_TIMESTAMP(6))")
        .param(moving.ticketId().toString())
        .update();
    job.rejectDeadLetters();
    assertThat(visible()).isEqualTo(2);
    assertThat(reasonOf(moving)).isEmpty();
  }

  @Test
  void redriveOfAllDelaysGivingUp() {
    BookSeats moving = book(55);
    send(moving);
    sql.sql("INSERT INTO redrives (started_at) VALUES (UTC_TIMESTAMP(6))").update();
    job.rejectDeadLetters();
    assertThat(reasonOf(moving)).isEmpty();
    sql.sql("DELETE FROM redrives WHERE ticket_id IS NULL").update();
    job.rejectDeadLetters();
    assertThat(reasonOf(moving)).isEqualTo("GAVE_UP");
  }

  @Test
  void blockedEventDelaysNoOtherEvent() {
    long blockedEvent = event();
    BookSeats blocked = book(blockedEvent);
    BookSeats other = book(event());
    send(List.of(blocked, other));
    TransactionTemplate transaction =
        new TransactionTemplate(worker.getBean(PlatformTransactionManager.class));
    CompletableFuture<Void> pass = new CompletableFuture<>();
    transaction.executeWithoutResult(status -> {
      sql.sql("SELECT id FROM events WHERE id = ? FOR UPDATE")
          .param(blockedEvent)
          .query(Long.class)
          .single();
      Thread.ofVirtual()
          .start(() -> {
            job.rejectDeadLetters();
            pass.complete(null);
          });
      await().atMost(Duration.ofSeconds(5)).until(() -> reasonOf(other).equals("GAVE_UP"));
      assertThat(reasonOf(blocked)).isEmpty();
    });
    pass.orTimeout(30, TimeUnit.SECONDS).join();
    await()
        .atMost(TIMEOUT)
        .until(() -> {
          job.rejectDeadLetters();
          return reasonOf(blocked).equals("GAVE_UP");
        });
  }

  @Test
  void redriveAheadOfBlockedGivingUpReplacesIt() {
    long event = event();
    BookSeats blocked = book(event);
    send(List.of(blocked));
    TransactionTemplate transaction =
        new TransactionTemplate(worker.getBean(PlatformTransactionManager.class));
    transaction.executeWithoutResult(status -> {
      sql.sql("SELECT id FROM events WHERE id = ? FOR UPDATE")
          .param(event)
          .query(Long.class)
          .single();
      await()
          .atMost(TIMEOUT)
          .until(() -> {
            job.rejectDeadLetters();
            return isLockAwaited();
          });
      sql.sql("INSERT INTO redrives (ticket_id, started_at) VALUES (?, UTC_TIMESTAMP(6))")
          .param(blocked.ticketId().toString())
          .update();
    });
    await().atMost(TIMEOUT).until(() -> reasonOf(blocked).equals("GAVE_UP"));
    worker.getBean(BoxOffice.class).decide(event, List.of(blocked));
    assertThat(reasonOf(blocked)).isEqualTo("SEAT_TYPE_NOT_FOUND");
  }

  @Test
  void unreadableCommandOfKnownTicketIsRejected() {
    BookSeats command = book(53);
    store.storePending(StatusEntry.pending(command)).join();
    String id =
        sqs.sendMessage(request ->
                request
                    .queueUrl(deadLetterUrl())
                    .messageBody(
                        "{\"version\":1,\"commands\":[{\"action\":\"?\",\"ticketId\":\"%s\"}]}"
                            .formatted(command.ticketId())))
            .join()
            .messageId();
    job.rejectDeadLetters();
    assertThat(reasonOf(command)).isEqualTo("GAVE_UP");
    assertThat(receiveCount(id)).isZero();
  }

  private static boolean isLockAwaited() {
    return count(
            """
            SELECT COUNT(*) FROM information_schema.processlist
            WHERE id <> CONNECTION_ID() AND info LIKE '%FROM events WHERE id = % FOR UPDATE%'\
            """)
        > 0;
  }

  private static BookSeats book(long event) {
    return new BookSeats(
        UUID.randomUUID(),
        "user",
        event,
        "A",
        1,
        Instant.now().truncatedTo(ChronoUnit.MICROS),
        "key",
        UUID.randomUUID());
  }

  private static long event() {
    sql.sql(
            """
            INSERT INTO events (event_name, total_seats, available_seats, event_date)
            VALUES ('Show', 10, 10, '2030-01-01 10:00:00')\
            """)
        .update();
    return count("SELECT MAX(id) FROM events");
  }

  private static String send(Command command) {
    return sqs.sendMessage(
            request -> request.queueUrl(deadLetterUrl()).messageBody(CommandCodec.encode(command)))
        .join()
        .messageId();
  }

  private static void send(List<BookSeats> commands) {
    String url = deadLetterUrl();
    List<CompletableFuture<SendMessageBatchResponse>> calls = new ArrayList<>();
    for (int from = 0; from < commands.size(); from += SqsLimits.MAX_BATCH_SIZE) {
      List<SendMessageBatchRequestEntry> entries = new ArrayList<>();
      for (Command command :
          commands.subList(from, Math.min(from + SqsLimits.MAX_BATCH_SIZE, commands.size()))) {
        entries.add(
            SendMessageBatchRequestEntry.builder()
                .id(String.valueOf(entries.size()))
                .messageBody(CommandCodec.encode(command))
                .build());
      }
      calls.add(sqs.sendMessageBatch(request -> request.queueUrl(url).entries(entries)));
    }
    assertThat(calls).allSatisfy(call -> assertThat(call.join().failed()).isEmpty());
  }

  private static Map<QueueAttributeName, String> attributes(String url) {
    return sqs.getQueueAttributes(request ->
            request.queueUrl(url).attributeNames(QueueAttributeName.APPROXIMATE_NUMBER_OF_MESSAGES))
        .join()
        .attributes();
  }

  private static long visible() {
    return Long.parseLong(
        attributes(deadLetterUrl()).get(QueueAttributeName.APPROXIMATE_NUMBER_OF_MESSAGES));
  }

  private static String url(String queue) {
    return sqs.getQueueUrl(request -> request.queueName(queue)).join().queueUrl();
  }

  private static String deadLetterUrl() {
    return url(QUEUE + "-dlq");
  }

  private static int publications(Command command) {
    AtomicInteger count = PUBLICATIONS.get(command.ticketId());
    return count == null ? 0 : count.get();
  }

  private static long givenUp() {
    return count("SELECT COUNT(*) FROM tickets WHERE reason = 'GAVE_UP'");
  }

  private static String reasonOf(Command command) {
    return sql.sql("SELECT reason FROM tickets WHERE id = ?")
        .param(command.ticketId().toString())
        .query(String.class)
        .optional()
        .orElse("");
  }

  private static long receiveCount(String messageId) {
    return sql.sql("SELECT receive_count FROM dead_letters WHERE message_id = ?")
        .param(messageId)
        .query(Long.class)
        .single();
  }

  private static long count(String query) {
    return sql.sql(query).query(Long.class).single();
  }
}
