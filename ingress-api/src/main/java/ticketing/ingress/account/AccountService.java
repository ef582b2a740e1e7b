package ticketing.ingress.account;

import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.springframework.dao.DataIntegrityViolationException;
import org.springframework.security.crypto.password.PasswordEncoder;
import org.springframework.stereotype.Component;
import ticketing.ingress.cache.CachedKind;
import ticketing.ingress.cache.RedisCache;
import ticketing.ingress.problem.ApiException;
import ticketing.ingress.problem.ErrorCode;

/// Accounts with a password. At most [AccountSettings#maxConcurrentHashes] passwords are hashed
/// concurrently, because a hash takes about 0.1 s of one processor.
@Component
class AccountService {

  /// bcrypt ignores further bytes.
  static final int MAX_PASSWORD_BYTES = 72;

  /// Hash compared for an unknown address, so the response takes as long as for a wrong password. A
  /// constant, because computing it delays the start by 5 %.
  static final String UNKNOWN_USER_HASH =
      "{bcrypt}$2a$10$KeK5FsqixaJNpUpQl3c6QOcknfI62udxLpQb39nhnwXb.sP9QJhcC";

  private static final Duration HASH_RETRY_AFTER = Duration.ofSeconds(3);

  private final UserRepository users;
  private final RedisCache cache;
  private final PasswordEncoder encoder;
  private final Clock clock;
  private final AccountSettings settings;
  private final Semaphore hashPermits;

  AccountService(
      UserRepository users,
      RedisCache cache,
      PasswordEncoder encoder,
      Clock clock,
      AccountSettings settings) {
    this.users = users;
    this.cache = cache;
    this.encoder = encoder;
    this.clock = clock;
    this.settings = settings;
    this.hashPermits = new Semaphore(settings.maxConcurrentHashes(), true);
  }

  /// Creates an account.
  ///
  /// @throws ApiException `EMAIL_TAKEN`; `OVERLOADED` if no hash permit is free in time
  User signUp(String email, String password, String name) {
    String normalized = normalize(email);
    if (users.findByEmail(normalized).isPresent()) {
      throw emailTaken();
    }
    String hash = withHashPermit(() -> encoder.encode(password));
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

  /// Checks the credentials.
  ///
  /// @throws ApiException `INVALID_CREDENTIALS` for an unknown address as for a wrong password;
  ///   `OVERLOADED` if no hash permit is free in time
  User authenticate(String email, String password) {
    Optional<UserEntity> entity = users.findByEmail(normalize(email));
    String hash = entity.map(UserEntity::passwordHash).orElse(UNKNOWN_USER_HASH);
    boolean matches =
        withHashPermit(() -> isWithinMaxBytes(password) && encoder.matches(password, hash));
    return entity
        .filter(found -> matches)
        .map(UserEntity::toUser)
        .orElseThrow(() ->
            ApiException.of(ErrorCode.INVALID_CREDENTIALS, "The email or the password is wrong."));
  }

  Optional<User> find(String userId) {
    RedisCache.Cached<User> cached = cache.find(CachedKind.USER, userId, User.class);
    if (cached.value().isPresent()) {
      return cached.value();
    }
    Optional<User> user = users.find(userId).map(UserEntity::toUser);
    if (cached.cacheable()) {
      user.ifPresent(known -> cache.store(CachedKind.USER, userId, known, settings.cacheTtl()));
    }
    return user;
  }

  static boolean isWithinMaxBytes(String password) {
    return password.getBytes(StandardCharsets.UTF_8).length <= MAX_PASSWORD_BYTES;
  }

  private static String normalize(String email) {
    return email.toLowerCase(Locale.ROOT);
  }

  private static ApiException emailTaken() {
    return ApiException.of(ErrorCode.EMAIL_TAKEN, "An account with this email exists.");
  }

  private <T> T withHashPermit(Supplier<T> work) {
    try {
      if (!hashPermits.tryAcquire(settings.hashTimeout().toMillis(), TimeUnit.MILLISECONDS)) {
        throw overloaded();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw overloaded();
    }
    try {
      return work.get();
    } finally {
      hashPermits.release();
    }
  }

  private static ApiException overloaded() {
    return ApiException.withRetryAfter(
        ErrorCode.OVERLOADED, "Too many concurrent sign-ins.", HASH_RETRY_AFTER);
  }
}
