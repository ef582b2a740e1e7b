package ticketing.ingress.command;

import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import java.time.Instant;
import org.springframework.data.domain.Persistable;
import ticketing.domain.Command;

/// A row of `revoked_commands`. Only inserted here; workers read and at last delete it.
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

  /// An attempt is withdrawn once, by whoever made it.
  @Override
  public boolean isNew() {
    return true;
  }
}
