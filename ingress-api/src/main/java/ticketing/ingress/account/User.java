package ticketing.ingress.account;

import java.util.Objects;
import org.jspecify.annotations.Nullable;
import ticketing.security.Role;

/// Account as its owner reads it. Cached in Redis under `user:{userId}`.
///
/// @param email null if a foreign issuer manages the account
/// @param name null if a foreign issuer manages the account
/// @param emailConfirmed true if the owner proved access to the mailbox, or if a foreign issuer
///   manages the account
public record User(
    String userId,
    @Nullable String email,
    @Nullable String name,
    Role role,
    boolean emailConfirmed) {
  public User {
    Objects.requireNonNull(userId, "userId");
    Objects.requireNonNull(role, "role");
  }
}
