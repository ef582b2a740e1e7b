package ticketing.ingress.event;

import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import java.time.Instant;
import org.springframework.data.domain.Persistable;
import ticketing.ingress.command.IdempotencyKey;

/// Row of `event_creations`: an event that a request with an `Idempotency-Key` created.
@Entity
@Table(name = "event_creations")
class EventCreationEntity implements Persistable<String> {

  @Id private String id;
  private String fingerprint;
  private long eventId;
  private Instant createdAt;

  protected EventCreationEntity() {}

  EventCreationEntity(IdempotencyKey key, long eventId, Instant createdAt) {
    this.id = id(key);
    this.fingerprint = key.fingerprint();
    this.eventId = eventId;
    this.createdAt = createdAt;
  }

  static String id(IdempotencyKey key) {
    return key.ticketId().toString();
  }

  boolean isOf(IdempotencyKey key) {
    return fingerprint.equals(key.fingerprint());
  }

  long eventId() {
    return eventId;
  }

  @Override
  public String getId() {
    return id;
  }

  /// A row is only inserted, so that a second one of the same id violates the primary key.
  @Override
  public boolean isNew() {
    return true;
  }
}
