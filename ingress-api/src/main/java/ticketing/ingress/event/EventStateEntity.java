package ticketing.ingress.event;

import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.IdClass;
import jakarta.persistence.Table;
import java.time.Instant;

/// Row of `event_states`: the state of an event after its creation or an edit, as JSON. The audit
/// of a sale replays decisions between recorded states.
@Entity
@Table(name = "event_states")
@IdClass(EventStateEntity.Key.class)
class EventStateEntity {

  record Key(long eventId, long sequence) {}

  @Id private long eventId;
  @Id private long sequence;
  private String state;
  private Instant changedAt;

  protected EventStateEntity() {}
}
