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

  /// Adds a ticket; adding it again has no effect.
  ///
  /// @return false if the set is full of undecided tickets
  boolean add(AuthenticatedUser user, long eventId, UUID ticketId) {
    String key = key(user, eventId);
    try {
      if (addShared(key, ticketId)) {
        return true;
      }
      Set<UUID> counted = readShared(key);
      Set<UUID> decided = new HashSet<>(counted);
      decided.removeAll(tickets.findUndecided(counted));
      if (decided.isEmpty()) {
        return false;
      }
      decided.forEach(id -> removeShared(key, id));
      return addShared(key, ticketId);
    } catch (RedisUnavailableException e) {
      return addLocally(key, ticketId);
    }
  }

  private boolean addLocally(String key, UUID ticketId) {
    Set<UUID> counted = local.get(key, absent -> new HashSet<>());
    if (addTo(counted, ticketId)) {
      return true;
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

  private boolean addTo(Set<UUID> counted, UUID ticketId) {
    synchronized (counted) {
      return counted.contains(ticketId) || counted.size() < max && counted.add(ticketId);
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

  private boolean addShared(String key, UUID ticketId) {
    return redis.call(client ->
        client
            .getScript(StringCodec.INSTANCE)
            .<Boolean>eval(
                RScript.Mode.READ_WRITE,
                ADD,
                RScript.ReturnType.BOOLEAN,
                List.of(key),
                ticketId.toString(),
                String.valueOf(max),
                ttlSeconds));
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
