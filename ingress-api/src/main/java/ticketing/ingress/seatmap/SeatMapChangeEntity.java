package ticketing.ingress.seatmap;

import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import java.time.Instant;
import java.util.UUID;
import org.springframework.data.domain.Persistable;

/// Row of `seat_map_changes`: the map of a command that is not decided yet.
@Entity
@Table(name = "seat_map_changes")
class SeatMapChangeEntity implements Persistable<String> {

  @Id private String ticketId;
  private long eventId;

  /// Gzip of the JSON.
  @Column(columnDefinition = "MEDIUMBLOB")
  private byte[] map;

  private Instant createdAt;

  protected SeatMapChangeEntity() {}

  SeatMapChangeEntity(UUID ticketId, long eventId, byte[] map, Instant createdAt) {
    this.ticketId = ticketId.toString();
    this.eventId = eventId;
    this.map = map;
    this.createdAt = createdAt;
  }

  @Override
  public String getId() {
    return ticketId;
  }

  @Override
  public boolean isNew() {
    return true;
  }
}
