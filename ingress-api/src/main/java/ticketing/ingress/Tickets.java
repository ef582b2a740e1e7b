package ticketing.ingress;

import java.time.Duration;
import java.util.Optional;
import java.util.UUID;
import org.springframework.stereotype.Component;
import ticketing.domain.BoardEntry;
import ticketing.domain.RedisUnavailable;
import ticketing.domain.Ticket;
import ticketing.domain.TicketBoard;

/// Tickets for reading: from the board, else from the ledger.
@Component
class Tickets {

  private static final Duration RETRY = Duration.ofSeconds(2);

  private final TicketBoard board;
  private final Ledger ledger;
  private final Decisions decisions;

  Tickets(TicketBoard board, Ledger ledger, Decisions decisions) {
    this.board = board;
    this.ledger = ledger;
    this.decisions = decisions;
  }

  /// @throws Problem `TICKET_NOT_FOUND` also for somebody else's, `TICKET_UNAVAILABLE` if it is not
  ///     decided and its state cannot be read
  Ticket get(Caller caller, UUID ticketId) {
    BoardEntry entry = find(ticketId).orElseThrow(Tickets::notFound);
    if (!caller.maySee(entry.owner())) {
      throw notFound();
    }
    return entry.ticket();
  }

  /// As [#get], but waits for the final state; empty if too many wait already.
  Optional<Ticket> await(Caller caller, UUID ticketId, Duration atMost) {
    return decisions.await(ticketId, atMost, () -> get(caller, ticketId));
  }

  /// Waits for the decision of a command that this process has queued itself; goes on without the
  /// board. Pending if it was not decided in time.
  Ticket await(Ticket queued, Duration atMost) {
    return decisions
        .await(
            queued.ticketId(),
            atMost,
            () -> ledger.find(queued.ticketId()).map(BoardEntry::ticket).orElse(queued))
        .orElse(queued);
  }

  private Optional<BoardEntry> find(UUID ticketId) {
    Optional<BoardEntry> entry;
    try {
      entry = board.find(ticketId);
    } catch (RedisUnavailable e) {
      entry = ledger.find(ticketId);
      if (entry.isEmpty()) {
        throw Problem.retry(
            ErrorCode.TICKET_UNAVAILABLE, "The ticket's state cannot be read right now.", RETRY);
      }
    }
    return entry.or(() -> ledger.find(ticketId));
  }

  static Problem notFound() {
    return Problem.of(ErrorCode.TICKET_NOT_FOUND, "There is no such ticket.");
  }
}
