package ticketing.ingress.account;

import java.net.URI;
import java.time.Duration;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.support.TransactionTemplate;
import ticketing.ingress.mail.Mail;
import ticketing.ingress.mail.MailQueue;
import ticketing.ingress.mailedtoken.MailedTokenService;
import ticketing.ingress.mailedtoken.Purpose;
import ticketing.ingress.problem.ApiException;

/// Mails with one-time tokens to the owners of accounts, in English and Korean.
///
/// The link has the token in its fragment, which a browser does not send. So no log of a server
/// contains it.
@Component
class AccountMails {

  private final MailQueue queue;
  private final MailedTokenService tokens;
  private final UserRepository users;
  private final AccountMailSettings settings;
  private final TransactionTemplate transaction;

  AccountMails(
      MailQueue queue,
      MailedTokenService tokens,
      UserRepository users,
      AccountMailSettings settings,
      PlatformTransactionManager transactions) {
    this.queue = queue;
    this.tokens = tokens;
    this.users = users;
    this.settings = settings;
    this.transaction = new TransactionTemplate(transactions);
  }

  boolean requiresConfirmation() {
    return settings.requireConfirmation();
  }

  /// Queues a mail that resets the password, if the email has an account. The account is read by
  /// the queue, so the caller takes the same time for every email.
  ///
  /// @param email in lower case
  /// @throws ApiException `OVERLOADED` if the queue is full
  void requestPasswordReset(String email) {
    queue.submit(
        () -> users.findByEmail(email).flatMap(user -> compose(user.getId(), this::passwordReset)));
  }

  /// Queues a mail that confirms the email of an account, unless it is confirmed.
  ///
  /// @throws ApiException `OVERLOADED` if the queue is full
  void requestConfirmation(String userId) {
    queue.submit(
        () -> compose(userId, user -> isConfirmed(user) ? null : confirmation(user, false)));
  }

  /// Queues a mail that confirms the email of an account, unless it is confirmed or an earlier mail
  /// is valid.
  ///
  /// @param isForOperator true: without a mail server, the log shows the text
  /// @throws ApiException `OVERLOADED` if the queue is full
  void requestFirstConfirmation(String userId, boolean isForOperator) {
    queue.submit(() ->
        compose(
            userId,
            user ->
                isConfirmed(user) || tokens.hasValid(Purpose.EMAIL_CONFIRMATION, userId)
                    ? null
                    : confirmation(user, isForOperator)));
  }

  private static boolean isConfirmed(UserEntity user) {
    return user.toUser().emailConfirmed();
  }

  /// Every change of the tokens of a user has the lock of the account, so each user has at most one
  /// token of a purpose, and the changes do not deadlock.
  private Optional<Mail> compose(String userId, Function<UserEntity, @Nullable Mail> composer) {
    return transaction.execute(status -> users.lock(userId).map(composer));
  }

  private Mail passwordReset(UserEntity user) {
    Duration lifetime = settings.resetLifetime();
    String link = link(Purpose.PASSWORD_RESET, user, lifetime, "reset-password");
    return new Mail(
        user.toUser().email(),
        "Reset your password / 비밀번호 재설정",
        """
        A new password was requested for your account. To choose one, open this address within \
        %1$d minutes. Without a request of yours, ignore this mail.

        비밀번호 재설정 요청을 받았습니다. %1$d분 안에 아래 주소를 여세요. 요청하지 않았다면 이 메일을 무시하세요.

        %2$s
        """
            .formatted(lifetime.toMinutes(), link),
        false);
  }

  private Mail confirmation(UserEntity user, boolean isForOperator) {
    Duration lifetime = settings.confirmationLifetime();
    String link = link(Purpose.EMAIL_CONFIRMATION, user, lifetime, "confirm-email");
    return new Mail(
        user.toUser().email(),
        "Confirm your email / 이메일 확인",
        """
        To confirm your email, open this address within %1$d hours. Without an account of yours, \
        ignore this mail.

        이메일을 확인하려면 %1$d시간 안에 아래 주소를 여세요. 가입하지 않았다면 이 메일을 무시하세요.

        %2$s
        """
            .formatted(lifetime.toHours(), link),
        isForOperator);
  }

  private String link(Purpose purpose, UserEntity user, Duration lifetime, String view) {
    String token =
        tokens.issue(
            purpose, new MailedTokenService.Owner(user.getId(), user.generation()), lifetime);
    URI page = settings.pageUri();
    return page + (page.toString().endsWith("/") ? "" : "/") + "#/" + view + "?token=" + token;
  }
}
