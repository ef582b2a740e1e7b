package ticketing.ingress.ratelimit;

import jakarta.servlet.http.HttpServletRequest;
import java.time.Duration;
import java.util.Locale;
import org.springframework.stereotype.Component;
import ticketing.ingress.problem.ApiException;
import ticketing.ingress.text.Digest;

/// Limits of sign-ins and sign-ups, which bound the guesses at a password and the password hashes
/// that one client can cause.
@Component
public class SignInLimiter {

  private static final int KEY_DIGITS = 32;

  private final RateLimiter limiter;
  private final ClientAddresses addresses;
  private final RateLimitMetrics metrics;
  private final boolean enabled;

  SignInLimiter(
      RateLimiter limiter,
      ClientAddresses addresses,
      RateLimitMetrics metrics,
      RateLimitSettings settings) {
    this.limiter = limiter;
    this.addresses = addresses;
    this.metrics = metrics;
    this.enabled = settings.enabled();
  }

  /// Counts a sign-in of the address, and of the account until [#recordSuccess].
  ///
  /// @throws ApiException `RATE_LIMITED` for an account or an address over its limit
  public void checkSignIn(String email, HttpServletRequest request) {
    if (enabled) {
      requireToken(
          limiter.acquireSignInOfAddress(addresses.of(request)), RateLimitMetrics.Sender.ADDRESS);
      requireToken(limiter.acquireSignInOfAccount(key(email)), RateLimitMetrics.Sender.ACCOUNT);
    }
  }

  /// A successful sign-in does not count against its account.
  public void recordSuccess(String email) {
    if (enabled) {
      limiter.returnSignInOfAccount(key(email));
    }
  }

  /// Counts a use of a refresh token by the address, until [#recordRefreshSuccess].
  ///
  /// @throws ApiException `RATE_LIMITED` for an address over its limit
  public void checkRefresh(HttpServletRequest request) {
    if (enabled) {
      requireToken(
          limiter.acquireSignInOfAddress(addresses.of(request)), RateLimitMetrics.Sender.ADDRESS);
    }
  }

  /// A valid refresh token does not count against its address.
  public void recordRefreshSuccess(HttpServletRequest request) {
    if (enabled) {
      limiter.returnSignInOfAddress(addresses.of(request));
    }
  }

  /// Counts a sign-up of the address.
  ///
  /// @throws ApiException `RATE_LIMITED` for an address over its limit
  public void checkSignUp(HttpServletRequest request) {
    if (enabled) {
      requireToken(
          limiter.acquireSignUpOfAddress(addresses.of(request)), RateLimitMetrics.Sender.ADDRESS);
    }
  }

  /// Counts a request for a mail to an account, whether or not it exists.
  ///
  /// @param account email or user id
  /// @throws ApiException `RATE_LIMITED` for an account or an address over its limit
  public void checkMail(String account, HttpServletRequest request) {
    if (enabled) {
      requireToken(
          limiter.acquireMailOfAddress(addresses.of(request)), RateLimitMetrics.Sender.ADDRESS);
      requireToken(limiter.acquireMailOfAccount(key(account)), RateLimitMetrics.Sender.ACCOUNT);
    }
  }

  private void requireToken(Duration retryAfter, RateLimitMetrics.Sender sender) {
    if (!retryAfter.isZero()) {
      metrics.countRejection(sender);
      throw ApiException.rateLimited(retryAfter);
    }
  }

  /// Digest, because keys of Redis contain no personal data.
  private static String key(String email) {
    return Digest.of(email.toLowerCase(Locale.ROOT)).substring(0, KEY_DIGITS);
  }
}
