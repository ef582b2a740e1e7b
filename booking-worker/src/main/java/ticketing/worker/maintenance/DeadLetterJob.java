package ticketing.worker.maintenance;

import static java.util.concurrent.CompletableFuture.completedFuture;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionService;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorCompletionService;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.factory.DisposableBean;
import org.springframework.core.NestedExceptionUtils;
import org.springframework.dao.DataAccessException;
import org.springframework.scheduling.annotation.Scheduled;
import org.springframework.stereotype.Component;
import org.springframework.transaction.TransactionException;
import ticketing.database.DatabaseErrors;
import ticketing.database.DatabaseHealth;
import ticketing.domain.Command;
import ticketing.domain.CommandCodec.Decoded;
import ticketing.redis.RedisUnavailableException;
import ticketing.status.StatusEntry;
import ticketing.status.StatusStore;
import ticketing.worker.pipeline.BoxOffice;
import ticketing.worker.pipeline.CommittedBatch;
import ticketing.worker.pipeline.DecisionPublisher;
import ticketing.worker.store.DecisionStore;

/// Reads the dead-letter queue, records its messages and rejects their commands with `GAVE_UP`.
///
/// The messages stay in the queue, so that an operator can redrive them. A message that contains
/// only revoked commands, or that an operator discarded, is deleted. Each ticket is rejected and
/// published once: its decision and the record of its message are durable. A message that a redrive
/// may be about to move is left: a later `GAVE_UP` would be final. Several workers may run the job
/// concurrently.
///
/// A blocked event delays the dead letters of other events by at most [#MAX_EVENT_DELAY]: a batch
/// ends without the events in progress if no event completes in this time.
@Component
class DeadLetterJob implements DisposableBean {

  private static final Logger log = LoggerFactory.getLogger(DeadLetterJob.class);
  private static final Duration MAX_EVENT_DELAY = Duration.ofSeconds(1);
  private static final DeadLetterQueue.Received NONE =
      new DeadLetterQueue.Received(List.of(), true);

  private final DeadLetterQueue queue;
  private final DeadLetterTable table;
  private final DecisionStore store;
  private final BoxOffice boxOffice;
  private final DecisionPublisher publisher;
  private final StatusStore statusStore;
  private final DatabaseHealth database;
  private final Clock clock;
  private final MaintenanceSettings settings;
  private final ExecutorService eventThreads;

  /// Events whose transaction is in progress.
  private final Set<Long> busyEvents = ConcurrentHashMap.newKeySet();

  private long readMessages; // in the last complete pass
  private Instant nextReread = Instant.MIN;

  DeadLetterJob(
      DeadLetterQueue queue,
      DeadLetterTable table,
      DecisionStore store,
      BoxOffice boxOffice,
      DecisionPublisher publisher,
      StatusStore statusStore,
      DatabaseHealth database,
      Clock clock,
      MaintenanceSettings settings) {
    this.queue = queue;
    this.table = table;
    this.store = store;
    this.boxOffice = boxOffice;
    this.publisher = publisher;
    this.statusStore = statusStore;
    this.database = database;
    this.clock = clock;
    this.settings = settings;
    this.eventThreads =
        Executors.newFixedThreadPool(
            settings.deadLetterConcurrentEvents(),
            Thread.ofVirtual().name("dead-letters-", 0).factory());
  }

  /// A pass over the queue, if it has new messages.
  @Scheduled(fixedDelayString = "${ticketing.worker.maintenance.dead-letter-interval}")
  void rejectDeadLetters() {
    if (!database.isUp()) {
      return;
    }
    try {
      long messages = queue.count();
      if (messages <= readMessages
          && clock.instant().isBefore(nextReread)
          && !(messages > 0 && table.existsDiscarded())) {
        readMessages = messages;
        return;
      }
      readMessages = messages == 0 ? 0 : readAll(messages);
      nextReread = clock.instant().plus(settings.deadLetterRereadInterval());
    } catch (CompletionException | RedisUnavailableException e) {
      log.debug("cannot read dead letters, cause={}", rootCause(e));
    } catch (DataAccessException | TransactionException e) {
      database.recordFailure(e);
      log.debug("cannot record dead letters, cause={}", rootCause(e));
    }
  }

  /// Reads until the queue has no visible message. The messages become visible again after a
  /// complete pass only, so that no pass reads a message twice.
  ///
  /// @param messages approximate number of messages
  /// @return messages that are recorded and stay in the queue
  private long readAll(long messages) {
    Duration visibility = settings.deadLetterVisibility();
    Instant start = clock.instant();
    Instant end = start.plus(visibility.dividedBy(2));
    List<String> recorded = new ArrayList<>();
    List<String> unrecorded = new ArrayList<>();
    boolean complete = false;
    long received = 0;
    CompletableFuture<DeadLetterQueue.Received> next = startReceive(messages);
    try {
      while (!complete && clock.instant().isBefore(end) && database.isUp()) {
        DeadLetterQueue.Received batch = next.join();
        List<DeadLetter> letters = batch.letters();
        received += letters.size();
        complete = batch.exhausted();
        // The queue is read while the database decides.
        next = complete ? completedFuture(NONE) : startReceive(messages - received);
        Set<DeadLetter> finished = new HashSet<>();
        try {
          finished.addAll(process(letters));
        } finally {
          for (DeadLetter letter : letters) {
            (finished.contains(letter) ? recorded : unrecorded).add(letter.receiptHandle());
          }
        }
      }
      log.info(
          "read dead letters, recorded={} unrecorded={} duration={}ms",
          recorded.size(),
          unrecorded.size(),
          Duration.between(start, clock.instant()).toMillis());
      return complete && unrecorded.isEmpty() ? recorded.size() : 0;
    } finally {
      unrecorded.addAll(receiptsOf(next));
      queue.release(unrecorded);
      if (complete) {
        queue.release(recorded);
      }
    }
  }

  private CompletableFuture<DeadLetterQueue.Received> startReceive(long expected) {
    return CompletableFuture.supplyAsync(
        () -> queue.receive(expected, settings.deadLetterVisibility()), Thread::startVirtualThread);
  }

  /// Receipts of a batch that is not processed. A receive that failed has none.
  private static List<String> receiptsOf(CompletableFuture<DeadLetterQueue.Received> unprocessed) {
    return unprocessed.exceptionally(_ -> NONE).join().letters().stream()
        .map(DeadLetter::receiptHandle)
        .toList();
  }

  /// @return messages that are recorded, without the deleted ones
  private Set<DeadLetter> process(List<DeadLetter> letters) {
    Map<String, DeadLetterTable.State> states =
        table.find(letters.stream().map(DeadLetter::messageId).toList());
    Set<DeadLetter> recorded = new HashSet<>();
    List<DeadLetter> discarded = new ArrayList<>();
    List<DeadLetter> unrecorded = new ArrayList<>();
    for (DeadLetter letter : letters) {
      switch (states.getOrDefault(letter.messageId(), DeadLetterTable.State.SEEN)) {
        case GIVEN_UP -> recorded.add(letter);
        case DISCARDED -> discarded.add(letter);
        case SEEN -> unrecorded.add(letter);
      }
    }
    // A redrive after this time replaces `GAVE_UP`, also if the lock of its event delays it.
    Instant decidedAt = store.currentTime();
    unrecorded.removeAll(findMoving(unrecorded));
    GivenUp givenUp = giveUp(unrecorded, decidedAt);
    List<DeadLetter> rejected = new ArrayList<>();
    for (DeadLetter letter : unrecorded) {
      if (containsOnly(givenUp.revokedAttempts(), letter)) {
        discarded.add(letter);
      } else if (!givenUp.postponed().contains(letter)) {
        rejected.add(letter);
      }
    }
    table.recordGivenUp(rejected, clock.instant().truncatedTo(ChronoUnit.MICROS));
    recorded.addAll(rejected);
    delete(discarded);
    return recorded;
  }

  private Set<DeadLetter> findMoving(List<DeadLetter> letters) {
    // A repeated request has several messages.
    Map<UUID, Set<DeadLetter>> byTicket = new HashMap<>();
    for (DeadLetter letter : letters) {
      for (Decoded decoded : letter.commands()) {
        ticketId(decoded)
            .ifPresent(id -> byTicket.computeIfAbsent(id, _ -> new HashSet<>()).add(letter));
      }
    }
    return store.findRedrivenWithin(byTicket.keySet(), settings.redriveTime()).stream()
        .flatMap(id -> byTicket.get(id).stream())
        .collect(Collectors.toSet());
  }

  private static Optional<UUID> ticketId(Decoded decoded) {
    return switch (decoded) {
      case Decoded.Readable(Command command) -> Optional.of(command.ticketId());
      case Decoded.Unreadable unreadable -> unreadable.ticketId();
    };
  }

  private void delete(List<DeadLetter> letters) {
    queue.delete(letters.stream().map(DeadLetter::receiptHandle).toList());
    table.delete(letters.stream().map(DeadLetter::messageId).toList());
    letters.forEach(letter -> log.info("deleted dead letter, message={}", letter.messageId()));
  }

  /// @param postponed messages with an undecided command
  private record GivenUp(Set<UUID> revokedAttempts, Set<DeadLetter> postponed) {}

  private GivenUp giveUp(List<DeadLetter> letters, Instant decidedAt) {
    Map<Long, List<StatusEntry>> entriesByEvent = new HashMap<>();
    Map<Long, Set<DeadLetter>> lettersByEvent = new HashMap<>();
    for (DeadLetter letter : letters) {
      for (Decoded decoded : letter.commands()) {
        entry(decoded)
            .ifPresent(entry -> {
              long eventId = entry.ticket().eventId();
              entriesByEvent.computeIfAbsent(eventId, id -> new ArrayList<>()).add(entry);
              lettersByEvent.computeIfAbsent(eventId, id -> new HashSet<>()).add(letter);
            });
      }
    }
    CompletionService<Set<UUID>> completion = new ExecutorCompletionService<>(eventThreads);
    Map<Long, Future<Set<UUID>>> results = new HashMap<>();
    entriesByEvent.forEach((eventId, entries) -> {
      if (busyEvents.add(eventId)) {
        results.put(eventId, completion.submit(() -> giveUpEvent(eventId, entries, decidedAt)));
      }
    });
    awaitProgress(completion, results.size());
    Set<UUID> revoked = new HashSet<>();
    Set<DeadLetter> postponed = new HashSet<>();
    lettersByEvent.forEach((eventId, ofEvent) ->
        resultOf(results.get(eventId))
            .ifPresentOrElse(revoked::addAll, () -> postponed.addAll(ofEvent)));
    return new GivenUp(revoked, postponed);
  }

  private static void awaitProgress(CompletionService<?> completion, int running) {
    try {
      for (int left = running; left > 0; left--) {
        if (completion.poll(MAX_EVENT_DELAY.toMillis(), TimeUnit.MILLISECONDS) == null) {
          return;
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /// @return empty if the event is busy or its transaction failed
  private Optional<Set<UUID>> resultOf(@Nullable Future<Set<UUID>> result) {
    if (result == null || !result.isDone()) {
      return Optional.empty();
    }
    try {
      return Optional.of(result.get());
    } catch (CancellationException e) {
      return Optional.empty();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Optional.empty();
    } catch (ExecutionException e) {
      switch (e.getCause()) {
        case DataAccessException failure -> database.recordFailure(failure);
        case TransactionException failure -> database.recordFailure(failure);
        default -> log.error("cannot record dead letters", e.getCause());
      }
      log.debug("cannot record dead letters, cause={}", rootCause(e));
      return Optional.empty();
    }
  }

  private Set<UUID> giveUpEvent(long eventId, List<StatusEntry> entries, Instant decidedAt) {
    try {
      return giveUp(eventId, entries, decidedAt);
    } finally {
      busyEvents.remove(eventId);
    }
  }

  /// An entry that violates a constraint does not affect the others.
  ///
  /// @return the revoked attempts among the entries
  private Set<UUID> giveUp(long eventId, List<StatusEntry> entries, Instant decidedAt) {
    try {
      CommittedBatch committed = boxOffice.giveUp(eventId, entries, decidedAt);
      publisher.publish(committed);
      return committed.revoked().stream().map(StatusEntry::attemptId).collect(Collectors.toSet());
    } catch (DataAccessException e) {
      if (!DatabaseErrors.isIntegrityViolation(e)) {
        throw e;
      }
      Set<UUID> revoked = new HashSet<>();
      if (entries.size() > 1) {
        entries.forEach(entry -> revoked.addAll(giveUp(eventId, List.of(entry), decidedAt)));
      } else {
        log.warn("dead letter violates a constraint, cause={}", e.getMessage());
      }
      return revoked;
    }
  }

  private static boolean containsOnly(Set<UUID> revoked, DeadLetter letter) {
    return letter.commands().stream()
        .allMatch(decoded ->
            decoded instanceof Decoded.Readable readable
                && revoked.contains(readable.command().attemptId()));
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

  private static String rootCause(Exception failure) {
    return NestedExceptionUtils.getMostSpecificCause(failure).getMessage();
  }

  @Override
  public void destroy() {
    eventThreads.shutdownNow();
  }
}
