package ticketing.local.demo;

import java.net.URI;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.regions.Region;
import software.amazon.awssdk.services.sqs.SqsClient;
import software.amazon.awssdk.services.sqs.model.DeleteMessageBatchRequestEntry;
import software.amazon.awssdk.services.sqs.model.Message;
import software.amazon.awssdk.services.sqs.model.SendMessageBatchRequestEntry;
import ticketing.domain.Command;
import ticketing.domain.CommandCodec;
import ticketing.local.servers.LocalServers;
import ticketing.local.servers.ServerException;

/// Throughput of the embedded queue alone: messages per second that are sent, received and deleted
/// in batches of ten, by the SDK of the applications and with bodies of bookings. It is the
/// baseline for the throughput of the system, because the local queue is not that of production.
public final class QueueBaseline {

  private static final String QUEUE = "ticketing-baseline";
  private static final int MAX_BATCH_SIZE = 10; // limit of SQS
  private static final int SENDERS = 4;
  private static final int RECEIVERS = 8;
  private static final int TIMEOUT_SECONDS = 120;

  private QueueBaseline() {}

  /// Measures messages per second through an empty queue, with concurrent senders and receivers.
  ///
  /// @param messages a multiple of ten
  static double measure(LocalServers servers, int messages) throws InterruptedException {
    servers.newQueues(QUEUE);
    String url = servers.queueUrl().replaceFirst("[^/]+$", QUEUE);
    try (SqsClient sqs = client(servers);
        ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      AtomicInteger unsent = new AtomicInteger(messages);
      AtomicInteger undeleted = new AtomicInteger(messages);
      long start = System.nanoTime();
      List<Future<?>> all =
          IntStream.range(0, SENDERS + RECEIVERS)
              .<Future<?>>mapToObj(number ->
                  number < SENDERS
                      ? threads.submit(() -> send(sqs, url, unsent))
                      : threads.submit(() -> receive(sqs, url, undeleted)))
              .toList();
      long deadline = start + TimeUnit.SECONDS.toNanos(TIMEOUT_SECONDS);
      try {
        for (Future<?> one : all) {
          one.get(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
        }
      } catch (ExecutionException | TimeoutException e) {
        threads.shutdownNow();
        throw new ServerException("cannot measure the queue: " + e, e);
      }
      return messages * 1e9 / (System.nanoTime() - start);
    }
  }

  private static void send(SqsClient sqs, String url, AtomicInteger unsent) {
    while (unsent.getAndAdd(-MAX_BATCH_SIZE) > 0) {
      List<SendMessageBatchRequestEntry> entries =
          IntStream.range(0, MAX_BATCH_SIZE)
              .mapToObj(number ->
                  SendMessageBatchRequestEntry.builder()
                      .id(Integer.toString(number))
                      .messageGroupId("1")
                      .messageBody(body(number))
                      .build())
              .toList();
      sqs.sendMessageBatch(call -> call.queueUrl(url).entries(entries));
    }
  }

  private static void receive(SqsClient sqs, String url, AtomicInteger undeleted) {
    while (undeleted.get() > 0) {
      List<Message> messages =
          sqs.receiveMessage(
                  call -> call.queueUrl(url).maxNumberOfMessages(MAX_BATCH_SIZE).waitTimeSeconds(1))
              .messages();
      if (messages.isEmpty()) {
        continue;
      }
      List<DeleteMessageBatchRequestEntry> entries =
          messages.stream()
              .map(message ->
                  DeleteMessageBatchRequestEntry.builder()
                      .id(message.messageId())
                      .receiptHandle(message.receiptHandle())
                      .build())
              .toList();
      sqs.deleteMessageBatch(call -> call.queueUrl(url).entries(entries));
      undeleted.addAndGet(-entries.size());
    }
  }

  private static String body(int number) {
    return CommandCodec.encode(
        new Command.BookSeats(UUID.randomUUID(), "demo-" + number, 1, "S", 1, Instant.now()));
  }

  public static SqsClient client(LocalServers servers) {
    return SqsClient.builder()
        .endpointOverride(URI.create(servers.queueEndpoint()))
        .region(Region.AP_NORTHEAST_2)
        .credentialsProvider(
            StaticCredentialsProvider.create(AwsBasicCredentials.create("local", "local")))
        .build();
  }
}
