package ticketing.ingress.account;

import java.time.Clock;
import java.time.temporal.ChronoUnit;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;
import org.springframework.dao.DataIntegrityViolationException;
import org.springframework.stereotype.Component;
import ticketing.ingress.cache.CachedKind;
import ticketing.ingress.cache.RedisCache;
import ticketing.ingress.problem.ApiException;
import ticketing.ingress.problem.ErrorCode;

/// Accounts with a password.
@Component
class AccountService {

  /// Hash compared for an unknown address, so the response takes as long as for a wrong password. A
  /// constant, because computing it delays the start by 5 %.
  static final String UNKNOWN_USER_HASH =
      "{bcrypt}$2a$10$KeK5FsqixaJNpUpQl3c6QOcknfI62udxLpQb39nhnwXb.sP9QJhcC";

  private final UserRepository users;
  private final RedisCache cache;
  private final PasswordHasher hasher;
  private final Clock clock;
  private final AccountSettings settings;

  AccountService(
      UserRepository users,
      RedisCache cache,
      PasswordHasher hasher,
      Clock clock,
      AccountSettings settings) {
    this.users = users;
    this.cache = cache;
    this.hasher = hasher;
    this.clock = clock;
    this.settings = settings;
  }

  /// Creates an account.
  ///
  /// @throws ApiException `EMAIL_TAKEN`; `OVERLOADED` if too many hashes are queued
  User signUp(String email, String password, String name) {
    String normalized = normalize(email);
    if (users.findByEmail(normalized).isPresent()) {
      throw emailTaken();
    }
    String hash = hasher.hash(password);
    UserEntity entity =
        new UserEntity(
            UUID.randomUUID().toString(),
            normalized,
            hash,
            name,
            clock.instant().truncatedTo(ChronoUnit.MICROS));
    try {
      return users.save(entity).toUser();
    } catch (DataIntegrityViolationException e) {
      throw emailTaken();
    }
  }

  /// User with the generation of the access tokens that are valid now.
  record Identity(User user, int generation) {
    static Identity of(UserEntity entity) {
      return new Identity(entity.toUser(), entity.generation());
    }
  }

  /// Reads the current state of an account from the primary.
  Optional<Identity> identify(String userId) {
    return users.find(userId).map(Identity::of);
  }

  /// Checks the credentials.
  ///
  /// @throws ApiException `INVALID_CREDENTIALS` for an unknown address as for a wrong password;
  ///   `OVERLOADED` if too many hashes are queued
  Identity authenticate(String email, String password) {
    Optional<UserEntity> entity = users.findByEmail(normalize(email));
    String hash = entity.map(UserEntity::passwordHash).orElse(UNKNOWN_USER_HASH);
    boolean matches = hasher.matches(password, hash);
    return entity
        .filter(found -> matches)
        .map(Identity::of)
        .orElseThrow(() ->
            ApiException.of(ErrorCode.INVALID_CREDENTIALS, "The email or the password is wrong."));
  }

  Optional<User> find(String userId) {
    RedisCache.Cached<User> cached =
        cache.find(CachedKind.USER, userId, User.class, user -> user.userId().equals(userId));
    if (cached.value().isPresent()) {
      return cached.value();
    }
    Optional<User> user = users.find(userId).map(UserEntity::toUser);
    if (cached.cacheable()) {
      user.ifPresent(known -> cache.store(CachedKind.USER, userId, known, settings.cacheTtl()));
    }
    return user;
  }

  private static String normalize(String email) {
    return email.toLowerCase(Locale.ROOT);
  }

  private static ApiException emailTaken() {
    return ApiException.of(ErrorCode.EMAIL_TAKEN, "An account with this email exists.");
  }
}
