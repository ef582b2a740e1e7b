package ticketing.ingress.mailedtoken;

import java.time.Clock;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import org.springframework.data.domain.PageRequest;
import org.springframework.stereotype.Component;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;

/// One-time tokens that prove access to the mailbox of a user.
///
/// A token is valid once, until it expires, a newer one of its purpose is issued, or the generation
/// of its user changes. Each user has at most one of each purpose.
@Component
public class MailedTokenService {

  private static final int MAX_DELETED_TOKENS = 100; // with each issued token

  private final MailedTokenRepository repository;
  private final Clock clock;
  private final TransactionTemplate transaction;

  MailedTokenService(
      MailedTokenRepository repository, Clock clock, PlatformTransactionManager transactions) {
    this.repository = repository;
    this.clock = clock;
    this.transaction = new TransactionTemplate(transactions);
  }

  /// User with the generation at the time of the mail.
  public record Owner(String userId, int generation) {}

  /// Returns a new token and revokes the earlier one of the user and the purpose. The caller has
  /// the lock of the account.
  public String issue(Purpose purpose, Owner owner, Duration lifetime) {
    String token = MailedToken.generate();
    var now = clock.instant().truncatedTo(ChronoUnit.MICROS);
    transaction.executeWithoutResult(status -> {
      List<String> expired = repository.findExpired(now, PageRequest.ofSize(MAX_DELETED_TOKENS));
      if (!expired.isEmpty()) {
        repository.deleteAll(expired);
      }
      deleteOfUser(owner.userId(), List.of(purpose));
      repository.save(
          new MailedTokenEntity(
              MailedToken.digest(token),
              purpose,
              owner.userId(),
              owner.generation(),
              now.plus(lifetime)));
    });
    return token;
  }

  /// Returns the owner of a valid token. The token stays valid.
  public Optional<Owner> find(Purpose purpose, String token) {
    return repository
        .find(MailedToken.digest(token), purpose, clock.instant())
        .map(MailedTokenEntity::owner);
  }

  /// Returns true if the user has a valid token of the purpose.
  public boolean hasValid(Purpose purpose, String userId) {
    return repository.existsValid(userId, purpose, clock.instant());
  }

  /// Uses a token, in the current transaction. Of concurrent uses one succeeds.
  ///
  /// @return false if the token is unknown, used or expired
  public boolean use(Purpose purpose, String token) {
    return repository.deleteValid(MailedToken.digest(token), purpose, clock.instant()) == 1;
  }

  /// Revokes all tokens of a user, in the current transaction.
  public void revokeAll(String userId) {
    deleteOfUser(userId, List.of(Purpose.values()));
  }

  /// Locks rows by the primary key, as every other deletion does. A deletion by the index of users
  /// would deadlock with them.
  private void deleteOfUser(String userId, List<Purpose> purposes) {
    List<String> ids = repository.findOfUser(userId, purposes);
    if (!ids.isEmpty()) {
      repository.deleteAll(ids);
    }
  }
}
