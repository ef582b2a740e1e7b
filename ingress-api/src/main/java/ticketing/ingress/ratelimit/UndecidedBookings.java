package ticketing.ingress.ratelimit;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.springframework.stereotype.Component;
import ticketing.domain.Ticket;
import ticketing.ingress.problem.ApiException;
import ticketing.ingress.problem.ErrorCode;
import ticketing.ingress.ticket.TicketReader;
import ticketing.redis.RedisUnavailableException;
import ticketing.status.StatusEntry;
import ticketing.status.StatusStore;

/// Limit of the undecided bookings of each user and event. The status store counts them and never
/// exceeds the limit. Without Redis each instance counts its own bookings.
///
/// A user with the maximum is compared with the ledger, because the status store may have missed
/// decisions.
@Component
public class UndecidedBookings {

  private static final int MAX_LOCAL_SETS = 50_000;
  private static final Duration RETRY_AFTER = Duration.ofSeconds(2);

  private record Key(String userId, long eventId) {}

  private final StatusStore statusStore;
  private final TicketReader tickets;
  private final RateLimitMetrics metrics;
  private final int max;
  private final Cache<Key, Set<UUID>> local;

  UndecidedBookings(
      StatusStore statusStore,
      TicketReader tickets,
      RateLimitMetrics metrics,
      RateLimitSettings settings) {
    this.statusStore = statusStore;
    this.tickets = tickets;
    this.metrics = metrics;
    this.max = settings.enabled() ? settings.maxUndecidedBookings() : Integer.MAX_VALUE;
    this.local =
        Caffeine.newBuilder()
            .maximumSize(MAX_LOCAL_SETS)
            .expireAfterAccess(settings.undecidedTtl())
            .build();
  }

  /// Maximum for one user and event.
  public int max() {
    return max;
  }

  /// Removes the decided bookings of a user and event from the status store.
  ///
  /// @return false if all are undecided
  /// @throws RedisUnavailableException if the bookings are unknown
  public boolean removeDecided(StatusEntry pending) {
    List<UUID> counted =
        statusStore.findUndecidedBookings(pending.owner(), pending.ticket().eventId());
    Set<UUID> decided = new HashSet<>(counted);
    decided.removeAll(tickets.findUndecided(Set.copyOf(counted)));
    statusStore.removeUndecided(pending.owner(), decided);
    return !decided.isEmpty();
  }

  /// Counts a booking of this instance.
  ///
  /// @return false if its user has the maximum
  public boolean addLocally(StatusEntry pending) {
    if (max == Integer.MAX_VALUE || !pending.ticket().action().requestsSeats()) {
      return true;
    }
    Set<UUID> counted = local.get(key(pending), absent -> new HashSet<>());
    UUID ticketId = pending.ticket().ticketId();
    if (add(counted, ticketId)) {
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
    return add(counted, ticketId);
  }

  private boolean add(Set<UUID> counted, UUID ticketId) {
    synchronized (counted) {
      return counted.contains(ticketId) || counted.size() < max && counted.add(ticketId);
    }
  }

  /// Ends the count of a booking of this instance that was not accepted.
  public void removeLocally(StatusEntry pending) {
    Set<UUID> counted = local.getIfPresent(key(pending));
    if (counted != null) {
      synchronized (counted) {
        counted.remove(pending.ticket().ticketId());
      }
    }
  }

  private static Key key(StatusEntry pending) {
    Ticket ticket = pending.ticket();
    return new Key(pending.owner(), ticket.eventId());
  }

  /// Counts a refused booking and returns its response.
  public ApiException refuse() {
    metrics.countRejection(RateLimitMetrics.Sender.USER);
    return ApiException.withRetryAfter(
        ErrorCode.RATE_LIMITED,
        "You have too many undecided bookings for this event.",
        RETRY_AFTER);
  }
}
