package ticketing.status;

import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.UUID;
import org.redisson.client.codec.StringCodec;
import ticketing.domain.Ticket;
import ticketing.redis.CommandBatch;
import ticketing.redis.CommandBatch.Reply;
import ticketing.redis.RedisGateway;

/// Undecided tickets of each user by acceptance time, in the sorted set `undecided:{userId}`. It
/// contains the newest [#MAX_TICKETS] tickets. An unreadable set is empty.
final class UndecidedTickets {

  static final int MAX_TICKETS = 200; // of one user, in Redis

  private static final int UUID_LENGTH = 36; // characters

  private static final String ADD =
      RedisGateway.script(UndecidedTickets.class, "add_undecided.lua");
  private static final String REMOVE =
      RedisGateway.script(UndecidedTickets.class, "remove_undecided.lua");

  private UndecidedTickets() {}

  static void add(CommandBatch batch, String userId, List<Ticket> tickets, Duration ttl) {
    List<Object> arguments = new ArrayList<>(2 + 2 * tickets.size());
    arguments.add(RedisGateway.seconds(ttl));
    arguments.add(String.valueOf(MAX_TICKETS));
    for (Ticket ticket : tickets) {
      arguments.add(String.valueOf(ChronoUnit.MICROS.between(Instant.EPOCH, ticket.acceptedAt())));
      arguments.add(ticket.ticketId().toString());
    }
    batch.run(key(userId), ADD, arguments.toArray());
  }

  static void remove(CommandBatch batch, String userId, Collection<UUID> ticketIds) {
    batch.run(key(userId), REMOVE, ticketIds.stream().map(UUID::toString).toArray());
  }

  /// Reads the tickets of one user, newest first. The reply is for [#ids].
  static Reply<Collection<String>> find(CommandBatch batch, String userId) {
    String key = key(userId);
    return batch.read(
        key,
        redis ->
            redis
                .<String>getScoredSortedSet(key, StringCodec.INSTANCE)
                .valueRangeReversedAsync(0, MAX_TICKETS - 1));
  }

  /// Members that are no ids are skipped.
  static List<UUID> ids(Reply<Collection<String>> found) {
    return found.value().orElse(List.of()).stream()
        .filter(id -> id.length() == UUID_LENGTH)
        .map(UUID::fromString)
        .toList();
  }

  private static String key(String userId) {
    return "undecided:" + userId;
  }
}
