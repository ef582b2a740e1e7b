package ticketing.ingress.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.UUID;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.slf4j.LoggerFactory;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import ticketing.domain.Command;
import ticketing.ingress.IngressFixture;
import ticketing.ingress.RawHttpClient;
import ticketing.local.servers.LocalSigningKey;
import ticketing.local.servers.TestKeyPair;
import ticketing.security.AccessTokenIssuer;
import ticketing.security.AccessTokenSettings;
import ticketing.security.Role;
import ticketing.security.SigningSettings;

/// Attacks by a client: forged tokens, foreign resources, request smuggling, log injection.
class HostileRequestTest {

  private static final String ME = "/api/v1/users/me/reservations";

  private final IngressFixture ingress = IngressFixture.shared();

  @Test
  void forgedAndExpiredTokensAreRejected() {
    String user = IngressFixture.newUser();
    String good = ingress.token(user);
    assertThat(ingress.get(ME, good).status()).isEqualTo(200);
    String[] parts = good.split("\\.");
    String admin = text(parts[1]).replace("\"BUYER\"", "\"ADMIN\"");
    assertThat(admin).contains("ADMIN");

    List<String> forged = new ArrayList<>();
    for (String algorithm :
        List.of("none", "None", "NONE", "HS256", "HS512", "RS256", "nonsense")) {
      String header = base64("{\"alg\":\"" + algorithm + "\"}");
      forged.add(header + "." + parts[1] + ".");
      forged.add(header + "." + base64(admin) + "." + parts[2]);
    }
    // Signed with the key in its header.
    forged.add(
        base64("{\"alg\":\"HS256\",\"jwk\":{\"kty\":\"oct\",\"k\":\"AAAA\"}}")
            + "."
            + parts[1]
            + "."
            + parts[2]);
    forged.add(
        base64("{\"alg\":\"HS256\",\"kid\":\"../../dev/null\"}") + "." + parts[1] + "." + parts[2]);
    forged.add(parts[0] + "." + parts[1]);
    forged.add(parts[0] + "." + parts[1] + "." + base64("signature"));
    forged.add(good + "." + parts[2]);
    // The public key as a secret.
    forged.add(hs256(parts[1], AccessTokenSettings.LOCAL_PUBLIC_KEY));
    TestKeyPair foreign = TestKeyPair.generate();
    Clock past = Clock.offset(Clock.systemUTC(), Duration.ofHours(-2));
    forged.add(
        tokens(AccessTokenSettings.LOCAL_PUBLIC_KEY, LocalSigningKey.PRIVATE_KEY, past)
            .issue(user, Role.ADMIN));
    forged.add(
        tokens(foreign.publicKey(), foreign.privateKey(), Clock.systemUTC())
            .issue(user, Role.ADMIN));

    for (String token : forged) {
      for (String path : List.of(ME, "/api/v1/operations/queue")) {
        IngressFixture.Answer answer = ingress.get(path, token);
        assertThat(answer.status()).as(token).isEqualTo(401);
        assertThat(answer.body()).doesNotContain(parts[2]);
      }
    }
  }

  @Test
  void foreignResourcesLookLikeUnknownOnes() {
    String owner = IngressFixture.newUser();
    String attacker = IngressFixture.newUser();
    long event = ingress.newEvent();
    long reservation = ingress.reserve(owner, event, "HELD", null);
    String ticket = ingress.book(owner, event, 1).json().get("ticketId").asString();
    ingress.drain();
    String token = ingress.token(attacker);
    String path = "/api/v1/reservations/" + reservation;
    for (IngressFixture.Answer answer :
        List.of(
            ingress.get("/api/v1/tickets/" + ticket, token),
            ingress.get(path, token),
            ingress.delete(path, token),
            ingress.post(path + "/confirmation", token, null),
            // An unknown id gives the same response as a foreign one.
            ingress.get("/api/v1/tickets/" + UUID.randomUUID(), token),
            ingress.get("/api/v1/reservations/" + Long.MAX_VALUE, token))) {
      assertThat(answer.status()).isEqualTo(404);
      assertThat(answer.body()).doesNotContain(owner);
    }
    assertThat(ingress.get(ME + "?userId=" + owner, token).json().path("content")).isEmpty();
    assertThat(ingress.drain()).isEmpty();
  }

  @Test
  void fieldsOutsideTheRequestSchemaAreRejected() {
    String user = IngressFixture.newUser();
    long event = ingress.newEvent();
    for (String more :
        List.of(
            "\"userId\":\"victim\"",
            "\"ticketId\":\"" + UUID.randomUUID() + "\"",
            "\"totalPrice\":\"0.01\"",
            "\"status\":\"CONFIRMED\"",
            "\"onBehalf\":true",
            "\"acceptedAt\":\"2000-01-01T00:00:00Z\"",
            "\"action\":\"CHANGE_SEATS\"",
            "\"__proto__\":{}",
            "\"class\":{}")) {
      String body = IngressFixture.booking(event, 1).replace("}", "," + more + "}");
      IngressFixture.Answer answer =
          ingress.post("/api/v1/reservations", ingress.token(user), body);
      assertThat(answer.status()).as(more).isEqualTo(400);
    }
    assertThat(ingress.drain()).isEmpty();

    String address = UUID.randomUUID() + "@example.com";
    String account =
        "{\"email\":\"%s\",\"password\":\"long enough\",\"name\":\"A\"".formatted(address);
    for (String more : List.of("\"role\":\"ADMIN\"", "\"userId\":\"1\"", "\"admin\":true")) {
      assertThat(ingress.post("/api/v1/users", null, account + "," + more + "}").status())
          .as(more)
          .isEqualTo(400);
    }
    for (String more :
        List.of(
            "\"status\":\"ACTIVE\"", "\"availableSeats\":9", "\"eventId\":1", "\"version\":9")) {
      assertThat(
              ingress
                  .post("/api/v1/events", ingress.admin(), IngressFixture.event("," + more))
                  .status())
          .as(more)
          .isEqualTo(400);
    }
    // Query parameters do not override the body.
    IngressFixture.Answer accepted =
        ingress.post(
            "/api/v1/reservations?userId=victim&quantity=9",
            ingress.token(user),
            IngressFixture.booking(event, 1));
    assertThat(accepted.status()).isEqualTo(202);
    assertThat(ingress.drain())
        .singleElement()
        .isInstanceOfSatisfying(
            Command.BookSeats.class,
            command -> {
              assertThat(command.userId()).isEqualTo(user);
              assertThat(command.quantity()).isEqualTo(1);
            });
  }

  @Test
  void ambiguousRequestFramingIsRejected() {
    String head =
        "POST /api/v1/auth/token HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";
    String smuggled = "GET /api/v1/events HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n";
    for (String framing :
        List.of(
            "Content-Length: 5\r\nContent-Length: 6\r\n",
            "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n",
            "Content-Length: -1\r\n",
            "Content-Length: 5, 5\r\n",
            "Content-Length: +5\r\n",
            "Content-Length: 99999999999999999999\r\n",
            "Transfer-Encoding: chunked, identity\r\n",
            "Transfer-Encoding: xchunked\r\n",
            "Transfer-Encoding : chunked\r\n",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n")) {
      RawHttpClient.Answer answer =
          RawHttpClient.send(ingress.port, utf8(head + framing + "\r\n0\r\n\r\n" + smuggled));
      assertThat(answer.status()).as(framing).isBetween(400, 501);
      // The bytes after the rejected request are not processed as a request.
      assertThat(answer.body()).as(framing).doesNotContain("HTTP/1.1 200");
    }
    for (String bad :
        List.of(
            "GET /api/v1/events HTTP/1.1\r\nHost: x\r\n folded: x\r\n\r\n",
            "GET /api/v1/events HTTP/1.1\r\nHost: x\r\nHost: y\r\n\r\n",
            "GET /api/v1/events HTTP/1.1\r\n\r\n",
            "GET http:// HTTP/1.1\r\nHost: x\r\n\r\n",
            "GET /api/v1/events HTTP/9.9\r\nHost: x\r\n\r\n")) {
      assertThat(RawHttpClient.send(ingress.port, utf8(bad)).status()).as(bad).isBetween(400, 505);
    }
  }

  @Test
  void oversizedRequestHeadsAreRejected() {
    String token = "Authorization: Bearer " + ingress.token(IngressFixture.newUser());
    List<String> many = new ArrayList<>(List.of(token));
    for (int i = 0; i < 2_000; i++) {
      many.add("X-" + i + ": y");
    }
    List<String> large = List.of(token, "Cookie: " + "x".repeat(100_000));
    for (List<String> headers : List.of(many, large)) {
      assertThat(RawHttpClient.send(ingress.port, "GET", ME, headers, null).status())
          .isIn(400, 431);
    }
    String target = "/api/v1/events?x=" + "y".repeat(100_000);
    assertThat(RawHttpClient.send(ingress.port, "GET", target, List.of(), null).status())
        .isIn(400, 414, 431);
    assertThat(ingress.get(ME, ingress.token(IngressFixture.newUser())).status()).isEqualTo(200);
  }

  @Test
  @ExtendWith(OutputCaptureExtension.class)
  void requestDataReachesNeitherLogNorHeaders(CapturedOutput log) {
    String mark = "mark-" + UUID.randomUUID();
    String forged = "%0d%0aSet-Cookie:%20" + mark;
    String token = ingress.token(IngressFixture.newUser());
    for (String target :
        List.of(
            "/api/v1/tickets/" + forged,
            "/api/v1/events?status=" + forged,
            "/api/v1/" + forged,
            "/" + forged,
            "/livez?" + forged)) {
      RawHttpClient.Answer answer =
          RawHttpClient.send(
              ingress.port,
              "GET",
              target,
              List.of(
                  "Authorization: Bearer " + token,
                  "X-Forwarded-For: " + mark,
                  "User-Agent: ${jndi:ldap://" + mark + "}",
                  "traceparent: " + mark),
              null);
      assertThat(answer.headers()).as(target).doesNotContainKey("set-cookie");
    }
    String password = "secret-" + mark;
    ingress.post("/api/v1/auth/token", null, credentials(mark, password));
    ingress.post(
        "/api/v1/users",
        null,
        "{\"email\":\"\\r\\n" + mark + "\",\"password\":\"" + password + "\"}");
    ingress.post(
        "/api/v1/reservations",
        token,
        "{\"eventId\":1,\"seatType\":\"\\n" + mark + "\",\"quantity\":1}");
    ingress.get(ME, mark + ".x.y");
    String control = "control-" + UUID.randomUUID();
    LoggerFactory.getLogger(HostileRequestTest.class).warn(control);
    assertThat(log.getAll())
        .contains(control)
        .doesNotContain(mark, token, LocalSigningKey.PRIVATE_KEY);
  }

  @Test
  void managementPortExposesNoSecret() {
    for (String path :
        List.of("/actuator", "/actuator/health", "/actuator/prometheus", "/actuator/env")) {
      String body = ingress.sendTo(ingress.managementPort(), "GET", path, null, null).body();
      assertThat(body)
          .as(path)
          .doesNotContain(LocalSigningKey.PRIVATE_KEY, ingress.databaseUrl, "jdbc:", "redis://");
    }
    for (String path : List.of("/actuator/heapdump", "/actuator/loggers", "/actuator/shutdown")) {
      for (String method : List.of("GET", "POST")) {
        assertThat(ingress.sendTo(ingress.managementPort(), method, path, null, null).status())
            .as(method + " " + path)
            .isIn(404, 405);
      }
    }
    for (String target :
        List.of(
            "/actuator/prometheus/",
            "/%61ctuator/prometheus",
            "/ACTUATOR/prometheus",
            "/api/../actuator/prometheus",
            "/api/%2e%2e/actuator/prometheus",
            "//actuator/prometheus",
            "/actuator;x/prometheus")) {
      RawHttpClient.Answer answer =
          RawHttpClient.send(
              ingress.port,
              "GET",
              target,
              List.of("X-Forwarded-Port: " + ingress.managementPort()),
              null);
      assertThat(answer.status()).as(target).isIn(400, 404);
      assertThat(answer.body()).doesNotContain("# HELP");
    }
  }

  private static String credentials(String mark, String password) {
    return "{\"email\":\"%s@example.com\",\"password\":\"%s\"}".formatted(mark, password);
  }

  private static String hs256(String claims, String base64Key) {
    try {
      String text = base64("{\"alg\":\"HS256\",\"typ\":\"at+jwt\"}") + "." + claims;
      Mac mac = Mac.getInstance("HmacSHA256");
      mac.init(new SecretKeySpec(Base64.getDecoder().decode(base64Key), "HmacSHA256"));
      byte[] signature = mac.doFinal(utf8(text));
      return text + "." + Base64.getUrlEncoder().withoutPadding().encodeToString(signature);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException(e);
    }
  }

  private static AccessTokenIssuer tokens(String publicKey, String privateKey, Clock clock) {
    return new AccessTokenIssuer(
        AccessTokenSettings.of(publicKey),
        new SigningSettings(privateKey, Duration.ofHours(1)),
        true,
        clock);
  }

  private static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static String base64(String text) {
    return Base64.getUrlEncoder().withoutPadding().encodeToString(utf8(text));
  }

  private static String text(String base64) {
    return new String(Base64.getUrlDecoder().decode(base64), StandardCharsets.UTF_8);
  }
}
