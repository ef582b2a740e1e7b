package ticketing.worker.pipeline;

import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.dao.DataAccessException;
import org.springframework.stereotype.Component;
import ticketing.database.DatabaseErrors;
import ticketing.domain.Command;
import ticketing.domain.EventView;
import ticketing.domain.Reason;
import ticketing.domain.Ticket;
import ticketing.domain.TicketStatus;
import ticketing.domain.seatmap.SeatMap;
import ticketing.domain.seatmap.SeatsView;
import ticketing.redis.RedisUnavailableException;
import ticketing.status.StatusEntry;
import ticketing.status.StatusStore;
import ticketing.userfeed.UserChange;
import ticketing.userfeed.UserChange.ReservationEnded.Ending;
import ticketing.worker.decision.BookingDecider;
import ticketing.worker.decision.Decision;
import ticketing.worker.decision.DecisionBatch;
import ticketing.worker.decision.Inventory;
import ticketing.worker.decision.NumberedSeats;
import ticketing.worker.decision.Reservation;
import ticketing.worker.decision.ReservationStatus;
import ticketing.worker.decision.WaitingList;
import ticketing.worker.decision.WaitingParty;
import ticketing.worker.lock.EventLock;
import ticketing.worker.order.AcceptanceOrder;
import ticketing.worker.store.DecidedBatch;
import ticketing.worker.store.DecisionStore;
import ticketing.worker.store.DecisionStore.UndecidedBatch;
import ticketing.worker.store.LockedEvent;
import ticketing.worker.store.Transactions;
import ticketing.worker.store.Transactions.Transaction;

/// Decides batches of commands in transactions: a batch of one event, or small ones of several.
///
/// A command takes effect at most once: its decision commits with the seats, under its ticket id. A
/// redelivered command gets the stored decision. A revoked command has no effect.
///
/// Due holds of an event expire in the transaction that decides its commands, so their seats are on
/// sale for the next command. An undecided confirmation in the status store keeps its hold.
@Component
public class BoxOffice {

  private static final Instant NO_DUE_HOLDS = Instant.EPOCH;

  private final DecisionStore store;
  private final StatusStore statusStore;
  private final EventLock lock;
  private final AcceptanceOrder order;
  private final Transactions transactions;
  private final Clock clock;
  private final PipelineSettings settings;
  private final PipelineMetrics metrics;

  BoxOffice(
      DecisionStore store,
      StatusStore statusStore,
      EventLock lock,
      AcceptanceOrder order,
      Transactions transactions,
      Clock clock,
      PipelineSettings settings,
      PipelineMetrics metrics) {
    this.store = store;
    this.statusStore = statusStore;
    this.lock = lock;
    this.order = order;
    this.transactions = transactions;
    this.clock = clock;
    this.settings = settings;
    this.metrics = metrics;
  }

  /// Commands and due holds of a locked event.
  private record Work(
      LockedEvent event, List<Reservation> dueHolds, Collection<? extends Command> commands) {}

  /// Commands of an event that a transaction decides.
  ///
  /// @param commands by ticket id; without duplicates and revoked ones
  /// @param revoked tickets of the revoked commands
  /// @param postponed commands for the next transaction
  private record Selection(
      Work work, Map<UUID, Command> commands, List<StatusEntry> revoked, List<Command> postponed) {

    private UndecidedBatch without(Set<UUID> decided) {
      return new UndecidedBatch(
          work.event(),
          commands.values().stream()
              .filter(command -> !decided.contains(command.ticketId()))
              .toList(),
          work.dueHolds());
    }
  }

  /// A transaction of a batch.
  ///
  /// @param postponed commands for the next transaction, because more holds expire ahead of them or
  ///   this one made many offers
  /// @param offersPending true if the next transaction makes further offers
  private record Round(CommittedBatch committed, List<Command> postponed, boolean offersPending) {}

  /// Decides the commands. When it returns, all decisions are committed.
  ///
  /// One transaction, or several if one does not expire all due holds or make all offers.
  ///
  /// @param commands commands of that event; duplicates are decided once
  /// @throws DataAccessException if a transaction was rolled back; a retry is safe
  public CommittedBatch decide(long eventId, Collection<? extends Command> commands) {
    return decide(eventId, commands, false).orElseThrow();
  }

  /// Decides the commands as [#decide], unless seats are scarce: then the order of acceptance
  /// between the workers matters.
  ///
  /// @return empty if seats are scarce; no command is decided then
  Optional<CommittedBatch> decideUnlessScarce(
      long eventId, Collection<? extends Command> commands) {
    return decide(eventId, commands, true);
  }

  /// Decides small batches of several events in one transaction. It blocks on no lock of an event.
  ///
  /// An event is left out if its Redis lock or one of its rows is locked, if its seats are scarce,
  /// or if it may need more than one transaction: it has a waiting list or due holds. An event that
  /// does not exist is left out too.
  ///
  /// @param batches commands by event; duplicates are decided once
  /// @return result by event, without the events that were left out
  /// @throws DataAccessException if the transaction was rolled back; a retry is safe
  Map<Long, CommittedBatch> decideGroup(Map<Long, List<Command>> batches) {
    Map<Long, List<Command>> groupable = new HashMap<>(batches);
    groupable.values().removeIf(commands -> !commands.stream().allMatch(BoxOffice::isGroupable));
    try (EventLock.Leases leases = lock.tryAcquire(groupable.keySet())) {
      if (leases.eventIds().isEmpty()) {
        return Map.of();
      }
      try (Transaction transaction = transactions.begin()) {
        List<Work> works = findGroup(store.tryLock(leases.eventIds()), groupable);
        if (works.isEmpty()) {
          return Map.of();
        }
        List<Round> rounds = decide(transaction, works, true);
        Map<Long, CommittedBatch> committed = new HashMap<>();
        int commands = 0;
        for (int index = 0; index < works.size(); index++) {
          CommittedBatch batch = rounds.get(index).committed();
          batch.decided().forEach(entry -> metrics.recordDecision(entry.ticket()));
          commands += batch.decided().size() + batch.known().size();
          committed.put(works.get(index).event().eventId(), batch);
        }
        metrics.recordBatchSize(commands);
        return committed;
      }
    }
  }

  private static boolean isGroupable(Command command) {
    return switch (command) {
      case Command.BookSeats _, Command.ConfirmHold _, Command.CancelReservation _ -> true;
      case Command.ChangeSeats _, Command.JoinWaitingList _, Command.LeaveWaitingList _ -> false;
    };
  }

  /// Returns the work on those of these locked events that one transaction can decide.
  private List<Work> findGroup(List<LockedEvent> locked, Map<Long, List<Command>> batches) {
    List<LockedEvent> events =
        locked.stream()
            .filter(event ->
                !event.usesWaitingList()
                    && !order.isScarce(event.event(), List.of(), batches.get(event.eventId())))
            .toList();
    if (events.isEmpty()) {
      return List.of();
    }
    Set<Long> blocked =
        new HashSet<>(
            store.findEventsWithDueHolds(
                events.stream().map(LockedEvent::eventId).toList(), now()));
    Set<Long> numbered =
        events.stream()
            .filter(event -> event.event().orElseThrow().seatMapRevision() != null)
            .map(LockedEvent::eventId)
            .collect(Collectors.toSet());
    Set<Long> withFreeSeats = store.tryLockSeats(numbered);
    numbered.stream().filter(id -> !withFreeSeats.contains(id)).forEach(blocked::add);
    Map<Long, Set<Long>> reservations = new HashMap<>();
    for (LockedEvent event : events) {
      reservations.put(event.eventId(), reservationIds(batches.get(event.eventId())));
    }
    Set<Long> free =
        store.tryLockReservations(
            reservations.values().stream().flatMap(Set::stream).collect(Collectors.toSet()));
    return events.stream()
        .filter(event ->
            !blocked.contains(event.eventId())
                && free.containsAll(reservations.get(event.eventId())))
        .map(event -> new Work(event, List.of(), batches.get(event.eventId())))
        .toList();
  }

  private static Set<Long> reservationIds(Collection<Command> commands) {
    Set<Long> ids = new HashSet<>();
    for (Command command : commands) {
      switch (command) {
        case Command.ConfirmHold confirm -> ids.add(confirm.reservationId());
        case Command.CancelReservation cancel -> ids.add(cancel.reservationId());
        case Command.BookSeats _,
            Command.ChangeSeats _,
            Command.JoinWaitingList _,
            Command.LeaveWaitingList _ -> {}
      }
    }
    return ids;
  }

  private Optional<CommittedBatch> decide(
      long eventId, Collection<? extends Command> commands, boolean unlessScarce) {
    try (EventLock.Lease _ = lock.acquire(eventId)) {
      Instant dueUntil = dueUntil(eventId, commands);
      CommittedBatch committed = CommittedBatch.EMPTY;
      Collection<? extends Command> remaining = commands;
      boolean offersPending;
      do {
        boolean first = committed == CommittedBatch.EMPTY;
        Optional<Round> decided =
            decideOptimistically(eventId, remaining, dueUntil, unlessScarce && first);
        if (decided.isEmpty()) {
          return Optional.empty();
        }
        Round round = decided.get();
        round.committed().decided().forEach(entry -> metrics.recordDecision(entry.ticket()));
        committed = committed.followedBy(round.committed());
        remaining = round.postponed();
        offersPending = round.offersPending();
      } while (!remaining.isEmpty() || offersPending);
      metrics.recordBatchSize(
          Math.toIntExact(commands.stream().map(Command::ticketId).distinct().count()));
      return Optional.of(committed);
    }
  }

  /// Duplicates are rare, so the batch is inserted without a look-up. A duplicate violates the
  /// primary key; the batch is then repeated with the look-up. Holds that violate a constraint must
  /// not affect the commands, so the last attempt expires none.
  private Optional<Round> decideOptimistically(
      long eventId,
      Collection<? extends Command> commands,
      Instant dueUntil,
      boolean unlessScarce) {
    try {
      return decideInTransaction(eventId, commands, dueUntil, unlessScarce, false);
    } catch (DataAccessException e) {
      rethrowUnlessIntegrityViolation(e);
    }
    try {
      return decideInTransaction(eventId, commands, dueUntil, unlessScarce, true);
    } catch (DataAccessException e) {
      rethrowUnlessIntegrityViolation(e);
    }
    return decideInTransaction(eventId, commands, NO_DUE_HOLDS, unlessScarce, true);
  }

  private Optional<Round> decideInTransaction(
      long eventId,
      Collection<? extends Command> commands,
      Instant dueUntil,
      boolean unlessScarce,
      boolean lookUp) {
    try (Transaction transaction = transactions.begin()) {
      LockedEvent event = store.lock(eventId);
      List<Reservation> dueHolds =
          store.findDueHolds(event, dueUntil, settings.holdExpiryBatchSize());
      if (unlessScarce && order.isScarce(event.event(), dueHolds, commands)) {
        return Optional.empty();
      }
      return Optional.of(
          decide(transaction, List.of(new Work(event, dueHolds, commands)), lookUp).getFirst());
    }
  }

  private static void rethrowUnlessIntegrityViolation(DataAccessException failure) {
    if (!DatabaseErrors.isIntegrityViolation(failure)) {
      throw failure;
    }
  }

  /// Expires due holds of an event, oldest first, at most as many as one transaction may expire,
  /// and makes due offers. It neither blocks on a lock of the event or of a hold nor takes the
  /// Redis lock.
  ///
  /// @return empty if another transaction locks the event
  public Optional<CommittedBatch> expireHolds(long eventId) {
    Instant dueUntil = dueUntil(eventId, List.of());
    try (Transaction transaction = transactions.begin()) {
      Optional<LockedEvent> event = store.tryLock(eventId);
      if (event.isEmpty()) {
        return Optional.empty();
      }
      List<Reservation> dueHolds =
          store.findUnlockedDueHolds(event.get(), dueUntil, settings.holdExpiryBatchSize());
      Work work = new Work(event.get(), dueHolds, List.of());
      return Optional.of(decide(transaction, List.of(work), false).getFirst().committed());
    }
  }

  /// Latest end of a hold that is due now. An undecided confirmation outside of these commands
  /// keeps the holds that ended after its acceptance.
  ///
  /// The time is read first: a confirmation accepted before it is in the status store, or decided.
  /// The delay is bounded, because a crashed process may leave a confirmation there. Without Redis
  /// the holds expire, and a confirmation takes the seats again if they are free.
  private Instant dueUntil(long eventId, Collection<? extends Command> commands) {
    Instant now = now();
    Instant earliest = now.minus(settings.holdExpiryMaxDelay());
    try {
      return statusStore
          .oldestConfirmation(eventId, confirmations(commands))
          .filter(now::isAfter)
          .map(oldest -> oldest.isBefore(earliest) ? earliest : oldest)
          .orElse(now);
    } catch (RedisUnavailableException e) {
      return now;
    }
  }

  private static Set<UUID> confirmations(Collection<? extends Command> commands) {
    return commands.stream()
        .filter(Command.ConfirmHold.class::isInstance)
        .map(Command::ticketId)
        .collect(Collectors.toSet());
  }

  /// The rest of a transaction: read, expire due holds, decide, write, commit.
  ///
  /// @param lookUp true if commands may have a stored decision
  /// @return one for each event, in the same order
  private List<Round> decide(Transaction transaction, List<Work> works, boolean lookUp) {
    Instant now = timeOfDecision(works);
    List<Selection> selections = works.stream().map(this::select).toList();
    Map<UUID, StatusEntry> known =
        lookUp
            ? store.findDecisions(
                selections.stream()
                    .flatMap(selection -> selection.commands().keySet().stream())
                    .toList())
            : new HashMap<>();
    Set<UUID> givenUp = removeGivenUp(known);
    List<UndecidedBatch> undecided =
        selections.stream().map(selection -> selection.without(known.keySet())).toList();
    List<Inventory> inventories = store.readInventories(undecided);
    List<DecidedBatch> decided = new ArrayList<>();
    for (int index = 0; index < undecided.size(); index++) {
      UndecidedBatch batch = undecided.get(index);
      decided.add(
          new DecidedBatch(
              batch.event(), BookingDecider.decide(inventories.get(index), batch.commands(), now)));
    }
    DecisionStore.NewIds ids = store.write(decided, now);
    List<List<StatusEntry>> entries =
        decided.stream()
            .map(event ->
                event.batch().decisions().stream()
                    .map(decision -> entry(decision, ids, now))
                    .toList())
            .toList();
    store.record(decided, entries, givenUp, now);
    transaction.commit();
    List<Round> rounds = new ArrayList<>();
    for (int index = 0; index < decided.size(); index++) {
      metrics.recordExpired(decided.get(index).batch().countExpired());
      rounds.add(round(selections.get(index), known, decided.get(index), entries.get(index), ids));
    }
    return rounds;
  }

  /// Commands that this transaction decides.
  private Selection select(Work work) {
    Instant end = endOfRound(work.dueHolds());
    List<Command> current = new ArrayList<>();
    List<Command> postponed = new ArrayList<>();
    work.commands()
        .forEach(
            command -> (command.acceptedAt().isBefore(end) ? current : postponed).add(command));
    Set<UUID> revokedAttempts =
        store.findRevoked(work.event(), current.stream().map(Command::attemptId));
    Map<UUID, Command> effective = new LinkedHashMap<>();
    List<StatusEntry> revoked = new ArrayList<>();
    for (Command command : current) {
      if (revokedAttempts.contains(command.attemptId())) {
        revoked.add(StatusEntry.pending(command));
      } else {
        effective.putIfAbsent(command.ticketId(), command);
      }
    }
    return new Selection(work, effective, revoked, postponed);
  }

  private Round round(
      Selection selection,
      Map<UUID, StatusEntry> known,
      DecidedBatch decided,
      List<StatusEntry> entries,
      DecisionStore.NewIds ids) {
    LockedEvent event = decided.event();
    DecisionBatch batch = decided.batch();
    List<Command> postponed = new ArrayList<>(selection.postponed());
    postponed.addAll(batch.postponed());
    Optional<EventView> after =
        batch.changesSeats() ? event.event().map(batch::applyTo) : event.event();
    return new Round(
        new CommittedBatch(
            entries,
            selection.commands().keySet().stream()
                .map(known::get)
                .filter(Objects::nonNull)
                .toList(),
            batch.changesSeats() ? after.orElseThrow() : null,
            changedSeats(event, batch),
            batch.changedReservations().stream().map(Reservation::id).toList(),
            userChanges(batch, ids.reservations()),
            selection.revoked(),
            order.isScarce(after, List.of(), selection.work().commands())),
        postponed,
        batch.waitingList().morePending());
  }

  /// Bitmaps to be published; null: none changed.
  private static SeatsView.@Nullable Change changedSeats(LockedEvent event, DecisionBatch batch) {
    NumberedSeats.Change change = batch.numberedSeats();
    if (change.taken() == null || !change.isEffective()) {
      return null;
    }
    SeatsView all =
        SeatsView.of(
            event.eventId(),
            change.revision(),
            batch.applyTo(event.event().orElseThrow()).version(),
            change.taken());
    List<SeatMap.Section> sections = change.taken().map().sections();
    return new SeatsView.Change(
        all,
        change.mapChanged()
            ? all
            : all.only(
                change.changedSections().stream()
                    .map(ordinal -> sections.get(ordinal).name())
                    .toList()));
  }

  /// Not before the end of a due hold, also if the clock was corrected since the search for them.
  private Instant timeOfDecision(List<Work> works) {
    Instant time = now();
    for (Work work : works) {
      if (!work.dueHolds().isEmpty() && time.isBefore(work.dueHolds().getLast().expiresAt())) {
        time = work.dueHolds().getLast().expiresAt();
      }
    }
    return time;
  }

  /// If this transaction cannot expire all due holds, it decides the commands accepted before the
  /// end of its last hold. The others are decided after the other holds expired.
  private Instant endOfRound(List<Reservation> dueHolds) {
    return dueHolds.size() < settings.holdExpiryBatchSize()
        ? Instant.MAX
        : dueHolds.getLast().expiresAt();
  }

  /// `GAVE_UP` is final, for example for a late delivery of the given-up message. After a redrive
  /// by an operator the ticket counts as undecided.
  private Set<UUID> removeGivenUp(Map<UUID, StatusEntry> known) {
    Set<UUID> redriven =
        store.findRedriven(
            known.values().stream()
                .map(StatusEntry::ticket)
                .filter(ticket -> ticket.reason() == Reason.GAVE_UP)
                .toList());
    known.keySet().removeAll(redriven);
    return redriven;
  }

  /// Records `GAVE_UP` for commands of one event that are neither decided nor revoked. It takes the
  /// row lock like every decision, so a revoked command stays revoked.
  ///
  /// @param decidedAt time of the database; a later redrive replaces `GAVE_UP`
  public CommittedBatch giveUp(long eventId, List<StatusEntry> entries, Instant decidedAt) {
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
      List<StatusEntry> givenUp =
          effective.values().stream()
              .map(entry -> entry.decided(entry.ticket().rejected(Reason.GAVE_UP, decidedAt)))
              .toList();
      store.recordGivenUp(givenUp);
      transaction.commit();
      givenUp.forEach(entry -> metrics.recordDecision(entry.ticket()));
      return new CommittedBatch(
          givenUp, List.of(), null, null, List.of(), List.of(), revoked, false);
    }
  }

  /// Offers, expiries, and cancellations by another user than the owner.
  private static List<UserChange> userChanges(DecisionBatch batch, Map<UUID, Long> reservationIds) {
    List<UserChange> changes = new ArrayList<>();
    for (Reservation reservation : batch.changedReservations()) {
      if (reservation.status() == ReservationStatus.EXPIRED) {
        changes.add(ended(reservation, Ending.EXPIRED));
      }
    }
    for (Decision decision : batch.decisions()) {
      if (decision instanceof Decision.Cancelled(var command, Reservation reservation)
          && !command.userId().equals(reservation.userId())) {
        changes.add(ended(reservation, Ending.CANCELLED));
      }
    }
    for (WaitingList.Offer offer : batch.waitingList().offers()) {
      WaitingParty party = offer.party();
      if (offer.hold() != null) {
        changes.add(
            new UserChange.OfferMade(
                reservationIds.get(party.ticketId()), List.of(party.userId())));
      }
    }
    return List.copyOf(changes);
  }

  private static UserChange ended(Reservation reservation, Ending ending) {
    return new UserChange.ReservationEnded(reservation.id(), ending, List.of(reservation.userId()));
  }

  private static StatusEntry entry(Decision decision, DecisionStore.NewIds ids, Instant now) {
    StatusEntry pending = StatusEntry.pending(decision.command());
    Ticket ticket = pending.ticket();
    return pending.decided(
        switch (decision) {
          case Decision.Booked(Command.BookSeats book, var totalPrice, var seats) ->
              ticket.decided(
                  TicketStatus.CONFIRMED,
                  new Ticket.Booked(
                      ids.reservations().get(book.ticketId()),
                      book.seatType(),
                      book.quantity(),
                      totalPrice,
                      seats),
                  now);
          case Decision.Held(
                  Command.BookSeats book,
                  var totalPrice,
                  Instant expiresAt,
                  var seats) ->
              ticket.held(
                  new Ticket.Booked(
                      ids.reservations().get(book.ticketId()),
                      book.seatType(),
                      book.quantity(),
                      totalPrice,
                      seats),
                  expiresAt,
                  now);
          case Decision.Confirmed(_, Reservation reservation) ->
              ticket.decided(TicketStatus.CONFIRMED, booked(reservation), now);
          case Decision.Cancelled(_, Reservation reservation) ->
              ticket.decided(TicketStatus.CANCELLED, booked(reservation), now);
          case Decision.SeatsChanged _ -> ticket.seatsChanged(now);
          case Decision.Joined(Command.JoinWaitingList join, WaitingParty party) ->
              ticket.joined(ids.entries().get(join.ticketId()), party.totalPrice(), now);
          case Decision.Left(_, WaitingParty party) ->
              ticket.left(party.seatType(), party.quantity(), now);
          case Decision.Rejected(_, Reason reason) -> ticket.rejected(reason, now);
        });
  }

  private static Ticket.Booked booked(Reservation reservation) {
    return new Ticket.Booked(
        reservation.id(),
        reservation.seatType(),
        reservation.quantity(),
        reservation.totalPrice(),
        reservation.seats());
  }

  private Instant now() {
    return clock.instant().truncatedTo(ChronoUnit.MICROS);
  }
}
