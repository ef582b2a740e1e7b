package ticketing.security;

import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.source.ImmutableJWKSet;
import com.nimbusds.jose.proc.DefaultJOSEObjectTypeVerifier;
import com.nimbusds.jose.proc.JWSVerificationKeySelector;
import com.nimbusds.jose.proc.SecurityContext;
import com.nimbusds.jwt.proc.DefaultJWTProcessor;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.security.oauth2.core.DelegatingOAuth2TokenValidator;
import org.springframework.security.oauth2.core.OAuth2TokenValidator;
import org.springframework.security.oauth2.jwt.BadJwtException;
import org.springframework.security.oauth2.jwt.Jwt;
import org.springframework.security.oauth2.jwt.JwtClaimNames;
import org.springframework.security.oauth2.jwt.JwtClaimValidator;
import org.springframework.security.oauth2.jwt.JwtDecoder;
import org.springframework.security.oauth2.jwt.JwtTimestampValidator;
import org.springframework.security.oauth2.jwt.MappedJwtClaimSetConverter;
import org.springframework.security.oauth2.jwt.NimbusJwtDecoder;

/// Verifies access tokens with public keys. It accepts either our own tokens (RS256) or those of
/// one OpenID Connect issuer, for up to 60 s after their expiry, because clocks differ. It does not
/// know which tokens are revoked, see [RevokedTokens].
public final class AccessTokenVerifier {

  private static final int MAX_ROLES = 100; // of one token

  private final AccessTokenSettings settings;
  private final JWKSet publicKeys;
  private final JwtDecoder decoder;

  /// @param local true in the local profile, which has a public key by default
  /// @param clock clock for the expiry
  /// @throws IllegalStateException if the settings name neither keys nor an issuer, or a key that
  ///   is invalid, or the key of the local profile in another profile
  public AccessTokenVerifier(AccessTokenSettings settings, boolean local, Clock clock) {
    this.settings = settings;
    JwtTimestampValidator expiry = new JwtTimestampValidator();
    expiry.setClock(clock);
    if (settings.issuer().isSet()) {
      publicKeys = new JWKSet();
      decoder = new IssuerTokenDecoder(settings.issuer(), expiry);
    } else {
      publicKeys = publicKeys(settings, local);
      decoder = ownTokens(publicKeys, expiry);
    }
  }

  static JWKSet publicKeys(AccessTokenSettings settings, boolean local) {
    List<String> texts = settings.publicKeys();
    if (texts.isEmpty()) {
      if (!local) {
        throw new IllegalStateException(
            "Set TICKETING_ACCESS_PUBLIC_KEYS (public keys of access tokens) or"
                + " TICKETING_ACCESS_ISSUER_URI");
      }
      texts = List.of(AccessTokenSettings.LOCAL_PUBLIC_KEY);
    }
    JWKSet keys = TokenKeys.publicKeys(texts);
    JWKSet localKey = TokenKeys.publicKeys(List.of(AccessTokenSettings.LOCAL_PUBLIC_KEY));
    if (!local && keys.getKeyByKeyId(localKey.getKeys().getFirst().getKeyID()) != null) {
      throw new IllegalStateException(
          "TICKETING_ACCESS_PUBLIC_KEYS contains the key of the local profile");
    }
    return keys;
  }

  private static JwtDecoder ownTokens(JWKSet keys, OAuth2TokenValidator<Jwt> expiry) {
    DefaultJWTProcessor<SecurityContext> processor = new DefaultJWTProcessor<>();
    processor.setJWSTypeVerifier(
        new DefaultJOSEObjectTypeVerifier<>(new JOSEObjectType(AccessTokenIssuer.TYPE)));
    processor.setJWSKeySelector(
        new JWSVerificationKeySelector<>(JWSAlgorithm.RS256, new ImmutableJWKSet<>(keys)));
    processor.setJWTClaimsSetVerifier((claims, context) -> {});
    NimbusJwtDecoder tokens = new NimbusJwtDecoder(processor);
    // The default converter parses the issuer as a URL and throws an exception for each token.
    tokens.setClaimSetConverter(
        MappedJwtClaimSetConverter.withDefaults(Map.of(JwtClaimNames.ISS, issuer -> issuer)));
    tokens.setJwtValidator(
        new DelegatingOAuth2TokenValidator<>(
            expiry,
            new JwtClaimValidator<>(JwtClaimNames.ISS, AccessTokenIssuer.ISSUER::equals),
            new JwtClaimValidator<>(JwtClaimNames.EXP, exp -> exp != null),
            new JwtClaimValidator<List<String>>(
                JwtClaimNames.AUD,
                audience -> audience != null && audience.contains(AccessTokenIssuer.AUDIENCE))));
    return tokens;
  }

  /// Returns the JSON of the public keys (RFC 7517). Empty with an OpenID Connect issuer.
  public Map<String, Object> publicKeySet() {
    return publicKeys.toJSONObject(true);
  }

  /// Returns the claims of a valid token, or empty.
  ///
  /// @throws IssuerUnavailableException if the keys of the issuer are unavailable
  public Optional<VerifiedToken> verify(String token) {
    try {
      Jwt jwt = decoder.decode(token);
      String subject = jwt.getSubject();
      return subject == null || subject.isEmpty()
          ? Optional.empty()
          : Optional.of(settings.issuer().isSet() ? ofIssuer(jwt) : own(jwt));
    } catch (BadJwtException e) {
      return Optional.empty();
    }
  }

  private static VerifiedToken own(Jwt jwt) {
    UUID tokenId = RevokedToken.idOf(jwt);
    List<UUID> revocationIds = new ArrayList<>(List.of(tokenId));
    UUID sessionId = null;
    if (jwt.getClaims().get(AccessTokenIssuer.SESSION) instanceof String session) {
      sessionId = UUID.fromString(session);
      revocationIds.add(RevokedToken.idOfSession(sessionId));
    }
    if (jwt.getClaims().get(AccessTokenIssuer.GENERATION) instanceof Number generation) {
      revocationIds.add(RevokedToken.idOfGeneration(jwt.getSubject(), generation.intValue()));
    }
    Role role = role(roles(jwt.getClaims().get(AccessTokenIssuer.ROLE)), "ADMIN", "STAFF");
    return new VerifiedToken(
        jwt.getSubject(), role, tokenId, sessionId, revocationIds, jwt.getExpiresAt());
  }

  private VerifiedToken ofIssuer(Jwt jwt) {
    AccessTokenSettings.Issuer issuer = settings.issuer();
    UUID tokenId = RevokedToken.idOf(jwt);
    Role role =
        role(
            roles(claim(jwt.getClaims(), issuer.roleClaim())),
            issuer.adminRole(),
            issuer.staffRole());
    return new VerifiedToken(
        jwt.getSubject(), role, tokenId, null, List.of(tokenId), jwt.getExpiresAt());
  }

  /// Finds a claim by its name, else by the names of nested claims.
  private static @Nullable Object claim(Map<?, ?> claims, String name) {
    Object value = claims.get(name);
    for (int dot = name.indexOf('.'); value == null && dot > 0; dot = name.indexOf('.', dot + 1)) {
      if (claims.get(name.substring(0, dot)) instanceof Map<?, ?> nested) {
        value = claim(nested, name.substring(dot + 1));
      }
    }
    return value;
  }

  private static List<String> roles(@Nullable Object claim) {
    return switch (claim) {
      case String text -> Arrays.stream(text.split(" ")).limit(MAX_ROLES).toList();
      case Collection<?> values ->
          values.stream()
              .limit(MAX_ROLES)
              .filter(String.class::isInstance)
              .map(String.class::cast)
              .toList();
      case null, default -> List.of();
    };
  }

  private static Role role(List<String> roles, String adminRole, String staffRole) {
    if (roles.contains(adminRole)) {
      return Role.ADMIN;
    }
    return roles.contains(staffRole) ? Role.STAFF : Role.BUYER;
  }
}
