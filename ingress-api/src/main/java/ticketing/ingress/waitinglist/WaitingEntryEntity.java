package ticketing.ingress.waitinglist;

import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import java.time.Instant;
import org.hibernate.annotations.Immutable;

/// Row of `waiting_entries`. Only workers write it.
@Entity
@Immutable
@Table(name = "waiting_entries")
class WaitingEntryEntity {

  @Id private Long id;
  private long eventId;
  private long sequence;
  private String seatType;
  private int quantity;
  private String userId;
  private String status;
  private Instant joinedAt;

  protected WaitingEntryEntity() {}

  long id() {
    return id;
  }

  long eventId() {
    return eventId;
  }

  long sequence() {
    return sequence;
  }

  String seatType() {
    return seatType;
  }

  String userId() {
    return userId;
  }

  /// @param position number of the waiting entry among those of its seat type, from 1
  WaitingEntryView view(long position) {
    return new WaitingEntryView(id, eventId, seatType, quantity, joinedAt, status, position);
  }
}
