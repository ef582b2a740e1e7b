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
import ticketing.ingress.ticket.DecisionListener;
import ticketing.redis.RedisUnavailableException;
import ticketing.status.StatusStore;
import ticketing.tracing.Traces;

/// What an operator sees of the queue, and the way back for dead letters.
@Component
public class QueueAdminService {

  private static final Logger log = LoggerFactory.getLogger(QueueAdminService.class);

  private static final int BATCH = 10; // most messages of one call (SQS)
  private static final int EVENTS = 1_000; // newest events whose waiting lines are looked at
  private static final int LOOK_SECONDS = 5; // how long a look hides a message from others
  private static final int MOVE_SECONDS = 30;
  private static final Duration LONGEST_LOOK = Duration.ofSeconds(4);
  private static final Duration LONGEST_MOVE = Duration.ofSeconds(15);

  private final SqsAsyncClient sqs;
  private final QueueUrls urls;
  private final StatusStore board;
  private final EventRepository events;
  private final DecisionListener decisions;
  private final Clock clock;
  private final QueueSettings queueSettings;
  private final OperationsSettings settings;

  QueueAdminService(
      SqsAsyncClient sqs,
      QueueUrls urls,
      StatusStore board,
      EventRepository events,
      DecisionListener decisions,
      Clock clock,
      QueueSettings queueSettings,
      OperationsSettings settings) {
    this.sqs = sqs;
    this.urls = urls;
    this.board = board;
    this.events = events;
    this.decisions = decisions;
    this.clock = clock;
    this.queueSettings = queueSettings;
    this.settings = settings;
  }

  /// @param depth messages that wait
  /// @param inFlight messages that workers hold
  /// @param oldestAgeSeconds age of the oldest undecided request; null if unknown
  /// @param deadLetters messages that were given up
  /// @param decidedPerSecond over the last ten seconds
  public record Figures(
      long depth,
      long inFlight,
      @Nullable Long oldestAgeSeconds,
      long deadLetters,
      double decidedPerSecond) {}

  /// @throws Problem `QUEUE_UNAVAILABLE`
  Figures figures() {
    Map<QueueAttributeName, String> bookings = attributes(urls.bookings());
    Map<QueueAttributeName, String> dead = attributes(urls.deadLetters());
    long depth = count(bookings, QueueAttributeName.APPROXIMATE_NUMBER_OF_MESSAGES);
    long inFlight = count(bookings, QueueAttributeName.APPROXIMATE_NUMBER_OF_MESSAGES_NOT_VISIBLE);
    return new Figures(
        depth, inFlight, oldestAge(depth + inFlight), total(dead), decisions.perSecond());
  }

  /// SQS tells the age of the oldest message to CloudWatch only; the waiting lines know it as well.
  private Long oldestAge(long messages) {
    if (messages == 0) {
      return 0L;
    }
    try {
      return board
          .oldestPending(events.ids(PageRequest.ofSize(EVENTS)))
          .map(since -> Math.max(0, Duration.between(since, clock.instant()).toSeconds()))
          .orElse(null);
    } catch (RedisUnavailableException e) {
      return null;
    }
  }

  /// @param commands what the message asks for, as far as it can be read
  /// @param body the message as it is
  public record DeadLetter(
      String messageId,
      @Nullable Instant sentAt,
      int receiveCount,
      List<Command> commands,
      String body) {}

  /// @param total how many there are, approximately; more than are shown
  public record DeadLetterList(List<DeadLetter> content, long total) {}

  /// Looks without taking: the messages stay.
  ///
  /// @throws Problem `QUEUE_UNAVAILABLE`
  DeadLetterList deadLetters() {
    long total = total(attributes(urls.deadLetters()));
    long wanted = Math.min(total, settings.maxDeadLetters());
    Map<String, Message> seen = new LinkedHashMap<>();
    Instant end = clock.instant().plus(LONGEST_LOOK);
    try {
      while (seen.size() < wanted && clock.instant().isBefore(end)) {
        receive(LOOK_SECONDS).forEach(message -> seen.put(message.messageId(), message));
      }
    } finally {
      release(List.copyOf(seen.values()));
    }
    List<DeadLetter> content =
        seen.values().stream()
            .limit(settings.maxDeadLetters())
            .map(QueueAdminService::deadLetter)
            .toList();
    return new DeadLetterList(content, Math.max(total, content.size()));
  }

  private static DeadLetter deadLetter(Message message) {
    List<Command> commands = new ArrayList<>();
    for (CommandCodec.Decoded one : CommandCodec.decode(message.body())) {
      switch (one) {
        case CommandCodec.Decoded.Readable readable -> commands.add(readable.command());
        case CommandCodec.Decoded.Unreadable bad -> {}
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

  /// @param messages how many were there, approximately, or were moved
  /// @param task handle of the move that SQS carries out; null if they have been moved already
  public record Redrive(long messages, @Nullable String task) {}

  /// Moves the dead letters back to the queue.
  ///
  /// @throws Problem `QUEUE_UNAVAILABLE`
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
        throw translated(e);
      }
      log.info("No message move task, moving them here: {}", e.getCause().getMessage());
      return new Redrive(moveHere(total(dead)), null);
    }
  }

  /// Sends first, then deletes: a crash between leaves a duplicate, which is harmless.
  public long moveHere(long total) {
    String to = await(urls.bookings());
    String from = await(urls.deadLetters());
    long moved = 0;
    Instant end = clock.instant().plus(LONGEST_MOVE);
    while (moved < total && clock.instant().isBefore(end)) {
      List<Message> messages = receive(MOVE_SECONDS);
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

  private List<Message> receive(int hiddenSeconds) {
    String from = await(urls.deadLetters());
    return await(
            sqs.receiveMessage(
                receive ->
                    receive
                        .queueUrl(from)
                        .maxNumberOfMessages(BATCH)
                        .visibilityTimeout(hiddenSeconds)
                        .waitTimeSeconds(1)
                        .messageAttributeNames(Traces.ATTRIBUTE)
                        .messageSystemAttributeNames(MessageSystemAttributeName.ALL)))
        .messages();
  }

  private void release(List<Message> messages) {
    String from = await(urls.deadLetters());
    for (int start = 0; start < messages.size(); start += BATCH) {
      List<ChangeMessageVisibilityBatchRequestEntry> entries = new ArrayList<>();
      for (Message message : messages.subList(start, Math.min(start + BATCH, messages.size()))) {
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
    String of = await(url);
    return await(
            sqs.getQueueAttributes(
                request ->
                    request
                        .queueUrl(of)
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
      throw translated(e);
    }
  }

  private static RuntimeException translated(CompletionException failure) {
    Throwable cause = failure.getCause();
    if (cause instanceof SdkException || cause instanceof TimeoutException) {
      log.warn("The queue does not answer: {}", cause.getMessage());
      return CommandAcceptor.unavailable();
    }
    return failure;
  }
}
