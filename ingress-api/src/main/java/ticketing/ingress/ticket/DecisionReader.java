package ticketing.ingress.ticket;

import java.nio.ByteBuffer;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
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

    /// No decision is stored.
    ///
    /// @param removed true if the retention removed a decision
    record Undecided(boolean removed) implements Lookup {}

    /// The database is unavailable or too slow, or a newer version wrote a decision that this one
    /// cannot read.
    record Unavailable() implements Lookup {}
  }

  private final TicketRepository tickets;
  private final DatabaseHealth database;
  private final BatchingExecutor<UUID, Lookup> batches =
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
    return await(batches.submit(ticketId));
  }

  /// Returns the result of each ticket, as [#lookUp].
  public Map<UUID, Lookup> lookUpAll(Collection<UUID> ticketIds) {
    if (!database.isUp()) {
      return ticketIds.stream().collect(Collectors.toMap(id -> id, _ -> new Lookup.Unavailable()));
    }
    Map<UUID, CompletableFuture<Lookup>> results = new HashMap<>();
    ticketIds.forEach(id -> results.put(id, batches.submit(id)));
    return results.entrySet().stream()
        .collect(Collectors.toMap(Map.Entry::getKey, result -> await(result.getValue())));
  }

  private static Lookup await(CompletableFuture<Lookup> result) {
    try {
      return result.join();
    } catch (CompletionException e) {
      if (DatabaseErrors.isRetryable(e)) {
        return new Lookup.Unavailable();
      }
      throw e.getCause() instanceof RuntimeException failure ? failure : e;
    }
  }

  private List<Lookup> findBatch(List<UUID> ticketIds) {
    Map<UUID, Lookup> found =
        tickets.find(ticketIds.stream().map(UUID::toString).toList()).stream()
            .collect(Collectors.toMap(TicketEntity::ticketId, DecisionReader::lookup));
    Set<UUID> removed =
        findRemoved(ticketIds.stream().filter(id -> !found.containsKey(id)).toList());
    return ticketIds.stream()
        .<Lookup>map(id ->
            found.containsKey(id) ? found.get(id) : new Lookup.Undecided(removed.contains(id)))
        .toList();
  }

  private static Lookup lookup(TicketEntity row) {
    return row.entry().<Lookup>map(Lookup.Decided::new).orElseGet(Lookup.Unavailable::new);
  }

  private Set<UUID> findRemoved(List<UUID> ticketIds) {
    return ticketIds.isEmpty()
        ? Set.of()
        : tickets.findRemoved(ticketIds.stream().map(DecisionReader::bytes).toList()).stream()
            .map(ByteBuffer::wrap)
            .map(id -> new UUID(id.getLong(), id.getLong()))
            .collect(Collectors.toSet());
  }

  private static byte[] bytes(UUID id) {
    return ByteBuffer.allocate(2 * Long.BYTES)
        .putLong(id.getMostSignificantBits())
        .putLong(id.getLeastSignificantBits())
        .array();
  }
}
