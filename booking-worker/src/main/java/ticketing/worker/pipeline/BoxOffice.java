package ticketing.worker.pipeline;

import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import org.springframework.dao.DataAccessException;
import org.springframework.stereotype.Component;
import ticketing.database.DatabaseErrors;
import ticketing.domain.Command;
import ticketing.domain.Reason;
import ticketing.domain.Ticket;
import ticketing.domain.TicketStatus;
import ticketing.status.StatusEntry;
import ticketing.worker.decision.BookingDecider;
import ticketing.worker.decision.Decision;
import ticketing.worker.decision.DecisionBatch;
import ticketing.worker.decision.Inventory;
import ticketing.worker.decision.Reservation;
import ticketing.worker.lock.EventLock;
import ticketing.worker.store.DecisionStore;
import ticketing.worker.store.LockedEvent;
import ticketing.worker.store.Transactions;
import ticketing.worker.store.Transactions.Transaction;

/// Decides batches of commands of one event in one transaction.
///
/// A command takes effect at most once: its decision commits with the seats, under its ticket id. A
/// redelivered command gets the stored decision. A revoked command has no effect.
@Component
public class BoxOffice {

  private static final int DUE_HOLDS_OF_BATCH = 0; // the expiry job expires them

  private final DecisionStore store;
  private final EventLock lock;
  private final Transactions transactions;
  private final Clock clock;
  private final PipelineMetrics metrics;

  BoxOffice(
      DecisionStore store,
      EventLock lock,
      Transactions transactions,
      Clock clock,
      PipelineMetrics metrics) {
    this.store = store;
    this.lock = lock;
    this.transactions = transactions;
    this.clock = clock;
    this.metrics = metrics;
  }

  /// Decides the commands. When it returns, all decisions are committed.
  ///
  /// Optimistic: duplicates are rare, so the batch is inserted without a look-up. A duplicate
  /// violates the primary key; the batch is then repeated with the look-up.
  ///
  /// @param commands commands of that event; duplicates are decided once
  /// @throws DataAccessException if the transaction was rolled back; a retry is safe
  public CommittedBatch decide(long eventId, Collection<? extends Command> commands) {
    metrics.recordBatchSize(
        Math.toIntExact(commands.stream().map(Command::ticketId).distinct().count()));
    try (EventLock.Lease _ = lock.acquire(eventId)) {
      CommittedBatch committed;
      try {
        committed = decideInTransaction(eventId, commands, DUE_HOLDS_OF_BATCH, false);
      } catch (DataAccessException e) {
        if (!DatabaseErrors.isIntegrityViolation(e)) {
          throw e;
        }
        committed = decideInTransaction(eventId, commands, DUE_HOLDS_OF_BATCH, true);
      }
      committed.decided().forEach(entry -> metrics.recordDecision(entry.ticket()));
      return committed;
    }
  }

  /// Expires due holds of an event, oldest first.
  ///
  /// @param limit maximum number of holds
  public CommittedBatch expireHolds(long eventId, int limit) {
    try (EventLock.Lease _ = lock.acquire(eventId)) {
      return decideInTransaction(eventId, List.of(), limit, false);
    }
  }

  /// The transaction of a batch: read, expire due holds, decide, write.
  ///
  /// @param lookUp true if commands of the batch may have a stored decision
  private CommittedBatch decideInTransaction(
      long eventId, Collection<? extends Command> commands, int maxDueHolds, boolean lookUp) {
    try (Transaction transaction = transactions.begin()) {
      LockedEvent event = store.lock(eventId);
      Instant now = now();
      List<Reservation> dueHolds = store.findDueHolds(eventId, now, maxDueHolds);
      Set<UUID> revokedAttempts =
          store.findRevoked(event, commands.stream().map(Command::attemptId));
      Map<UUID, Command> effective = new LinkedHashMap<>();
      List<StatusEntry> revoked = new ArrayList<>();
      for (Command command : commands) {
        if (revokedAttempts.contains(command.attemptId())) {
          revoked.add(StatusEntry.pending(command));
        } else {
          effective.putIfAbsent(command.ticketId(), command);
        }
      }
      Map<UUID, StatusEntry> known =
          lookUp ? store.findDecisions(effective.keySet()) : new HashMap<>();
      Set<UUID> givenUp = removeGivenUp(known);
      effective.keySet().removeAll(known.keySet());
      List<Command> undecided = List.copyOf(effective.values());
      if (undecided.isEmpty() && dueHolds.isEmpty()) {
        transaction.commit();
        return new CommittedBatch(List.of(), List.copyOf(known.values()), null, List.of(), revoked);
      }
      Inventory inventory = store.readInventory(event, undecided, dueHolds);
      DecisionBatch batch = BookingDecider.decide(inventory, undecided, now);
      Map<UUID, Long> reservationIds = store.write(event, batch, now);
      List<StatusEntry> decided =
          batch.decisions().stream().map(decision -> entry(decision, reservationIds, now)).toList();
      store.record(decided, givenUp);
      transaction.commit();
      return new CommittedBatch(
          decided,
          List.copyOf(known.values()),
          batch.changesSeats() ? batch.applyTo(event.event().orElseThrow()) : null,
          batch.changedReservations().stream().map(Reservation::id).toList(),
          revoked);
    }
  }

  /// A ticket with `GAVE_UP` counts as undecided: a redrive decides it.
  private static Set<UUID> removeGivenUp(Map<UUID, StatusEntry> known) {
    Set<UUID> givenUp =
        known.values().stream()
            .map(StatusEntry::ticket)
            .filter(ticket -> ticket.reason() == Reason.GAVE_UP)
            .map(Ticket::ticketId)
            .collect(Collectors.toSet());
    known.keySet().removeAll(givenUp);
    return givenUp;
  }

  /// Records `GAVE_UP` for commands of one event that are neither decided nor revoked. It takes the
  /// row lock like every decision, so a revoked command stays revoked.
  public CommittedBatch giveUp(long eventId, List<StatusEntry> entries) {
    try (Transaction transaction = transactions.begin()) {
      LockedEvent event = store.lock(eventId);
      Set<UUID> revokedAttempts =
          store.findRevoked(event, entries.stream().map(StatusEntry::attemptId));
      Map<UUID, StatusEntry> effective = new LinkedHashMap<>();
      List<StatusEntry> revoked = new ArrayList<>();
      for (StatusEntry entry : entries) {
        if (revokedAttempts.contains(entry.attemptId())) {
          revoked.add(entry);
        } else {
          effective.put(entry.ticket().ticketId(), entry);
        }
      }
      effective.keySet().removeAll(store.findDecisions(effective.keySet()).keySet());
      Instant now = now();
      List<StatusEntry> givenUp =
          effective.values().stream()
              .map(entry -> entry.decided(entry.ticket().rejected(Reason.GAVE_UP, now)))
              .toList();
      store.record(givenUp, Set.of());
      transaction.commit();
      givenUp.forEach(entry -> metrics.recordDecision(entry.ticket()));
      return new CommittedBatch(givenUp, List.of(), null, List.of(), revoked);
    }
  }

  private static StatusEntry entry(Decision decision, Map<UUID, Long> reservationIds, Instant now) {
    StatusEntry pending = StatusEntry.pending(decision.command());
    Ticket ticket = pending.ticket();
    return pending.decided(
        switch (decision) {
          case Decision.Booked(Command.BookSeats book, var totalPrice) ->
              ticket.decided(
                  TicketStatus.CONFIRMED,
                  new Ticket.Booked(
                      reservationIds.get(book.ticketId()),
                      book.seatType(),
                      book.quantity(),
                      totalPrice),
                  now);
          case Decision.Held(Command.BookSeats book, var totalPrice, Instant expiresAt) ->
              ticket.held(
                  new Ticket.Booked(
                      reservationIds.get(book.ticketId()),
                      book.seatType(),
                      book.quantity(),
                      totalPrice),
                  expiresAt,
                  now);
          case Decision.Confirmed(_, Reservation reservation) ->
              ticket.decided(TicketStatus.CONFIRMED, booked(reservation), now);
          case Decision.Cancelled(_, Reservation reservation) ->
              ticket.decided(TicketStatus.CANCELLED, booked(reservation), now);
          case Decision.SeatsChanged _ -> ticket.seatsChanged(now);
          case Decision.Rejected(_, Reason reason) -> ticket.rejected(reason, now);
        });
  }

  private static Ticket.Booked booked(Reservation reservation) {
    return new Ticket.Booked(
        reservation.id(), reservation.seatType(), reservation.quantity(), reservation.totalPrice());
  }

  private Instant now() {
    return clock.instant().truncatedTo(ChronoUnit.MICROS);
  }
}
