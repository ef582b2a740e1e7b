package ticketing.worker.store;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.Stream;
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
    return tryLock(List.of(eventId)).stream().findFirst();
  }

  /// Locks the rows of events until the end of the transaction, without blocking.
  ///
  /// @return the locked events in the order of their ids, without those that do not exist or that
  ///   another transaction locks
  public List<LockedEvent> tryLock(Collection<Long> eventIds) {
    return events.tryLock(eventIds);
  }

  /// Locks reservations until the end of the transaction, without blocking.
  ///
  /// @return the locked ones, without those that do not exist or that another transaction locks
  public Set<Long> tryLockReservations(Collection<Long> ids) {
    return ids.isEmpty() ? Set.of() : reservations.tryLock(ids);
  }

  /// Locks the numbered seats of locked events until the end of the transaction, without blocking.
  ///
  /// @return those of these events with seats that are locked now
  public Set<Long> tryLockSeats(Collection<Long> eventIds) {
    return eventIds.isEmpty() ? Set.of() : seats.tryLock(eventIds);
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

  /// Commands and due holds of a locked event, to be decided.
  public record UndecidedBatch(
      LockedEvent event, List<Command> commands, List<Reservation> dueHolds) {}

  /// Returns the inventories for these batches, in their order.
  public List<Inventory> readInventories(List<UndecidedBatch> undecided) {
    Map<Long, Set<String>> users = new HashMap<>();
    Map<Long, Set<Long>> reservationIds = new HashMap<>();
    for (UndecidedBatch batch : undecided) {
      Optional<EventView> event = batch.event().event();
      if (event.isPresent()) {
        long eventId = event.get().eventId();
        Set<String> limited = new HashSet<>();
        Set<Long> named = new HashSet<>();
        for (Command command : batch.commands()) {
          switch (command) {
            case Command.BookSeats book -> limited.add(book.userId());
            case Command.ConfirmHold confirm -> {
              limited.add(confirm.userId());
              named.add(confirm.reservationId());
            }
            case Command.CancelReservation cancel -> named.add(cancel.reservationId());
            case Command.JoinWaitingList join -> limited.add(join.userId());
            case Command.ChangeSeats _, Command.LeaveWaitingList _ -> {}
          }
        }
        if (event.get().maxSeatsPerUser() != null && !limited.isEmpty()) {
          users.put(eventId, limited);
        }
        if (!named.isEmpty()) {
          reservationIds.put(eventId, named);
        }
      }
    }
    Map<Long, Map<String, Integer>> seatsOfUser = reservations.countSeats(users);
    Map<Long, Map<Long, Reservation>> named = reservations.find(reservationIds);
    return undecided.stream()
        .map(batch ->
            inventory(
                batch,
                seatsOfUser.getOrDefault(batch.event().eventId(), Map.of()),
                named.getOrDefault(batch.event().eventId(), Map.of())))
        .toList();
  }

  private Inventory inventory(
      UndecidedBatch batch, Map<String, Integer> seatsOfUser, Map<Long, Reservation> named) {
    LockedEvent locked = batch.event();
    if (locked.event().isEmpty()) {
      return new Inventory(locked.event(), Map.of(), Map.of(), batch.dueHolds());
    }
    EventView event = locked.event().get();
    return new Inventory(
        locked.event(),
        seatsOfUser,
        named,
        batch.dueHolds(),
        seats.read(event, batch.commands(), locked.keepsSeats()),
        readWaitingList(locked, event, batch.commands()));
  }

  private WaitingList readWaitingList(
      LockedEvent locked, EventView event, Collection<Command> commands) {
    return locked.usesWaitingList()
        ? waitingEntries.read(event, locked.waitingCounters(), locked.waitingSequence(), commands)
        : WaitingList.NONE;
  }

  /// Returns those of these events with a hold that ends at this time or earlier.
  public Set<Long> findEventsWithDueHolds(Collection<Long> eventIds, Instant now) {
    return reservations.findEventsWithDueHolds(eventIds, now);
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

  /// Ids of the rows of batches.
  ///
  /// @param reservations new reservations by ticket id
  /// @param entries new entries of the waiting list by ticket id
  public record NewIds(Map<UUID, Long> reservations, Map<UUID, Long> entries) {}

  /// Writes the effects of batches on events, reservations, seats and the waiting list.
  public NewIds write(List<DecidedBatch> decided, Instant now) {
    Map<UUID, Long> reservationIds = reservations.insert(decided, now);
    reservations.updateStatus(
        decided.stream().flatMap(event -> event.batch().changedReservations().stream()).toList(),
        now);
    events.update(decided);
    Map<UUID, Long> entryIds = new HashMap<>();
    for (DecidedBatch event : decided) {
      long eventId = event.event().eventId();
      seats.write(eventId, event.batch(), reservationIds, now);
      entryIds.putAll(waitingEntries.write(eventId, event.batch(), event.lastStep(), now));
    }
    return new NewIds(reservationIds, entryIds);
  }

  /// Inserts the decisions of batches into the ledger, and their expired holds into the history.
  /// Decisions, expiries and offers of an event have consecutive numbers in the order of their
  /// effects.
  ///
  /// @param entries by batch, one for each decision of the batch, in the same order
  /// @param replaced tickets whose `GAVE_UP` these decisions replace
  /// @throws org.springframework.dao.DataIntegrityViolationException if a ticket has a decision
  public void record(
      List<DecidedBatch> decided,
      List<List<StatusEntry>> entries,
      Collection<UUID> replaced,
      Instant now) {
    tickets.deleteGivenUp(replaced);
    history.insertStates(decided, now);
    List<TicketTable.Row> rows = new ArrayList<>();
    for (int index = 0; index < decided.size(); index++) {
      addRows(rows, decided.get(index), entries.get(index));
    }
    tickets.insert(rows);
    history.insertExpiries(decided, now);
  }

  private static void addRows(
      List<TicketTable.Row> rows, DecidedBatch event, List<StatusEntry> entries) {
    Long last = event.lastStep();
    DecisionBatch batch = event.batch();
    for (int index = 0; index < entries.size(); index++) {
      rows.add(
          new TicketTable.Row(
              entries.get(index),
              last == null ? null : last + batch.positionOfDecision(index),
              batch.decisions().get(index).command()));
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
