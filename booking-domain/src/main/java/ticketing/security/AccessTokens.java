package ticketing.security;

import com.nimbusds.jose.jwk.source.ImmutableSecret;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import javax.crypto.SecretKey;
import javax.crypto.spec.SecretKeySpec;
import org.springframework.security.oauth2.core.DelegatingOAuth2TokenValidator;
import org.springframework.security.oauth2.jose.jws.MacAlgorithm;
import org.springframework.security.oauth2.jwt.JwsHeader;
import org.springframework.security.oauth2.jwt.JwtClaimNames;
import org.springframework.security.oauth2.jwt.JwtClaimsSet;
import org.springframework.security.oauth2.jwt.JwtDecoder;
import org.springframework.security.oauth2.jwt.JwtDecoders;
import org.springframework.security.oauth2.jwt.JwtEncoder;
import org.springframework.security.oauth2.jwt.JwtEncoderParameters;
import org.springframework.security.oauth2.jwt.JwtValidators;
import org.springframework.security.oauth2.jwt.MappedJwtClaimSetConverter;
import org.springframework.security.oauth2.jwt.NimbusJwtDecoder;
import org.springframework.security.oauth2.jwt.NimbusJwtEncoder;

/// Issues and verifies access tokens: JWTs with `sub` (user id), `role`, `jti` and `exp`.
public final class AccessTokens {

  private static final String ISSUER = "ticketing";

  private final AccessTokenSettings settings;
  private final Clock clock;
  private final JwtDecoder decoder;
  private final Optional<JwtEncoder> encoder;

  /// @param local true in the local profile
  /// @throws IllegalStateException if the key is missing or short, or if it is the local key and
  ///   the profile is not local
  public AccessTokens(AccessTokenSettings settings, boolean local, Clock clock) {
    this.settings = settings;
    this.clock = clock;
    if (!settings.issuerUri().isEmpty()) {
      decoder = JwtDecoders.fromIssuerLocation(settings.issuerUri());
      encoder = Optional.empty();
      return;
    }
    SecretKey key = key(settings.key(), local);
    encoder = Optional.of(new NimbusJwtEncoder(new ImmutableSecret<>(key)));
    NimbusJwtDecoder ownTokens =
        NimbusJwtDecoder.withSecretKey(key).macAlgorithm(MacAlgorithm.HS256).build();
    // The default converter parses the issuer as a URL and throws an exception for each token.
    ownTokens.setClaimSetConverter(
        MappedJwtClaimSetConverter.withDefaults(Map.of(JwtClaimNames.ISS, issuer -> issuer)));
    ownTokens.setJwtValidator(
        new DelegatingOAuth2TokenValidator<>(JwtValidators.createDefaultWithIssuer(ISSUER)));
    decoder = ownTokens;
  }

  private static SecretKey key(String configured, boolean local) {
    String text = configured.isEmpty() && local ? AccessTokenSettings.LOCAL_KEY : configured;
    if (text.isEmpty()) {
      throw new IllegalStateException(
          "Set TICKETING_ACCESS_KEY (a secret of 32 bytes or more) or TICKETING_ACCESS_ISSUER_URI");
    }
    if (text.equals(AccessTokenSettings.LOCAL_KEY) && !local) {
      throw new IllegalStateException(
          "TICKETING_ACCESS_KEY is the public key of the local profile");
    }
    byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
    if (bytes.length < 32) {
      throw new IllegalStateException("TICKETING_ACCESS_KEY is shorter than 32 bytes");
    }
    return new SecretKeySpec(bytes, "HmacSHA256");
  }

  public JwtDecoder decoder() {
    return decoder;
  }

  /// Returns a signed token for a user.
  ///
  /// @throws IllegalStateException if an OpenID Connect issuer provides the tokens
  public String issue(String userId, String role) {
    JwtEncoder signer =
        encoder.orElseThrow(
            () -> new IllegalStateException("tokens are issued by " + settings.issuerUri()));
    Instant now = clock.instant();
    JwtClaimsSet claims =
        JwtClaimsSet.builder()
            .id(UUID.randomUUID().toString())
            .issuer(ISSUER)
            .subject(userId)
            .issuedAt(now)
            .expiresAt(now.plus(settings.tokenLifetime()))
            .claim("role", role)
            .build();
    return signer
        .encode(JwtEncoderParameters.from(JwsHeader.with(MacAlgorithm.HS256).build(), claims))
        .getTokenValue();
  }
}
