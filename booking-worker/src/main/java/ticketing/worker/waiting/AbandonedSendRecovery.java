package ticketing.worker.waiting;

import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.dao.DataAccessException;
import org.springframework.stereotype.Component;
import org.springframework.transaction.TransactionException;
import ticketing.database.DatabaseHealth;
import ticketing.domain.Action;
import ticketing.domain.Command;
import ticketing.domain.Ticket;
import ticketing.status.SendRegister;
import ticketing.status.SendRegister.Send;
import ticketing.status.SendRegisterSettings;
import ticketing.status.StatusEntry;
import ticketing.status.StatusStore;
import ticketing.status.StatusStore.LineEntry;
import ticketing.worker.pipeline.BoxOffice;
import ticketing.worker.pipeline.DecisionPublisher;
import ticketing.worker.store.DecisionStore;
import ticketing.worker.waiting.WaitingLineMetrics.Cause;

/// Recovers the commands that crashed ingress processes have registered.
///
/// Such a command may be queued and its client may have a 202, so it is never revoked. A booking or
/// a cancellation loses its place in the waiting line only; if it is queued, it is decided as
/// usual. A confirmation is decided here, because the place of a queued confirmation keeps its hold
/// alive. A decision is stored under the ticket id, so a queued duplicate has no effect.
@Component
class AbandonedSendRecovery {

  private static final Logger log = LoggerFactory.getLogger(AbandonedSendRecovery.class);
  private static final int MAX_SENDERS = 10; // in one run

  private final SendRegister register;
  private final SendRegisterSettings registerSettings;
  private final StatusStore statusStore;
  private final DecisionStore store;
  private final BoxOffice boxOffice;
  private final DecisionPublisher publisher;
  private final DatabaseHealth database;
  private final WaitingLineSettings settings;
  private final WaitingLineMetrics metrics;

  /// Time of the first observation of each expired sender. One thread uses it.
  private final Map<String, Long> expiredSince = new HashMap<>();

  AbandonedSendRecovery(
      SendRegister register,
      SendRegisterSettings registerSettings,
      StatusStore statusStore,
      DecisionStore store,
      BoxOffice boxOffice,
      DecisionPublisher publisher,
      DatabaseHealth database,
      WaitingLineSettings settings,
      WaitingLineMetrics metrics) {
    this.register = register;
    this.registerSettings = registerSettings;
    this.statusStore = statusStore;
    this.store = store;
    this.boxOffice = boxOffice;
    this.publisher = publisher;
    this.database = database;
    this.settings = settings;
    this.metrics = metrics;
  }

  /// Recovers senders that have been without lease for two lease times. After an outage of Redis, a
  /// live process renews its lease within the second one.
  ///
  /// @throws ticketing.redis.RedisUnavailableException if Redis is down
  void run() {
    List<String> expired = register.findExpiredSenders(MAX_SENDERS);
    expiredSince.keySet().retainAll(expired);
    long now = System.nanoTime();
    for (String instance : expired) {
      long since = expiredSince.computeIfAbsent(instance, first -> now);
      if (now - since >= registerSettings.lease().toNanos()) {
        recover(instance);
      }
    }
  }

  private void recover(String instance) {
    List<Send> sends = register.findSends(instance, settings.maxEntries());
    while (!sends.isEmpty()) {
      log.info("recovering abandoned commands, sender={} count={}", instance, sends.size());
      Set<Long> failedEvents = recover(sends);
      register.remove(
          instance, sends.stream().filter(send -> !failedEvents.contains(send.eventId())).toList());
      if (!failedEvents.isEmpty()) {
        return;
      }
      sends = register.findSends(instance, settings.maxEntries());
    }
    register.removeExpiredSender(instance);
  }

  /// @return events with confirmations to be decided in the next run
  private Set<Long> recover(List<Send> sends) {
    List<UUID> ids = sends.stream().map(Send::ticketId).toList();
    Map<UUID, StatusEntry> decided = store.findDecisions(ids);
    statusStore.publish(decided.values(), 0, null, List.of());
    metrics.recordRemoved(Cause.DECIDED, decided.size());
    Map<UUID, StatusEntry> entries = statusStore.findAll(ids);
    Map<Long, List<LineEntry>> abandoned = new HashMap<>();
    Map<Long, List<Command>> confirmations = new HashMap<>();
    for (Send send : sends) {
      StatusEntry entry = entries.get(send.ticketId());
      if (decided.containsKey(send.ticketId()) || entry != null && !isPending(entry, send)) {
        continue;
      }
      if (entry != null && entry.ticket().action() == Action.CONFIRM) {
        confirmations
            .computeIfAbsent(send.eventId(), id -> new ArrayList<>())
            .add(confirmation(entry));
      } else {
        abandoned
            .computeIfAbsent(send.eventId(), id -> new ArrayList<>())
            .add(new LineEntry(send.ticketId(), send.acceptedAt()));
      }
    }
    abandoned.forEach(this::removeFromLine);
    Set<Long> failedEvents = new HashSet<>();
    confirmations.forEach((eventId, commands) -> {
      if (!decide(eventId, commands)) {
        failedEvents.add(eventId);
      }
    });
    return failedEvents;
  }

  /// Returns false if the ticket is decided, or if another attempt has stored the entry.
  private static boolean isPending(StatusEntry entry, Send send) {
    return !entry.ticket().status().isFinal() && send.attemptId().equals(entry.attemptId());
  }

  private static Command confirmation(StatusEntry entry) {
    Ticket ticket = entry.ticket();
    return new Command.ConfirmHold(
        ticket.ticketId(),
        entry.owner(),
        ticket.eventId(),
        ticket.reservationId(),
        ticket.acceptedAt(),
        entry.fingerprint(),
        entry.attemptId());
  }

  /// A locked event delays only its own confirmations.
  ///
  /// @return false if the database did not decide them
  private boolean decide(long eventId, Collection<Command> confirmations) {
    try {
      publisher.publish(boxOffice.decide(eventId, confirmations));
    } catch (DataAccessException | TransactionException e) {
      database.recordFailure(e);
      log.debug("cannot decide confirmations, event={} cause={}", eventId, e.getMessage());
      return false;
    }
    metrics.recordRemoved(Cause.ABANDONED, confirmations.size());
    return true;
  }

  private void removeFromLine(long eventId, Collection<LineEntry> entries) {
    statusStore.removeFromLine(eventId, entries);
    metrics.recordRemoved(Cause.ABANDONED, entries.size());
    log.info(
        "removed abandoned commands from waiting line, event={} tickets={}",
        eventId,
        entries.stream()
            .map(entry -> entry.ticketId().toString())
            .collect(Collectors.joining(",")));
  }
}
