package ticketing.ingress.ticket;

import jakarta.persistence.Entity;
import jakarta.persistence.EnumType;
import jakarta.persistence.Enumerated;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.UUID;
import org.hibernate.annotations.Immutable;
import ticketing.domain.Action;
import ticketing.domain.Money;
import ticketing.domain.Reason;
import ticketing.domain.Ticket;
import ticketing.domain.TicketStatus;
import ticketing.status.StatusEntry;

/// Row of `tickets`, the ledger of decisions. Only workers write it.
@Entity
@Immutable
@Table(name = "tickets")
public class TicketEntity {

  @Id private String id;

  @Enumerated(EnumType.STRING)
  private Action action;

  private String userId;
  private long eventId;
  private String seatType;
  private Integer quantity;

  @Enumerated(EnumType.STRING)
  private TicketStatus decision;

  @Enumerated(EnumType.STRING)
  private Reason reason;

  private Long reservationId;
  private BigDecimal totalPrice;
  private Instant expiresAt;
  private String fingerprint;
  private Instant acceptedAt;
  private Instant decidedAt;

  protected TicketEntity() {}

  public StatusEntry entry() {
    return StatusEntry.decided(
        userId,
        fingerprint,
        Ticket.ofLedger(
            UUID.fromString(id),
            action,
            decision,
            eventId,
            seatType,
            quantity,
            acceptedAt,
            decidedAt,
            reservationId,
            expiresAt,
            reason,
            totalPrice == null ? null : new Money(totalPrice)));
  }
}
