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
import ticketing.worker.store.DecisionStore;
import ticketing.worker.store.LockedEvent;
import ticketing.worker.store.Transactions;
import ticketing.worker.store.Transactions.Transaction;

/// Decides batches of commands of one event in one transaction.
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
      return Optional.of(decide(transaction, event, dueHolds, commands, lookUp));
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
      return Optional.of(decide(transaction, event.get(), dueHolds, List.of(), false).committed());
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

  /// The rest of the transaction of a batch: read, expire due holds, decide, write, commit.
  ///
  /// @param lookUp true if commands of the batch may have a stored decision
  private Round decide(
      Transaction transaction,
      LockedEvent event,
      List<Reservation> dueHolds,
      Collection<? extends Command> commands,
      boolean lookUp) {
    Instant now = timeOfDecision(dueHolds);
    Instant end = endOfRound(dueHolds);
    List<Command> current = new ArrayList<>();
    List<Command> postponed = new ArrayList<>();
    commands.forEach(
        command -> (command.acceptedAt().isBefore(end) ? current : postponed).add(command));
    Set<UUID> revokedAttempts = store.findRevoked(event, current.stream().map(Command::attemptId));
    Map<UUID, Command> effective = new LinkedHashMap<>();
    List<StatusEntry> revoked = new ArrayList<>();
    for (Command command : current) {
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
    if (undecided.isEmpty() && dueHolds.isEmpty() && !event.usesWaitingList()) {
      transaction.commit();
      return new Round(
          new CommittedBatch(
              List.of(),
              List.copyOf(known.values()),
              null,
              null,
              List.of(),
              List.of(),
              revoked,
              order.isScarce(event.event(), List.of(), commands)),
          postponed,
          false);
    }
    Inventory inventory = store.readInventory(event, undecided, dueHolds);
    DecisionBatch batch = BookingDecider.decide(inventory, undecided, now);
    DecisionStore.NewIds ids = store.write(event, batch, now);
    postponed.addAll(batch.postponed());
    List<StatusEntry> decided =
        batch.decisions().stream().map(decision -> entry(decision, ids, now)).toList();
    store.record(event, batch, decided, givenUp, now);
    transaction.commit();
    metrics.recordExpired(batch.countExpired());
    Optional<EventView> after =
        batch.changesSeats() ? event.event().map(batch::applyTo) : event.event();
    return new Round(
        new CommittedBatch(
            decided,
            List.copyOf(known.values()),
            batch.changesSeats() ? after.orElseThrow() : null,
            changedSeats(event, batch),
            batch.changedReservations().stream().map(Reservation::id).toList(),
            userChanges(batch, ids.reservations()),
            revoked,
            order.isScarce(after, List.of(), commands)),
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
  private Instant timeOfDecision(List<Reservation> dueHolds) {
    Instant now = now();
    Instant end = dueHolds.isEmpty() ? now : dueHolds.getLast().expiresAt();
    return now.isBefore(end) ? end : now;
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
