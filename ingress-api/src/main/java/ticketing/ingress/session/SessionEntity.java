package ticketing.ingress.session;

import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import jakarta.persistence.Transient;
import java.time.Instant;
import java.util.UUID;
import org.springframework.data.domain.Persistable;

/// Row of `sessions`. It contains digests of the refresh token, never the token.
@Entity
@Table(name = "sessions")
class SessionEntity implements Persistable<String> {

  @Id private String id;
  private String selector;
  private String tokenHash;
  private String userId;

  @Column(name = "token_generation")
  private int generation;

  private Instant usedAt;
  private Instant expiresAt;
  @Transient private boolean isNew;

  protected SessionEntity() {}

  SessionEntity(
      UUID id,
      RefreshToken token,
      String userId,
      int generation,
      Instant usedAt,
      Instant expiresAt) {
    this.id = id.toString();
    this.selector = token.selectorHash();
    this.tokenHash = token.secretHash();
    this.userId = userId;
    this.generation = generation;
    this.usedAt = usedAt;
    this.expiresAt = expiresAt;
    this.isNew = true;
  }

  @Override
  public String getId() {
    return id;
  }

  @Override
  public boolean isNew() {
    return isNew;
  }

  UUID sessionId() {
    return UUID.fromString(id);
  }

  String userId() {
    return userId;
  }

  int generation() {
    return generation;
  }

  Instant expiresAt() {
    return expiresAt;
  }

  boolean isExpired(Instant now) {
    return !now.isBefore(expiresAt);
  }
}
