package ticketing.ingress.warmup;

import java.time.Instant;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import org.springframework.stereotype.Component;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.sqs.SqsAsyncClient;
import ticketing.domain.Command;
import ticketing.domain.Money;
import ticketing.domain.TicketIds;
import ticketing.ingress.command.CommandAcceptor;
import ticketing.status.StatusEntry;
import ticketing.status.StatusStore;
import ticketing.warmup.QueueStub;
import ticketing.warmup.WarmUpTask;

/// Accepts bookings of an event that does not exist: status store, and SQS client with a stub of
/// the queue. Each run removes its entry from the status store.
@Component
class AcceptanceWarmUp implements WarmUpTask {

  private final CommandAcceptor acceptor;
  private final StatusStore statusStore;
  private final TicketIds ids;
  private final SqsAsyncClient sqs;

  /// Negative, so that no event has it; other instances use other numbers.
  private final long eventId = -ThreadLocalRandom.current().nextLong(1, Long.MAX_VALUE);

  private QueueStub stub;
  private SqsAsyncClient client;
  private CommandAcceptor toStub;

  AcceptanceWarmUp(
      CommandAcceptor acceptor, StatusStore statusStore, TicketIds ids, SqsAsyncClient sqs) {
    this.acceptor = acceptor;
    this.statusStore = statusStore;
    this.ids = ids;
    this.sqs = sqs;
  }

  @Override
  public String name() {
    return "acceptance";
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
    toStub = acceptor.sendingTo(client);
  }

  @Override
  public void run() {
    String user = UUID.randomUUID().toString();
    UUID ticketId = ids.newId(user);
    UUID attempt = TicketIds.newAttempt(ticketId);
    toStub.accept(acceptedAt -> book(ticketId, user, attempt, acceptedAt));
    statusStore
        .removePending(StatusEntry.pending(book(ticketId, user, attempt, Instant.now())))
        .join();
  }

  private Command book(UUID ticketId, String user, UUID attempt, Instant acceptedAt) {
    return new Command.BookSeats(
        ticketId, user, eventId, "WARM-UP", 1, acceptedAt, null, attempt, Money.of("1.00"));
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
