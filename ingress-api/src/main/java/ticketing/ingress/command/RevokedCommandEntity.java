package ticketing.ingress.command;

import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import java.time.Instant;
import org.springframework.data.domain.Persistable;
import ticketing.domain.Command;

/// Row of `revoked_commands`. This process inserts it; workers read it and delete it later.
@Entity
@Table(name = "revoked_commands")
class RevokedCommandEntity implements Persistable<String> {

  @Id private String attemptId;
  private String ticketId;
  private long eventId;
  private Instant createdAt;

  protected RevokedCommandEntity() {}

  static RevokedCommandEntity of(Command command, Instant now) {
    RevokedCommandEntity row = new RevokedCommandEntity();
    row.attemptId = command.attemptId().toString();
    row.ticketId = command.ticketId().toString();
    row.eventId = command.eventId();
    row.createdAt = now;
    return row;
  }

  @Override
  public String getId() {
    return attemptId;
  }

  /// The request of an attempt revokes it once.
  @Override
  public boolean isNew() {
    return true;
  }
}
