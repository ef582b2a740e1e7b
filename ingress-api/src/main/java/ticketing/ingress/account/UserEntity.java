package ticketing.ingress.account;

import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import java.time.Instant;
import org.springframework.data.domain.Persistable;
import ticketing.ingress.security.AuthenticatedUser;

/// A row of `users`.
@Entity
@Table(name = "users")
class UserEntity implements Persistable<String> {

  @Id private String id;
  private String email;
  private String passwordHash;
  private String name;
  private String role;
  private Instant createdAt;

  protected UserEntity() {}

  UserEntity(String id, String email, String passwordHash, String name, Instant createdAt) {
    this.id = id;
    this.email = email;
    this.passwordHash = passwordHash;
    this.name = name;
    this.role = AuthenticatedUser.BUYER;
    this.createdAt = createdAt;
  }

  @Override
  public String getId() {
    return id;
  }

  /// Rows are only ever inserted here, never changed.
  @Override
  public boolean isNew() {
    return true;
  }

  String passwordHash() {
    return passwordHash;
  }

  User user() {
    return new User(id, email, name, role);
  }
}
