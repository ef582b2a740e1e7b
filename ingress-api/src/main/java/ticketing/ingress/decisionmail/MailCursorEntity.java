package ticketing.ingress.decisionmail;

import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import java.time.Instant;

/// Row of `decision_mail_cursors`: position of the mails in the numbers of an event.
@Entity(name = "MailCursor")
@Table(name = "decision_mail_cursors")
class MailCursorEntity {

  @Id private long eventId;
  private long sequence;
  private String lastUser;

  protected MailCursorEntity() {}

  /// Row of `job_leases`.
  @Entity(name = "JobLease")
  @Table(name = "job_leases")
  static class Lease {

    @Id private String job;
    private String holder;
    private Instant expiresAt;

    protected Lease() {}
  }
}
