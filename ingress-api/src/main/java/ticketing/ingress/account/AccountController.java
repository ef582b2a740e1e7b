package ticketing.ingress.account;

import jakarta.validation.Valid;
import jakarta.validation.constraints.Email;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotBlank;
import jakarta.validation.constraints.NotNull;
import jakarta.validation.constraints.Pattern;
import jakarta.validation.constraints.Size;
import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.security.core.annotation.AuthenticationPrincipal;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;
import ticketing.ingress.event.EventRequest;
import ticketing.ingress.http.PageResponse;
import ticketing.ingress.problem.ApiException;
import ticketing.ingress.problem.ErrorCode;
import ticketing.ingress.reservation.ReservationReader;
import ticketing.ingress.reservation.ReservationView;
import ticketing.ingress.security.AuthenticatedUser;
import ticketing.redis.RedisUnavailableException;
import ticketing.security.AccessTokenSettings;
import ticketing.security.AccessTokens;
import ticketing.security.RevokedTokens;

/// Accounts, and the tokens that they get.
@RestController
@RequestMapping(path = "/api/v1", produces = MediaType.APPLICATION_JSON_VALUE)
public class AccountController {

  private final AccountService accounts;
  private final ReservationReader reservations;
  private final AccessTokens tokens;
  private final AccessTokenSettings access;
  private final RevokedTokens logouts;
  private final Clock clock;

  AccountController(
      AccountService accounts,
      ReservationReader reservations,
      AccessTokens tokens,
      AccessTokenSettings access,
      RevokedTokens logouts,
      Clock clock) {
    this.accounts = accounts;
    this.reservations = reservations;
    this.tokens = tokens;
    this.access = access;
    this.logouts = logouts;
    this.clock = clock;
  }

  /// ASCII only, because the database takes letters with and without accents for the same.
  public record SignUp(
      @NotBlank
          @Size(max = 254)
          @Email
          @Pattern(regexp = "[\\x21-\\x7e]*", message = "must be ASCII")
          String email,
      @NotNull @Size(min = 8, max = AccountService.LONGEST_PASSWORD) String password,
      @NotBlank
          @Size(max = 100)
          @Pattern(regexp = EventRequest.TEXT, message = EventRequest.NOT_TEXT)
          String name) {}

  public record Account(String userId, String email, String name) {
    static Account of(User user) {
      return new Account(user.userId(), user.email(), user.name());
    }
  }

  @PostMapping("/users")
  ResponseEntity<Account> signUp(@Valid @RequestBody SignUp request) {
    if (!AccountService.fits(request.password())) {
      throw ApiException.invalid(
          "password", "must be at most " + AccountService.LONGEST_PASSWORD + " bytes");
    }
    User user = accounts.signUp(request.email(), request.password(), request.name());
    return ResponseEntity.created(URI.create("/api/v1/users/me")).body(Account.of(user));
  }

  public record Credentials(
      @NotBlank @Size(max = 254) String email, @NotBlank @Size(max = 1000) String password) {}

  public record AccessToken(String accessToken, String tokenType, long expiresIn) {}

  @PostMapping("/auth/token")
  AccessToken token(@Valid @RequestBody Credentials credentials) {
    if (!access.issuerUri().isEmpty()) {
      throw ApiException.of(
          ErrorCode.NOT_FOUND, "Tokens are issued by " + access.issuerUri() + " here.");
    }
    User user = accounts.authenticate(credentials.email(), credentials.password());
    return new AccessToken(
        tokens.issue(user.userId(), user.role()), "Bearer", access.tokenLifetime().toSeconds());
  }

  @PostMapping("/auth/logout")
  ResponseEntity<Void> logout(@AuthenticationPrincipal AuthenticatedUser caller) {
    try {
      if (caller.tokenId() != null && caller.expiresAt() != null) {
        logouts.revoke(caller.tokenId(), clock.instant(), caller.expiresAt());
      }
    } catch (RedisUnavailableException e) {
      throw ApiException.retry(
          ErrorCode.LOGOUT_UNAVAILABLE,
          "The token could not be given back right now.",
          Duration.ofSeconds(2));
    }
    return ResponseEntity.noContent().build();
  }

  /// An account of ours, or what little is known of one that a foreign issuer vouches for.
  @GetMapping("/users/me")
  User me(@AuthenticationPrincipal AuthenticatedUser caller) {
    return accounts
        .find(caller.userId())
        .orElseGet(() -> new User(caller.userId(), null, null, caller.role()));
  }

  @GetMapping("/users/me/reservations")
  PageResponse<ReservationView> reservations(
      @AuthenticationPrincipal AuthenticatedUser caller,
      @RequestParam(required = false) ReservationView.Status status,
      @RequestParam(defaultValue = "0") @Min(0) @Max(PageResponse.LAST) int page,
      @RequestParam(defaultValue = "20") @Min(1) @Max(PageResponse.LARGEST) int size) {
    return reservations.list(caller.userId(), status, page, size);
  }
}
