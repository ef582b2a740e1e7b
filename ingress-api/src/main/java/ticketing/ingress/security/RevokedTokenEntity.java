package ticketing.ingress.security;

import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import java.time.Instant;
import java.util.UUID;
import ticketing.security.RevokedToken;

/// Row of `revoked_tokens`. The time of the revocation is of the clock of the database.
@Entity
@Table(name = "revoked_tokens")
class RevokedTokenEntity {

  @Id private String id;
  private long keptUntil;

  /// The database sets it.
  @Column(insertable = false, updatable = false)
  private Instant revokedAt;

  protected RevokedTokenEntity() {}

  RevokedTokenEntity(RevokedToken token) {
    this.id = token.id().toString();
    this.keptUntil = token.keptUntil();
  }

  RevokedToken token() {
    return new RevokedToken(UUID.fromString(id), keptUntil);
  }
}
