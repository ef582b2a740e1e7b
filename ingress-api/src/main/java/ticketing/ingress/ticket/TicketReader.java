package ticketing.ingress.ticket;

import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.springframework.dao.DataAccessException;
import org.springframework.stereotype.Component;
import org.springframework.transaction.TransactionException;
import ticketing.database.DatabaseErrors;
import ticketing.domain.Reason;
import ticketing.domain.Ticket;
import ticketing.ingress.problem.ApiException;
import ticketing.ingress.problem.ErrorCode;
import ticketing.ingress.security.AuthenticatedUser;
import ticketing.redis.RedisUnavailableException;
import ticketing.status.StatusEntry;
import ticketing.status.StatusStore;

/// Tickets for reading: from the board, else from the ledger. The ledger is also asked about what
/// the board shows as undecided for longer than expected, because the board can miss a decision.
@Component
public class TicketReader {

  private static final Duration RETRY = Duration.ofSeconds(2);

  private final StatusStore board;
  private final DecisionReader ledger;
  private final DecisionListener decisions;
  private final BoardGaps gaps;
  private final Clock clock;
  private final Duration overdue;

  TicketReader(
      StatusStore board,
      DecisionReader ledger,
      DecisionListener decisions,
      BoardGaps gaps,
      Clock clock,
      TicketSettings settings) {
    this.board = board;
    this.ledger = ledger;
    this.decisions = decisions;
    this.gaps = gaps;
    this.clock = clock;
    this.overdue = settings.overdueAfter();
  }

  /// @throws Problem `TICKET_NOT_FOUND` if it is certain that there is none, and for somebody
  ///   else's; `TICKET_UNAVAILABLE` if its state cannot be read right now
  Ticket get(AuthenticatedUser caller, UUID ticketId) {
    StatusEntry entry = find(ticketId).orElseThrow(TicketReader::notFound);
    if (!caller.maySee(entry.owner())) {
      throw notFound();
    }
    return entry.ticket();
  }

  /// As [#get], but waits for the final state; empty if too many wait already.
  public Optional<Ticket> await(AuthenticatedUser caller, UUID ticketId, Duration atMost) {
    return decisions.await(ticketId, atMost, () -> get(caller, ticketId));
  }

  /// Waits for the decision of a command that this process has queued itself; goes on without the
  /// board. Pending if it was not decided in time.
  public Ticket await(Ticket queued, Duration atMost) {
    return decisions
        .await(
            queued.ticketId(),
            atMost,
            () -> ledger.find(queued.ticketId()).map(StatusEntry::ticket).orElse(queued))
        .orElse(queued);
  }

  private Optional<StatusEntry> find(UUID ticketId) {
    try {
      Optional<StatusEntry> there = board.find(ticketId);
      if (there.isPresent()) {
        return Optional.of(isOverdue(there.get().ticket()) ? decidedOr(there.get()) : there.get());
      }
      Optional<StatusEntry> decided = inLedger(ticketId);
      if (decided.isEmpty() && gaps.mayHide(ticketId)) {
        throw unavailable();
      }
      return decided;
    } catch (RedisUnavailableException e) {
      return Optional.of(inLedger(ticketId).orElseThrow(TicketReader::unavailable));
    }
  }

  private boolean isOverdue(Ticket ticket) {
    long estimate = ticket.estimatedWaitSeconds() == null ? 0 : ticket.estimatedWaitSeconds();
    return !ticket.status().isFinal()
        && ticket.acceptedAt().plus(overdue).plusSeconds(estimate).isBefore(clock.instant());
  }

  /// Also brings the board up to date, but not with `GAVE_UP`: a later decision may have come there
  /// meanwhile, and would be replaced.
  private StatusEntry decidedOr(StatusEntry pending) {
    Optional<StatusEntry> decided = ledger.findIfReadable(pending.ticket().ticketId());
    if (decided.isPresent() && decided.get().ticket().reason() != Reason.GAVE_UP) {
      board.publish(List.of(decided.get()), 0, null, List.of());
    }
    return decided.orElse(pending);
  }

  private Optional<StatusEntry> inLedger(UUID ticketId) {
    try {
      return ledger.find(ticketId);
    } catch (DataAccessException | TransactionException e) {
      if (DatabaseErrors.isRetryable(e)) {
        throw unavailable();
      }
      throw e;
    }
  }

  private static ApiException unavailable() {
    return ApiException.withRetryAfter(
        ErrorCode.TICKET_UNAVAILABLE, "The ticket's state cannot be read right now.", RETRY);
  }

  static ApiException notFound() {
    return ApiException.of(ErrorCode.TICKET_NOT_FOUND, "There is no such ticket.");
  }
}
