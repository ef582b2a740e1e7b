package ticketing.worker.waiting;

import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.stereotype.Component;
import ticketing.redis.RedisErrorReplyException;
import ticketing.status.SendRegister;
import ticketing.status.StatusEntry;
import ticketing.status.StatusStore;
import ticketing.status.StatusStore.LineEntry;
import ticketing.worker.store.DecisionStore;
import ticketing.worker.waiting.WaitingLineMetrics.Cause;

/// Compares the oldest entries of the waiting lines with the database, and removes those that no
/// publication will remove: decided ones whose publication was lost, revoked ones, and undecided
/// ones without a command in the queue.
@Component
class WaitingLineCheck {

  private static final Logger log = LoggerFactory.getLogger(WaitingLineCheck.class);

  private final SendRegister register;
  private final StatusStore statusStore;
  private final DecisionStore store;
  private final QueueBacklog backlog;
  private final WaitingLineSettings settings;
  private final Clock clock;
  private final WaitingLineMetrics metrics;

  WaitingLineCheck(
      SendRegister register,
      StatusStore statusStore,
      DecisionStore store,
      QueueBacklog backlog,
      WaitingLineSettings settings,
      Clock clock,
      WaitingLineMetrics metrics) {
    this.register = register;
    this.statusStore = statusStore;
    this.store = store;
    this.backlog = backlog;
    this.settings = settings;
    this.clock = clock;
    this.metrics = metrics;
  }

  /// Checks a random sample of the waiting lines.
  ///
  /// @throws ticketing.redis.RedisUnavailableException if Redis is down
  void run() {
    boolean queueEmpty = backlog.isEmptyFor(settings.emptyQueueTime());
    for (long eventId : register.sampleLines(settings.maxEvents())) {
      try {
        check(eventId, queueEmpty);
      } catch (RedisErrorReplyException e) {
        // An error reply concerns the keys of this event only.
        log.warn("cannot check waiting line, event={} cause={}", eventId, e.getMessage());
      }
    }
  }

  private void check(long eventId, boolean queueEmpty) {
    List<LineEntry> oldest = statusStore.findOldest(eventId, settings.maxEntries());
    if (oldest.isEmpty()) {
      removeLine(eventId);
      return;
    }
    Instant now = clock.instant();
    Instant newest = now.minus(settings.minCheckAge());
    Map<UUID, Instant> undecided =
        oldest.stream()
            .filter(entry -> entry.acceptedAt().isBefore(newest))
            .collect(Collectors.toMap(LineEntry::ticketId, LineEntry::acceptedAt));
    if (undecided.isEmpty()) {
      return;
    }
    undecided.keySet().removeAll(publishDecided(undecided.keySet()));
    undecided.keySet().removeAll(removeRevoked(undecided.keySet()));
    removeExpired(eventId, undecided, now, queueEmpty);
  }

  /// An entry may have been stored since the line was read.
  private void removeLine(long eventId) {
    register.removeLine(eventId);
    if (!statusStore.findOldest(eventId, 1).isEmpty()) {
      register.addLine(eventId);
    }
  }

  private Set<UUID> publishDecided(Set<UUID> ticketIds) {
    Map<UUID, StatusEntry> decided = store.findDecisions(ticketIds);
    statusStore.publish(decided.values(), 0, null, List.of());
    metrics.recordRemoved(Cause.DECIDED, decided.size());
    return Set.copyOf(decided.keySet());
  }

  private Set<UUID> removeRevoked(Set<UUID> ticketIds) {
    Map<UUID, StatusEntry> entries = statusStore.findAll(ticketIds);
    Set<UUID> revokedAttempts =
        store.findRevoked(
            entries.values().stream()
                .map(StatusEntry::attemptId)
                .filter(Objects::nonNull)
                .collect(Collectors.toSet()));
    List<StatusEntry> revoked =
        entries.values().stream()
            .filter(entry -> !entry.ticket().status().isFinal())
            .filter(entry -> revokedAttempts.contains(entry.attemptId()))
            .toList();
    revoked.forEach(entry -> statusStore.removePending(entry).join());
    metrics.recordRemoved(Cause.REVOKED, revoked.size());
    return revoked.stream().map(entry -> entry.ticket().ticketId()).collect(Collectors.toSet());
  }

  private void removeExpired(
      long eventId, Map<UUID, Instant> undecided, Instant now, boolean queueEmpty) {
    Instant newest = now.minus(settings.maxUndecidedAge());
    undecided.values().removeIf(acceptedAt -> !acceptedAt.isBefore(newest));
    if (undecided.isEmpty()) {
      return;
    }
    if (!queueEmpty) {
      Optional<Instant> lastDecided = store.findLastAcceptance(eventId);
      undecided
          .values()
          .removeIf(acceptedAt ->
              lastDecided.isEmpty()
                  || lastDecided.get().isBefore(acceptedAt.plus(settings.maxUndecidedAge())));
    }
    statusStore.removeFromLine(
        eventId,
        undecided.entrySet().stream()
            .map(entry -> new LineEntry(entry.getKey(), entry.getValue()))
            .toList());
    metrics.recordRemoved(Cause.EXPIRED, undecided.size());
    undecided
        .keySet()
        .forEach(id -> log.info("removed expired entry from waiting line, ticket={}", id));
  }
}
