package ticketing.worker.store;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import ticketing.domain.Command;
import ticketing.domain.EventView;
import ticketing.domain.Ticket;
import ticketing.status.StatusEntry;
import ticketing.worker.decision.DecisionBatch;
import ticketing.worker.decision.Inventory;
import ticketing.worker.decision.Reservation;
import ticketing.worker.decision.WaitingList;
import ticketing.worker.seatmap.SeatTable;
import ticketing.worker.waitinglist.WaitingEntryTable;

/// Reads and writes of a decision. [#lock] or [#tryLock] is the first statement of every
/// transaction that decides, so two batches of an event neither interleave nor deadlock.
@Component
public class DecisionStore {

  private final EventTable events;
  private final ReservationTable reservations;
  private final TicketTable tickets;
  private final HistoryTable history;
  private final RevokedCommandTable revokedCommands;
  private final RedriveTable redrives;
  private final SeatTable seats;
  private final WaitingEntryTable waitingEntries;
  private final StoreSettings settings;
  private final Clock clock;

  DecisionStore(
      EventTable events,
      ReservationTable reservations,
      TicketTable tickets,
      HistoryTable history,
      RevokedCommandTable revokedCommands,
      RedriveTable redrives,
      SeatTable seats,
      WaitingEntryTable waitingEntries,
      StoreSettings settings,
      Clock clock) {
    this.events = events;
    this.reservations = reservations;
    this.tickets = tickets;
    this.history = history;
    this.revokedCommands = revokedCommands;
    this.redrives = redrives;
    this.seats = seats;
    this.waitingEntries = waitingEntries;
    this.settings = settings;
    this.clock = clock;
  }

  /// Locks the row of an event until the end of the transaction.
  public LockedEvent lock(long eventId) {
    return events.lock(eventId);
  }

  /// Locks the row of an event until the end of the transaction, without blocking.
  ///
  /// @return empty if the event does not exist or another transaction locks it
  public Optional<LockedEvent> tryLock(long eventId) {
    return events.tryLock(eventId);
  }

  /// Returns the revoked attempts among these; nulls are ignored. The mark of the event saves the
  /// look-up for events without recent revocations.
  public Set<UUID> findRevoked(LockedEvent event, Stream<UUID> attemptIds) {
    return event.revokedAt() == null || event.revokedAt().isBefore(oldestRevocation())
        ? Collections.emptySet()
        : revokedCommands.find(attemptIds.filter(Objects::nonNull).collect(Collectors.toSet()));
  }

  /// Returns the revoked attempts among these, of any event.
  public Set<UUID> findRevoked(Set<UUID> attemptIds) {
    return revokedCommands.find(attemptIds);
  }

  /// Returns the acceptance time of the last decided command of an event.
  public Optional<Instant> findLastAcceptance(long eventId) {
    return tickets.findLastAcceptance(eventId);
  }

  /// Returns the stored decisions by ticket id, including those with `GAVE_UP`.
  public Map<UUID, StatusEntry> findDecisions(Collection<UUID> ticketIds) {
    return tickets.find(ticketIds);
  }

  /// Returns those of these given-up tickets that an operator redrove later.
  public Set<UUID> findRedriven(Collection<Ticket> givenUp) {
    return givenUp.isEmpty() ? Set.of() : redrives.findRedriven(givenUp);
  }

  /// Returns the tickets whose redrive started less than this time ago, so that their messages may
  /// be about to move.
  public Set<UUID> findRedrivenWithin(Collection<UUID> tickets, Duration time) {
    return tickets.isEmpty() ? Set.of() : redrives.findRedrivenWithin(tickets, time);
  }

  /// Returns the time of the database, which dates redrives.
  public Instant currentTime() {
    return redrives.currentTime();
  }

  /// Returns the inventory for these commands.
  public Inventory readInventory(
      LockedEvent locked, Collection<Command> commands, List<Reservation> dueHolds) {
    if (locked.event().isEmpty()) {
      return new Inventory(locked.event(), Map.of(), Map.of(), dueHolds);
    }
    EventView event = locked.event().get();
    Set<String> users = new HashSet<>();
    Set<Long> reservationIds = new HashSet<>();
    for (Command command : commands) {
      switch (command) {
        case Command.BookSeats book -> users.add(book.userId());
        case Command.ConfirmHold confirm -> {
          users.add(confirm.userId());
          reservationIds.add(confirm.reservationId());
        }
        case Command.CancelReservation cancel -> reservationIds.add(cancel.reservationId());
        case Command.JoinWaitingList join -> users.add(join.userId());
        case Command.ChangeSeats _, Command.LeaveWaitingList _ -> {}
      }
    }
    boolean limited = event.maxSeatsPerUser() != null && !users.isEmpty();
    return new Inventory(
        locked.event(),
        limited ? reservations.countSeats(event.eventId(), users) : Map.of(),
        reservationIds.isEmpty() ? Map.of() : reservations.find(event.eventId(), reservationIds),
        dueHolds,
        seats.read(event, commands, locked.keepsSeats()),
        readWaitingList(locked, event, commands));
  }

  private WaitingList readWaitingList(
      LockedEvent locked, EventView event, Collection<Command> commands) {
    return locked.usesWaitingList()
        ? waitingEntries.read(event, locked.waitingCounters(), locked.waitingSequence(), commands)
        : WaitingList.NONE;
  }

  /// Returns all due holds of a locked event, oldest first.
  ///
  /// @param dueUntil latest end of a due hold
  public List<Reservation> findDueHolds(LockedEvent event, Instant dueUntil, int limit) {
    return reservations.findDueHolds(event.eventId(), dueUntil, limit);
  }

  /// As [#findDueHolds], without holds that another transaction may lock.
  public List<Reservation> findUnlockedDueHolds(LockedEvent event, Instant dueUntil, int limit) {
    return reservations.findUnlockedDueHolds(event.eventId(), dueUntil, limit);
  }

  /// Returns events with due holds in the order of their ids.
  ///
  /// @param afterEventId only events with a higher id
  public List<Long> findEventsWithDueHolds(Instant now, long afterEventId, int limit) {
    return reservations.findEventsWithDueHolds(now, afterEventId, limit);
  }

  /// Returns events in which a waiting party may get an offer, or seats are kept without a waiting
  /// list, in the order of their ids.
  ///
  /// @param afterEventId only events with a higher id
  public List<Long> findEventsWithDueOffers(Instant now, long afterEventId, int limit) {
    return waitingEntries.findEventsWithDueOffers(now, afterEventId, limit);
  }

  /// Ids of the rows of a batch.
  ///
  /// @param reservations new reservations by ticket id
  /// @param entries new entries of the waiting list by ticket id
  public record NewIds(Map<UUID, Long> reservations, Map<UUID, Long> entries) {}

  /// Writes the effects of a batch on reservations, seats and the waiting list.
  public NewIds write(LockedEvent event, DecisionBatch batch, Instant now) {
    Map<UUID, Long> ids = reservations.insert(event.eventId(), batch, now);
    reservations.updateStatus(batch.changedReservations(), now);
    if (batch.changesSeats() || batch.waitingList().isEffective()) {
      events.update(event.event().orElseThrow(), batch);
    }
    seats.write(event.eventId(), batch, ids, now);
    return new NewIds(
        ids, waitingEntries.write(event.eventId(), batch, lastStep(event, batch), now));
  }

  /// Number of the last step ahead of a batch; null: no numbers. The first batch of an event
  /// without a recorded state records one.
  private static @Nullable Long lastStep(LockedEvent event, DecisionBatch batch) {
    Long last = event.sequence();
    return last != null && last == 0 && batch.countSteps() > 0 ? (Long) 1L : last;
  }

  /// Inserts the decisions of a batch into the ledger, and its expired holds into the history.
  /// Decisions, expiries and offers of an event have consecutive numbers in the order of their
  /// effects.
  ///
  /// @param decided one for each decision of the batch, in the same order
  /// @param replaced tickets whose `GAVE_UP` these decisions replace
  /// @throws org.springframework.dao.DataIntegrityViolationException if a ticket has a decision
  public void record(
      LockedEvent event,
      DecisionBatch batch,
      List<StatusEntry> decided,
      Collection<UUID> replaced,
      Instant now) {
    tickets.deleteGivenUp(replaced);
    Long last = lastStep(event, batch);
    if (last != null && !last.equals(event.sequence())) {
      history.insertState(event.event().orElseThrow(), last, now);
    }
    List<TicketTable.Row> rows = new ArrayList<>(decided.size());
    for (int index = 0; index < decided.size(); index++) {
      rows.add(
          new TicketTable.Row(
              decided.get(index),
              last == null ? null : last + batch.positionOfDecision(index),
              batch.decisions().get(index).command()));
    }
    tickets.insert(rows);
    if (last != null && batch.countSteps() > 0) {
      history.insertExpiries(event.eventId(), batch, last, now);
      events.updateSequence(event.eventId(), last + batch.countSteps());
    }
  }

  /// Inserts tickets that were given up into the ledger. They have no number, because they have no
  /// effect.
  public void recordGivenUp(List<StatusEntry> givenUp) {
    tickets.insert(givenUp.stream().map(entry -> new TicketTable.Row(entry, null, null)).toList());
  }

  /// Deletes revoked commands that exceed the retention.
  ///
  /// @return number of deleted commands, at most `limit`
  public int deleteExpiredRevocations(int limit) {
    return revokedCommands.deleteOlderThan(oldestRevocation(), limit);
  }

  private Instant oldestRevocation() {
    return clock.instant().minus(settings.revokedCommandsRetention());
  }
}
