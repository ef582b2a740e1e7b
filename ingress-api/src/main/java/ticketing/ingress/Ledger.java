package ticketing.ingress;

import java.util.Optional;
import java.util.UUID;
import org.springframework.stereotype.Component;
import ticketing.domain.BoardEntry;

/// What has been decided for good, from the table `tickets` of the primary database.
@Component
class Ledger {

  private final TicketRows rows;

  Ledger(TicketRows rows) {
    this.rows = rows;
  }

  Optional<BoardEntry> find(UUID ticketId) {
    return rows.find(ticketId.toString()).map(TicketRow::entry);
  }

  /// Empty also while the database is down: then a repeated command is queued once more, and its
  /// first decision stands.
  Optional<BoardEntry> findIfReadable(UUID ticketId) {
    try {
      return find(ticketId);
    } catch (RuntimeException e) {
      if (Problems.isDatabaseUnavailable(e)) {
        return Optional.empty();
      }
      throw e;
    }
  }
}
