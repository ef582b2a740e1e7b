package ticketing.worker.maintenance;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletionException;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.dao.DataAccessException;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.stereotype.Component;
import org.springframework.transaction.TransactionException;
import software.amazon.awssdk.services.sqs.SqsAsyncClient;
import software.amazon.awssdk.services.sqs.model.Message;
import ticketing.database.DatabaseErrors;
import ticketing.database.DatabaseHealth;
import ticketing.domain.CommandCodec;
import ticketing.domain.CommandCodec.Decoded;
import ticketing.queue.SqsLimits;
import ticketing.redis.RedisUnavailableException;
import ticketing.status.StatusEntry;
import ticketing.status.StatusStore;
import ticketing.worker.pipeline.BoxOffice;
import ticketing.worker.pipeline.CommittedBatch;
import ticketing.worker.pipeline.DecisionPublisher;

/// Reads the dead-letter queue and rejects its commands with `GAVE_UP`.
///
/// The messages stay in the queue, so that an operator can redrive them: a decision after a redrive
/// replaces the `GAVE_UP` of its ticket. A message that contains only revoked commands is deleted.
@Component
class DeadLetterJob {

  private static final Logger log = LoggerFactory.getLogger(DeadLetterJob.class);
  private static final int VISIBILITY_TIMEOUT_SECONDS = 2;
  private static final int MAX_CALLS = 10; // in one run

  private final SqsAsyncClient sqs;
  private final BoxOffice boxOffice;
  private final DecisionPublisher publisher;
  private final StatusStore statusStore;
  private final DatabaseHealth database;
  private final MaintenanceSettings settings;

  DeadLetterJob(
      SqsAsyncClient sqs,
      BoxOffice boxOffice,
      DecisionPublisher publisher,
      StatusStore statusStore,
      DatabaseHealth database,
      MaintenanceSettings settings) {
    this.sqs = sqs;
    this.boxOffice = boxOffice;
    this.publisher = publisher;
    this.statusStore = statusStore;
    this.database = database;
    this.settings = settings;
  }

  @Scheduled(fixedDelayString = "${ticketing.worker.maintenance.dead-letter-interval}")
  void rejectDeadLetters() {
    try {
      for (int call = 0; call < MAX_CALLS && database.isUp(); call++) {
        List<Message> messages = receive();
        List<StatusEntry> entries = new ArrayList<>();
        for (Message message : messages) {
          CommandCodec.decode(message.body())
              .forEach(decoded -> entry(decoded).ifPresent(entries::add));
        }
        Set<UUID> revoked = giveUp(entries);
        delete(messages.stream().filter(message -> containsOnly(revoked, message)).toList());
        if (messages.size() < SqsLimits.MAX_BATCH_SIZE) {
          return;
        }
      }
    } catch (CompletionException | RedisUnavailableException e) {
      log.debug("cannot read dead letters, cause={}", e.getMessage());
    } catch (DataAccessException | TransactionException e) {
      database.recordFailure(e);
      log.debug("cannot record dead letters, cause={}", e.getMessage());
    }
  }

  /// @return the revoked attempts among the entries
  private Set<UUID> giveUp(List<StatusEntry> entries) {
    Set<UUID> revoked = new HashSet<>();
    entries.stream()
        .collect(Collectors.groupingBy(entry -> entry.ticket().eventId()))
        .forEach((eventId, ofEvent) -> revoked.addAll(giveUp(eventId, ofEvent)));
    return revoked;
  }

  /// An entry that violates a constraint does not affect the others.
  private Set<UUID> giveUp(long eventId, List<StatusEntry> entries) {
    try {
      CommittedBatch committed = boxOffice.giveUp(eventId, entries);
      publisher.publish(committed);
      return committed.revoked().stream().map(StatusEntry::attemptId).collect(Collectors.toSet());
    } catch (DataAccessException e) {
      if (!DatabaseErrors.isIntegrityViolation(e)) {
        throw e;
      }
      Set<UUID> revoked = new HashSet<>();
      if (entries.size() > 1) {
        entries.forEach(entry -> revoked.addAll(giveUp(eventId, List.of(entry))));
      } else {
        log.warn("dead letter violates a constraint, cause={}", e.getMessage());
      }
      return revoked;
    }
  }

  private static boolean containsOnly(Set<UUID> revoked, Message message) {
    return CommandCodec.decode(message.body()).stream()
        .allMatch(decoded ->
            decoded instanceof Decoded.Readable readable
                && revoked.contains(readable.command().attemptId()));
  }

  private List<Message> receive() {
    String url = queueUrl();
    return sqs.receiveMessage(request ->
            request
                .queueUrl(url)
                .maxNumberOfMessages(SqsLimits.MAX_BATCH_SIZE)
                .visibilityTimeout(VISIBILITY_TIMEOUT_SECONDS)
                .waitTimeSeconds(0))
        .join()
        .messages();
  }

  private void delete(List<Message> messages) {
    String url = messages.isEmpty() ? null : queueUrl();
    for (Message message : messages) {
      sqs.deleteMessage(request -> request.queueUrl(url).receiptHandle(message.receiptHandle()))
          .join();
    }
  }

  private String queueUrl() {
    return sqs.getQueueUrl(request -> request.queueName(settings.deadLetterQueue()))
        .join()
        .queueUrl();
  }

  /// The status store may contain the owner of an unreadable command.
  private Optional<StatusEntry> entry(Decoded decoded) {
    return switch (decoded) {
      case Decoded.Readable readable -> Optional.of(StatusEntry.pending(readable.command()));
      case Decoded.Unreadable bad -> bad.ticketId().flatMap(this::findPending);
    };
  }

  private Optional<StatusEntry> findPending(UUID ticketId) {
    return statusStore.find(ticketId).filter(entry -> !entry.ticket().status().isFinal());
  }
}
