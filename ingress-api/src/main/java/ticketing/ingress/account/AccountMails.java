package ticketing.ingress.account;

import java.net.URI;
import java.time.Duration;
import org.springframework.stereotype.Component;
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

  AccountMails(
      MailQueue queue,
      MailedTokenService tokens,
      UserRepository users,
      AccountMailSettings settings) {
    this.queue = queue;
    this.tokens = tokens;
    this.users = users;
    this.settings = settings;
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
    queue.submit(() -> users.findByEmail(email).map(this::passwordReset));
  }

  /// Queues a mail that confirms the email of an account, unless it is confirmed.
  ///
  /// @throws ApiException `OVERLOADED` if the queue is full
  void requestConfirmation(String userId) {
    queue.submit(() ->
        users.find(userId).filter(user -> !user.toUser().emailConfirmed()).map(this::confirmation));
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
            .formatted(lifetime.toMinutes(), link));
  }

  private Mail confirmation(UserEntity user) {
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
            .formatted(lifetime.toHours(), link));
  }

  private String link(Purpose purpose, UserEntity user, Duration lifetime, String view) {
    String token =
        tokens.issue(
            purpose, new MailedTokenService.Owner(user.getId(), user.generation()), lifetime);
    URI page = settings.pageUri();
    return page + (page.toString().endsWith("/") ? "" : "/") + "#/" + view + "?token=" + token;
  }
}
