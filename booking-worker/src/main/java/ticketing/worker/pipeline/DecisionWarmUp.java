package ticketing.worker.pipeline;

import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.stereotype.Component;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.sqs.SqsAsyncClient;
import software.amazon.awssdk.services.sqs.model.DeleteMessageBatchRequestEntry;
import ticketing.domain.Command;
import ticketing.domain.CommandCodec;
import ticketing.domain.Money;
import ticketing.status.StatusStore;
import ticketing.userfeed.UserChanges;
import ticketing.warmup.QueueStub;
import ticketing.warmup.WarmUpTask;
import ticketing.worker.lock.EventLock;
import ticketing.worker.order.AcceptanceOrder;
import ticketing.worker.store.DecisionStore;
import ticketing.worker.store.Transactions;

/// Decides batches of bookings of an event that exists only in a transaction which is rolled back:
/// SQS client with a stub of the queue, event lock, SQL, decision and publication.
///
/// The published tickets belong to no user. Each run removes its keys from Redis.
@Component
class DecisionWarmUp implements WarmUpTask {

  private static final int BATCH_SIZE = 20; // commands
  private static final int SEATS = 1_000_000;
  private static final String SEAT_TYPE = "WARM-UP";

  private final BoxOffice boxOffice;
  private final DecisionPublisher publisher;
  private final JdbcClient sql;
  private final StatusStore statusStore;
  private final SqsAsyncClient sqs;
  private final ThreadLocal<Long> event = new ThreadLocal<>();
  private QueueStub stub;
  private SqsAsyncClient client;

  DecisionWarmUp(
      DecisionStore store,
      StatusStore statusStore,
      UserChanges userChanges,
      EventLock lock,
      AcceptanceOrder order,
      Transactions transactions,
      Clock clock,
      PipelineSettings settings,
      JdbcClient sql,
      SqsAsyncClient sqs) {
    PipelineMetrics uncounted = new PipelineMetrics(new SimpleMeterRegistry());
    this.sql = sql;
    this.statusStore = statusStore;
    this.sqs = sqs;
    this.boxOffice =
        new BoxOffice(
            store,
            statusStore,
            lock.withoutMetrics(),
            order,
            transactions.rehearsal(this::insertEvent),
            clock,
            settings,
            uncounted);
    this.publisher = new DecisionPublisher(statusStore, userChanges, uncounted);
  }

  @Override
  public String name() {
    return "decision";
  }

  @Override
  public void open() throws Exception {
    stub = QueueStub.start();
    client =
        SqsAsyncClient.builder()
            .endpointOverride(stub.endpoint())
            .region(Region.US_EAST_1)
            .credentialsProvider(
                StaticCredentialsProvider.create(AwsBasicCredentials.create("warm-up", "warm-up")))
            .overrideConfiguration(sqs.serviceClientConfiguration().overrideConfiguration())
            .build();
  }

  @Override
  public void run() {
    // Negative, so that no event has it. Each run has another one, so that runs do not block.
    long eventId = -ThreadLocalRandom.current().nextLong(1, Long.MAX_VALUE);
    event.set(eventId);
    List<Command> commands = new ArrayList<>(BATCH_SIZE);
    Instant acceptedAt = Instant.now().truncatedTo(ChronoUnit.MICROS);
    for (int i = 0; i < BATCH_SIZE; i++) {
      commands.add(book(eventId, acceptedAt));
    }
    passThroughQueue(commands);
    publisher.publish(boxOffice.decide(eventId, commands));
    statusStore.forget(eventId, commands.stream().map(Command::ticketId).toList());
  }

  private static Command book(long eventId, Instant acceptedAt) {
    return new Command.BookSeats(
        UUID.randomUUID(),
        UUID.randomUUID().toString(),
        eventId,
        SEAT_TYPE,
        1,
        acceptedAt,
        null,
        UUID.randomUUID(),
        Money.of("1.00"));
  }

  /// Receives, decodes and acknowledges a message with these commands. Its content is not used: the
  /// stub may deliver the message of another thread, and two batches of one event would block.
  private void passThroughQueue(List<Command> commands) {
    stub.deliver(CommandCodec.encode(commands));
    client
        .receiveMessage(request -> request.queueUrl(stub.queueUrl()))
        .join()
        .messages()
        .forEach(message -> CommandCodec.decode(message.body()));
    client
        .deleteMessageBatch(request ->
            request
                .queueUrl(stub.queueUrl())
                .entries(
                    DeleteMessageBatchRequestEntry.builder()
                        .id("0")
                        .receiptHandle("warm-up")
                        .build()))
        .join();
  }

  /// First statements of the transaction, which is rolled back.
  private void insertEvent() {
    sql.sql(
            """
            INSERT INTO events (id, event_name, total_seats, available_seats, event_date, venue_name,
                                venue_address)
            VALUES (?, 'warm-up', ?, ?, '2999-01-01', 'warm-up', 'warm-up')\
            """)
        .params(event.get(), SEATS, SEATS)
        .update();
    sql.sql(
            """
            INSERT INTO seat_types (event_id, seat_type, price, total_seats, available_seats)
            VALUES (?, ?, 1.00, ?, ?)\
            """)
        .params(event.get(), SEAT_TYPE, SEATS, SEATS)
        .update();
  }

  @Override
  public void close() {
    if (client != null) {
      client.close();
    }
    if (stub != null) {
      stub.close();
    }
  }
}
