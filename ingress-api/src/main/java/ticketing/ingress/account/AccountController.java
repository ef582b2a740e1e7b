package ticketing.ingress.account;

import com.fasterxml.jackson.annotation.JsonInclude;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.validation.Valid;
import jakarta.validation.constraints.Email;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotNull;
import jakarta.validation.constraints.Pattern;
import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.dao.DataAccessException;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.security.core.annotation.AuthenticationPrincipal;
import org.springframework.transaction.TransactionException;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.PutMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;
import ticketing.ingress.http.PageResponse;
import ticketing.ingress.password.PasswordHasher;
import ticketing.ingress.problem.ApiException;
import ticketing.ingress.problem.ErrorCode;
import ticketing.ingress.ratelimit.SignInLimiter;
import ticketing.ingress.reservation.ListedReservation;
import ticketing.ingress.reservation.ReservationReader;
import ticketing.ingress.reservation.ReservationView;
import ticketing.ingress.security.AuthenticatedUser;
import ticketing.ingress.security.TokenRevoker;
import ticketing.ingress.session.SessionService;
import ticketing.ingress.text.CodePoints;
import ticketing.ingress.text.NormalizedText;
import ticketing.ingress.text.NotBlankText;
import ticketing.ingress.text.TextPattern;
import ticketing.ingress.waitinglist.WaitingListService;
import ticketing.security.AccessTokenIssuer;
import ticketing.security.AccessTokenSettings;

/// Sign-up, sign-in, sign-out and the resources of the authenticated user.
@RestController
@RequestMapping(path = "/api/v1", produces = MediaType.APPLICATION_JSON_VALUE)
class AccountController {

  private static final Logger log = LoggerFactory.getLogger(AccountController.class);

  private static final String TOKEN_TYPE = "Bearer";
  private static final Duration REVOCATION_RETRY_AFTER = Duration.ofSeconds(2);

  private final AccountService accounts;
  private final AccountMails mails;
  private final SignInLimiter limiter;
  private final ReservationReader reservations;
  private final AccessTokenIssuer tokens;
  private final AccessTokenSettings tokenSettings;
  private final TokenRevoker revoker;
  private final SessionService sessions;
  private final WaitingListService waitingList;
  private final Clock clock;

  AccountController(
      AccountService accounts,
      AccountMails mails,
      SignInLimiter limiter,
      ReservationReader reservations,
      AccessTokenIssuer tokens,
      AccessTokenSettings tokenSettings,
      TokenRevoker revoker,
      SessionService sessions,
      WaitingListService waitingList,
      Clock clock) {
    this.accounts = accounts;
    this.mails = mails;
    this.limiter = limiter;
    this.reservations = reservations;
    this.tokens = tokens;
    this.tokenSettings = tokenSettings;
    this.revoker = revoker;
    this.sessions = sessions;
    this.waitingList = waitingList;
    this.clock = clock;
  }

  /// Email addresses are ASCII, because the database compares letters without regard to accents.
  public record SignUp(
      @NotBlankText
          @CodePoints(max = 254)
          @Email
          @Pattern(
              regexp = "[\\x21-\\x3f\\x41-\\x7e]*@[A-Za-z0-9][A-Za-z0-9.-]*|",
              message = "must be an ASCII address with a host name")
          String email,
      @NotNull @CodePoints(min = 8, max = PasswordHasher.MAX_PASSWORD_BYTES) String password,
      @NotBlankText
          @CodePoints(max = 100)
          @Pattern(regexp = TextPattern.REGEXP, message = TextPattern.MESSAGE)
          String name) {

    public SignUp {
      name = NormalizedText.of(name);
    }
  }

  public record Account(String userId, String email, String name) {
    static Account of(User user) {
      return new Account(user.userId(), user.email(), user.name());
    }
  }

  @PostMapping("/users")
  ResponseEntity<Account> signUp(
      @Valid @RequestBody SignUp request, HttpServletRequest httpRequest) {
    limiter.checkSignUp(httpRequest);
    User user = accounts.signUp(request.email(), request.password(), request.name());
    requestConfirmation(user, accounts.isUnconfirmedAdministrator(user));
    return ResponseEntity.created(URI.create("/api/v1/users/me")).body(Account.of(user));
  }

  /// The account exists already, so a full queue of mails does not fail the request. The user can
  /// request the mail again, and an administrator gets it at the next sign-in.
  private void requestConfirmation(User user, boolean isAdministrator) {
    if (isAdministrator || mails.requiresConfirmation()) {
      try {
        mails.requestFirstConfirmation(user.userId(), isAdministrator);
      } catch (ApiException e) {
        log.warn("cannot queue the confirmation of an email, cause={}", e.getMessage());
      }
    }
  }

  public record Credentials(
      @NotBlankText @CodePoints(max = 254) String email,
      @NotBlankText @CodePoints(max = 1000) String password,
      @Nullable Boolean staySignedIn) {}

  public record Refresh(@NotBlankText @CodePoints(max = 1000) String refreshToken) {}

  /// @param refreshToken absent unless the user stays signed in
  /// @param refreshExpiresIn seconds to the end of the session
  @JsonInclude(JsonInclude.Include.NON_NULL)
  public record AccessToken(
      String accessToken,
      String tokenType,
      long expiresIn,
      @Nullable String refreshToken,
      @Nullable Long refreshExpiresIn) {}

  @PostMapping("/auth/token")
  AccessToken signIn(@Valid @RequestBody Credentials credentials, HttpServletRequest httpRequest) {
    requireOwnTokens();
    limiter.checkSignIn(credentials.email(), httpRequest);
    AccountService.Identity identity =
        accounts.authenticate(credentials.email(), credentials.password());
    limiter.recordSuccess(credentials.email());
    if (accounts.isUnconfirmedAdministrator(identity.user())) {
      requestConfirmation(identity.user(), true);
    }
    return token(identity, Boolean.TRUE.equals(credentials.staySignedIn()));
  }

  private AccessToken token(AccountService.Identity identity, boolean staysSignedIn) {
    return staysSignedIn
        ? token(identity, sessions.open(identity.user().userId(), identity.generation()))
        : new AccessToken(
            tokens.issue(identity.user().userId(), identity.user().role(), identity.generation()),
            TOKEN_TYPE,
            tokens.lifetime().toSeconds(),
            null,
            null);
  }

  /// A session continues with the current role. It ends when the generation of its user changes.
  @PostMapping("/auth/refresh")
  AccessToken refresh(@Valid @RequestBody Refresh request, HttpServletRequest httpRequest) {
    requireOwnTokens();
    limiter.checkRefresh(httpRequest);
    // The user is read ahead of the rotation, so a later change of the generation revokes the
    // token.
    AccountService.Identity identity =
        sessions
            .find(request.refreshToken())
            .flatMap(session ->
                accounts
                    .identify(session.userId())
                    .filter(user -> user.generation() == session.generation()))
            .orElseThrow(AccountController::invalidRefreshToken);
    AccessToken token =
        sessions
            .rotate(request.refreshToken())
            .map(session -> token(identity, session))
            .orElseThrow(AccountController::invalidRefreshToken);
    limiter.recordRefreshSuccess(httpRequest);
    return token;
  }

  private AccessToken token(AccountService.Identity identity, SessionService.Session session) {
    User user = identity.user();
    return new AccessToken(
        tokens.issue(user.userId(), user.role(), identity.generation(), session.sessionId()),
        TOKEN_TYPE,
        tokens.lifetime().toSeconds(),
        session.refreshToken(),
        Math.max(0, Duration.between(clock.instant(), session.expiresAt()).toSeconds()));
  }

  private static ApiException invalidRefreshToken() {
    return ApiException.of(
        ErrorCode.INVALID_REFRESH_TOKEN, "The refresh token is unknown, used or expired.");
  }

  private void requireOwnTokens() {
    if (tokenSettings.issuer().isSet()) {
      throw ApiException.of(
          ErrorCode.NOT_FOUND, "Tokens are issued by " + tokenSettings.issuer().uri() + ".");
    }
  }

  @PostMapping("/auth/logout")
  ResponseEntity<Void> logout(@AuthenticationPrincipal AuthenticatedUser user) {
    try {
      revoker.revoke(user);
      if (user.sessionId() != null) {
        sessions.end(user.sessionId());
      }
    } catch (DataAccessException | TransactionException e) {
      log.warn("cannot revoke token, cause={}", e.getClass().getSimpleName());
      throw ApiException.withRetryAfter(
          ErrorCode.LOGOUT_UNAVAILABLE, "The token cannot be revoked now.", REVOCATION_RETRY_AFTER);
    }
    return ResponseEntity.noContent().build();
  }

  /// An account of a foreign issuer has no email and no name here.
  @GetMapping("/users/me")
  User me(@AuthenticationPrincipal AuthenticatedUser user) {
    return accounts
        .find(user.userId())
        .orElseGet(() -> new User(user.userId(), null, null, user.role(), true));
  }

  /// @param currentPassword also required of a user with a valid token
  public record PasswordChange(
      @NotBlankText @CodePoints(max = 1000) String currentPassword,
      @NotNull @CodePoints(min = 8, max = PasswordHasher.MAX_PASSWORD_BYTES) String newPassword) {}

  /// Counts as a sign-in, because it checks a password. All tokens are revoked; the response has
  /// new ones for this client.
  @PutMapping("/users/me/password")
  AccessToken changePassword(
      @AuthenticationPrincipal AuthenticatedUser user,
      @Valid @RequestBody PasswordChange request,
      HttpServletRequest httpRequest) {
    limiter.checkSignIn(user.userId(), httpRequest);
    AccountService.Identity identity =
        accounts.changePassword(user.userId(), request.currentPassword(), request.newPassword());
    limiter.recordSuccess(user.userId());
    return token(identity, user.sessionId() != null);
  }

  public record Deletion(@NotBlankText @CodePoints(max = 1000) String password) {}

  /// Counts as a sign-in, because it checks a password.
  @PostMapping("/users/me/deletion")
  ResponseEntity<Void> delete(
      @AuthenticationPrincipal AuthenticatedUser user,
      @Valid @RequestBody Deletion request,
      HttpServletRequest httpRequest) {
    limiter.checkSignIn(user.userId(), httpRequest);
    accounts.delete(user.userId(), request.password());
    waitingList.leaveAll(user.userId());
    return ResponseEntity.noContent().build();
  }

  @GetMapping("/users/me/reservations")
  PageResponse<ListedReservation> reservations(
      @AuthenticationPrincipal AuthenticatedUser user,
      @RequestParam(required = false) ReservationView.Status status,
      @RequestParam(defaultValue = "0") @Min(0) @Max(PageResponse.MAX_PAGE_NUMBER) int page,
      @RequestParam(defaultValue = "20") @Min(1) @Max(PageResponse.MAX_PAGE_SIZE) int size) {
    return reservations.list(user.userId(), status, page, size);
  }
}
