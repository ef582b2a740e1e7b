package ticketing.worker.maintenance;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.stream.IntStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.core.NestedExceptionUtils;
import org.springframework.stereotype.Component;
import software.amazon.awssdk.services.sqs.SqsAsyncClient;
import software.amazon.awssdk.services.sqs.model.ChangeMessageVisibilityBatchRequestEntry;
import software.amazon.awssdk.services.sqs.model.DeleteMessageBatchRequestEntry;
import software.amazon.awssdk.services.sqs.model.MessageSystemAttributeName;
import software.amazon.awssdk.services.sqs.model.QueueAttributeName;
import software.amazon.awssdk.services.sqs.model.ReceiveMessageResponse;
import ticketing.queue.SqsLimits;

/// Calls of the dead-letter queue. Calls of one method run concurrently, up to a limit.
///
/// Each method throws [CompletionException] if the queue does not answer.
@Component
class DeadLetterQueue {

  private static final Logger log = LoggerFactory.getLogger(DeadLetterQueue.class);

  private static final int MAX_BATCH_CHARACTERS = 8 << 20; // bodies of one batch

  private final SqsAsyncClient sqs;
  private final MaintenanceSettings settings;
  private volatile String queueUrl;

  DeadLetterQueue(SqsAsyncClient sqs, MaintenanceSettings settings) {
    this.sqs = sqs;
    this.settings = settings;
  }

  /// Approximate number of messages, received or not.
  long count() {
    String url = queueUrl();
    return sqs
        .getQueueAttributes(request ->
            request
                .queueUrl(url)
                .attributeNames(
                    QueueAttributeName.APPROXIMATE_NUMBER_OF_MESSAGES,
                    QueueAttributeName.APPROXIMATE_NUMBER_OF_MESSAGES_NOT_VISIBLE))
        .join()
        .attributes()
        .values()
        .stream()
        .mapToLong(Long::parseLong)
        .sum();
  }

  /// @param letters distinct messages
  /// @param exhausted true if the queue had no more visible message
  record Received(List<DeadLetter> letters, boolean exhausted) {}

  /// Receives messages by concurrent calls, until the queue has no visible message or the size of a
  /// batch is reached. Large batches let one transaction record many messages of an event.
  ///
  /// @param expected approximate number of visible messages
  Received receive(long expected, Duration visibility) {
    Map<String, DeadLetter> letters = new LinkedHashMap<>();
    int bodies = 0; // characters
    while (letters.size() < settings.deadLetterBatchSize() && bodies < MAX_BATCH_CHARACTERS) {
      long missing = Math.min(expected, settings.deadLetterBatchSize()) - letters.size();
      List<DeadLetter> received = receiveConcurrently(missing, visibility);
      if (received.isEmpty()) {
        return new Received(List.copyOf(letters.values()), true);
      }
      for (DeadLetter letter : received) {
        letters.put(letter.messageId(), letter);
        bodies += letter.body().length();
      }
    }
    return new Received(List.copyOf(letters.values()), false);
  }

  private List<DeadLetter> receiveConcurrently(long max, Duration visibility) {
    String url = queueUrl();
    int calls =
        Math.toIntExact(
            Math.clamp(
                Math.ceilDiv(max, SqsLimits.MAX_BATCH_SIZE), 1, settings.deadLetterConcurrency()));
    List<CompletableFuture<ReceiveMessageResponse>> responses =
        IntStream.range(0, calls)
            .mapToObj(call ->
                sqs.receiveMessage(request ->
                    request
                        .queueUrl(url)
                        .maxNumberOfMessages(SqsLimits.MAX_BATCH_SIZE)
                        .visibilityTimeout(Math.toIntExact(visibility.toSeconds()))
                        .waitTimeSeconds(0)
                        .messageSystemAttributeNames(
                            MessageSystemAttributeName.APPROXIMATE_RECEIVE_COUNT,
                            MessageSystemAttributeName.MESSAGE_GROUP_ID,
                            MessageSystemAttributeName.SENT_TIMESTAMP)))
            .toList();
    List<DeadLetter> received = new ArrayList<>();
    for (CompletableFuture<ReceiveMessageResponse> response : responses) {
      response.join().messages().forEach(message -> received.add(DeadLetter.of(message)));
    }
    return received;
  }

  /// @param receipts receipt handles of the last receives
  void delete(List<String> receipts) {
    String url = queueUrl();
    inBatches(
        receipts,
        batch -> {
          List<DeleteMessageBatchRequestEntry> entries = new ArrayList<>(batch.size());
          for (String receipt : batch) {
            entries.add(
                DeleteMessageBatchRequestEntry.builder()
                    .id(String.valueOf(entries.size()))
                    .receiptHandle(receipt)
                    .build());
          }
          return sqs.deleteMessageBatch(request -> request.queueUrl(url).entries(entries));
        });
  }

  /// Makes the messages visible. A failure is logged: they become visible after their timeout.
  void release(List<String> receipts) {
    try {
      String url = queueUrl();
      inBatches(
          receipts,
          batch -> {
            List<ChangeMessageVisibilityBatchRequestEntry> entries = new ArrayList<>(batch.size());
            for (String receipt : batch) {
              entries.add(
                  ChangeMessageVisibilityBatchRequestEntry.builder()
                      .id(String.valueOf(entries.size()))
                      .receiptHandle(receipt)
                      .visibilityTimeout(0)
                      .build());
            }
            return sqs.changeMessageVisibilityBatch(
                request -> request.queueUrl(url).entries(entries));
          });
    } catch (CompletionException e) {
      log.debug(
          "cannot release dead letters, cause={}",
          NestedExceptionUtils.getMostSpecificCause(e).getMessage());
    }
  }

  private interface BatchCall {
    CompletableFuture<?> send(List<String> batch);
  }

  private void inBatches(List<String> receipts, BatchCall call) {
    List<CompletableFuture<?>> calls = new ArrayList<>();
    for (int from = 0; from < receipts.size(); from += SqsLimits.MAX_BATCH_SIZE) {
      int to = Math.min(from + SqsLimits.MAX_BATCH_SIZE, receipts.size());
      calls.add(call.send(receipts.subList(from, to)));
      if (calls.size() == settings.deadLetterConcurrency()) {
        calls.forEach(CompletableFuture::join);
        calls.clear();
      }
    }
    calls.forEach(CompletableFuture::join);
  }

  private String queueUrl() {
    String url = queueUrl;
    if (url == null) {
      url =
          sqs.getQueueUrl(request -> request.queueName(settings.deadLetterQueue()))
              .join()
              .queueUrl();
      queueUrl = url;
    }
    return url;
  }
}
