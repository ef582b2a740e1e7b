package ticketing.ingress.deadletter;

import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.dao.DataAccessException;
import org.springframework.dao.DataIntegrityViolationException;
import org.springframework.data.domain.PageRequest;
import org.springframework.stereotype.Service;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.TransactionException;
import org.springframework.transaction.support.TransactionTemplate;
import software.amazon.awssdk.services.sqs.model.Message;
import software.amazon.awssdk.services.sqs.model.MessageSystemAttributeName;
import ticketing.domain.Command;
import ticketing.domain.CommandCodec;
import ticketing.domain.CommandCodec.Decoded;
import ticketing.ingress.problem.ApiException;
import ticketing.ingress.problem.ErrorCode;

/// Lists, redrives and discards dead letters.
///
/// Each received message is recorded, so that its receive count remains that of its arrival. Lists
/// work without the database; then the receive counts include those of the lists. A redrive
/// requires the database, because it is recorded before its messages move.
@Service
public class DeadLetterService {

  private static final Logger log = LoggerFactory.getLogger(DeadLetterService.class);
  private static final int LIST_VISIBILITY_SECONDS = 5;
  private static final int SEARCH_VISIBILITY_SECONDS = 10;
  private static final int REDRIVE_VISIBILITY_SECONDS = 30;

  private final DeadLetterQueue queue;
  private final DeadLetterRepository records;
  private final RedriveRecorder redrives;
  private final Clock clock;
  private final TransactionTemplate transaction;
  private final DeadLetterSettings settings;

  DeadLetterService(
      DeadLetterQueue queue,
      DeadLetterRepository records,
      RedriveRecorder redrives,
      Clock clock,
      PlatformTransactionManager transactions,
      DeadLetterSettings settings) {
    this.transaction = new TransactionTemplate(transactions);
    this.queue = queue;
    this.records = records;
    this.redrives = redrives;
    this.clock = clock;
    this.settings = settings;
  }

  /// @param receiveCount receives of the message until its arrival in the dead-letter queue
  /// @param commands commands of the message that can be decoded
  /// @param body body of the message as stored in SQS
  public record DeadLetter(
      String messageId,
      @Nullable Instant sentAt,
      int receiveCount,
      List<Command> commands,
      String body) {

    static DeadLetter of(DeadLetterEntity row) {
      List<Command> commands =
          CommandCodec.decode(row.body()).stream()
              .flatMap(decoded ->
                  switch (decoded) {
                    case Decoded.Readable(Command command) -> Stream.of(command);
                    case Decoded.Unreadable _ -> Stream.<Command>empty();
                  })
              .toList();
      return new DeadLetter(
          row.messageId(), row.sentAt(), row.receiveCount(), commands, row.body());
    }
  }

  /// @param total approximate number of dead letters, at least the number listed
  public record DeadLetterList(List<DeadLetter> content, long total) {}

  /// Receives the messages and then resets their visibility timeout, so they stay in the queue.
  /// Messages in flight are listed from their records.
  ///
  /// @throws ApiException `QUEUE_UNAVAILABLE`
  DeadLetterList list() {
    long total = queue.count();
    int limit = (int) Math.min(total, settings.maxListed());
    Map<String, DeadLetterEntity> listed = new LinkedHashMap<>();
    if (limit > 0) {
      List<DeadLetterEntity> recorded = findWaiting(settings.maxListed());
      Map<String, Message> received = new LinkedHashMap<>();
      Instant end = clock.instant().plus(settings.searchTimeout());
      boolean exhausted = false;
      try {
        while (!exhausted && received.size() < limit && clock.instant().isBefore(end)) {
          List<Message> messages = queue.receive(limit - received.size(), LIST_VISIBILITY_SECONDS);
          messages.forEach(message -> received.put(message.messageId(), message));
          record(messages).stream()
              .filter(row -> !row.isDiscarded())
              .forEach(row -> listed.put(row.messageId(), row));
          exhausted = messages.isEmpty() && received.size() + recorded.size() >= limit;
        }
      } finally {
        queue.resetVisibility(List.copyOf(received.values()));
      }
      long inFlight = limit - received.size();
      recorded.stream()
          .filter(row -> !received.containsKey(row.messageId()))
          .limit(Math.max(0, inFlight))
          .forEach(row -> listed.put(row.messageId(), row));
    }
    List<DeadLetter> content =
        listed.values().stream().limit(settings.maxListed()).map(DeadLetter::of).toList();
    return new DeadLetterList(content, Math.max(total, content.size()));
  }

  /// @param messages approximate number of messages to redrive, or the number redriven
  /// @param task handle of the asynchronous SQS task; null if this process redrove the messages
  public record Redrive(long messages, @Nullable String task) {}

  /// Moves the dead letters back to the queue by an SQS task. If SQS rejects the task, or if a
  /// discarded message is not deleted yet, this process moves them, up to the redrive timeout.
  ///
  /// @throws ApiException `QUEUE_UNAVAILABLE`
  Redrive redrive() {
    long total = queue.count();
    redrives.recordAll();
    if (!existsDiscarded()) {
      Optional<String> task = queue.startMoveTask();
      if (task.isPresent()) {
        markAllRedriven();
        return new Redrive(total, task.get());
      }
    }
    return new Redrive(redriveByCopy(total), null);
  }

  /// Sends each batch, then deletes it. A crash between the two leaves duplicates; commands are
  /// idempotent. Discarded messages are deleted only.
  ///
  /// @return number of messages redriven
  public long redriveByCopy(long total) {
    long redriven = 0;
    long handled = 0;
    Instant end = clock.instant().plus(settings.redriveTimeout());
    while (handled < total && clock.instant().isBefore(end)) {
      List<Message> messages = queue.receive(total - handled, REDRIVE_VISIBILITY_SECONDS);
      Set<String> discarded =
          record(messages).stream()
              .filter(DeadLetterEntity::isDiscarded)
              .map(DeadLetterEntity::messageId)
              .collect(Collectors.toSet());
      Map<Boolean, List<Message>> byDiscarded =
          messages.stream()
              .collect(
                  Collectors.partitioningBy(message -> discarded.contains(message.messageId())));
      List<Message> sent = queue.sendToBookings(byDiscarded.get(false));
      delete(Stream.concat(sent.stream(), byDiscarded.get(true).stream()).toList());
      redriven += sent.size();
      handled += sent.size() + byDiscarded.get(true).size();
    }
    return redriven;
  }

  /// Moves one dead letter back to the queue.
  ///
  /// @throws ApiException `DEAD_LETTER_NOT_FOUND`, `QUEUE_UNAVAILABLE`
  Redrive redrive(String messageId) {
    take(
        messageId,
        message -> {
          redrives.record(ticketIds(message));
          if (queue.sendToBookings(List.of(message)).isEmpty()) {
            throw ApiException.of(ErrorCode.QUEUE_UNAVAILABLE, "The queue refused the message.");
          }
        });
    return new Redrive(1, null);
  }

  private static List<UUID> ticketIds(Message message) {
    return CommandCodec.decode(message.body()).stream()
        .flatMap(decoded ->
            switch (decoded) {
              case Decoded.Readable(Command command) -> Stream.of(command.ticketId());
              case Decoded.Unreadable unreadable -> unreadable.ticketId().stream();
            })
        .toList();
  }

  /// Deletes one dead letter. Its tickets keep their state. If the message is in flight, a worker
  /// deletes it later, and no redrive moves it.
  ///
  /// @throws ApiException `DEAD_LETTER_NOT_FOUND`, `QUEUE_UNAVAILABLE`
  void discard(String messageId) {
    take(messageId, message -> {});
    log.info("discarded dead letter, message={}", messageId);
  }

  private interface Action {
    void accept(Message message);
  }

  /// Runs the action and deletes the message. A message in flight is restored from its record for
  /// the action, and marked to be deleted.
  private void take(String messageId, Action action) {
    Optional<Message> found = find(messageId);
    if (found.isPresent()) {
      action.accept(found.get());
      delete(List.of(found.get()));
      return;
    }
    DeadLetterEntity row =
        Optional.ofNullable(find(List.of(messageId)).get(messageId))
            .orElseThrow(() ->
                ApiException.of(
                    ErrorCode.DEAD_LETTER_NOT_FOUND, "There is no dead letter with this id."));
    if (!row.isDiscarded()) {
      action.accept(
          Message.builder()
              .messageId(messageId)
              .body(row.body())
              .attributes(
                  row.messageGroup() == null
                      ? Map.of()
                      : Map.of(MessageSystemAttributeName.MESSAGE_GROUP_ID, row.messageGroup()))
              .build());
      transaction.execute(status -> records.markDiscarded(messageId, now()));
    }
  }

  /// Receives messages until one has this id, and resets the visibility of the others.
  private Optional<Message> find(String messageId) {
    long total = queue.count();
    Map<String, Message> others = new LinkedHashMap<>();
    Instant end = clock.instant().plus(settings.searchTimeout());
    try {
      boolean exhausted = total == 0;
      while (!exhausted && others.size() < total && clock.instant().isBefore(end)) {
        List<Message> messages = queue.receive(total, SEARCH_VISIBILITY_SECONDS);
        record(messages);
        messages.forEach(message -> others.put(message.messageId(), message));
        Message found = others.remove(messageId);
        if (found != null) {
          return Optional.of(found);
        }
        exhausted = messages.isEmpty();
      }
      return Optional.empty();
    } finally {
      queue.resetVisibility(List.copyOf(others.values()));
    }
  }

  private void delete(List<Message> messages) {
    queue.delete(messages);
    List<String> ids = messages.stream().map(Message::messageId).toList();
    if (!ids.isEmpty()) {
      withoutDatabase(
          () ->
              transaction.execute(status -> {
                records.deleteByMessageIdIn(ids);
                return ids.size();
              }),
          0);
    }
  }

  /// Records messages that are not recorded yet.
  ///
  /// @return one row for each message
  private Collection<DeadLetterEntity> record(List<Message> messages) {
    Map<String, DeadLetterEntity> rows = new LinkedHashMap<>();
    Instant now = now();
    messages.forEach(message -> rows.put(message.messageId(), DeadLetterEntity.of(message, now)));
    if (rows.isEmpty()) {
      return List.of();
    }
    return withoutDatabase(
        () -> {
          rows.putAll(find(rows.keySet()));
          List<DeadLetterEntity> missing =
              rows.values().stream().filter(DeadLetterEntity::isNew).toList();
          try {
            transaction.executeWithoutResult(status -> records.saveAll(missing));
          } catch (DataIntegrityViolationException e) {
            // A worker recorded one of them in the meantime.
            missing.forEach(this::insertIfMissing);
            rows.putAll(find(rows.keySet()));
          }
          return rows.values();
        },
        rows.values());
  }

  private void insertIfMissing(DeadLetterEntity row) {
    try {
      transaction.executeWithoutResult(status -> records.saveAll(List.of(row)));
    } catch (DataIntegrityViolationException e) {
      log.debug("dead letter is recorded, message={}", row.messageId());
    }
  }

  private Map<String, DeadLetterEntity> find(Collection<String> messageIds) {
    return records.find(messageIds).stream()
        .collect(Collectors.toMap(DeadLetterEntity::messageId, row -> row));
  }

  private List<DeadLetterEntity> findWaiting(int limit) {
    return withoutDatabase(() -> records.findWaiting(PageRequest.ofSize(limit)), List.of());
  }

  private boolean existsDiscarded() {
    return withoutDatabase(() -> !records.findDiscarded(PageRequest.ofSize(1)).isEmpty(), false);
  }

  private void markAllRedriven() {
    withoutDatabase(() -> transaction.execute(status -> records.markAllRedriven(now())), 0);
  }

  private static <T> T withoutDatabase(Supplier<T> call, T otherwise) {
    try {
      return call.get();
    } catch (DataAccessException | TransactionException e) {
      log.warn("cannot read or record dead letters, cause={}", e.getMessage());
      return otherwise;
    }
  }

  private Instant now() {
    return clock.instant().truncatedTo(ChronoUnit.MICROS);
  }
}
