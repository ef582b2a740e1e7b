package ticketing.ingress.ratelimit;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.redisson.api.RScript;
import org.redisson.client.codec.StringCodec;
import org.springframework.stereotype.Component;
import ticketing.ingress.security.AuthenticatedUser;
import ticketing.ingress.ticket.TicketReader;
import ticketing.redis.RedisGateway;
import ticketing.redis.RedisUnavailableException;

/// Undecided bookings of each user and event: sets of ticket ids in the Redis keys
/// `undecided:{eventId}:{userId}`. Without Redis each instance counts its own bookings.
///
/// A full set is compared with the tickets, and decided ones are removed. An evicted set or ticket
/// makes the limit lenient. Concurrent additions never exceed it.
@Component
class UndecidedBookings {

  /// Result of an addition.
  enum Addition {
    ADDED,
    /// The set contains the ticket already.
    KNOWN,
    /// The set is full of undecided tickets.
    FULL
  }

  private static final int MAX_LOCAL_SETS = 50_000;
  private static final String ADD = RedisGateway.script(UndecidedBookings.class, "undecided.lua");

  private final RedisGateway redis;
  private final TicketReader tickets;
  private final int max;
  private final String ttlSeconds;
  private final Cache<String, Set<UUID>> local;

  UndecidedBookings(RedisGateway redis, TicketReader tickets, RateLimitSettings settings) {
    this.redis = redis;
    this.tickets = tickets;
    this.max = settings.maxUndecidedBookings();
    this.ttlSeconds = RedisGateway.seconds(settings.undecidedTtl());
    this.local =
        Caffeine.newBuilder()
            .maximumSize(MAX_LOCAL_SETS)
            .expireAfterAccess(settings.undecidedTtl())
            .build();
  }

  Addition add(AuthenticatedUser user, long eventId, UUID ticketId) {
    String key = key(user, eventId);
    try {
      Addition first = addShared(key, ticketId);
      if (first != Addition.FULL) {
        return first;
      }
      Set<UUID> counted = readShared(key);
      Set<UUID> decided = new HashSet<>(counted);
      decided.removeAll(tickets.findUndecided(counted));
      if (decided.isEmpty()) {
        return Addition.FULL;
      }
      decided.forEach(id -> removeShared(key, id));
      return addShared(key, ticketId);
    } catch (RedisUnavailableException e) {
      return addLocally(key, ticketId);
    }
  }

  private Addition addLocally(String key, UUID ticketId) {
    Set<UUID> counted = local.get(key, absent -> new HashSet<>());
    Addition first = addTo(counted, ticketId);
    if (first != Addition.FULL) {
      return first;
    }
    Set<UUID> snapshot;
    synchronized (counted) {
      snapshot = Set.copyOf(counted);
    }
    Set<UUID> undecided = tickets.findUndecided(snapshot);
    synchronized (counted) {
      counted.removeIf(id -> snapshot.contains(id) && !undecided.contains(id));
    }
    return addTo(counted, ticketId);
  }

  private Addition addTo(Set<UUID> counted, UUID ticketId) {
    synchronized (counted) {
      if (counted.contains(ticketId)) {
        return Addition.KNOWN;
      }
      return counted.size() < max && counted.add(ticketId) ? Addition.ADDED : Addition.FULL;
    }
  }

  void remove(AuthenticatedUser user, long eventId, UUID ticketId) {
    String key = key(user, eventId);
    Set<UUID> counted = local.getIfPresent(key);
    if (counted != null) {
      synchronized (counted) {
        counted.remove(ticketId);
      }
    }
    try {
      removeShared(key, ticketId);
    } catch (RedisUnavailableException e) {
      // The set expires after its TTL.
    }
  }

  private Addition addShared(String key, UUID ticketId) {
    long reply =
        redis.call(client ->
            client
                .getScript(StringCodec.INSTANCE)
                .<Long>eval(
                    RScript.Mode.READ_WRITE,
                    ADD,
                    RScript.ReturnType.LONG,
                    List.of(key),
                    ticketId.toString(),
                    String.valueOf(max),
                    ttlSeconds));
    return Addition.values()[(int) reply];
  }

  private void removeShared(String key, UUID ticketId) {
    redis.call(
        client -> client.<String>getSet(key, StringCodec.INSTANCE).remove(ticketId.toString()));
  }

  private Set<UUID> readShared(String key) {
    return redis.call(client -> client.<String>getSet(key, StringCodec.INSTANCE).readAll()).stream()
        .flatMap(UndecidedBookings::parse)
        .collect(Collectors.toSet());
  }

  private static Stream<UUID> parse(String text) {
    try {
      return Stream.of(UUID.fromString(text));
    } catch (IllegalArgumentException e) {
      return Stream.empty();
    }
  }

  private static String key(AuthenticatedUser user, long eventId) {
    return "undecided:" + eventId + ":" + user.userId();
  }
}
