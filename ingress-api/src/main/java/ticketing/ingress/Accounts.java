package ticketing.ingress;

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

/// People with a password. Hashing is slow on purpose, so only a few are hashed at a time.
@Component
class Accounts {

  private static final String KIND = "user";

  /// Most that bcrypt takes into account.
  static final int LONGEST_PASSWORD = 72;

  /// Hash of no one's password, as hard as the real ones: an unknown address must take as long as a
  /// wrong password. A constant, because to compute it would take a twentieth of a start.
  static final String NOBODYS_HASH =
      "{bcrypt}$2a$10$KeK5FsqixaJNpUpQl3c6QOcknfI62udxLpQb39nhnwXb.sP9QJhcC";

  private final Users users;
  private final Copies copies;
  private final PasswordEncoder passwords;
  private final Clock clock;
  private final IngressSettings settings;
  private final Semaphore hashing;

  Accounts(
      Users users,
      Copies copies,
      PasswordEncoder passwords,
      Clock clock,
      IngressSettings settings) {
    this.users = users;
    this.copies = copies;
    this.passwords = passwords;
    this.clock = clock;
    this.settings = settings;
    this.hashing = new Semaphore(settings.limits().hashingAtOnce(), true);
  }

  /// @throws Problem `EMAIL_TAKEN`
  User signUp(String email, String password, String name) {
    String address = normal(email);
    if (users.findByEmail(address).isPresent()) {
      throw taken();
    }
    String hash = inTurn(() -> passwords.encode(password));
    UserRow row =
        new UserRow(
            TicketIds.next().toString(),
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
    Optional<UserRow> row = users.findByEmail(normal(email));
    String hash = row.map(UserRow::passwordHash).orElse(NOBODYS_HASH);
    boolean matches = inTurn(() -> fits(password) && passwords.matches(password, hash));
    return row.filter(known -> matches)
        .map(UserRow::user)
        .orElseThrow(
            () -> Problem.of(ErrorCode.INVALID_CREDENTIALS, "The email or the password is wrong."));
  }

  Optional<User> find(String userId) {
    Copies.Found<User> found = copies.find(KIND, userId, User.class);
    if (found.copy().isPresent()) {
      return found.copy();
    }
    Optional<User> user = users.find(userId).map(UserRow::user);
    if (found.wanted()) {
      user.ifPresent(known -> copies.store(KIND, userId, known, settings.cache().user()));
    }
    return user;
  }

  static boolean fits(String password) {
    return password.getBytes(StandardCharsets.UTF_8).length <= LONGEST_PASSWORD;
  }

  private static String normal(String email) {
    return email.toLowerCase(Locale.ROOT);
  }

  private static Problem taken() {
    return Problem.of(ErrorCode.EMAIL_TAKEN, "There is an account with this email already.");
  }

  private <T> T inTurn(Supplier<T> work) {
    try {
      if (!hashing.tryAcquire(settings.limits().hashingWait().toMillis(), TimeUnit.MILLISECONDS)) {
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

  private static Problem busy() {
    return Problem.retry(
        ErrorCode.OVERLOADED, "Too many people sign in right now.", Duration.ofSeconds(3));
  }
}
