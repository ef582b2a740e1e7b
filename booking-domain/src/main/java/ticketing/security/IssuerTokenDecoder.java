package ticketing.security;

import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.jwk.source.JWKSource;
import com.nimbusds.jose.jwk.source.JWKSourceBuilder;
import com.nimbusds.jose.jwk.source.RateLimitReachedException;
import com.nimbusds.jose.proc.DefaultJOSEObjectTypeVerifier;
import com.nimbusds.jose.proc.JWSVerificationKeySelector;
import com.nimbusds.jose.proc.SecurityContext;
import com.nimbusds.jose.util.DefaultResourceRetriever;
import com.nimbusds.jwt.proc.DefaultJWTProcessor;
import java.io.IOException;
import java.net.MalformedURLException;
import java.net.URI;
import java.net.URL;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.security.oauth2.core.DelegatingOAuth2TokenValidator;
import org.springframework.security.oauth2.core.OAuth2TokenValidator;
import org.springframework.security.oauth2.jwt.BadJwtException;
import org.springframework.security.oauth2.jwt.Jwt;
import org.springframework.security.oauth2.jwt.JwtClaimNames;
import org.springframework.security.oauth2.jwt.JwtClaimValidator;
import org.springframework.security.oauth2.jwt.JwtDecoder;
import org.springframework.security.oauth2.jwt.JwtException;
import org.springframework.security.oauth2.jwt.MappedJwtClaimSetConverter;
import org.springframework.security.oauth2.jwt.NimbusJwtDecoder;
import ticketing.domain.Json;
import tools.jackson.core.JacksonException;
import tools.jackson.databind.JsonNode;

/// Verifies tokens of an OpenID Connect issuer.
///
/// The process starts without the issuer. The first token loads the metadata. While that fails,
/// tokens get [IssuerUnavailableException], and one request at a time tries again after
/// `retryDelay`. Keys are cached; a cached key stays valid for a day without the issuer.
final class IssuerTokenDecoder implements JwtDecoder {

  private static final Logger log = LoggerFactory.getLogger(IssuerTokenDecoder.class);

  private static final int MAX_ANSWER_SIZE = 256 * 1024; // bytes
  private static final Duration KEY_CACHE_TTL = Duration.ofMinutes(5);
  private static final Duration MAX_OUTAGE = Duration.ofDays(1);

  /// Symmetric algorithms and `none` are refused.
  private static final Set<JWSAlgorithm> ALGORITHMS =
      Set.of(
          JWSAlgorithm.RS256,
          JWSAlgorithm.RS384,
          JWSAlgorithm.RS512,
          JWSAlgorithm.PS256,
          JWSAlgorithm.PS384,
          JWSAlgorithm.PS512,
          JWSAlgorithm.ES256,
          JWSAlgorithm.ES384,
          JWSAlgorithm.ES512);

  private final AccessTokenSettings.Issuer settings;
  private final OAuth2TokenValidator<Jwt> expiry;
  private final DefaultResourceRetriever http;
  private final ReentrantLock loading = new ReentrantLock();
  private volatile JwtDecoder decoder;
  private volatile long retryAt = System.nanoTime();

  /// @param expiry validates the times of a token
  IssuerTokenDecoder(AccessTokenSettings.Issuer settings, OAuth2TokenValidator<Jwt> expiry) {
    this.expiry = expiry;
    if (settings.audience().isEmpty()) {
      throw new IllegalStateException("Set TICKETING_ACCESS_AUDIENCE, the audience of the tokens");
    }
    this.settings = settings;
    int timeout = Math.toIntExact(settings.timeout().toMillis());
    this.http = new DefaultResourceRetriever(timeout, timeout, MAX_ANSWER_SIZE);
  }

  /// @throws BadJwtException if the token is invalid
  /// @throws IssuerUnavailableException if the metadata or the keys are unavailable
  @Override
  public Jwt decode(String token) {
    try {
      return loaded().decode(token);
    } catch (BadJwtException e) {
      throw e;
    } catch (JwtException e) {
      if (isCausedByUnknownKey(e)) {
        throw new BadJwtException("unknown key", e);
      }
      throw new IssuerUnavailableException("keys of the issuer are unavailable", e);
    }
  }

  /// The key source reloads the keys for an unknown key id, at most once in `retryDelay`.
  private static boolean isCausedByUnknownKey(Throwable failure) {
    for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
      if (cause instanceof RateLimitReachedException) {
        return true;
      }
    }
    return false;
  }

  private JwtDecoder loaded() {
    JwtDecoder known = decoder;
    if (known != null) {
      return known;
    }
    if (System.nanoTime() - retryAt < 0 || !loading.tryLock()) {
      throw new IssuerUnavailableException("metadata of the issuer is unavailable", null);
    }
    try {
      if (decoder == null) {
        decoder = create(keysUrl());
      }
      return decoder;
    } catch (IOException | JacksonException | IllegalArgumentException e) {
      retryAt = System.nanoTime() + settings.retryDelay().toNanos();
      log.warn("cannot load metadata of the issuer, cause={}", e.toString());
      throw new IssuerUnavailableException("metadata of the issuer is unavailable", e);
    } finally {
      loading.unlock();
    }
  }

  /// Returns `jwks_uri` of the metadata: OpenID Connect Discovery, else RFC 8414.
  private URL keysUrl() throws IOException {
    URI issuer = URI.create(settings.uri());
    String path = issuer.getPath() == null ? "" : issuer.getPath().replaceAll("/$", "");
    IOException failure = null;
    for (String candidate :
        List.of(
            path + "/.well-known/openid-configuration",
            "/.well-known/openid-configuration" + path,
            "/.well-known/oauth-authorization-server" + path)) {
      try {
        JsonNode metadata =
            Json.INTERNAL.readTree(
                http.retrieveResource(issuer.resolve(candidate).toURL()).getContent());
        if (!settings.uri().equals(metadata.path("issuer").asString(""))) {
          throw new IOException("metadata names another issuer");
        }
        return URI.create(metadata.path("jwks_uri").asString("")).toURL();
      } catch (MalformedURLException e) {
        throw e;
      } catch (IOException e) {
        failure = e;
      }
    }
    throw failure;
  }

  private JwtDecoder create(URL keysUrl) {
    JWKSource<SecurityContext> keys =
        JWKSourceBuilder.create(keysUrl, http)
            .cache(KEY_CACHE_TTL.toMillis(), settings.timeout().toMillis())
            .rateLimited(settings.retryDelay().toMillis())
            .outageTolerant(MAX_OUTAGE.toMillis())
            .build();
    DefaultJWTProcessor<SecurityContext> processor = new DefaultJWTProcessor<>();
    processor.setJWSTypeVerifier(new DefaultJOSEObjectTypeVerifier<>(types()));
    processor.setJWSKeySelector(new JWSVerificationKeySelector<>(ALGORITHMS, keys));
    processor.setJWTClaimsSetVerifier((claims, context) -> {});
    NimbusJwtDecoder tokens = new NimbusJwtDecoder(processor);
    tokens.setClaimSetConverter(
        MappedJwtClaimSetConverter.withDefaults(Map.of(JwtClaimNames.ISS, issuer -> issuer)));
    tokens.setJwtValidator(
        new DelegatingOAuth2TokenValidator<>(
            expiry,
            new JwtClaimValidator<>(JwtClaimNames.ISS, settings.uri()::equals),
            new JwtClaimValidator<List<String>>(
                JwtClaimNames.AUD,
                audience -> audience != null && audience.contains(settings.audience()))));
    return token -> requireAccessToken(tokens.decode(token));
  }

  private Set<JOSEObjectType> types() {
    Set<JOSEObjectType> types = new HashSet<>();
    for (String type : settings.tokenTypes()) {
      types.add(new JOSEObjectType(type));
      types.add(new JOSEObjectType("application/" + type));
    }
    return types;
  }

  /// Refuses ID and refresh tokens of issuers that give all tokens the type `JWT`.
  private static Jwt requireAccessToken(Jwt token) {
    Map<String, Object> claims = token.getClaims();
    Object use = claims.getOrDefault("token_use", "access"); // Amazon Cognito
    Object kind = claims.getOrDefault("typ", "Bearer"); // Keycloak
    boolean identity =
        claims.containsKey("nonce")
            || claims.containsKey("at_hash")
            || claims.containsKey("c_hash");
    if (identity || !"access".equals(use) || !"Bearer".equals(kind)) {
      throw new BadJwtException("the token is no access token");
    }
    return token;
  }
}
