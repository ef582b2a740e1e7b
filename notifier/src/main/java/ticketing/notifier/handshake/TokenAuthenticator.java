package ticketing.notifier.handshake;

import java.time.Clock;
import java.time.Instant;
import java.util.Arrays;
import java.util.Optional;
import org.springframework.http.HttpHeaders;
import org.springframework.stereotype.Component;
import ticketing.security.AccessTokenVerifier;
import ticketing.security.RevokedTokens;
import ticketing.security.VerifiedToken;

/// Verification of access tokens, in the handshake and during the life of a connection.
@Component
public final class TokenAuthenticator {

  /// Subprotocol that the server selects.
  public static final String PROTOCOL = "ticketing.v1";

  private static final String HEADER_SCHEME = "bearer ";
  private static final String PROTOCOL_PREFIX = "bearer.";

  private final AccessTokenVerifier accessTokens;
  private final RevokedTokens revokedTokens;
  private final Clock clock;

  TokenAuthenticator(AccessTokenVerifier accessTokens, RevokedTokens revokedTokens, Clock clock) {
    this.accessTokens = accessTokens;
    this.revokedTokens = revokedTokens;
    this.clock = clock;
  }

  /// Empty if the token is missing, invalid, expired or revoked.
  ///
  /// @throws ticketing.security.IssuerUnavailableException if the issuer's keys are unavailable
  Optional<AuthenticatedUser> authenticate(HttpHeaders headers) {
    return findToken(headers).flatMap(this::verify).filter(this::isValid);
  }

  /// False if the user's token has expired or is revoked. Calls no server.
  public boolean isValid(AuthenticatedUser user) {
    return clock.instant().isBefore(user.expiresAt())
        && !revokedTokens.isAnyRevoked(user.revocationIds());
  }

  private Optional<AuthenticatedUser> verify(String token) {
    return accessTokens.verify(token).map(verified -> user(verified, token));
  }

  private static AuthenticatedUser user(VerifiedToken verified, String token) {
    Instant expiresAt = verified.expiresAt() == null ? Instant.MAX : verified.expiresAt();
    return new AuthenticatedUser(
        verified.userId(), verified.role(), verified.revocationIds(), expiresAt, token);
  }

  /// Browsers cannot set headers on a WebSocket, but they can offer subprotocols.
  private static Optional<String> findToken(HttpHeaders headers) {
    String authorization = headers.getFirst(HttpHeaders.AUTHORIZATION);
    if (authorization != null) {
      return authorization.regionMatches(true, 0, HEADER_SCHEME, 0, HEADER_SCHEME.length())
          ? Optional.of(authorization.substring(HEADER_SCHEME.length()).strip())
          : Optional.empty();
    }
    return headers.getOrEmpty("Sec-WebSocket-Protocol").stream()
        .flatMap(line -> Arrays.stream(line.split(",")))
        .map(String::strip)
        .filter(offered -> offered.startsWith(PROTOCOL_PREFIX))
        .map(offered -> offered.substring(PROTOCOL_PREFIX.length()))
        .findFirst();
  }
}
