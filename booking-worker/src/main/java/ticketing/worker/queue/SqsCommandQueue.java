package ticketing.worker.queue;

import jakarta.annotation.PreDestroy;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.function.ToIntFunction;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.core.NestedExceptionUtils;
import org.springframework.stereotype.Component;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.sqs.SqsAsyncClient;
import software.amazon.awssdk.services.sqs.model.BatchResultErrorEntry;
import software.amazon.awssdk.services.sqs.model.ChangeMessageVisibilityBatchRequestEntry;
import software.amazon.awssdk.services.sqs.model.DeleteMessageBatchRequestEntry;
import software.amazon.awssdk.services.sqs.model.DeleteMessageBatchResponse;
import software.amazon.awssdk.services.sqs.model.Message;
import software.amazon.awssdk.services.sqs.model.MessageAttributeValue;
import software.amazon.awssdk.services.sqs.model.MessageSystemAttributeName;
import software.amazon.awssdk.services.sqs.model.QueueAttributeName;
import ticketing.domain.Command;
import ticketing.domain.CommandCodec;
import ticketing.domain.CommandCodec.Decoded;
import ticketing.queue.SqsLimits;
import ticketing.tracing.Traces;
import ticketing.worker.failure.FatalErrorHandler;

/// Command queue on SQS. It calls SQS directly, because a listener container cannot suspend the
/// receipt during an outage of the database, nor delete single messages of a batch.
///
/// Each delivery gets the visibility timeout of the queue, which is read again once a minute. The
/// timeout of held deliveries is extended.
@Component
class SqsCommandQueue implements CommandQueue {

  private static final Logger log = LoggerFactory.getLogger(SqsCommandQueue.class);
  private static final Duration TIMEOUT_REFRESH = Duration.ofMinutes(1);

  private record Timeout(Duration value, long readAt) {}

  private final SqsAsyncClient sqs;
  private final QueueSettings settings;
  private final ReleaseDelay releaseDelay;
  private final VisibilityExtender extender;
  private volatile String queueUrl;
  private volatile Timeout timeout;

  SqsCommandQueue(SqsAsyncClient sqs, QueueSettings settings, FatalErrorHandler fatalErrors) {
    this.sqs = sqs;
    this.settings = settings;
    this.releaseDelay = new ReleaseDelay(settings);
    this.extender = new VisibilityExtender(this::extend, settings.maxHold(), fatalErrors);
  }

  @PreDestroy
  void close() {
    extender.close();
  }

  @Override
  public List<Delivery> receive(Duration maxWait) {
    try {
      Duration visibility = visibilityTimeout();
      List<Delivery> deliveries =
          sqs
              .receiveMessage(request ->
                  request
                      .queueUrl(queueUrl())
                      .maxNumberOfMessages(MAX_BATCH_SIZE)
                      .waitTimeSeconds(Math.toIntExact(maxWait.toSeconds()))
                      .visibilityTimeout(Math.toIntExact(visibility.toSeconds()))
                      .messageAttributeNames(Traces.ATTRIBUTE)
                      .messageSystemAttributeNames(
                          MessageSystemAttributeName.APPROXIMATE_RECEIVE_COUNT))
              .join()
              .messages()
              .stream()
              .map(message -> delivery(message, visibility))
              .toList();
      extender.add(deliveries, visibility);
      return deliveries;
    } catch (CompletionException | SdkException e) {
      throw new QueueUnavailableException(e);
    }
  }

  private Duration visibilityTimeout() {
    Timeout known = timeout;
    if (known == null || System.nanoTime() - known.readAt() > TIMEOUT_REFRESH.toNanos()) {
      String seconds =
          sqs.getQueueAttributes(request ->
                  request
                      .queueUrl(queueUrl())
                      .attributeNames(QueueAttributeName.VISIBILITY_TIMEOUT))
              .join()
              .attributes()
              .get(QueueAttributeName.VISIBILITY_TIMEOUT);
      known =
          new Timeout(Duration.ofSeconds(Math.max(1, Long.parseLong(seconds))), System.nanoTime());
      timeout = known;
    }
    return known.value();
  }

  /// A message that causes an error must not affect the other messages of the call.
  private static Delivery delivery(Message message, Duration visibility) {
    try {
      return decode(message, visibility);
    } catch (RuntimeException e) {
      log.error("cannot decode message, message={}", message.messageId(), e);
      return new Delivery(
          message.messageId(), message.receiptHandle(), 1, Map.of(), 1, 0, visibility);
    }
  }

  private static Delivery decode(Message message, Duration visibility) {
    MessageAttributeValue attribute = message.messageAttributes().get(Traces.ATTRIBUTE);
    Iterator<String> traces =
        Traces.split(attribute == null ? null : attribute.stringValue()).iterator();
    Map<Command, String> readable = new LinkedHashMap<>();
    int unreadable = 0;
    int newer = 0;
    for (Decoded decoded : CommandCodec.decode(message.body())) {
      String trace = traces.hasNext() ? traces.next() : null;
      switch (decoded) {
        case Decoded.Readable(Command command) -> readable.put(command, trace);
        case Decoded.Unreadable bad when bad.newer() -> {
          newer++;
          log.info("command of newer version, message={}", message.messageId());
        }
        case Decoded.Unreadable bad -> {
          unreadable++;
          log.warn("unreadable command, message={} cause={}", message.messageId(), bad.cause());
        }
      }
    }
    return new Delivery(
        message.messageId(),
        message.receiptHandle(),
        receiveCount(message),
        readable,
        unreadable,
        newer,
        visibility);
  }

  private static int receiveCount(Message message) {
    String count = message.attributes().get(MessageSystemAttributeName.APPROXIMATE_RECEIVE_COUNT);
    return count == null ? 1 : Integer.parseInt(count);
  }

  @Override
  public CompletableFuture<Void> acknowledge(List<Delivery> deliveries) {
    return inBatches(deliveries, this::delete).thenRun(() -> extender.remove(deliveries));
  }

  private CompletableFuture<Void> delete(List<Delivery> deliveries) {
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
  public CompletableFuture<Void> release(Delivery delivery, ReleaseReason reason) {
    return release(List.of(delivery), reason);
  }

  @Override
  public CompletableFuture<Void> releaseAll() {
    return release(extender.removeAll(), ReleaseReason.STOPPING);
  }

  /// The queue already delivers expired messages again.
  private CompletableFuture<Void> release(List<Delivery> deliveries, ReleaseReason reason) {
    extender.remove(deliveries);
    return inBatches(
        deliveries.stream().filter(delivery -> !delivery.isExpired()).toList(),
        batch ->
            changeVisibility(batch, delivery -> releaseSeconds(delivery, reason))
                .handle((unknown, failure) -> {
                  if (failure != null) {
                    log.warn(
                        "cannot release messages, count={} cause={}",
                        batch.size(),
                        rootCause(failure));
                  }
                  return null;
                }));
  }

  private int releaseSeconds(Delivery delivery, ReleaseReason reason) {
    double random = ThreadLocalRandom.current().nextDouble();
    return Math.toIntExact(
        releaseDelay.of(reason, delivery.receiveCount(), random).plusMillis(500).toSeconds());
  }

  private CompletableFuture<List<Delivery>> extend(List<Delivery> deliveries, Duration extension) {
    return changeVisibility(deliveries, delivery -> Math.toIntExact(extension.toSeconds()));
  }

  /// @return the deliveries that the queue no longer knows
  private CompletableFuture<List<Delivery>> changeVisibility(
      List<Delivery> deliveries, ToIntFunction<Delivery> seconds) {
    List<ChangeMessageVisibilityBatchRequestEntry> entries = new ArrayList<>(deliveries.size());
    for (Delivery delivery : deliveries) {
      entries.add(
          ChangeMessageVisibilityBatchRequestEntry.builder()
              .id(String.valueOf(entries.size()))
              .receiptHandle(delivery.receiptHandle())
              .visibilityTimeout(seconds.applyAsInt(delivery))
              .build());
    }
    return sqs.changeMessageVisibilityBatch(
            request -> request.queueUrl(queueUrl()).entries(entries))
        .thenApply(response ->
            response.failed().stream()
                .filter(BatchResultErrorEntry::senderFault)
                .map(failed -> deliveries.get(Integer.parseInt(failed.id())))
                .toList());
  }

  private interface BatchCall {
    CompletableFuture<Void> send(List<Delivery> deliveries);
  }

  private static CompletableFuture<Void> inBatches(List<Delivery> deliveries, BatchCall call) {
    List<CompletableFuture<Void>> calls = new ArrayList<>();
    for (int from = 0; from < deliveries.size(); from += SqsLimits.MAX_BATCH_SIZE) {
      calls.add(
          call.send(
              deliveries.subList(
                  from, Math.min(from + SqsLimits.MAX_BATCH_SIZE, deliveries.size()))));
    }
    return CompletableFuture.allOf(calls.toArray(CompletableFuture[]::new));
  }

  private String queueUrl() {
    String url = queueUrl;
    if (url == null) {
      url = sqs.getQueueUrl(request -> request.queueName(settings.name())).join().queueUrl();
      queueUrl = url;
    }
    return url;
  }

  private static Throwable rootCause(Throwable failure) {
    return NestedExceptionUtils.getMostSpecificCause(failure);
  }
}
