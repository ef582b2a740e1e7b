package ticketing.ingress.reservation;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeSet;
import org.springframework.stereotype.Component;
import ticketing.domain.EventView;
import ticketing.domain.seatmap.SeatMap;
import ticketing.ingress.problem.ApiException;
import ticketing.ingress.reservation.ReservationController.BookingRequest;
import ticketing.ingress.seatmap.SeatCatalog;
import ticketing.ingress.seatmap.SeatMapCatalog;

/// Validation of the seats of a booking against the seat map of its event.
@Component
class RequestedSeats {

  private final SeatMapCatalog maps;
  private final SeatCatalog seats;

  RequestedSeats(SeatMapCatalog maps, SeatCatalog seats) {
    this.maps = maps;
    this.seats = seats;
  }

  /// Result of a comparison with the seat map.
  sealed interface Resolution {

    /// @param booking with the seat type of its seats
    record Valid(BookingRequest booking) implements Resolution {}

    /// The event has no such seats of one type. It may have had them.
    record Invalid(List<ApiException.FieldError> errors) implements Resolution {}
  }

  /// Compares the seats of a booking with the seat map.
  Resolution resolve(EventView event, BookingRequest booking) {
    return booking.seats() == null
        ? new Resolution.Valid(booking)
        : findMap(event)
            .map(map -> resolve(map, booking))
            .orElseGet(() ->
                new Resolution.Invalid(
                    List.of(
                        new ApiException.FieldError("seats", "the event has no numbered seats"))));
  }

  private static Resolution resolve(SeatMap map, BookingRequest booking) {
    List<ApiException.FieldError> errors = new ArrayList<>();
    Set<String> types = new TreeSet<>();
    for (int i = 0; i < booking.seats().size(); i++) {
      OptionalInt seat = map.indexOf(booking.seats().get(i));
      if (seat.isEmpty()) {
        errors.add(new ApiException.FieldError("seats[" + i + "]", "is not in the seat map"));
      } else {
        types.add(map.seatType(seat.getAsInt()));
      }
    }
    if (types.size() > 1) {
      errors.add(new ApiException.FieldError("seats", "must be of one seat type"));
    }
    if (booking.seatType() != null && types.size() == 1 && !types.contains(booking.seatType())) {
      errors.add(new ApiException.FieldError("seatType", "must be the type of the seats"));
    }
    return errors.isEmpty()
        ? new Resolution.Valid(booking.withSeatType(types.iterator().next()))
        : new Resolution.Invalid(errors);
  }

  /// Returns true if a requested seat is known to be taken.
  boolean isTaken(EventView event, BookingRequest booking) {
    return findMap(event)
        .filter(
            map -> seats.isTaken(event.eventId(), event.seatMapRevision(), map, booking.seats()))
        .isPresent();
  }

  private Optional<SeatMap> findMap(EventView event) {
    return event.seatMapRevision() == null
        ? Optional.empty()
        : maps.find(event.eventId(), event.seatMapRevision());
  }
}
