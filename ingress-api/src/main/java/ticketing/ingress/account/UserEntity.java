package ticketing.ingress.account;

import jakarta.persistence.Column;
import jakarta.persistence.Entity;
import jakarta.persistence.EnumType;
import jakarta.persistence.Enumerated;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import java.time.Instant;
import org.springframework.data.domain.Persistable;
import ticketing.security.Role;

/// Row of table `users`.
@Entity
@Table(name = "users")
class UserEntity implements Persistable<String> {

  @Id private String id;
  private String email;
  private String passwordHash;
  private String name;

  @Enumerated(EnumType.STRING)
  private Role role;

  private Instant createdAt;
  private Instant deletedAt;
  private Instant emailConfirmedAt;

  @Column(name = "token_generation")
  private int generation;

  protected UserEntity() {}

  UserEntity(String id, String email, String passwordHash, String name, Instant createdAt) {
    this.id = id;
    this.email = email;
    this.passwordHash = passwordHash;
    this.name = name;
    this.role = Role.BUYER;
    this.createdAt = createdAt;
  }

  @Override
  public String getId() {
    return id;
  }

  /// This process only inserts users, so Spring Data needs no SELECT ahead of the INSERT.
  @Override
  public boolean isNew() {
    return true;
  }

  String passwordHash() {
    return passwordHash;
  }

  /// Access tokens of an earlier generation are revoked.
  int generation() {
    return generation;
  }

  User toUser() {
    return new User(id, email, name, role, emailConfirmedAt != null);
  }
}
