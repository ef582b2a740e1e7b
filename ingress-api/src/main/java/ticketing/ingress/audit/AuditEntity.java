package ticketing.ingress.audit;

import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.EnumType;
import jakarta.persistence.Enumerated;
import jakarta.persistence.GeneratedValue;
import jakarta.persistence.GenerationType;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/// Row of `audit_log`.
@Entity
@Table(name = "audit_log")
class AuditEntity {

  @Id
  @GeneratedValue(strategy = GenerationType.IDENTITY)
  private Long id;

  private Instant recordedAt;
  private String actor;

  @Enumerated(EnumType.STRING)
  private AuditAction action;

  @Column(name = "object_name")
  private String object;

  private String oldValue;
  private String newValue;

  protected AuditEntity() {}

  AuditEntity(
      Instant recordedAt,
      String actor,
      AuditAction action,
      String object,
      @Nullable String oldValue,
      @Nullable String newValue) {
    this.recordedAt = recordedAt;
    this.actor = actor;
    this.action = action;
    this.object = object;
    this.oldValue = oldValue;
    this.newValue = newValue;
  }

  AuditController.AuditEntry entry() {
    return new AuditController.AuditEntry(
        id, recordedAt, actor, action, object, oldValue, newValue);
  }
}
