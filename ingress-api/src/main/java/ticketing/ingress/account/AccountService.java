package ticketing.ingress.account;

import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.springframework.dao.DataIntegrityViolationException;
import org.springframework.security.crypto.password.PasswordEncoder;
import org.springframework.stereotype.Component;
import ticketing.domain.TicketIds;
import ticketing.ingress.cache.CachedKind;
import ticketing.ingress.cache.RedisCache;
import ticketing.ingress.problem.ApiException;
import ticketing.ingress.problem.ErrorCode;

/// People with a password. Hashing is slow on purpose, so only a few are hashed at a time.
@Component
class AccountService {

  /// Most that bcrypt takes into account.
  static final int LONGEST_PASSWORD = 72;

  /// Hash of no one's password, as hard as the real ones: an unknown address must take as long as a
  /// wrong password. A constant, because to compute it would take a twentieth of a start.
  static final String NOBODYS_HASH =
      "{bcrypt}$2a$10$KeK5FsqixaJNpUpQl3c6QOcknfI62udxLpQb39nhnwXb.sP9QJhcC";

  private final UserRepository users;
  private final RedisCache copies;
  private final PasswordEncoder passwords;
  private final Clock clock;
  private final AccountSettings settings;
  private final Semaphore hashing;

  AccountService(
      UserRepository users,
      RedisCache copies,
      PasswordEncoder passwords,
      Clock clock,
      AccountSettings settings) {
    this.users = users;
    this.copies = copies;
    this.passwords = passwords;
    this.clock = clock;
    this.settings = settings;
    this.hashing = new Semaphore(settings.maxConcurrentHashes(), true);
  }

  /// @throws Problem `EMAIL_TAKEN`
  User signUp(String email, String password, String name) {
    String address = normal(email);
    if (users.findByEmail(address).isPresent()) {
      throw taken();
    }
    String hash = inTurn(() -> passwords.encode(password));
    UserEntity row =
        new UserEntity(
            TicketIds.newId().toString(),
            address,
            hash,
            name,
            clock.instant().truncatedTo(ChronoUnit.MICROS));
    try {
      return users.save(row).user();
    } catch (DataIntegrityViolationException e) {
      throw taken();
    }
  }

  /// @throws Problem `INVALID_CREDENTIALS`, the same for an unknown address and a wrong password
  User authenticate(String email, String password) {
    Optional<UserEntity> row = users.findByEmail(normal(email));
    String hash = row.map(UserEntity::passwordHash).orElse(NOBODYS_HASH);
    boolean matches = inTurn(() -> fits(password) && passwords.matches(password, hash));
    return row.filter(known -> matches)
        .map(UserEntity::user)
        .orElseThrow(
            () ->
                ApiException.of(
                    ErrorCode.INVALID_CREDENTIALS, "The email or the password is wrong."));
  }

  Optional<User> find(String userId) {
    RedisCache.Found<User> found = copies.find(CachedKind.USER, userId, User.class);
    if (found.copy().isPresent()) {
      return found.copy();
    }
    Optional<User> user = users.find(userId).map(UserEntity::user);
    if (found.wanted()) {
      user.ifPresent(known -> copies.store(CachedKind.USER, userId, known, settings.cacheTtl()));
    }
    return user;
  }

  static boolean fits(String password) {
    return password.getBytes(StandardCharsets.UTF_8).length <= LONGEST_PASSWORD;
  }

  private static String normal(String email) {
    return email.toLowerCase(Locale.ROOT);
  }

  private static ApiException taken() {
    return ApiException.of(ErrorCode.EMAIL_TAKEN, "There is an account with this email already.");
  }

  private <T> T inTurn(Supplier<T> work) {
    try {
      if (!hashing.tryAcquire(settings.hashTimeout().toMillis(), TimeUnit.MILLISECONDS)) {
        throw busy();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw busy();
    }
    try {
      return work.get();
    } finally {
      hashing.release();
    }
  }

  private static ApiException busy() {
    return ApiException.retry(
        ErrorCode.OVERLOADED, "Too many people sign in right now.", Duration.ofSeconds(3));
  }
}
