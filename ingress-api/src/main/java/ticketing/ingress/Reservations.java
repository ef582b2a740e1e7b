package ticketing.ingress;

import java.time.Clock;
import org.springframework.data.domain.PageRequest;
import org.springframework.stereotype.Component;

/// Reservations for reading, each for a moment from its copy in Redis. Whoever asked for a change
/// of one sees it as it is from then on.
@Component
class Reservations {

  private static final String KIND = "reservation";

  private final ReservationRows rows;
  private final Copies copies;
  private final Clock clock;
  private final IngressSettings.Cache settings;

  Reservations(ReservationRows rows, Copies copies, Clock clock, IngressSettings settings) {
    this.rows = rows;
    this.copies = copies;
    this.clock = clock;
    this.settings = settings.cache();
  }

  static Problem notFound() {
    return Problem.of(ErrorCode.RESERVATION_NOT_FOUND, "There is no such reservation.");
  }

  /// @throws Problem `RESERVATION_NOT_FOUND`
  Reservation get(long reservationId) {
    String id = String.valueOf(reservationId);
    Copies.Found<Reservation> found = copies.find(KIND, id, Reservation.class);
    if (found.copy().isPresent() && !found.copy().get().hasRunOut(clock.instant())) {
      return found.copy().get();
    }
    Reservation fresh = getFresh(reservationId);
    if (found.wanted()) {
      copies.store(KIND, id, fresh, settings.reservation());
    }
    return fresh;
  }

  /// @throws Problem `RESERVATION_NOT_FOUND`
  Reservation getFresh(long reservationId) {
    return rows.find(reservationId).map(ReservationRow::view).orElseThrow(Reservations::notFound);
  }

  /// A change of it is about to be asked for.
  void changing(long reservationId) {
    copies.changing(KIND, String.valueOf(reservationId));
  }

  PageOf<Reservation> list(String userId, Reservation.Status status, int page, int size) {
    return PageOf.of(
        rows.list(userId, status == null ? null : status.name(), PageRequest.of(page, size)),
        ReservationRow::view);
  }
}
