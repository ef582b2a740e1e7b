package ticketing.status;

import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import org.redisson.client.codec.StringCodec;
import org.redisson.client.protocol.ScoredEntry;
import ticketing.domain.Ticket;
import ticketing.redis.CommandBatch;
import ticketing.redis.CommandBatch.Reply;
import ticketing.redis.RedisGateway;

/// Undecided confirmations of each event by acceptance time, in the sorted set
/// `confirming:{eventId}`. An unreadable set is empty.
final class UndecidedConfirmations {

  private static final String ADD =
      RedisGateway.script(UndecidedConfirmations.class, "add_confirmations.lua");
  private static final String REMOVE =
      RedisGateway.script(UndecidedConfirmations.class, "remove_confirmations.lua");

  private UndecidedConfirmations() {}

  static void add(CommandBatch batch, long eventId, List<Ticket> tickets, Duration ttl) {
    List<Object> arguments = new ArrayList<>(1 + 2 * tickets.size());
    arguments.add(RedisGateway.seconds(ttl));
    for (Ticket ticket : tickets) {
      arguments.add(String.valueOf(ChronoUnit.MICROS.between(Instant.EPOCH, ticket.acceptedAt())));
      arguments.add(ticket.ticketId().toString());
    }
    batch.run(key(eventId), ADD, arguments.toArray());
  }

  static void remove(CommandBatch batch, long eventId, Collection<UUID> ticketIds) {
    batch.run(key(eventId), REMOVE, ticketIds.stream().map(UUID::toString).toArray());
  }

  /// Reads the oldest confirmations of one event. The reply is for [#oldest].
  static Reply<Collection<ScoredEntry<String>>> find(
      CommandBatch batch, long eventId, int maxEntries) {
    String key = key(eventId);
    return batch.read(
        key,
        redis ->
            redis
                .<String>getScoredSortedSet(key, StringCodec.INSTANCE)
                .entryRangeAsync(0, maxEntries - 1));
  }

  /// Returns the acceptance time of the first confirmation that is not excluded.
  static Optional<Instant> oldest(
      Reply<Collection<ScoredEntry<String>>> found, Collection<UUID> excluded) {
    Set<String> ignored = excluded.stream().map(UUID::toString).collect(Collectors.toSet());
    return found.value().orElse(List.of()).stream()
        .filter(entry -> !ignored.contains(entry.getValue()))
        .findFirst()
        .map(entry -> Instant.EPOCH.plus(entry.getScore().longValue(), ChronoUnit.MICROS));
  }

  private static String key(long eventId) {
    return "confirming:" + eventId;
  }
}
