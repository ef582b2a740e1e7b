package ticketing.ingress.ticket;

import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import ticketing.domain.Ticket;
import ticketing.domain.TicketIds;
import ticketing.ingress.security.AuthenticatedUser;
import ticketing.redis.RedisUnavailableException;
import ticketing.status.StatusEntry;
import ticketing.status.StatusStore;

/// Reads tickets from the status store, else from the ledger.
///
/// An id proves that its ticket was issued to the user. So an issued ticket without an entry and
/// without a decision is pending, unless the retention removed its decision, and an id that was not
/// issued to the user causes no query. The status store can miss a decision. Therefore a ticket
/// that is pending for longer than estimated is read from the ledger too.
@Component
public class TicketReader {

  private static final int DERIVED_VERSION = 5; // of an unsigned id with an Idempotency-Key
  private static final int TIME_ORDERED_VERSION = 7; // of an unsigned id without one

  private static final int MAX_UNDECIDED = 100; // in one list

  private final TicketIds ids;
  private final StatusStore statusStore;
  private final DecisionReader decisions;
  private final DecisionListener listener;
  private final Clock clock;
  private final TicketSettings settings;

  TicketReader(
      TicketIds ids,
      StatusStore statusStore,
      DecisionReader decisions,
      DecisionListener listener,
      Clock clock,
      TicketSettings settings) {
    this.ids = ids;
    this.statusStore = statusStore;
    this.decisions = decisions;
    this.listener = listener;
    this.clock = clock;
    this.settings = settings;
  }

  /// Reads the current state.
  TicketLookup find(AuthenticatedUser user, UUID ticketId) {
    return findStored(ticketId)
        .map(entry -> findVisible(user, entry))
        .orElseGet(() -> findDecided(user, ticketId));
  }

  /// Returns the ticket if it is final; empty also if that cannot be read.
  public Optional<Ticket> findFinal(UUID ticketId) {
    return Optional.ofNullable(findFinal(Set.of(ticketId), 1).get(ticketId));
  }

  /// Returns the final ones of these tickets, from the status store. Missed decisions of at most
  /// `maxLookups` tickets are read from the ledger.
  Map<UUID, Ticket> findFinal(Set<UUID> ticketIds, int maxLookups) {
    Map<UUID, StatusEntry> entries;
    try {
      entries = statusStore.findAll(ticketIds);
    } catch (RedisUnavailableException e) {
      entries = Map.of();
    }
    Map<UUID, Ticket> found = new HashMap<>();
    int lookups = 0;
    for (UUID id : ticketIds) {
      StatusEntry entry = entries.get(id);
      if (entry != null && entry.ticket().status().isFinal()) {
        found.put(id, entry.ticket());
      } else if ((entry == null || isOverdue(entry.ticket())) && lookups++ < maxLookups) {
        if (decisions.lookUp(id) instanceof DecisionReader.Lookup.Decided(StatusEntry decision)) {
          publish(decision);
          found.put(id, decision.ticket());
        }
      }
    }
    return found;
  }

  /// Returns the tickets that are undecided. Decisions that the status store missed are read from
  /// the ledger. A ticket of unknown state is omitted.
  public Set<UUID> findUndecided(Set<UUID> ticketIds) {
    Map<UUID, StatusEntry> entries;
    try {
      entries = statusStore.findAll(ticketIds);
    } catch (RedisUnavailableException e) {
      return ticketIds.stream()
          .filter(id -> decisions.lookUp(id) instanceof DecisionReader.Lookup.Undecided)
          .collect(Collectors.toSet());
    }
    return entries.values().stream()
        .map(entry -> isOverdue(entry.ticket()) ? refresh(entry).ticket() : entry.ticket())
        .filter(ticket -> !ticket.status().isFinal())
        .map(Ticket::ticketId)
        .collect(Collectors.toSet());
  }

  /// Blocks until a command of this process is decided, at most for the timeout.
  ///
  /// @return the queued ticket if there is no decision, if the database is unavailable, or if too
  ///   many requests wait
  public Ticket awaitDecision(Ticket queued, Duration timeout) {
    return listener
        .awaitFinal(queued.ticketId(), timeout, () -> decidedOr(queued))
        .map(found ->
            switch (found) {
              case TicketLookup.Found(Ticket ticket) -> ticket;
              case TicketLookup.NotFound _, TicketLookup.Unavailable _ -> queued;
            })
        .orElse(queued);
  }

  /// Returns the undecided tickets of a user, newest first, at most [#MAX_UNDECIDED].
  ///
  /// Tickets that are overdue, or without an entry in the status store, are read from the ledger,
  /// all in one query. Decided ones are removed from the status store's index.
  ///
  /// @throws RedisUnavailableException if the undecided tickets are unknown
  List<Ticket> findUndecided(AuthenticatedUser user) {
    List<UUID> indexed = statusStore.findUndecided(user.userId());
    Map<UUID, StatusEntry> entries = statusStore.findAll(indexed);
    List<UUID> ids = indexed.stream().filter(id -> isOf(user, id, entries.get(id))).toList();
    Map<UUID, DecisionReader.Lookup> decided =
        decisions.lookUpAll(
            ids.stream()
                .filter(id -> !entries.containsKey(id) || isOverdue(entries.get(id).ticket()))
                .toList());
    List<Ticket> undecided = new ArrayList<>();
    List<UUID> obsolete = new ArrayList<>();
    for (UUID id : ids) {
      Ticket ticket = entries.containsKey(id) ? entries.get(id).ticket() : Ticket.pending(id);
      if (ticket.status().isFinal() || isDecidedOrRemoved(decided.get(id))) {
        obsolete.add(id);
      } else {
        undecided.add(ticket);
      }
    }
    statusStore.removeUndecided(user.userId(), obsolete);
    return undecided.stream()
        .sorted(
            Comparator.comparing(
                Ticket::acceptedAt, Comparator.nullsLast(Comparator.reverseOrder())))
        .limit(MAX_UNDECIDED)
        .toList();
  }

  private boolean isOf(AuthenticatedUser user, UUID id, @Nullable StatusEntry entry) {
    return entry == null ? ids.isIssuedTo(id, user.userId()) : entry.owner().equals(user.userId());
  }

  private static boolean isDecidedOrRemoved(DecisionReader.@Nullable Lookup found) {
    return switch (found) {
      case null -> false;
      case DecisionReader.Lookup.Decided _ -> true;
      case DecisionReader.Lookup.Undecided(boolean removed) -> removed;
      case DecisionReader.Lookup.Unavailable _ -> false;
    };
  }

  private TicketLookup decidedOr(Ticket queued) {
    return switch (decisions.lookUp(queued.ticketId())) {
      case DecisionReader.Lookup.Decided(StatusEntry decision) ->
          new TicketLookup.Found(decision.ticket());
      case DecisionReader.Lookup.Undecided _, DecisionReader.Lookup.Unavailable _ ->
          new TicketLookup.Found(queued);
    };
  }

  private Optional<StatusEntry> findStored(UUID ticketId) {
    try {
      return statusStore.find(ticketId);
    } catch (RedisUnavailableException e) {
      return Optional.empty();
    }
  }

  private TicketLookup findVisible(AuthenticatedUser user, StatusEntry entry) {
    if (!user.maySee(entry.owner())) {
      return new TicketLookup.NotFound();
    }
    return new TicketLookup.Found(
        isOverdue(entry.ticket()) ? refresh(entry).ticket() : entry.ticket());
  }

  private boolean isOverdue(Ticket ticket) {
    long estimate = ticket.estimatedWaitSeconds() == null ? 0 : ticket.estimatedWaitSeconds();
    return !ticket.status().isFinal()
        && ticket
            .acceptedAt()
            .plus(settings.overdueAfter())
            .plusSeconds(estimate)
            .isBefore(clock.instant());
  }

  /// Stores a missed decision again, so that the ticket stays final without the database.
  private StatusEntry refresh(StatusEntry pending) {
    return switch (decisions.lookUp(pending.ticket().ticketId())) {
      case DecisionReader.Lookup.Decided(StatusEntry decision) -> {
        publish(decision);
        yield decision;
      }
      case DecisionReader.Lookup.Undecided _, DecisionReader.Lookup.Unavailable _ -> pending;
    };
  }

  private void publish(StatusEntry decision) {
    try {
      statusStore.publish(List.of(decision), 0, null, List.of());
    } catch (RedisUnavailableException e) {
      // The next read of the ticket publishes it.
    }
  }

  private TicketLookup findDecided(AuthenticatedUser user, UUID ticketId) {
    boolean issued = ids.isIssuedTo(ticketId, user.userId());
    if (!issued && !isReadableWithoutProof(user, ticketId)) {
      return new TicketLookup.NotFound();
    }
    return switch (decisions.lookUp(ticketId)) {
      case DecisionReader.Lookup.Decided(StatusEntry decision) ->
          user.maySee(decision.owner())
              ? new TicketLookup.Found(decision.ticket())
              : new TicketLookup.NotFound();
      case DecisionReader.Lookup.Undecided(boolean removed) ->
          issued && !removed
              ? new TicketLookup.Found(Ticket.pending(ticketId))
              : new TicketLookup.NotFound();
      case DecisionReader.Lookup.Unavailable _ -> new TicketLookup.Unavailable();
    };
  }

  private boolean isReadableWithoutProof(AuthenticatedUser user, UUID ticketId) {
    return user.role().readsAll()
        || settings.acceptUnsignedIds()
            && (ticketId.version() == DERIVED_VERSION
                || ticketId.version() == TIME_ORDERED_VERSION);
  }
}
