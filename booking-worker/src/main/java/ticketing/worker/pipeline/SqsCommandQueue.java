package ticketing.worker.pipeline;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.core.NestedExceptionUtils;
import org.springframework.stereotype.Component;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.sqs.SqsAsyncClient;
import software.amazon.awssdk.services.sqs.model.DeleteMessageBatchRequestEntry;
import software.amazon.awssdk.services.sqs.model.DeleteMessageBatchResponse;
import software.amazon.awssdk.services.sqs.model.Message;
import software.amazon.awssdk.services.sqs.model.MessageAttributeValue;
import software.amazon.awssdk.services.sqs.model.MessageSystemAttributeName;
import ticketing.domain.Command;
import ticketing.domain.CommandCodec;
import ticketing.domain.CommandCodec.Decoded;
import ticketing.tracing.Traces;

/// Command queue on SQS. It calls SQS directly, because a listener container cannot suspend the
/// receipt during an outage of the database, nor delete single messages of a batch.
@Component
class SqsCommandQueue implements CommandQueue {

  private static final Logger log = LoggerFactory.getLogger(SqsCommandQueue.class);
  private static final Duration MAX_RELEASE_DELAY = Duration.ofSeconds(30);
  private static final int MAX_DOUBLINGS = 5; // of the release delay

  private final SqsAsyncClient sqs;
  private final PipelineSettings settings;
  private volatile String queueUrl;

  SqsCommandQueue(SqsAsyncClient sqs, PipelineSettings settings) {
    this.sqs = sqs;
    this.settings = settings;
  }

  @Override
  public List<Delivery> receive(Duration maxWait) {
    try {
      return sqs
          .receiveMessage(request ->
              request
                  .queueUrl(queueUrl())
                  .maxNumberOfMessages(MAX_BATCH_SIZE)
                  .waitTimeSeconds(Math.toIntExact(maxWait.toSeconds()))
                  .messageAttributeNames(Traces.ATTRIBUTE)
                  .messageSystemAttributeNames(
                      MessageSystemAttributeName.APPROXIMATE_RECEIVE_COUNT))
          .join()
          .messages()
          .stream()
          .flatMap(message -> delivery(message).stream())
          .toList();
    } catch (CompletionException | SdkException e) {
      throw new QueueUnavailableException(e);
    }
  }

  /// Returns empty if the message causes an error: it must not affect the other messages of the
  /// call.
  private static Optional<Delivery> delivery(Message message) {
    try {
      return Optional.of(decode(message));
    } catch (RuntimeException e) {
      log.error("cannot decode message, message={}", message.messageId(), e);
      return Optional.empty();
    }
  }

  private static Delivery decode(Message message) {
    MessageAttributeValue attribute = message.messageAttributes().get(Traces.ATTRIBUTE);
    Iterator<String> traces =
        Traces.split(attribute == null ? null : attribute.stringValue()).iterator();
    Map<Command, String> readable = new LinkedHashMap<>();
    int unreadable = 0;
    for (Decoded decoded : CommandCodec.decode(message.body())) {
      String trace = traces.hasNext() ? traces.next() : null;
      switch (decoded) {
        case Decoded.Readable(Command command) -> readable.put(command, trace);
        case Decoded.Unreadable bad -> {
          unreadable++;
          log.warn("unreadable command, message={} cause={}", message.messageId(), bad.cause());
        }
      }
    }
    return new Delivery(
        message.messageId(), message.receiptHandle(), receiveCount(message), readable, unreadable);
  }

  private static int receiveCount(Message message) {
    String count = message.attributes().get(MessageSystemAttributeName.APPROXIMATE_RECEIVE_COUNT);
    return count == null ? 1 : Integer.parseInt(count);
  }

  @Override
  public CompletableFuture<Void> acknowledge(List<Delivery> deliveries) {
    List<DeleteMessageBatchRequestEntry> entries = new ArrayList<>(deliveries.size());
    for (Delivery delivery : deliveries) {
      // The index is unique, the message id is not: a batch may contain two receipts of a message.
      entries.add(
          DeleteMessageBatchRequestEntry.builder()
              .id(String.valueOf(entries.size()))
              .receiptHandle(delivery.receiptHandle())
              .build());
    }
    return sqs.deleteMessageBatch(request -> request.queueUrl(queueUrl()).entries(entries))
        .handle((response, failure) -> {
          logFailure(entries.size(), response, failure);
          return null;
        });
  }

  private static void logFailure(
      int messages, DeleteMessageBatchResponse response, Throwable failure) {
    if (failure != null) {
      log.warn("cannot delete messages, count={} cause={}", messages, rootCause(failure));
    } else if (!response.failed().isEmpty()) {
      log.warn("cannot delete messages, count={}", response.failed().size());
    }
  }

  @Override
  public void release(Delivery delivery) {
    int doublings = Math.clamp(delivery.receiveCount() - 1, 0, MAX_DOUBLINGS);
    long delay = settings.unreadableDelay().toSeconds() << doublings;
    sqs.changeMessageVisibility(request ->
            request
                .queueUrl(queueUrl())
                .receiptHandle(delivery.receiptHandle())
                .visibilityTimeout((int) Math.min(delay, MAX_RELEASE_DELAY.toSeconds())))
        .whenComplete((response, failure) -> {
          if (failure != null) {
            log.debug(
                "cannot change visibility, message={} cause={}",
                delivery.messageId(),
                rootCause(failure));
          }
        });
  }

  private String queueUrl() {
    String url = queueUrl;
    if (url == null) {
      url = sqs.getQueueUrl(request -> request.queueName(settings.queue())).join().queueUrl();
      queueUrl = url;
    }
    return url;
  }

  private static Throwable rootCause(Throwable failure) {
    return NestedExceptionUtils.getMostSpecificCause(failure);
  }
}
