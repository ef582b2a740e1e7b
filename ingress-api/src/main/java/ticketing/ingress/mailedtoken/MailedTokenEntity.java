package ticketing.ingress.mailedtoken;

import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.EnumType;
import jakarta.persistence.Enumerated;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import java.time.Instant;
import org.springframework.data.domain.Persistable;

/// Row of `mailed_tokens`.
@Entity
@Table(name = "mailed_tokens")
class MailedTokenEntity implements Persistable<String> {

  @Id private String id;

  @Enumerated(EnumType.STRING)
  private Purpose purpose;

  private String userId;

  @Column(name = "token_generation")
  private int generation;

  private Instant expiresAt;

  protected MailedTokenEntity() {}

  MailedTokenEntity(
      String digest, Purpose purpose, String userId, int generation, Instant expiresAt) {
    this.id = digest;
    this.purpose = purpose;
    this.userId = userId;
    this.generation = generation;
    this.expiresAt = expiresAt;
  }

  @Override
  public String getId() {
    return id;
  }

  /// Rows are only inserted, so Spring Data needs no SELECT ahead of the INSERT.
  @Override
  public boolean isNew() {
    return true;
  }

  MailedTokenService.Owner owner() {
    return new MailedTokenService.Owner(userId, generation);
  }
}
