package ticketing.ingress.reservation;

import java.time.Clock;
import org.springframework.data.domain.PageRequest;
import org.springframework.stereotype.Component;
import ticketing.ingress.cache.CachedKind;
import ticketing.ingress.cache.RedisCache;
import ticketing.ingress.http.PageResponse;
import ticketing.ingress.problem.ApiException;
import ticketing.ingress.problem.ErrorCode;

/// Reservations for reading, each for a moment from its copy in Redis. Whoever asked for a change
/// of one sees it as it is from then on.
@Component
public class ReservationReader {

  private final ReservationRepository rows;
  private final RedisCache copies;
  private final Clock clock;
  private final ReservationSettings settings;

  ReservationReader(
      ReservationRepository rows, RedisCache copies, Clock clock, ReservationSettings settings) {
    this.rows = rows;
    this.copies = copies;
    this.clock = clock;
    this.settings = settings;
  }

  static ApiException notFound() {
    return ApiException.of(ErrorCode.RESERVATION_NOT_FOUND, "There is no such reservation.");
  }

  /// @throws Problem `RESERVATION_NOT_FOUND`
  ReservationView get(long reservationId) {
    String id = String.valueOf(reservationId);
    RedisCache.Found<ReservationView> found =
        copies.find(CachedKind.RESERVATION, id, ReservationView.class);
    if (found.copy().isPresent() && !found.copy().get().hasRunOut(clock.instant())) {
      return found.copy().get();
    }
    ReservationView fresh = getFresh(reservationId);
    if (found.wanted()) {
      copies.store(CachedKind.RESERVATION, id, fresh, settings.cacheTtl());
    }
    return fresh;
  }

  /// @throws Problem `RESERVATION_NOT_FOUND`
  ReservationView getFresh(long reservationId) {
    return rows.find(reservationId)
        .map(ReservationEntity::view)
        .orElseThrow(ReservationReader::notFound);
  }

  /// A change of it is about to be asked for.
  void changing(long reservationId) {
    copies.changing(CachedKind.RESERVATION, String.valueOf(reservationId));
  }

  public PageResponse<ReservationView> list(
      String userId, ReservationView.Status status, int page, int size) {
    return PageResponse.of(
        rows.list(userId, status == null ? null : status.name(), PageRequest.of(page, size)),
        ReservationEntity::view);
  }
}
