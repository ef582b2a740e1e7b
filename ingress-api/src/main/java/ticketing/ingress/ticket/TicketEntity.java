package ticketing.ingress.ticket;

import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import java.math.BigDecimal;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
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

  private String action;
  private String userId;
  private long eventId;
  private String seatType;
  private Integer quantity;
  private String decision;
  private String reason;
  private Long reservationId;
  private BigDecimal totalPrice;
  private Instant expiresAt;
  private String fingerprint;
  private Instant acceptedAt;
  private Instant decidedAt;
  private String seats;
  private Long entryId;

  protected TicketEntity() {}

  public UUID ticketId() {
    return UUID.fromString(id);
  }

  /// Empty if a newer version wrote the row, with an action, decision or reason that this version
  /// does not have.
  public Optional<StatusEntry> entry() {
    try {
      return Optional.of(
          StatusEntry.decided(
              userId,
              fingerprint,
              Ticket.ofLedger(
                      ticketId(),
                      Action.valueOf(action),
                      TicketStatus.valueOf(decision),
                      eventId,
                      seatType,
                      quantity,
                      acceptedAt,
                      decidedAt,
                      reservationId,
                      expiresAt,
                      reason == null ? null : Reason.valueOf(reason),
                      totalPrice == null ? null : new Money(totalPrice))
                  .withSeats(seats == null ? null : List.of(seats.split(",")))
                  .withEntry(entryId)));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }
}
