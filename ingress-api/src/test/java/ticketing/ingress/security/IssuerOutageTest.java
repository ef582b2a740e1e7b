package ticketing.ingress.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.nimbusds.jose.JOSEObjectType;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSHeader;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWKSet;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import com.nimbusds.jwt.JWTClaimsSet;
import com.nimbusds.jwt.SignedJWT;
import com.sun.net.httpserver.HttpServer;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import ticketing.ingress.IngressFixture;

/// Requests with tokens of an OpenID Connect issuer that starts after ingress-api.
class IssuerOutageTest {

  private static final String ME = "/api/v1/users/me/reservations";

  private final IngressFixture shared = IngressFixture.shared();

  private static String token(ECKey key, String issuer, List<String> roles) throws Exception {
    SignedJWT token =
        new SignedJWT(
            new JWSHeader.Builder(JWSAlgorithm.ES256)
                .keyID(key.getKeyID())
                .type(new JOSEObjectType("at+jwt"))
                .build(),
            new JWTClaimsSet.Builder()
                .issuer(issuer)
                .subject(IngressFixture.newUser())
                .audience("tickets")
                .claim("groups", roles)
                .expirationTime(Date.from(Instant.now().plusSeconds(600)))
                .build());
    token.sign(new ECDSASigner(key));
    return token.serialize();
  }

  @Test
  void issuerMayStartAfterTheProcess() throws Exception {
    int port;
    try (ServerSocket free = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      port = free.getLocalPort();
    }
    String uri = "http://127.0.0.1:" + port;
    ECKey key = new ECKeyGenerator(Curve.P_256).keyID("one").generate();
    Map<String, String> settings =
        Map.of(
            "ticketing.access.issuer.uri", uri,
            "ticketing.access.issuer.audience", "tickets",
            "ticketing.access.issuer.role-claim", "groups",
            "ticketing.access.issuer.retry-delay", "100ms");
    String staff = token(key, uri, List.of("STAFF"));
    String buyer = token(key, uri, List.of());
    try (IngressFixture ingress = shared.sibling(settings)) {
      IngressFixture.Answer early = ingress.get(ME, staff);
      assertThat(early.status()).isEqualTo(503);
      assertThat(early.code()).isEqualTo("ISSUER_UNAVAILABLE");
      assertThat(early.header("Retry-After")).isNotNull();
      assertThat(ingress.get("/api/v1/events", null).status()).isEqualTo(200);

      HttpServer server = HttpServer.create(new InetSocketAddress("127.0.0.1", port), 50);
      server.createContext(
          "/",
          exchange -> {
            String answer =
                exchange.getRequestURI().getPath().equals("/keys")
                    ? new JWKSet(key).toString()
                    : "{\"issuer\":\"%s\",\"jwks_uri\":\"%s/keys\"}".formatted(uri, uri);
            byte[] body = answer.getBytes(StandardCharsets.UTF_8);
            exchange.sendResponseHeaders(200, body.length);
            exchange.getResponseBody().write(body);
            exchange.close();
          });
      server.start();
      try {
        await()
            .atMost(Duration.ofSeconds(30))
            .untilAsserted(() -> assertThat(ingress.get(ME, staff).status()).isEqualTo(200));
        assertThat(ingress.get("/api/v1/operations/dead-letters", staff).status()).isEqualTo(200);
        assertThat(ingress.post("/api/v1/operations/dead-letters/redrive", staff, null).status())
            .isEqualTo(403);
        assertThat(ingress.get("/api/v1/operations/dead-letters", buyer).status()).isEqualTo(403);
        requireRevocationOfATokenWithoutJti(ingress, staff);
        assertThat(ingress.get(ME, buyer).status()).isEqualTo(200);
      } finally {
        server.stop(0);
      }
    }
  }

  private static void requireRevocationOfATokenWithoutJti(IngressFixture ingress, String token) {
    assertThat(ingress.post("/api/v1/auth/logout", token, null).status()).isEqualTo(204);
    assertThat(ingress.get(ME, token).status()).isEqualTo(401);
    Long keptFor =
        ingress
            .sql()
            .queryForObject(
                "select kept_until - unix_timestamp() from revoked_tokens"
                    + " order by revoked_at desc limit 1",
                Long.class);
    assertThat(keptFor).as("after expiry and skew").isBetween(660L, 960L);
  }
}
