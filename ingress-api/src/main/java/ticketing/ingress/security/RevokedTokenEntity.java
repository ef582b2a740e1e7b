package ticketing.ingress.security;

import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import java.time.Instant;
import java.util.UUID;
import org.hibernate.annotations.Immutable;
import ticketing.security.RevokedToken;

/// Row of `revoked_tokens`. The time of the revocation is of the clock of the database.
@Entity
@Immutable
@Table(name = "revoked_tokens")
class RevokedTokenEntity {

  @Id private String id;
  private long keptUntil;
  private Instant revokedAt;

  protected RevokedTokenEntity() {}

  RevokedToken token() {
    return new RevokedToken(UUID.fromString(id), keptUntil);
  }
}
