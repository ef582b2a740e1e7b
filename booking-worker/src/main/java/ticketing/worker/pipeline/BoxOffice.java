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
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.springframework.dao.DataIntegrityViolationException;
import org.springframework.stereotype.Component;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.TransactionDefinition;
import org.springframework.transaction.support.TransactionTemplate;
import ticketing.domain.Command;
import ticketing.domain.EventView;
import ticketing.domain.Money;
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
import ticketing.worker.settings.WorkerMetrics;
import ticketing.worker.settings.WorkerSettings;
import ticketing.worker.store.DecisionStore;

/// Decides groups of commands of one event: the lock, then the transaction, then the announcement.
///
/// A command takes effect at most once: its decision commits together with the seats, under its
/// ticket id, and a command that has one already is answered with it. An attempt that ingress has
/// withdrawn takes none: whoever sent it was told that it is not queued.
@Component
public class BoxOffice {

  private final DecisionStore ledger;
  private final EventLock lock;
  private final TransactionTemplate transaction;
  private final DecisionPublisher announcer;
  private final WorkerSettings settings;
  private final Clock clock;
  private final WorkerMetrics metrics;

  BoxOffice(
      DecisionStore ledger,
      EventLock lock,
      PlatformTransactionManager transactions,
      DecisionPublisher announcer,
      WorkerSettings settings,
      Clock clock,
      WorkerMetrics metrics) {
    this.ledger = ledger;
    this.lock = lock;
    this.announcer = announcer;
    this.settings = settings;
    this.clock = clock;
    this.metrics = metrics;
    this.transaction = new TransactionTemplate(transactions);
    transaction.setIsolationLevel(TransactionDefinition.ISOLATION_READ_COMMITTED);
    transaction.setTimeout(Math.toIntExact(Math.max(1, settings.transactionTimeout().toSeconds())));
  }

  /// Decides the commands and announces what became of them. When it returns, every decision is
  /// committed and the messages may be deleted.
  ///
  /// @param commands of that event; repeats among them are decided once
  /// @throws org.springframework.dao.DataAccessException if nothing was decided; trying again is
  ///   safe
  void decide(long eventId, Collection<? extends Command> commands) {
    commit(eventId, commands, ticketId -> null).run();
  }

  /// The first half of [#decide]: when it returns, every decision is committed.
  ///
  /// @param traces the `traceparent` of each ticket, for whoever tells of it; null if it is not
  ///   sampled
  /// @return the second half, the announcement
  Runnable commit(
      long eventId, Collection<? extends Command> commands, Function<UUID, String> traces) {
    metrics.grouped(Math.toIntExact(commands.stream().map(Command::ticketId).distinct().count()));
    Committed committed =
        lock.holding(
            eventId, () -> metrics.timingTransaction(() -> decideTogether(eventId, commands)));
    committed.fresh.forEach(entry -> metrics.decided(entry.ticket()));
    Committed traced = committed.traced(traces);
    return () -> announce(traced);
  }

  /// Hardly ever has one of many commands a decision already, so nobody looks first: the ledger's
  /// key refuses a second one, and with it the whole transaction.
  private Committed decideTogether(long eventId, Collection<? extends Command> commands) {
    try {
      return transaction.execute(status -> decideAll(eventId, commands, ids -> new HashMap<>()));
    } catch (DataIntegrityViolationException e) {
      return transaction.execute(status -> decideAll(eventId, commands, ledger::decided));
    }
  }

  /// @param earlier looks up the decisions that there are
  private Committed decideAll(
      long eventId,
      Collection<? extends Command> received,
      Function<Set<UUID>, Map<UUID, StatusEntry>> earlier) {
    DecisionStore.Locked locked = ledger.lock(eventId);
    Optional<EventView> event = locked.event();
    Set<UUID> gone = withdrawn(locked, received.stream().map(Command::attemptId));
    Map<UUID, Command> commands = new LinkedHashMap<>();
    List<StatusEntry> withdrawn = new ArrayList<>();
    for (Command command : received) {
      if (gone.contains(command.attemptId())) {
        withdrawn.add(StatusEntry.pending(command));
      } else {
        commands.putIfAbsent(command.ticketId(), command);
      }
    }
    return decide(event, commands, earlier.apply(commands.keySet())).without(withdrawn);
  }

  /// The event's row tells whether there is anything to look for.
  private Set<UUID> withdrawn(DecisionStore.Locked locked, Stream<UUID> attempts) {
    boolean some =
        locked.withdrawnAt() != null
            && locked.withdrawnAt().isAfter(now().minus(settings.withdrawalsKept()));
    return some
        ? ledger.withdrawn(attempts.filter(Objects::nonNull).collect(Collectors.toSet()))
        : new HashSet<>();
  }

  private Committed decide(
      Optional<EventView> event, Map<UUID, Command> commands, Map<UUID, StatusEntry> known) {
    Set<UUID> givenUp =
        known.values().stream()
            .map(StatusEntry::ticket)
            .filter(ticket -> ticket.reason() == Reason.GAVE_UP)
            .map(Ticket::ticketId)
            .collect(Collectors.toSet());
    known.keySet().removeAll(givenUp);
    List<Command> undecided =
        commands.values().stream()
            .filter(command -> !known.containsKey(command.ticketId()))
            .toList();
    if (undecided.isEmpty()) {
      return new Committed(List.of(), known.values(), null, List.of(), List.of());
    }
    Instant now = now();
    DecisionBatch outcome = BookingDecider.decide(inventory(event, undecided), undecided, now);
    Map<UUID, Long> reserved = ledger.reserve(outcome.decisions(), now);
    ledger.changeStatus(outcome.changed(), now);
    if (outcome.touchesSeats()) {
      ledger.moveSeats(event.orElseThrow(), outcome);
    }
    List<StatusEntry> fresh =
        outcome.decisions().stream().map(decision -> entry(decision, reserved, now)).toList();
    ledger.record(fresh, givenUp);
    return new Committed(
        fresh, known.values(), after(event, outcome), ids(outcome.changed()), List.of());
  }

  private Inventory inventory(Optional<EventView> event, List<Command> commands) {
    Set<String> bookers = new HashSet<>();
    Set<Long> named = new HashSet<>();
    for (Command command : commands) {
      switch (command) {
        case Command.BookSeats book -> bookers.add(book.userId());
        case Command.ConfirmHold confirm -> named.add(confirm.reservationId());
        case Command.CancelReservation cancel -> named.add(cancel.reservationId());
        case Command.ChangeSeats change -> {}
      }
    }
    boolean limited = event.isPresent() && event.get().maxSeatsPerUser() != null;
    return new Inventory(
        event,
        limited && !bookers.isEmpty() ? ledger.seatsOf(event.get().eventId(), bookers) : Map.of(),
        event.isEmpty() || named.isEmpty()
            ? Map.of()
            : ledger.reservations(event.get().eventId(), named));
  }

  /// Puts the seats of holds that are due back on sale.
  ///
  /// @return how many holds expired; as many as one transaction may expire if there may be more
  public int expire(long eventId) {
    return lock.holding(
        eventId,
        () -> {
          Committed committed = transaction.execute(status -> expireDue(eventId));
          metrics.expired(committed.reservations.size());
          announce(committed);
          return committed.reservations.size();
        });
  }

  private Committed expireDue(long eventId) {
    Instant now = now();
    Optional<EventView> event = ledger.lock(eventId).event();
    List<Reservation> due = ledger.holdsDue(eventId, now, settings.expiryBatch());
    if (event.isEmpty() || due.isEmpty()) {
      return new Committed(List.of(), List.of(), null, List.of(), List.of());
    }
    DecisionBatch outcome = BookingDecider.expire(event.get(), due, now);
    ledger.changeStatus(outcome.changed(), now);
    ledger.moveSeats(event.get(), outcome);
    return new Committed(
        List.of(), List.of(), after(event, outcome), ids(outcome.changed()), List.of());
  }

  /// Records that these commands could not be processed, unless they have been decided after all or
  /// were withdrawn.
  ///
  /// @return the attempts among them that were withdrawn
  public Set<UUID> giveUp(List<StatusEntry> entries) {
    Set<UUID> withdrawn = new HashSet<>();
    entries.stream()
        .collect(Collectors.groupingBy(entry -> entry.ticket().eventId()))
        .forEach((eventId, ofEvent) -> withdrawn.addAll(giveUp(eventId, ofEvent)));
    return withdrawn;
  }

  /// Under the lock of the event's row like every decision: what is withdrawn stays withdrawn.
  private Set<UUID> giveUp(long eventId, List<StatusEntry> entries) {
    Committed committed = transaction.execute(status -> giveUpAll(eventId, entries));
    committed.fresh.forEach(entry -> metrics.decided(entry.ticket()));
    announce(committed);
    return committed.withdrawn.stream().map(StatusEntry::attemptId).collect(Collectors.toSet());
  }

  private Committed giveUpAll(long eventId, List<StatusEntry> entries) {
    DecisionStore.Locked locked = ledger.lock(eventId);
    Set<UUID> gone = withdrawn(locked, entries.stream().map(StatusEntry::attemptId));
    Map<UUID, StatusEntry> distinct = new LinkedHashMap<>();
    List<StatusEntry> withdrawn = new ArrayList<>();
    for (StatusEntry entry : entries) {
      if (gone.contains(entry.attemptId())) {
        withdrawn.add(entry);
      } else {
        distinct.put(entry.ticket().ticketId(), entry);
      }
    }
    distinct.keySet().removeAll(ledger.decided(distinct.keySet()).keySet());
    Instant now = now();
    List<StatusEntry> givenUp =
        distinct.values().stream()
            .map(
                entry ->
                    StatusEntry.decided(
                        entry.owner(),
                        entry.fingerprint(),
                        rejected(entry.ticket(), now, Reason.GAVE_UP)))
            .toList();
    ledger.record(givenUp, List.of());
    return new Committed(givenUp, List.of(), null, List.of(), withdrawn);
  }

  private void announce(Committed committed) {
    announcer.announce(
        committed.fresh, List.copyOf(committed.known), committed.event, committed.reservations);
    if (!committed.withdrawn.isEmpty()) {
      metrics.withdrawn(committed.withdrawn.size());
      announcer.withdraw(committed.withdrawn);
    }
  }

  private static EventView after(Optional<EventView> event, DecisionBatch outcome) {
    return outcome.touchesSeats()
        ? DecisionStore.after(event.orElseThrow(), outcome.seatTypes(), event.get().version() + 1)
        : null;
  }

  private static List<Long> ids(List<Reservation> reservations) {
    return reservations.stream().map(Reservation::id).toList();
  }

  private static StatusEntry entry(Decision decision, Map<UUID, Long> reserved, Instant now) {
    Command command = decision.command();
    Ticket pending = Ticket.pending(command);
    Ticket decided =
        switch (decision) {
          case Decision.Booked booked ->
              decided(
                  pending,
                  TicketStatus.CONFIRMED,
                  now,
                  reserved.get(command.ticketId()),
                  null,
                  booked.totalPrice());
          case Decision.Held held ->
              decided(
                  pending,
                  TicketStatus.HELD,
                  now,
                  reserved.get(command.ticketId()),
                  held.expiresAt(),
                  held.totalPrice());
          case Decision.Confirmed confirmed ->
              of(pending, TicketStatus.CONFIRMED, now, confirmed.reservation());
          case Decision.Cancelled cancelled ->
              of(pending, TicketStatus.CANCELLED, now, cancelled.reservation());
          case Decision.SeatsChanged changed ->
              decided(pending, TicketStatus.CONFIRMED, now, null, null, null);
          case Decision.Rejected rejected -> rejected(pending, now, rejected.reason());
        };
    return StatusEntry.decided(command.userId(), command.fingerprint(), decided);
  }

  private static Ticket of(
      Ticket pending, TicketStatus status, Instant now, Reservation reservation) {
    return new Ticket(
        pending.ticketId(),
        pending.action(),
        status,
        pending.eventId(),
        reservation.seatType(),
        reservation.quantity(),
        null,
        null,
        pending.acceptedAt(),
        now,
        reservation.id(),
        null,
        null,
        reservation.totalPrice());
  }

  private static Ticket decided(
      Ticket pending,
      TicketStatus status,
      Instant now,
      Long reservationId,
      Instant expiresAt,
      Money totalPrice) {
    return new Ticket(
        pending.ticketId(),
        pending.action(),
        status,
        pending.eventId(),
        pending.seatType(),
        pending.quantity(),
        null,
        null,
        pending.acceptedAt(),
        now,
        reservationId,
        expiresAt,
        null,
        totalPrice);
  }

  private static Ticket rejected(Ticket pending, Instant now, Reason reason) {
    return new Ticket(
        pending.ticketId(),
        pending.action(),
        TicketStatus.REJECTED,
        pending.eventId(),
        pending.seatType(),
        pending.quantity(),
        null,
        null,
        pending.acceptedAt(),
        now,
        pending.reservationId(),
        null,
        reason,
        null);
  }

  private Instant now() {
    return clock.instant().truncatedTo(ChronoUnit.MICROS);
  }

  /// What a transaction did, to be told after its commit.
  ///
  /// @param fresh decided in it
  /// @param known decided before it
  /// @param event after it, or null if it did not change
  /// @param reservations that have a new status
  /// @param withdrawn attempts that it left alone
  private record Committed(
      List<StatusEntry> fresh,
      Collection<StatusEntry> known,
      EventView event,
      List<Long> reservations,
      List<StatusEntry> withdrawn) {

    Committed without(List<StatusEntry> withdrawn) {
      return new Committed(fresh, known, event, reservations, withdrawn);
    }

    Committed traced(Function<UUID, String> traces) {
      return new Committed(
          traced(fresh, traces), traced(known, traces), event, reservations, withdrawn);
    }

    private static List<StatusEntry> traced(
        Collection<StatusEntry> entries, Function<UUID, String> traces) {
      return entries.stream()
          .map(entry -> entry.withTrace(traces.apply(entry.ticket().ticketId())))
          .toList();
    }
  }
}
