package ticketing.ingress;

import jakarta.persistence.Entity;
import jakarta.persistence.Id;
import jakarta.persistence.Table;
import java.time.Instant;
import org.springframework.data.domain.Persistable;

/// A row of `users`.
@Entity
@Table(name = "users")
class UserRow implements Persistable<String> {

  @Id private String id;
  private String email;
  private String passwordHash;
  private String name;
  private String role;
  private Instant createdAt;

  protected UserRow() {}

  UserRow(String id, String email, String passwordHash, String name, Instant createdAt) {
    this.id = id;
    this.email = email;
    this.passwordHash = passwordHash;
    this.name = name;
    this.role = Caller.BUYER;
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
