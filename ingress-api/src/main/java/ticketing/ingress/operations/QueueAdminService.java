package ticketing.ingress.operations;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.data.domain.PageRequest;
import org.springframework.stereotype.Component;
import software.amazon.awssdk.core.exception.SdkException;
import software.amazon.awssdk.services.sqs.SqsAsyncClient;
import software.amazon.awssdk.services.sqs.model.ChangeMessageVisibilityBatchRequestEntry;
import software.amazon.awssdk.services.sqs.model.DeleteMessageBatchRequestEntry;
import software.amazon.awssdk.services.sqs.model.Message;
import software.amazon.awssdk.services.sqs.model.MessageSystemAttributeName;
import software.amazon.awssdk.services.sqs.model.QueueAttributeName;
import software.amazon.awssdk.services.sqs.model.SendMessageBatchRequestEntry;
import software.amazon.awssdk.services.sqs.model.SqsException;
import ticketing.domain.Command;
import ticketing.domain.CommandCodec;
import ticketing.ingress.command.CommandAcceptor;
import ticketing.ingress.command.QueueSettings;
import ticketing.ingress.command.QueueUrls;
import ticketing.ingress.event.EventRepository;
import ticketing.redis.RedisUnavailableException;
import ticketing.status.StatusStore;
import ticketing.tracing.Traces;

/// Reads the attributes of the queue, lists dead letters and redrives them.
@Component
public class QueueAdminService {

  private static final Logger log = LoggerFactory.getLogger(QueueAdminService.class);

  /// Limit of SQS.
  private static final int MAX_BATCH_SIZE = 10;

  /// Newest events that the age of the oldest command is searched in.
  private static final int MAX_EVENTS = 1_000;

  private static final int LIST_VISIBILITY_SECONDS = 5;
  private static final int REDRIVE_VISIBILITY_SECONDS = 30;
  private static final Duration LIST_TIMEOUT = Duration.ofSeconds(4);
  private static final Duration REDRIVE_TIMEOUT = Duration.ofSeconds(15);

  private final SqsAsyncClient sqs;
  private final QueueUrls urls;
  private final StatusStore statusStore;
  private final EventRepository events;
  private final SaleMeters meters;
  private final Clock clock;
  private final QueueSettings queueSettings;
  private final OperationsSettings settings;

  QueueAdminService(
      SqsAsyncClient sqs,
      QueueUrls urls,
      StatusStore statusStore,
      EventRepository events,
      SaleMeters meters,
      @Qualifier("databaseClock") Clock clock,
      QueueSettings queueSettings,
      OperationsSettings settings) {
    this.sqs = sqs;
    this.urls = urls;
    this.statusStore = statusStore;
    this.events = events;
    this.meters = meters;
    this.clock = clock;
    this.queueSettings = queueSettings;
    this.settings = settings;
  }

  /// Counts are approximate, as in SQS.
  ///
  /// @param depth visible messages (backlog)
  /// @param inFlight messages received and not acknowledged
  /// @param oldestAgeSeconds age of the oldest undecided command; null if Redis is unavailable
  /// @param deadLetters messages in the dead-letter queue
  /// @param decidedPerSecond decisions of all workers, mean of about 5 s, updated every 5 s
  public record Figures(
      long depth,
      long inFlight,
      @Nullable Long oldestAgeSeconds,
      long deadLetters,
      double decidedPerSecond) {}

  /// @throws ApiException `QUEUE_UNAVAILABLE`
  Figures figures() {
    Map<QueueAttributeName, String> bookings = attributes(urls.bookings());
    Map<QueueAttributeName, String> dead = attributes(urls.deadLetters());
    long depth = count(bookings, QueueAttributeName.APPROXIMATE_NUMBER_OF_MESSAGES);
    long inFlight = count(bookings, QueueAttributeName.APPROXIMATE_NUMBER_OF_MESSAGES_NOT_VISIBLE);
    return new Figures(
        depth, inFlight, oldestAge(depth + inFlight), total(dead), meters.decisionsPerSecond());
  }

  /// Age from the status store, because SQS reports the age of the oldest message to CloudWatch
  /// only.
  private Long oldestAge(long messages) {
    if (messages == 0) {
      return 0L;
    }
    try {
      return statusStore
          .oldestPending(events.ids(PageRequest.ofSize(MAX_EVENTS)))
          .map(since -> Math.max(0, Duration.between(since, clock.instant()).toSeconds()))
          .orElse(null);
    } catch (RedisUnavailableException e) {
      return null;
    }
  }

  /// @param receiveCount receives of the message
  /// @param commands commands of the message that can be decoded
  /// @param body body of the message as stored in SQS
  public record DeadLetter(
      String messageId,
      @Nullable Instant sentAt,
      int receiveCount,
      List<Command> commands,
      String body) {}

  /// @param total approximate number of dead letters, at least the number listed
  public record DeadLetterList(List<DeadLetter> content, long total) {}

  /// Receives the messages and then resets their visibility timeout, so they stay in the queue.
  ///
  /// @throws ApiException `QUEUE_UNAVAILABLE`
  DeadLetterList listDeadLetters() {
    long total = total(attributes(urls.deadLetters()));
    long limit = Math.min(total, settings.maxDeadLetters());
    Map<String, Message> received = new LinkedHashMap<>();
    Instant end = clock.instant().plus(LIST_TIMEOUT);
    try {
      while (received.size() < limit && clock.instant().isBefore(end)) {
        receive(LIST_VISIBILITY_SECONDS)
            .forEach(message -> received.put(message.messageId(), message));
      }
    } finally {
      resetVisibility(List.copyOf(received.values()));
    }
    List<DeadLetter> content =
        received.values().stream()
            .limit(settings.maxDeadLetters())
            .map(QueueAdminService::toDeadLetter)
            .toList();
    return new DeadLetterList(content, Math.max(total, content.size()));
  }

  private static DeadLetter toDeadLetter(Message message) {
    List<Command> commands = new ArrayList<>();
    for (CommandCodec.Decoded decoded : CommandCodec.decode(message.body())) {
      switch (decoded) {
        case CommandCodec.Decoded.Readable readable -> commands.add(readable.command());
        case CommandCodec.Decoded.Unreadable unreadable -> {}
      }
    }
    return new DeadLetter(
        message.messageId(),
        Optional.ofNullable(message.attributes().get(MessageSystemAttributeName.SENT_TIMESTAMP))
            .map(millis -> Instant.ofEpochMilli(Long.parseLong(millis)))
            .orElse(null),
        Integer.parseInt(
            message
                .attributes()
                .getOrDefault(MessageSystemAttributeName.APPROXIMATE_RECEIVE_COUNT, "0")),
        commands,
        message.body());
  }

  /// @param messages approximate number of messages to redrive, or the number redriven
  /// @param task handle of the asynchronous SQS task; null if this process redrove the messages
  public record Redrive(long messages, @Nullable String task) {}

  /// Moves the dead letters back to the queue by an SQS task. If SQS rejects the task, this process
  /// moves them for at most 15 s.
  ///
  /// @throws ApiException `QUEUE_UNAVAILABLE`
  Redrive redrive() {
    Map<QueueAttributeName, String> dead = attributes(urls.deadLetters());
    String from = dead.get(QueueAttributeName.QUEUE_ARN);
    String to = attributes(urls.bookings()).get(QueueAttributeName.QUEUE_ARN);
    try {
      String task =
          sqs.startMessageMoveTask(move -> move.sourceArn(from).destinationArn(to))
              .join()
              .taskHandle();
      return new Redrive(total(dead), task);
    } catch (CompletionException e) {
      if (!(e.getCause() instanceof SqsException)) {
        throw toApiException(e);
      }
      log.info("redrive without message move task, cause={}", e.getCause().getMessage());
      return new Redrive(redriveByCopy(total(dead)), null);
    }
  }

  /// Sends each batch, then deletes it. A crash between the two leaves duplicates; commands are
  /// idempotent.
  ///
  /// @return number of messages redriven
  public long redriveByCopy(long total) {
    String to = await(urls.bookings());
    String from = await(urls.deadLetters());
    long moved = 0;
    Instant end = clock.instant().plus(REDRIVE_TIMEOUT);
    while (moved < total && clock.instant().isBefore(end)) {
      List<Message> messages = receive(REDRIVE_VISIBILITY_SECONDS);
      if (messages.isEmpty()) {
        continue;
      }
      List<SendMessageBatchRequestEntry> sends = new ArrayList<>();
      List<DeleteMessageBatchRequestEntry> deletes = new ArrayList<>();
      for (int i = 0; i < messages.size(); i++) {
        Message message = messages.get(i);
        String group = message.attributes().get(MessageSystemAttributeName.MESSAGE_GROUP_ID);
        String id = String.valueOf(i);
        sends.add(
            SendMessageBatchRequestEntry.builder()
                .id(id)
                .messageBody(message.body())
                .messageAttributes(message.messageAttributes())
                .messageGroupId(group)
                .build());
        deletes.add(
            DeleteMessageBatchRequestEntry.builder()
                .id(id)
                .receiptHandle(message.receiptHandle())
                .build());
      }
      var sent = await(sqs.sendMessageBatch(send -> send.queueUrl(to).entries(sends)));
      sent.failed().forEach(failed -> deletes.removeIf(delete -> delete.id().equals(failed.id())));
      if (!deletes.isEmpty()) {
        await(sqs.deleteMessageBatch(delete -> delete.queueUrl(from).entries(deletes)));
      }
      moved += deletes.size();
    }
    return moved;
  }

  private List<Message> receive(int visibilitySeconds) {
    String from = await(urls.deadLetters());
    return await(
            sqs.receiveMessage(receive ->
                receive
                    .queueUrl(from)
                    .maxNumberOfMessages(MAX_BATCH_SIZE)
                    .visibilityTimeout(visibilitySeconds)
                    .waitTimeSeconds(1)
                    .messageAttributeNames(Traces.ATTRIBUTE)
                    .messageSystemAttributeNames(MessageSystemAttributeName.ALL)))
        .messages();
  }

  private void resetVisibility(List<Message> messages) {
    String from = await(urls.deadLetters());
    for (int start = 0; start < messages.size(); start += MAX_BATCH_SIZE) {
      List<ChangeMessageVisibilityBatchRequestEntry> entries = new ArrayList<>();
      for (Message message :
          messages.subList(start, Math.min(start + MAX_BATCH_SIZE, messages.size()))) {
        entries.add(
            ChangeMessageVisibilityBatchRequestEntry.builder()
                .id(String.valueOf(entries.size()))
                .receiptHandle(message.receiptHandle())
                .visibilityTimeout(0)
                .build());
      }
      await(sqs.changeMessageVisibilityBatch(change -> change.queueUrl(from).entries(entries)));
    }
  }

  private Map<QueueAttributeName, String> attributes(CompletableFuture<String> url) {
    String queueUrl = await(url);
    return await(
            sqs.getQueueAttributes(request ->
                request
                    .queueUrl(queueUrl)
                    .attributeNames(
                        QueueAttributeName.QUEUE_ARN,
                        QueueAttributeName.APPROXIMATE_NUMBER_OF_MESSAGES,
                        QueueAttributeName.APPROXIMATE_NUMBER_OF_MESSAGES_NOT_VISIBLE)))
        .attributes();
  }

  private static long total(Map<QueueAttributeName, String> attributes) {
    return count(attributes, QueueAttributeName.APPROXIMATE_NUMBER_OF_MESSAGES)
        + count(attributes, QueueAttributeName.APPROXIMATE_NUMBER_OF_MESSAGES_NOT_VISIBLE);
  }

  private static long count(Map<QueueAttributeName, String> attributes, QueueAttributeName name) {
    return Long.parseLong(attributes.getOrDefault(name, "0"));
  }

  private <T> T await(CompletableFuture<T> call) {
    try {
      return call.orTimeout(queueSettings.timeout().toMillis(), TimeUnit.MILLISECONDS).join();
    } catch (CompletionException e) {
      throw toApiException(e);
    }
  }

  private static RuntimeException toApiException(CompletionException failure) {
    Throwable cause = failure.getCause();
    if (cause instanceof SdkException || cause instanceof TimeoutException) {
      log.warn("queue unavailable, cause={}", cause.getMessage());
      return CommandAcceptor.queueUnavailable();
    }
    return failure;
  }
}
