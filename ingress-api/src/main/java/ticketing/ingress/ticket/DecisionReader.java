package ticketing.ingress.ticket;

import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletionException;
import java.util.stream.Collectors;
import org.springframework.stereotype.Component;
import ticketing.concurrent.BatchingExecutor;
import ticketing.database.DatabaseErrors;
import ticketing.database.DatabaseHealth;
import ticketing.status.StatusEntry;

/// Durable decisions, from the table `tickets` of the primary database. Concurrent reads share a
/// query.
@Component
public class DecisionReader {

  private static final int MAX_BATCH_SIZE = 200; // tickets in one query
  private static final int MAX_CONCURRENT_QUERIES = 2;

  /// Result of a read.
  public sealed interface Lookup {

    /// A worker has decided the command.
    record Decided(StatusEntry decision) implements Lookup {}

    /// No decision is committed.
    record Undecided() implements Lookup {}

    /// The database is unavailable or too slow.
    record Unavailable() implements Lookup {}
  }

  private final TicketRepository tickets;
  private final DatabaseHealth database;
  private final BatchingExecutor<UUID, Optional<StatusEntry>> batches =
      new BatchingExecutor<>(
          "read-decisions", MAX_BATCH_SIZE, MAX_CONCURRENT_QUERIES, this::findBatch);

  DecisionReader(TicketRepository tickets, DatabaseHealth database) {
    this.tickets = tickets;
    this.database = database;
  }

  /// Returns immediately while the database is known to be unavailable.
  public Lookup lookUp(UUID ticketId) {
    if (!database.isUp()) {
      return new Lookup.Unavailable();
    }
    try {
      return batches
          .submit(ticketId)
          .join()
          .<Lookup>map(Lookup.Decided::new)
          .orElseGet(Lookup.Undecided::new);
    } catch (CompletionException e) {
      if (DatabaseErrors.isRetryable(e)) {
        return new Lookup.Unavailable();
      }
      throw e.getCause() instanceof RuntimeException failure ? failure : e;
    }
  }

  private List<Optional<StatusEntry>> findBatch(List<UUID> ticketIds) {
    Map<UUID, StatusEntry> found =
        tickets.find(ticketIds.stream().map(UUID::toString).toList()).stream()
            .map(TicketEntity::entry)
            .collect(Collectors.toMap(entry -> entry.ticket().ticketId(), entry -> entry));
    return ticketIds.stream().map(id -> Optional.ofNullable(found.get(id))).toList();
  }
}
