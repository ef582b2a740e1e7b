package ticketing.security;

import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.jwk.source.ImmutableJWKSet;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.security.oauth2.jose.jws.SignatureAlgorithm;
import org.springframework.security.oauth2.jwt.JwsHeader;
import org.springframework.security.oauth2.jwt.JwtClaimsSet;
import org.springframework.security.oauth2.jwt.JwtEncoder;
import org.springframework.security.oauth2.jwt.JwtEncoderParameters;
import org.springframework.security.oauth2.jwt.NimbusJwtEncoder;

/// Signs access tokens with RS256: JWTs (RFC 9068) with `sub`, `role`, `jti`, `exp`, `gen` and, for
/// a session with a refresh token, `sid`.
public final class AccessTokenIssuer {

  static final String ISSUER = "ticketing";
  static final String AUDIENCE = "ticketing";
  static final String TYPE = "at+jwt";
  static final String ROLE = "role";
  static final String GENERATION = "gen";
  static final String SESSION = "sid";

  private final Optional<JwtEncoder> encoder;
  private final String keyId;
  private final Duration lifetime;
  private final Clock clock;

  /// @param local true in the local profile, which has a public key by default
  /// @throws IllegalStateException if the private key is missing or invalid, or if it belongs to no
  ///   public key
  public AccessTokenIssuer(
      AccessTokenSettings settings, SigningSettings signing, boolean local, Clock clock) {
    this.lifetime = signing.tokenLifetime();
    this.clock = clock;
    if (settings.issuer().isSet()) {
      this.encoder = Optional.empty();
      this.keyId = "";
      return;
    }
    if (signing.key().isEmpty()) {
      throw new IllegalStateException(
          "Set TICKETING_ACCESS_SIGNING_KEY (a private key) or TICKETING_ACCESS_ISSUER_URI");
    }
    RSAKey key =
        TokenKeys.signingKey(signing.key(), AccessTokenVerifier.publicKeys(settings, local));
    this.encoder = Optional.of(new NimbusJwtEncoder(new ImmutableJWKSet<>(new JWKSet(key))));
    this.keyId = key.getKeyID();
  }

  /// False if an OpenID Connect issuer provides the tokens.
  public boolean isEnabled() {
    return encoder.isPresent();
  }

  public Duration lifetime() {
    return lifetime;
  }

  /// Returns a signed token of a user that signed in once.
  public String issue(String userId, Role role) {
    return issue(userId, role, 0, null);
  }

  public String issue(String userId, Role role, int generation) {
    return issue(userId, role, generation, null);
  }

  /// Returns a signed token.
  ///
  /// @param generation see [RevokedToken#idOfGeneration]
  /// @param sessionId session that a refresh token continues; null: none
  /// @throws IllegalStateException if an OpenID Connect issuer provides the tokens
  public String issue(String userId, Role role, int generation, @Nullable UUID sessionId) {
    JwtEncoder signer =
        encoder.orElseThrow(() -> new IllegalStateException("an issuer provides the tokens"));
    Instant now = clock.instant();
    JwtClaimsSet.Builder claims =
        JwtClaimsSet.builder()
            .id(UUID.randomUUID().toString())
            .issuer(ISSUER)
            .audience(List.of(AUDIENCE))
            .subject(userId)
            .issuedAt(now)
            .expiresAt(now.plus(lifetime))
            .claim(ROLE, role.name())
            .claim(GENERATION, generation);
    if (sessionId != null) {
      claims.claim(SESSION, sessionId.toString());
    }
    JwsHeader header = JwsHeader.with(SignatureAlgorithm.RS256).type(TYPE).keyId(keyId).build();
    return signer.encode(JwtEncoderParameters.from(header, claims.build())).getTokenValue();
  }
}
