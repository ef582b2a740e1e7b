package ticketing.notifier.handshake;

import java.time.Clock;
import java.time.Instant;
import java.util.Arrays;
import java.util.Optional;
import org.springframework.http.HttpHeaders;
import org.springframework.security.oauth2.jwt.BadJwtException;
import org.springframework.security.oauth2.jwt.Jwt;
import org.springframework.stereotype.Component;
import ticketing.security.AccessTokens;
import ticketing.security.RevokedToken;
import ticketing.security.RevokedTokens;

/// Verification of access tokens, in the handshake and during the life of a connection.
@Component
public final class TokenAuthenticator {

  /// Subprotocol that the server selects.
  public static final String PROTOCOL = "ticketing.v1";

  private static final String HEADER_SCHEME = "bearer ";
  private static final String PROTOCOL_PREFIX = "bearer.";

  private final AccessTokens accessTokens;
  private final RevokedTokens revokedTokens;
  private final Clock clock;

  TokenAuthenticator(AccessTokens accessTokens, RevokedTokens revokedTokens, Clock clock) {
    this.accessTokens = accessTokens;
    this.revokedTokens = revokedTokens;
    this.clock = clock;
  }

  /// Empty if the token is missing, invalid, expired or revoked.
  ///
  /// @throws org.springframework.security.oauth2.jwt.JwtException if the issuer's keys are
  ///   unavailable
  Optional<AuthenticatedUser> authenticate(HttpHeaders headers) {
    return findToken(headers).flatMap(this::verify).filter(this::isValid);
  }

  /// False if the user's token has expired or is revoked. Calls no server.
  public boolean isValid(AuthenticatedUser user) {
    return clock.instant().isBefore(user.expiresAt())
        && (user.tokenId() == null || !revokedTokens.isRevoked(user.tokenId()));
  }

  private Optional<AuthenticatedUser> verify(String token) {
    try {
      Jwt jwt = accessTokens.decoder().decode(token);
      if (jwt.getSubject() == null || jwt.getSubject().isEmpty()) {
        return Optional.empty();
      }
      Instant expiresAt = jwt.getExpiresAt() == null ? Instant.MAX : jwt.getExpiresAt();
      boolean admin = "ADMIN".equals(jwt.getClaims().get("role"));
      return Optional.of(
          new AuthenticatedUser(jwt.getSubject(), admin, RevokedToken.idOf(jwt), expiresAt, token));
    } catch (BadJwtException e) {
      return Optional.empty();
    }
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
