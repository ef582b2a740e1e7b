package ticketing.ingress.seatmap;

import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.IdClass;
import jakarta.persistence.Table;
import org.springframework.data.domain.Persistable;
import ticketing.domain.seatmap.SeatBitmap;
import ticketing.domain.seatmap.SeatMap;

/// Row of `seat_sections`. This process inserts the rows of a new event; only workers change them.
@Entity
@IdClass(SeatSectionEntity.Key.class)
@Table(name = "seat_sections")
class SeatSectionEntity implements Persistable<SeatSectionEntity.Key> {

  record Key(long eventId, int ordinal) {}

  @Id private long eventId;
  @Id private int ordinal;
  private String section;
  private int seatCount;

  @Column(columnDefinition = "VARBINARY(7500)")
  private byte[] taken;

  protected SeatSectionEntity() {}

  /// Creates a section with all seats on sale.
  SeatSectionEntity(long eventId, int ordinal, SeatMap.Section section) {
    this.eventId = eventId;
    this.ordinal = ordinal;
    this.section = section.name();
    this.seatCount = section.seatCount();
    this.taken = new byte[SeatBitmap.countBytes(section.seatCount())];
  }

  @Override
  public Key getId() {
    return new Key(eventId, ordinal);
  }

  @Override
  public boolean isNew() {
    return true;
  }
}
