package ticketing.ingress.account;

import jakarta.servlet.http.HttpServletRequest;
import jakarta.validation.Valid;
import jakarta.validation.constraints.NotNull;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.security.core.annotation.AuthenticationPrincipal;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.ResponseStatus;
import org.springframework.web.bind.annotation.RestController;
import ticketing.ingress.password.PasswordHasher;
import ticketing.ingress.ratelimit.SignInLimiter;
import ticketing.ingress.security.AuthenticatedUser;
import ticketing.ingress.text.CodePoints;
import ticketing.ingress.text.NotBlankText;

/// Reset of a password and confirmation of an email, by one-time tokens in mails.
///
/// A request for a mail gets the same response in the same time with and without an account.
@RestController
@RequestMapping(path = "/api/v1", produces = MediaType.APPLICATION_JSON_VALUE)
class AccountMailController {

  private final AccountService accounts;
  private final AccountMails mails;
  private final SignInLimiter limiter;

  AccountMailController(AccountService accounts, AccountMails mails, SignInLimiter limiter) {
    this.accounts = accounts;
    this.mails = mails;
    this.limiter = limiter;
  }

  public record PasswordResetRequest(@NotBlankText @CodePoints(max = 254) String email) {}

  @PostMapping("/auth/password-reset")
  @ResponseStatus(HttpStatus.ACCEPTED)
  void requestPasswordReset(
      @Valid @RequestBody PasswordResetRequest request, HttpServletRequest httpRequest) {
    String email = AccountService.normalize(request.email());
    limiter.checkMail(email, httpRequest);
    mails.requestPasswordReset(email);
  }

  public record PasswordReset(
      @NotBlankText @CodePoints(max = 1000) String token,
      @NotNull @CodePoints(min = 8, max = PasswordHasher.MAX_PASSWORD_BYTES) String newPassword) {}

  /// A refused password does not use the token.
  @PostMapping("/auth/password-reset/confirmation")
  @ResponseStatus(HttpStatus.NO_CONTENT)
  void resetPassword(@Valid @RequestBody PasswordReset request, HttpServletRequest httpRequest) {
    limiter.checkRefresh(httpRequest);
    accounts.resetPassword(request.token(), request.newPassword());
    limiter.recordRefreshSuccess(httpRequest);
  }

  @PostMapping("/users/me/email-confirmation")
  @ResponseStatus(HttpStatus.ACCEPTED)
  void requestConfirmation(
      @AuthenticationPrincipal AuthenticatedUser user, HttpServletRequest httpRequest) {
    limiter.checkMail(user.userId(), httpRequest);
    mails.requestConfirmation(user.userId());
  }

  public record EmailConfirmation(@NotBlankText @CodePoints(max = 1000) String token) {}

  @PostMapping("/auth/email-confirmation")
  @ResponseStatus(HttpStatus.NO_CONTENT)
  void confirmEmail(@Valid @RequestBody EmailConfirmation request, HttpServletRequest httpRequest) {
    limiter.checkRefresh(httpRequest);
    accounts.confirmEmail(request.token());
    limiter.recordRefreshSuccess(httpRequest);
  }
}
