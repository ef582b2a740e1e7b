package ticketing.ingress.deadletter;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;
import software.amazon.awssdk.services.sqs.SqsAsyncClient;
import software.amazon.awssdk.services.sqs.model.ChangeMessageVisibilityBatchRequestEntry;
import software.amazon.awssdk.services.sqs.model.DeleteMessageBatchRequestEntry;
import software.amazon.awssdk.services.sqs.model.Message;
import software.amazon.awssdk.services.sqs.model.MessageSystemAttributeName;
import software.amazon.awssdk.services.sqs.model.QueueAttributeName;
import software.amazon.awssdk.services.sqs.model.ReceiveMessageResponse;
import software.amazon.awssdk.services.sqs.model.SendMessageBatchRequestEntry;
import software.amazon.awssdk.services.sqs.model.SqsException;
import ticketing.ingress.command.QueueSettings;
import ticketing.ingress.command.QueueUrls;
import ticketing.ingress.command.SqsErrors;
import ticketing.queue.SqsLimits;
import ticketing.tracing.Traces;

/// Calls of the dead-letter queue and of the queue of bookings.
///
/// Each method throws [ticketing.ingress.problem.ApiException] `QUEUE_UNAVAILABLE` if the queue
/// does not answer within [QueueSettings#timeout()].
@Component
class DeadLetterQueue {

  private static final Logger log = LoggerFactory.getLogger(DeadLetterQueue.class);

  private final SqsAsyncClient sqs;
  private final QueueUrls urls;
  private final QueueSettings queueSettings;
  private final DeadLetterSettings settings;

  DeadLetterQueue(
      SqsAsyncClient sqs,
      QueueUrls urls,
      QueueSettings queueSettings,
      DeadLetterSettings settings) {
    this.sqs = sqs;
    this.urls = urls;
    this.queueSettings = queueSettings;
    this.settings = settings;
  }

  /// Approximate number of messages, received or not.
  long count() {
    Map<QueueAttributeName, String> attributes =
        attributes(
            urls.deadLetters(),
            QueueAttributeName.APPROXIMATE_NUMBER_OF_MESSAGES,
            QueueAttributeName.APPROXIMATE_NUMBER_OF_MESSAGES_NOT_VISIBLE);
    return attributes.values().stream().mapToLong(Long::parseLong).sum();
  }

  /// Receives messages by concurrent calls.
  ///
  /// @param max maximum number of messages
  List<Message> receive(long max, int visibilitySeconds) {
    String from = await(urls.deadLetters());
    int calls =
        Math.toIntExact(
            Math.clamp(Math.ceilDiv(max, SqsLimits.MAX_BATCH_SIZE), 1, settings.concurrency()));
    List<CompletableFuture<ReceiveMessageResponse>> responses =
        IntStream.range(0, calls)
            .mapToObj(call ->
                sqs.receiveMessage(receive ->
                    receive
                        .queueUrl(from)
                        .maxNumberOfMessages(SqsLimits.MAX_BATCH_SIZE)
                        .visibilityTimeout(visibilitySeconds)
                        .waitTimeSeconds(1)
                        .messageAttributeNames(Traces.ATTRIBUTE)
                        .messageSystemAttributeNames(MessageSystemAttributeName.ALL)))
            .toList();
    List<Message> messages = new ArrayList<>();
    responses.forEach(response -> messages.addAll(await(response).messages()));
    return messages;
  }

  void resetVisibility(List<Message> messages) {
    String from = await(urls.deadLetters());
    List<CompletableFuture<?>> calls = new ArrayList<>();
    for (List<Message> batch : batches(messages)) {
      List<ChangeMessageVisibilityBatchRequestEntry> entries = new ArrayList<>();
      for (Message message : batch) {
        entries.add(
            ChangeMessageVisibilityBatchRequestEntry.builder()
                .id(String.valueOf(entries.size()))
                .receiptHandle(message.receiptHandle())
                .visibilityTimeout(0)
                .build());
      }
      calls.add(sqs.changeMessageVisibilityBatch(change -> change.queueUrl(from).entries(entries)));
      if (calls.size() == settings.concurrency()) {
        calls.forEach(this::await);
        calls.clear();
      }
    }
    calls.forEach(this::await);
  }

  /// Deletes messages from the dead-letter queue.
  void delete(List<Message> messages) {
    String from = await(urls.deadLetters());
    for (List<Message> batch : batches(messages)) {
      List<DeleteMessageBatchRequestEntry> entries = new ArrayList<>();
      for (Message message : batch) {
        entries.add(
            DeleteMessageBatchRequestEntry.builder()
                .id(String.valueOf(entries.size()))
                .receiptHandle(message.receiptHandle())
                .build());
      }
      await(sqs.deleteMessageBatch(delete -> delete.queueUrl(from).entries(entries)));
    }
  }

  /// Sends copies of the messages to the queue of bookings.
  ///
  /// @return the messages whose copies are stored
  List<Message> sendToBookings(List<Message> messages) {
    String to = await(urls.bookings());
    List<Message> stored = new ArrayList<>();
    for (List<Message> batch : batches(messages)) {
      Map<String, Message> sending = new LinkedHashMap<>();
      List<SendMessageBatchRequestEntry> sends = new ArrayList<>();
      for (Message message : batch) {
        String id = String.valueOf(sends.size());
        sending.put(id, message);
        sends.add(
            SendMessageBatchRequestEntry.builder()
                .id(id)
                .messageBody(message.body())
                .messageAttributes(message.messageAttributes())
                .messageGroupId(
                    message.attributes().get(MessageSystemAttributeName.MESSAGE_GROUP_ID))
                .build());
      }
      await(sqs.sendMessageBatch(send -> send.queueUrl(to).entries(sends)))
          .failed()
          .forEach(failed -> sending.remove(failed.id()));
      stored.addAll(sending.values());
    }
    return stored;
  }

  /// Starts an SQS task that moves all messages to the queue of bookings.
  ///
  /// @return handle of the task; empty if SQS rejects it
  Optional<String> startMoveTask() {
    String from = arn(urls.deadLetters());
    String to = arn(urls.bookings());
    try {
      return Optional.of(
          sqs.startMessageMoveTask(move -> move.sourceArn(from).destinationArn(to))
              .orTimeout(queueSettings.timeout().toMillis(), TimeUnit.MILLISECONDS)
              .join()
              .taskHandle());
    } catch (CompletionException e) {
      if (!(e.getCause() instanceof SqsException)) {
        throw SqsErrors.toApiException(e);
      }
      log.info("redrive without message move task, cause={}", e.getCause().getMessage());
      return Optional.empty();
    }
  }

  private static List<List<Message>> batches(List<Message> messages) {
    List<List<Message>> batches = new ArrayList<>();
    for (int from = 0; from < messages.size(); from += SqsLimits.MAX_BATCH_SIZE) {
      batches.add(
          messages.subList(from, Math.min(from + SqsLimits.MAX_BATCH_SIZE, messages.size())));
    }
    return batches;
  }

  private String arn(CompletableFuture<String> url) {
    return attributes(url, QueueAttributeName.QUEUE_ARN).get(QueueAttributeName.QUEUE_ARN);
  }

  private Map<QueueAttributeName, String> attributes(
      CompletableFuture<String> url, QueueAttributeName... names) {
    String queueUrl = await(url);
    return await(
            sqs.getQueueAttributes(request -> request.queueUrl(queueUrl).attributeNames(names)))
        .attributes();
  }

  private <T> T await(CompletableFuture<T> call) {
    return SqsErrors.await(call, queueSettings.timeout());
  }
}
