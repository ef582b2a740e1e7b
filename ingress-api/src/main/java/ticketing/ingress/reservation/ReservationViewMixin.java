package ticketing.ingress.reservation;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import org.springframework.boot.jackson.JacksonMixin;

/// Public JSON of a reservation: without its owner.
@JacksonMixin(ReservationView.class)
@JsonIgnoreProperties("userId")
interface ReservationViewMixin {}
