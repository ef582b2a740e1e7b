package ticketing.ingress.reservation;

import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.List;
import org.hibernate.annotations.Immutable;
import ticketing.domain.Money;

/// Row of `reservations`. Only workers write it.
@Entity
@Immutable
@Table(name = "reservations")
public class ReservationEntity {

  @Id private Long id;
  private String ticketId;
  private long eventId;
  private String userId;
  private int quantity;
  private String seatType;
  private BigDecimal totalPrice;
  private String status;
  private Instant reservedAt;
  private Instant cancelledAt;
  private Instant expiresAt;
  private String seats;
  private boolean offer;

  protected ReservationEntity() {}

  public ReservationView view() {
    return new ReservationView(
        id,
        ticketId,
        eventId,
        seatType,
        quantity,
        totalPrice == null ? null : new Money(totalPrice),
        ReservationView.Status.valueOf(status),
        reservedAt,
        expiresAt,
        cancelledAt,
        seats == null ? null : List.of(seats.split(",")),
        offer,
        userId);
  }
}
