package ticketing.worker.maintenance;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.dao.DataAccessException;
import org.springframework.dao.DataIntegrityViolationException;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.stereotype.Component;
import org.springframework.transaction.TransactionException;
import software.amazon.awssdk.services.sqs.SqsAsyncClient;
import software.amazon.awssdk.services.sqs.model.Message;
import ticketing.database.DatabaseHealth;
import ticketing.domain.CommandCodec;
import ticketing.domain.CommandCodec.Decoded;
import ticketing.redis.RedisUnavailableException;
import ticketing.status.StatusEntry;
import ticketing.status.StatusStore;
import ticketing.worker.pipeline.BoxOffice;
import ticketing.worker.settings.WorkerSettings;

/// Looks at the dead letters, so that whoever waits for one of them learns that it was given up.
/// The messages stay where they are, for an operator to look at and to redrive: a redriven command
/// that is decided then replaces the `GAVE_UP` of its ticket. Only a message of nothing but
/// withdrawn commands is deleted.
@Component
class DeadLetterJob {

  private static final Logger log = LoggerFactory.getLogger(DeadLetterJob.class);
  private static final int LOOK_SECONDS = 2; // how long a look hides a message from others
  private static final int CALLS = 10; // most receive calls of one look

  private final SqsAsyncClient sqs;
  private final BoxOffice boxOffice;
  private final StatusStore board;
  private final DatabaseHealth database;
  private final WorkerSettings settings;

  DeadLetterJob(
      SqsAsyncClient sqs,
      BoxOffice boxOffice,
      StatusStore board,
      DatabaseHealth database,
      WorkerSettings settings) {
    this.sqs = sqs;
    this.boxOffice = boxOffice;
    this.board = board;
    this.database = database;
    this.settings = settings;
  }

  @Scheduled(fixedDelayString = "${ticketing.worker.dead-letters-every}")
  void look() {
    try {
      for (int call = 0; call < CALLS && database.isUp(); call++) {
        List<StatusEntry> entries = new ArrayList<>();
        List<Message> messages = receive();
        for (Message message : messages) {
          CommandCodec.decode(message.body()).forEach(one -> entry(one).ifPresent(entries::add));
        }
        Set<UUID> withdrawn = giveUp(entries);
        delete(messages.stream().filter(message -> isOnly(withdrawn, message)).toList());
        if (messages.size() < 10) {
          return;
        }
      }
    } catch (CompletionException | RedisUnavailableException e) {
      log.debug("dead letters not read, next round tries again: {}", e.getMessage());
    } catch (DataAccessException | TransactionException e) {
      database.recordFailure(e);
      log.debug("dead letters not recorded, next round tries again: {}", e.getMessage());
    }
  }

  /// What the tables refuse keeps nobody else from being given up.
  ///
  /// @return the attempts that were withdrawn
  private Set<UUID> giveUp(List<StatusEntry> entries) {
    try {
      return boxOffice.giveUp(entries);
    } catch (DataIntegrityViolationException e) {
      Set<UUID> withdrawn = new HashSet<>();
      if (entries.size() > 1) {
        entries.forEach(entry -> withdrawn.addAll(giveUp(List.of(entry))));
      } else {
        log.warn("a dead letter cannot be recorded: {}", e.getMessage());
      }
      return withdrawn;
    }
  }

  /// Nobody waits for what is in it, and redriving it would do nothing.
  private static boolean isOnly(Set<UUID> withdrawn, Message message) {
    return CommandCodec.decode(message.body()).stream()
        .allMatch(
            one ->
                one instanceof Decoded.Readable readable
                    && withdrawn.contains(readable.command().attemptId()));
  }

  private void delete(List<Message> messages) {
    String url = messages.isEmpty() ? null : url();
    for (Message message : messages) {
      sqs.deleteMessage(request -> request.queueUrl(url).receiptHandle(message.receiptHandle()))
          .join();
    }
  }

  private String url() {
    return sqs.getQueueUrl(request -> request.queueName(settings.deadLetters())).join().queueUrl();
  }

  private List<Message> receive() {
    String url = url();
    return sqs.receiveMessage(
            request ->
                request
                    .queueUrl(url)
                    .maxNumberOfMessages(10)
                    .visibilityTimeout(LOOK_SECONDS)
                    .waitTimeSeconds(0))
        .join()
        .messages();
  }

  /// Of a command that cannot be read, the board may still know whose it was.
  private Optional<StatusEntry> entry(Decoded decoded) {
    return switch (decoded) {
      case Decoded.Readable readable -> Optional.of(StatusEntry.pending(readable.command()));
      case Decoded.Unreadable bad -> bad.ticketId().flatMap(this::onBoard);
    };
  }

  private Optional<StatusEntry> onBoard(UUID ticketId) {
    return board.find(ticketId).filter(entry -> !entry.ticket().status().isFinal());
  }
}
