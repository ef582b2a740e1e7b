package ticketing.ingress.account;

import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Consumer;
import org.springframework.dao.DataIntegrityViolationException;
import org.springframework.stereotype.Component;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;
import ticketing.ingress.audit.AuditAction;
import ticketing.ingress.audit.AuditLog;
import ticketing.ingress.cache.CachedKind;
import ticketing.ingress.cache.RedisCache;
import ticketing.ingress.mailedtoken.MailedTokenService;
import ticketing.ingress.mailedtoken.Purpose;
import ticketing.ingress.password.PasswordHasher;
import ticketing.ingress.password.PasswordPolicy;
import ticketing.ingress.problem.ApiException;
import ticketing.ingress.problem.ErrorCode;
import ticketing.ingress.security.TokenRevoker;
import ticketing.ingress.session.SessionService;
import ticketing.ingress.text.Digest;
import ticketing.security.RevokedToken;
import ticketing.security.Role;

/// Accounts with a password.
@Component
public class AccountService {

  /// Hash compared for an unknown address, so the response takes as long as for a wrong password. A
  /// constant, because computing it delays the start by 5 %.
  static final String UNKNOWN_USER_HASH =
      "{bcrypt}$2a$10$KeK5FsqixaJNpUpQl3c6QOcknfI62udxLpQb39nhnwXb.sP9QJhcC";

  /// Emails of deleted accounts; no other account may block a deletion.
  private static final String DELETED_HOST = "@deleted.invalid";

  private final UserRepository users;
  private final RedisCache cache;
  private final PasswordHasher hasher;
  private final Clock clock;
  private final AccountSettings settings;
  private final TokenRevoker revoker;
  private final SessionService sessions;
  private final AuditLog audit;
  private final MailedTokenService mailedTokens;
  private final AccountMailSettings mailSettings;
  private final TransactionTemplate transaction;

  AccountService(
      UserRepository users,
      RedisCache cache,
      PasswordHasher hasher,
      Clock clock,
      AccountSettings settings,
      TokenRevoker revoker,
      SessionService sessions,
      AuditLog audit,
      MailedTokenService mailedTokens,
      AccountMailSettings mailSettings,
      PlatformTransactionManager transactions) {
    this.users = users;
    this.cache = cache;
    this.hasher = hasher;
    this.clock = clock;
    this.settings = settings;
    this.revoker = revoker;
    this.sessions = sessions;
    this.audit = audit;
    this.mailedTokens = mailedTokens;
    this.mailSettings = mailSettings;
    this.transaction = new TransactionTemplate(transactions);
  }

  /// Creates an account.
  ///
  /// @throws ApiException `EMAIL_TAKEN`; `INVALID_REQUEST` for a weak password or a reserved email;
  ///   `OVERLOADED` if too many hashes are queued
  User signUp(String email, String password, String name) {
    requireStrong("password", password, email, name);
    String normalized = normalize(email);
    if (normalized.endsWith(DELETED_HOST)) {
      throw ApiException.invalid("email", "must not be an email of deleted accounts");
    }
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
        .map(this::promoteFirstAdministrator)
        .orElseThrow(() ->
            ApiException.of(ErrorCode.INVALID_CREDENTIALS, "The email or the password is wrong."));
  }

  /// The setting promotes an email once. The account can lose the role later, and a new account
  /// with the email of a deleted one does not receive it.
  private Identity promoteFirstAdministrator(UserEntity entity) {
    Identity identity = Identity.of(entity);
    User user = identity.user();
    if (!isNamedAdministrator(user) || !user.emailConfirmed() && requiresAdminConfirmation()) {
      return identity;
    }
    String object = namedAdministrator();
    return change(
        user.userId(),
        current -> {
          if (current.user().role() != Role.ADMIN) {
            audit.record(AuditAction.ADMINISTRATOR_NAMED, object, null, user.userId());
            audit.record(
                AuditAction.ROLE_CHANGED,
                "users/" + user.userId(),
                current.user().role(),
                Role.ADMIN);
            users.setRole(user.userId(), Role.ADMIN, current.generation());
          }
        });
  }

  /// Returns true if the setting names this user, and has not named an administrator yet.
  private boolean isNamedAdministrator(User user) {
    return user.role() != Role.ADMIN
        && normalize(settings.adminEmail().strip()).equals(user.email())
        && !audit.contains(AuditAction.ADMINISTRATOR_NAMED, namedAdministrator());
  }

  private String namedAdministrator() {
    return "settings/admin-email/" + Digest.of(normalize(settings.adminEmail().strip()));
  }

  private boolean requiresAdminConfirmation() {
    return settings.confirmAdminEmail() || mailSettings.requireConfirmation();
  }

  /// Returns true if the user becomes administrator by confirming the email. Otherwise a stranger
  /// could register the email ahead of its owner.
  boolean isUnconfirmedAdministrator(User user) {
    return !user.emailConfirmed() && requiresAdminConfirmation() && isNamedAdministrator(user);
  }

  /// Finds an account by its email, in any case.
  Optional<User> findByEmail(String email) {
    return users.findByEmail(normalize(email)).map(UserEntity::toUser);
  }

  /// Changes the role and revokes the access tokens of the user. Idempotent.
  ///
  /// @throws ApiException `USER_NOT_FOUND`, `LAST_ADMINISTRATOR`
  User changeRole(String userId, Role role) {
    return change(
            userId,
            current -> {
              if (current.user().role() == role) {
                return;
              }
              requireOtherAdministrator(current.user());
              audit.record(
                  AuditAction.ROLE_CHANGED, "users/" + userId, current.user().role(), role);
              users.setRole(userId, role, current.generation());
            })
        .user();
  }

  /// Replaces the password and revokes the access tokens and sessions of the user.
  ///
  /// @return the state whose tokens are valid
  /// @throws ApiException `INVALID_CREDENTIALS`; `INVALID_REQUEST` for a weak password;
  ///   `USER_NOT_FOUND` for a user of a foreign issuer; `OVERLOADED`
  Identity changePassword(String userId, String currentPassword, String newPassword) {
    UserEntity entity = requirePassword(userId, currentPassword);
    User user = entity.toUser();
    requireStrong("newPassword", newPassword, user.email(), user.name());
    String hash = hasher.hash(newPassword);
    return change(
        userId,
        current -> {
          requireGeneration(current, entity);
          users.setPasswordHash(userId, hash, current.generation());
        });
  }

  /// Replaces the password, confirms the email, and revokes all tokens and sessions of the owner of
  /// a mailed token.
  ///
  /// @throws ApiException `INVALID_MAILED_TOKEN`; `INVALID_REQUEST` for a weak password, which does
  ///   not use the token; `OVERLOADED`
  void resetPassword(String token, String newPassword) {
    MailedTokenService.Owner owner =
        mailedTokens
            .find(Purpose.PASSWORD_RESET, token)
            .orElseThrow(AccountService::invalidMailedToken);
    UserEntity entity =
        users
            .find(owner.userId())
            .filter(found -> found.generation() == owner.generation())
            .orElseThrow(AccountService::invalidMailedToken);
    User user = entity.toUser();
    requireStrong("newPassword", newPassword, user.email(), user.name());
    String hash = hasher.hash(newPassword);
    change(
        owner.userId(),
        current -> {
          if (current.generation() != owner.generation()
              || !mailedTokens.use(Purpose.PASSWORD_RESET, token)) {
            throw invalidMailedToken();
          }
          users.resetPasswordHash(owner.userId(), hash, now(), current.generation());
        });
  }

  /// Confirms the email of the owner of a mailed token.
  ///
  /// @throws ApiException `INVALID_MAILED_TOKEN`
  void confirmEmail(String token) {
    String userId =
        mailedTokens
            .find(Purpose.EMAIL_CONFIRMATION, token)
            .map(MailedTokenService.Owner::userId)
            .filter(owner -> users.find(owner).isPresent())
            .orElseThrow(AccountService::invalidMailedToken);
    change(
        userId,
        current -> {
          if (!mailedTokens.use(Purpose.EMAIL_CONFIRMATION, token)) {
            throw invalidMailedToken();
          }
          users.confirmEmail(userId, now());
        });
  }

  /// Returns true if the email of the account is confirmed, or if a foreign issuer manages it.
  boolean mayBook(String userId) {
    // A cached account may be older than its confirmation.
    return find(userId).map(User::emailConfirmed).orElse(false)
        || users.find(userId).map(user -> user.toUser().emailConfirmed()).orElse(true);
  }

  private Instant now() {
    return clock.instant().truncatedTo(ChronoUnit.MICROS);
  }

  private static ApiException invalidMailedToken() {
    return ApiException.of(
        ErrorCode.INVALID_MAILED_TOKEN, "The token is unknown, used or expired.");
  }

  private UserEntity requirePassword(String userId, String password) {
    UserEntity entity = users.find(userId).orElseThrow(AccountService::userNotFound);
    if (!hasher.matches(password, entity.passwordHash())) {
      throw wrongPassword();
    }
    return entity;
  }

  /// A concurrent change of the password makes the checked one invalid.
  private static void requireGeneration(Identity current, UserEntity checked) {
    if (current.generation() != checked.generation()) {
      throw wrongPassword();
    }
  }

  private static ApiException wrongPassword() {
    return ApiException.of(ErrorCode.INVALID_CREDENTIALS, "The password is wrong.");
  }

  /// Removes the personal data of an account and revokes its access tokens and sessions.
  ///
  /// Queued commands are decided, confirmed reservations stay, and holds expire. Their rows contain
  /// the user id only.
  ///
  /// @throws ApiException `INVALID_CREDENTIALS`, `USER_NOT_FOUND`, `LAST_ADMINISTRATOR`,
  ///   `OVERLOADED`
  void delete(String userId, String password) {
    UserEntity entity = requirePassword(userId, password);
    change(
        userId,
        current -> {
          requireGeneration(current, entity);
          requireOtherAdministrator(current.user());
          users.erase(
              userId,
              "deleted-" + userId + DELETED_HOST,
              UNKNOWN_USER_HASH,
              now(),
              current.generation());
        });
  }

  private void requireOtherAdministrator(User user) {
    if (user.role() == Role.ADMIN && users.lockAdministrators().size() < 2) {
      throw ApiException.of(
          ErrorCode.LAST_ADMINISTRATOR, "The last administrator cannot be removed.");
    }
  }

  /// Runs a change in a transaction. If it started a new generation, the tokens and sessions of the
  /// former one are revoked in the same transaction.
  ///
  /// @return the state after the change
  private Identity change(String userId, Consumer<Identity> change) {
    cache.evictForChange(CachedKind.USER, userId);
    Optional<RevokedToken> revoked =
        transaction.execute(status -> {
          Identity current =
              users.lock(userId).map(Identity::of).orElseThrow(AccountService::userNotFound);
          change.accept(current);
          boolean isNext =
              users.find(userId).map(UserEntity::generation).orElse(-1) != current.generation();
          if (!isNext) {
            return Optional.empty();
          }
          sessions.endAll(userId);
          mailedTokens.revokeAll(userId);
          return Optional.of(revoker.saveGeneration(userId, current.generation()));
        });
    revoked.ifPresent(revoker::publish);
    return identify(userId)
        .orElse(new Identity(new User(userId, null, null, Role.BUYER, false), -1));
  }

  private static void requireStrong(String field, String password, String email, String name) {
    PasswordPolicy.refusal(password, email, name)
        .ifPresent(reason -> {
          throw ApiException.invalid(field, reason);
        });
  }

  private static ApiException userNotFound() {
    return ApiException.of(ErrorCode.USER_NOT_FOUND, "No account has this id.");
  }

  /// Returns an account; empty if a foreign issuer manages it.
  public Optional<User> find(String userId) {
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

  static String normalize(String email) {
    return email.toLowerCase(Locale.ROOT);
  }

  private static ApiException emailTaken() {
    return ApiException.of(ErrorCode.EMAIL_TAKEN, "An account with this email exists.");
  }
}
