package ticketing.ingress;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletionException;
import java.util.stream.Collectors;
import org.springframework.dao.DataAccessResourceFailureException;
import org.springframework.stereotype.Component;
import ticketing.domain.BoardEntry;
import ticketing.domain.Gathering;

/// What has been decided for good, from the table `tickets` of the primary database.
@Component
class Ledger {

  /// Most tickets in one query, and most queries at a time.
  private static final int TOGETHER = 200;

  private static final int QUERIES = 2;

  private final TicketRows rows;
  private final DatabaseWatch database;
  private final Gathering<UUID, Optional<BoardEntry>> finds =
      new Gathering<>("ledger", TOGETHER, QUERIES, this::findEach);

  Ledger(TicketRows rows, DatabaseWatch database) {
    this.rows = rows;
    this.database = database;
  }

  /// @throws DataAccessResourceFailureException if the database is away
  Optional<BoardEntry> find(UUID ticketId) {
    if (database.away()) {
      throw new DataAccessResourceFailureException("the database is away");
    }
    try {
      return finds.submit(ticketId).join();
    } catch (CompletionException e) {
      throw e.getCause() instanceof RuntimeException failure ? failure : e;
    }
  }

  private List<Optional<BoardEntry>> findEach(List<UUID> ticketIds) {
    Map<UUID, BoardEntry> found =
        rows.find(ticketIds.stream().map(UUID::toString).toList()).stream()
            .map(TicketRow::entry)
            .collect(Collectors.toMap(entry -> entry.ticket().ticketId(), entry -> entry));
    return ticketIds.stream().map(id -> Optional.ofNullable(found.get(id))).toList();
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
