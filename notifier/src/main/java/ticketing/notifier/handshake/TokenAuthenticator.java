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
import ticketing.security.RevokedTokens;

/// Tells from a handshake's headers who knocks, and whether a token still counts.
@Component
public final class TokenAuthenticator {

  public static final String PROTOCOL = "ticketing.v1";
  private static final String HEADER_SCHEME = "bearer ";
  private static final String PROTOCOL_PREFIX = "bearer.";

  private final AccessTokens tokens;
  private final RevokedTokens logouts;
  private final Clock clock;

  TokenAuthenticator(AccessTokens tokens, RevokedTokens logouts, Clock clock) {
    this.tokens = tokens;
    this.logouts = logouts;
    this.clock = clock;
  }

  /// Empty: no token, a bad one, or one that was given back.
  ///
  /// @throws org.springframework.security.oauth2.jwt.JwtException if the issuer's keys cannot be
  ///   had
  Optional<AuthenticatedUser> visitor(HttpHeaders headers) {
    return token(headers).flatMap(this::verified).filter(this::stillCounts);
  }

  public boolean stillCounts(AuthenticatedUser visitor) {
    return clock.instant().isBefore(visitor.expiresAt())
        && (visitor.tokenId() == null || !logouts.isRevoked(visitor.tokenId()));
  }

  private Optional<AuthenticatedUser> verified(String token) {
    try {
      Jwt jwt = tokens.decoder().decode(token);
      if (jwt.getSubject() == null || jwt.getSubject().isEmpty()) {
        return Optional.empty();
      }
      Instant expiresAt = jwt.getExpiresAt() == null ? Instant.MAX : jwt.getExpiresAt();
      boolean admin = "ADMIN".equals(jwt.getClaims().get("role"));
      return Optional.of(
          new AuthenticatedUser(jwt.getSubject(), admin, jwt.getId(), expiresAt, token));
    } catch (BadJwtException e) {
      return Optional.empty();
    }
  }

  /// Browsers cannot set headers on a WebSocket, but they can offer subprotocols.
  private static Optional<String> token(HttpHeaders headers) {
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
