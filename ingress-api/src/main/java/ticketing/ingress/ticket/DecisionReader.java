package ticketing.ingress.ticket;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletionException;
import java.util.stream.Collectors;
import org.springframework.dao.DataAccessResourceFailureException;
import org.springframework.stereotype.Component;
import ticketing.concurrent.BatchingExecutor;
import ticketing.database.DatabaseErrors;
import ticketing.database.DatabaseHealth;
import ticketing.status.StatusEntry;

/// What has been decided for good, from the table `tickets` of the primary database.
@Component
public class DecisionReader {

  /// Most tickets in one query, and most queries at a time.
  private static final int TOGETHER = 200;

  private static final int QUERIES = 2;

  private final TicketRepository rows;
  private final DatabaseHealth database;
  private final BatchingExecutor<UUID, Optional<StatusEntry>> finds =
      new BatchingExecutor<>("ledger", TOGETHER, QUERIES, this::findEach);

  DecisionReader(TicketRepository rows, DatabaseHealth database) {
    this.rows = rows;
    this.database = database;
  }

  /// @throws DataAccessResourceFailureException if the database is away
  Optional<StatusEntry> find(UUID ticketId) {
    if (!database.isUp()) {
      throw new DataAccessResourceFailureException("the database is away");
    }
    try {
      return finds.submit(ticketId).join();
    } catch (CompletionException e) {
      throw e.getCause() instanceof RuntimeException failure ? failure : e;
    }
  }

  private List<Optional<StatusEntry>> findEach(List<UUID> ticketIds) {
    Map<UUID, StatusEntry> found =
        rows.find(ticketIds.stream().map(UUID::toString).toList()).stream()
            .map(TicketEntity::entry)
            .collect(Collectors.toMap(entry -> entry.ticket().ticketId(), entry -> entry));
    return ticketIds.stream().map(id -> Optional.ofNullable(found.get(id))).toList();
  }

  /// Empty also while the database is down: then a repeated command is queued once more, and its
  /// first decision stands.
  public Optional<StatusEntry> findIfReadable(UUID ticketId) {
    try {
      return find(ticketId);
    } catch (RuntimeException e) {
      if (DatabaseErrors.isRetryable(e)) {
        return Optional.empty();
      }
      throw e;
    }
  }
}
