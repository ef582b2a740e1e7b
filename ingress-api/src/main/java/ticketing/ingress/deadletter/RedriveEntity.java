package ticketing.ingress.deadletter;

import jakarta.persistence.Entity;
import jakarta.persistence.GeneratedValue;
import jakarta.persistence.GenerationType;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// Row of `redrives`: a redrive of all dead letters, or of those of one ticket.
@Entity
@Table(name = "redrives")
class RedriveEntity {

  @Id
  @GeneratedValue(strategy = GenerationType.IDENTITY)
  private Long id;

  private String ticketId;
  private Instant startedAt;

  protected RedriveEntity() {}

  /// @param ticketId null: all dead letters
  RedriveEntity(@Nullable UUID ticketId, Instant startedAt) {
    this.ticketId = ticketId == null ? null : ticketId.toString();
    this.startedAt = startedAt;
  }
}
