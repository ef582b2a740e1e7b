package ticketing.ingress.sales;

import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.List;
import org.hibernate.annotations.Immutable;
import org.jspecify.annotations.Nullable;
import ticketing.domain.Money;

/// Row of `reservations`. Only workers write it.
@Entity
@Immutable
@Table(name = "reservations")
class SoldReservationEntity {

  @Id private Long id;
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

  protected SoldReservationEntity() {}

  SoldReservation view(@Nullable String name, @Nullable String email) {
    return new SoldReservation(
        id,
        userId,
        name,
        email,
        seatType,
        quantity,
        seats == null ? null : List.of(seats.split(",")),
        totalPrice == null ? null : new Money(totalPrice),
        status,
        reservedAt,
        expiresAt,
        cancelledAt);
  }
}
