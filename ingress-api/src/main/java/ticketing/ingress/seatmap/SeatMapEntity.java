package ticketing.ingress.seatmap;

import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.IdClass;
import jakarta.persistence.Table;
import java.time.Instant;
import org.springframework.data.domain.Persistable;

/// Row of `seat_maps`. It is never changed.
@Entity
@IdClass(SeatMapEntity.Key.class)
@Table(name = "seat_maps")
class SeatMapEntity implements Persistable<SeatMapEntity.Key> {

  record Key(long eventId, int revision) {}

  @Id private long eventId;
  @Id private int revision;

  /// Gzip of the JSON.
  @Column(columnDefinition = "MEDIUMBLOB")
  private byte[] map;

  private Instant createdAt;

  protected SeatMapEntity() {}

  SeatMapEntity(long eventId, int revision, byte[] map, Instant createdAt) {
    this.eventId = eventId;
    this.revision = revision;
    this.map = map;
    this.createdAt = createdAt;
  }

  byte[] map() {
    return map;
  }

  @Override
  public Key getId() {
    return new Key(eventId, revision);
  }

  @Override
  public boolean isNew() {
    return true;
  }
}
