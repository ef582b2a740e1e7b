package ticketing.ingress.reservation;

import com.fasterxml.jackson.annotation.JsonUnwrapped;
import ticketing.ingress.event.EventEntity;

/// Reservation in the list of its owner, with the current data of its event.
public record ListedReservation(
    @JsonUnwrapped ReservationView reservation, EventEntity.Summary event) {}
