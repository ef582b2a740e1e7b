package ticketing.ingress.security;

import com.github.benmanes.caffeine.cache.Cache;
import com.github.benmanes.caffeine.cache.Caffeine;
import java.time.Clock;
import java.time.Duration;
import org.springframework.security.authentication.AuthenticationManager;
import org.springframework.security.core.Authentication;
import org.springframework.security.core.AuthenticationException;
import org.springframework.security.oauth2.server.resource.InvalidBearerTokenException;
import org.springframework.security.oauth2.server.resource.authentication.BearerTokenAuthenticationToken;
import org.springframework.stereotype.Component;
import ticketing.security.AccessTokenVerifier;
import ticketing.security.IssuerUnavailableException;
import ticketing.security.RevokedTokens;
import ticketing.security.VerifiedToken;

/// Authenticates a request by its bearer token.
///
/// A token that was verified within five minutes is not verified again. Expiry and revocation are
/// checked for each request. Refused tokens are not cached.
@Component
class TokenAuthenticationManager implements AuthenticationManager {

  private static final Duration CACHE_TTL = Duration.ofMinutes(5);

  private final AccessTokenVerifier verifier;
  private final RevokedTokens revokedTokens;
  private final Clock clock;
  private final Cache<String, VerifiedToken> verified;

  TokenAuthenticationManager(
      AccessTokenVerifier verifier,
      RevokedTokens revokedTokens,
      TokenCacheSettings settings,
      Clock clock) {
    this.verifier = verifier;
    this.revokedTokens = revokedTokens;
    this.clock = clock;
    this.verified =
        Caffeine.newBuilder().maximumSize(settings.maxTokens()).expireAfterWrite(CACHE_TTL).build();
  }

  /// @throws InvalidBearerTokenException if the token is invalid, expired or revoked
  /// @throws KeysUnavailableException if the keys of the issuer are unavailable
  @Override
  public Authentication authenticate(Authentication request) {
    String token = ((BearerTokenAuthenticationToken) request).getToken();
    VerifiedToken valid = verify(token);
    AuthenticatedUser user = AuthenticatedUser.of(valid);
    if (!user.hasValidUserId()) {
      throw new InvalidBearerTokenException("the token has no valid user id");
    }
    if (revokedTokens.isAnyRevoked(valid.revocationIds())) {
      throw new InvalidBearerTokenException("the token is revoked");
    }
    return user.toAuthentication();
  }

  private VerifiedToken verify(String token) {
    VerifiedToken known = verified.getIfPresent(token);
    if (known != null
        && (known.expiresAt() == null || clock.instant().isBefore(known.expiresAt()))) {
      return known;
    }
    try {
      VerifiedToken valid =
          verifier
              .verify(token)
              .orElseThrow(() -> new InvalidBearerTokenException("the token is invalid"));
      verified.put(token, valid);
      return valid;
    } catch (IssuerUnavailableException e) {
      throw new KeysUnavailableException(e);
    }
  }

  /// The token can be neither accepted nor refused now.
  static final class KeysUnavailableException extends AuthenticationException {
    KeysUnavailableException(IssuerUnavailableException cause) {
      super(cause.getMessage(), cause);
    }
  }
}
