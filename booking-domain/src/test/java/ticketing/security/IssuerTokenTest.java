package ticketing.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.RSASSASigner;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.RSAKey;
import com.nimbusds.jose.jwk.gen.RSAKeyGenerator;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import com.sun.net.httpserver.HttpServer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Tokens of an OpenID Connect issuer.
class IssuerTokenTest {

  private final AtomicInteger requests = new AtomicInteger();
  private int port;
  private String uri;
  private RSAKey key;
  private HttpServer server;

  @BeforeEach
  void reservePort() throws Exception {
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = free.getLocalPort();
    }
    uri = "http://127.0.0.1:" + port + "/realm";
    key = new RSAKeyGenerator(2048).keyID("one").generate();
  }

  @AfterEach
  void stopServer() {
    if (server != null) {
      server.stop(0);
    }
  }

  private void startServer() throws Exception {
    server = HttpServer.create(new InetSocketAddress("127.0.0.1", port), 50);
    Map<String, String> answers =
        Map.of(
            "/realm/.well-known/openid-configuration",
            "{\"issuer\":\"%s\",\"jwks_uri\":\"%s/keys\"}".formatted(uri, uri),
            "/realm/keys",
            new JWKSet(key).toString());
    server.createContext(
        "/",
        exchange -> {
          requests.incrementAndGet();
          String answer = answers.get(exchange.getRequestURI().getPath());
          byte[] body = (answer == null ? "" : answer).getBytes(StandardCharsets.UTF_8);
          exchange.getResponseHeaders().set("Content-Type", "application/json");
          exchange.sendResponseHeaders(answer == null ? 404 : 200, body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
    server.start();
  }

  private AccessTokenVerifier verifier(String... types) {
    return new AccessTokenVerifier(
        new AccessTokenSettings(
            List.of(),
            new AccessTokenSettings.Issuer(
                uri,
                "tickets",
                types.length == 0 ? List.of("at+jwt") : List.of(types),
                "realm_access.roles",
                "boss",
                "helper",
                Duration.ofSeconds(5),
                Duration.ofMillis(100))),
        false,
        Clock.systemUTC());
  }

  private String token(String type, Consumer<JWTClaimsSet.Builder> change) throws Exception {
    JWTClaimsSet.Builder claims =
        new JWTClaimsSet.Builder()
            .issuer(uri)
            .subject("kim")
            .audience("tickets")
            .expirationTime(Date.from(Instant.now().plusSeconds(600)));
    change.accept(claims);
    SignedJWT token =
        new SignedJWT(
            new JWSHeader.Builder(JWSAlgorithm.RS256)
                .keyID(key.getKeyID())
                .type(new JOSEObjectType(type))
                .build(),
            claims.build());
    token.sign(new RSASSASigner(key));
    return token.serialize();
  }

  @Test
  void processStartsWithoutTheIssuer() throws Exception {
    AccessTokenVerifier verifier = verifier();
    String token = token("at+jwt", claims -> {});
    assertThatThrownBy(() -> verifier.verify(token)).isInstanceOf(IssuerUnavailableException.class);

    startServer();
    await()
        .atMost(Duration.ofSeconds(30))
        .ignoreException(IssuerUnavailableException.class)
        .untilAsserted(() -> assertThat(verifier.verify(token)).isPresent());
    server.stop(0);
    server = null;
    assertThat(verifier.verify(token)).as("keys are cached").isPresent();
  }

  @Test
  void audienceAndTypeAreRequired() throws Exception {
    startServer();
    AccessTokenVerifier verifier = verifier();
    assertThat(verifier.verify(token("at+jwt", claims -> {}))).isPresent();
    assertThat(verifier.verify(token("application/at+jwt", claims -> {}))).isPresent();
    assertThat(verifier.verify(token("JWT", claims -> {}))).isEmpty();
    assertThat(verifier.verify(token("at+jwt", claims -> claims.audience("other")))).isEmpty();
    assertThat(verifier.verify(token("at+jwt", c -> c.audience((String) null)))).isEmpty();
    assertThat(verifier.verify(token("at+jwt", c -> c.issuer("http://other")))).isEmpty();
    assertThat(verifier.verify(token("at+jwt", c -> c.subject(null)))).isEmpty();
    assertThat(
            verifier.verify(
                token("at+jwt", c -> c.expirationTime(Date.from(Instant.now().minusSeconds(90))))))
        .isEmpty();
    List<String> audiences = List.of("other", "tickets");
    assertThat(verifier.verify(token("at+jwt", c -> c.audience(audiences)))).isPresent();
  }

  @Test
  void identityTokensAreRefused() throws Exception {
    startServer();
    AccessTokenVerifier verifier = verifier("JWT");
    assertThat(verifier.verify(token("JWT", claims -> {}))).isPresent();
    assertThat(verifier.verify(token("JWT", c -> c.claim("token_use", "access")))).isPresent();
    assertThat(verifier.verify(token("JWT", c -> c.claim("token_use", "id")))).isEmpty();
    assertThat(verifier.verify(token("JWT", c -> c.claim("typ", "ID")))).isEmpty();
    assertThat(verifier.verify(token("JWT", c -> c.claim("nonce", "1")))).isEmpty();
    assertThat(verifier.verify(token("JWT", c -> c.claim("at_hash", "1")))).isEmpty();
  }

  @Test
  void rolesAreReadFromTheConfiguredClaim() throws Exception {
    startServer();
    AccessTokenVerifier verifier = verifier();
    Map<String, Role> roles = Map.of("boss", Role.ADMIN, "helper", Role.STAFF, "ADMIN", Role.BUYER);
    for (Map.Entry<String, Role> role : roles.entrySet()) {
      Map<String, Object> claim = Map.of("roles", List.of("x", role.getKey()));
      assertThat(verifier.verify(token("at+jwt", c -> c.claim("realm_access", claim))))
          .get()
          .extracting(VerifiedToken::role)
          .isEqualTo(role.getValue());
    }
    assertThat(verifier.verify(token("at+jwt", c -> c.claim("role", "boss"))))
        .get()
        .extracting(VerifiedToken::role)
        .isEqualTo(Role.BUYER);
    assertThat(verifier.verify(token("at+jwt", c -> c.claim("realm_access.roles", "x boss"))))
        .get()
        .extracting(VerifiedToken::role)
        .isEqualTo(Role.ADMIN);
  }

  @Test
  void unknownKeysCauseFewRequests() throws Exception {
    startServer();
    AccessTokenVerifier verifier = verifier();
    assertThat(verifier.verify(token("at+jwt", claims -> {}))).isPresent();
    RSAKey foreign = new RSAKeyGenerator(2048).keyID("two").generate();
    key = foreign;
    String token = token("at+jwt", claims -> {});
    requests.set(0);
    long start = System.nanoTime();
    for (int i = 0; i < 100; i++) {
      assertThat(verifier.verify(token)).isEmpty();
    }
    long intervals = Duration.ofNanos(System.nanoTime() - start).toMillis() / 100 + 1;
    assertThat(requests.get()).isLessThanOrEqualTo((int) (2 * intervals));
  }

  @Test
  void tokenWithoutJtiHasAnId() throws Exception {
    startServer();
    AccessTokenVerifier verifier = verifier();
    String token = token("at+jwt", claims -> {});
    VerifiedToken verified = verifier.verify(token).orElseThrow();
    assertThat(verifier.verify(token).orElseThrow().tokenId()).isEqualTo(verified.tokenId());
    String other = token("at+jwt", c -> c.claim("other", "1"));
    assertThat(verifier.verify(other).orElseThrow().tokenId()).isNotEqualTo(verified.tokenId());
    assertThat(verified.revocationIds()).containsExactly(verified.tokenId());
  }

  @Test
  void issuerRequiresAnAudience() {
    AccessTokenSettings.Issuer none = AccessTokenSettings.Issuer.NONE;
    assertThatThrownBy(() ->
            new AccessTokenVerifier(
                new AccessTokenSettings(
                    List.of(),
                    new AccessTokenSettings.Issuer(
                        uri,
                        "",
                        none.tokenTypes(),
                        "role",
                        "ADMIN",
                        "STAFF",
                        none.timeout(),
                        none.retryDelay())),
                false,
                Clock.systemUTC()))
        .hasMessageContaining("TICKETING_ACCESS_AUDIENCE");
  }
}
