package ticketing.ingress.reservation;

import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.LoadingCache;
import java.time.Clock;
import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.data.domain.PageRequest;
import org.springframework.stereotype.Component;
import ticketing.domain.Ticket;
import ticketing.ingress.cache.CachedKind;
import ticketing.ingress.cache.RedisCache;
import ticketing.ingress.database.HighestId;
import ticketing.ingress.http.PageResponse;
import ticketing.ingress.problem.ApiException;
import ticketing.ingress.problem.ErrorCode;
import ticketing.ingress.ticket.DecisionObserver;

/// Reads reservations, single ones from the cache in Redis. A reservation with an accepted change
/// is read from the database.
@Component
public class ReservationReader implements DecisionObserver {

  private final ReservationRepository reservations;
  private final HighestId highestId;
  private final RedisCache cache;
  private final Clock clock;
  private final ReservationSettings settings;
  private final LoadingCache<Long, Optional<Instant>> firstHoldEnds;

  ReservationReader(
      ReservationRepository reservations,
      RedisCache cache,
      Clock clock,
      ReservationSettings settings) {
    this.reservations = reservations;
    this.highestId = new HighestId(reservations::findHighestId);
    this.cache = cache;
    this.clock = clock;
    this.settings = settings;
    this.firstHoldEnds =
        Caffeine.newBuilder()
            .maximumSize(settings.holdEndCacheSize())
            .expireAfterWrite(settings.holdEndTtl())
            .build(reservations::findFirstHoldEnd);
  }

  public static ApiException notFound() {
    return ApiException.of(ErrorCode.RESERVATION_NOT_FOUND, "There is no such reservation.");
  }

  /// @throws ApiException `RESERVATION_NOT_FOUND`
  public ReservationView get(long reservationId) {
    String id = String.valueOf(reservationId);
    RedisCache.Cached<ReservationView> cached =
        cache.find(
            CachedKind.RESERVATION,
            id,
            ReservationView.class,
            reservation -> reservation.reservationId() == reservationId);
    if (cached.value().isPresent() && !cached.value().get().isExpiredHold(clock.instant())) {
      return cached.value().get();
    }
    ReservationView current = getUncached(reservationId);
    if (cached.cacheable()) {
      cache.store(CachedKind.RESERVATION, id, current, settings.cacheTtl());
    }
    return current;
  }

  /// Returns true if a hold of the event has ended. The next command of the event expires it.
  boolean hasDueHold(long eventId, Instant now) {
    return firstHoldEnds.get(eventId).filter(end -> !now.isBefore(end)).isPresent();
  }

  /// @throws ApiException `RESERVATION_NOT_FOUND`
  ReservationView getUncached(long reservationId) {
    if (!highestId.mayExist(reservationId)) {
      throw notFound();
    }
    return reservations
        .find(reservationId)
        .map(ReservationEntity::view)
        .orElseThrow(ReservationReader::notFound);
  }

  @Override
  public void decided(Ticket ticket) {
    if (ticket.reservationId() != null) {
      highestId.raise(ticket.reservationId());
    }
  }

  /// Evicts the reservation, and prevents caching until its accepted change is decided.
  void evictForChange(long reservationId) {
    cache.evictForChange(CachedKind.RESERVATION, String.valueOf(reservationId));
  }

  /// Returns the reservations of a user, newest first.
  public PageResponse<ListedReservation> list(
      String userId, ReservationView.@Nullable Status status, int page, int size) {
    return PageResponse.of(
        reservations.list(
            userId, status == null ? null : status.name(), PageRequest.of(page, size)),
        listed -> new ListedReservation(listed.reservation().view(), listed.event().summary()));
  }
}
