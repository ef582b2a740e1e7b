package ticketing.ingress.account;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.springframework.security.crypto.password.PasswordEncoder;
import ticketing.ingress.IngressFixture;
import ticketing.local.servers.LocalSigningKey;
import ticketing.redis.RedisGateway;
import ticketing.security.AccessTokenIssuer;
import ticketing.security.AccessTokenSettings;
import ticketing.security.AccessTokenVerifier;
import ticketing.security.Role;
import ticketing.security.SigningSettings;
import tools.jackson.databind.JsonNode;

/// Accounts and access tokens over HTTP.
class AccountTest {

  private final IngressFixture ingress = IngressFixture.shared();

  private static String signUp(String email) {
    return "{\"email\":\"%s\",\"password\":\"correct horse\",\"name\":\"Kim\"}".formatted(email);
  }

  private static String credentials(String email, String password) {
    return "{\"email\":\"%s\",\"password\":\"%s\"}".formatted(email, password);
  }

  private static String newEmail() {
    return UUID.randomUUID() + "@example.org";
  }

  @Test
  void newUserReadsTheirAccount() {
    String email = newEmail();
    IngressFixture.Answer created = ingress.post("/api/v1/users", null, signUp(email));
    assertThat(created.status()).isEqualTo(201);
    assertThat(created.json().propertyNames()).containsExactly("userId", "email", "name");
    assertThat(created.header("Location")).isEqualTo("/api/v1/users/me");

    IngressFixture.Answer token =
        ingress.post("/api/v1/auth/token", null, credentials(email.toUpperCase(), "correct horse"));
    assertThat(token.status()).isEqualTo(200);
    assertThat(token.json().get("tokenType").asString()).isEqualTo("Bearer");
    assertThat(token.json().get("expiresIn").longValue()).isEqualTo(8 * 3600);

    JsonNode me =
        ingress.get("/api/v1/users/me", token.json().get("accessToken").asString()).json();
    assertThat(me.get("userId")).isEqualTo(created.json().get("userId"));
    assertThat(me.get("email").asString()).isEqualTo(email);
    assertThat(me.get("name").asString()).isEqualTo("Kim");
  }

  @Test
  void concurrentSignUpsCreateOneAccount() throws Exception {
    String email = newEmail();
    List<Integer> answers = new ArrayList<>();
    try (ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Integer>> calls = new ArrayList<>();
      for (int i = 0; i < 5; i++) {
        calls.add(
            clients.submit(() -> ingress.post("/api/v1/users", null, signUp(email)).status()));
      }
      for (Future<Integer> call : calls) {
        answers.add(call.get());
      }
    }
    assertThat(answers).containsExactlyInAnyOrder(201, 409, 409, 409, 409);
    IngressFixture.Answer repeated =
        ingress.post("/api/v1/users", null, signUp(email.toUpperCase()));
    assertThat(repeated.status()).isEqualTo(409);
    assertThat(repeated.code()).isEqualTo("EMAIL_TAKEN");
  }

  @Test
  void unknownEmailGivesTheWrongPasswordResponse() {
    String email = newEmail();
    ingress.post("/api/v1/users", null, signUp(email));
    IngressFixture.Answer wrong =
        ingress.post("/api/v1/auth/token", null, credentials(email, "wrong horse"));
    IngressFixture.Answer unknown =
        ingress.post("/api/v1/auth/token", null, credentials(newEmail(), "wrong horse"));
    assertThat(wrong.status()).isEqualTo(401);
    assertThat(wrong.code()).isEqualTo("INVALID_CREDENTIALS");
    assertThat(unknown.body()).isEqualTo(wrong.body());
  }

  @Test
  void unknownEmailCostsTheSameHash() {
    String hash = ingress.context.getBean(PasswordEncoder.class).encode("correct horse");
    String prefix = "{bcrypt}$2a$10$"; // algorithm and cost
    assertThat(hash).startsWith(prefix).hasSameSizeAs(AccountService.UNKNOWN_USER_HASH);
    assertThat(AccountService.UNKNOWN_USER_HASH).startsWith(prefix);
  }

  @Test
  void emailHasOneAtSignAndHostName() {
    for (String email : List.of("0@0.com*", "a@b@example.com", "a@[127.0.0.1]", "a@-b.com")) {
      IngressFixture.Answer answer = ingress.post("/api/v1/users", null, signUp(email));
      assertThat(answer.status()).as(email).isEqualTo(400);
      assertThat(answer.json().get("errors").findValuesAsString("field")).containsOnly("email");
    }
  }

  /// A deleted account gets such an email. Another account with it would block the deletion.
  @Test
  void emailOfDeletedAccountsIsReserved() {
    String userId =
        ingress
            .post("/api/v1/users", null, signUp(IngressFixture.newUser() + "@example.com"))
            .json()
            .get("userId")
            .asString();
    for (String host : List.of("deleted.invalid", "Deleted.INVALID")) {
      IngressFixture.Answer answer =
          ingress.post("/api/v1/users", null, signUp("deleted-" + userId + "@" + host));
      assertThat(answer.status()).as(host).isEqualTo(400);
      assertThat(answer.json().get("errors").findValuesAsString("field")).containsOnly("email");
    }
  }

  @Test
  void blankTextIsRefused() {
    for (String blank : List.of("", " ", "\\u0000", "\\u0019", "\\t\\n", "\\u2003")) {
      IngressFixture.Answer answer =
          ingress.post("/api/v1/auth/password-reset", null, "{\"email\":\"" + blank + "\"}");
      assertThat(answer.status()).as(blank).isEqualTo(400);
      assertThat(answer.json().get("errors").findValuesAsString("field")).containsOnly("email");
    }
  }

  @Test
  void invalidSignUpReportsEveryField() {
    IngressFixture.Answer answer =
        ingress.post(
            "/api/v1/users", null, "{\"email\":\"nowhere\",\"password\":\"short\",\"name\":\"\"}");
    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.code()).isEqualTo("INVALID_REQUEST");
    assertThat(answer.json().get("errors").findValuesAsString("field"))
        .contains("email", "password", "name");
    String wide = "x".repeat(30) + "ü".repeat(30);
    IngressFixture.Answer tooLong =
        ingress.post(
            "/api/v1/users",
            null,
            "{\"email\":\"%s\",\"password\":\"%s\",\"name\":\"K\"}".formatted(newEmail(), wide));
    assertThat(tooLong.json().get("errors").findValuesAsString("field"))
        .containsExactly("password");
  }

  @Test
  void revokedTokenIsRejectedByEveryInstance() {
    String token = ingress.token(IngressFixture.newUser());
    IngressFixture sibling = IngressFixture.strict();
    assertThat(sibling.get("/api/v1/users/me", token).status()).isEqualTo(200);
    assertThat(ingress.post("/api/v1/auth/logout", token, null).status()).isEqualTo(204);
    assertThat(ingress.get("/api/v1/users/me", token).status()).isEqualTo(401);
    await()
        .atMost(Duration.ofSeconds(30))
        .untilAsserted(() -> {
          IngressFixture.Answer answer = sibling.get("/api/v1/users/me", token);
          assertThat(answer.status()).isEqualTo(401);
          assertThat(answer.code()).isEqualTo("UNAUTHENTICATED");
          assertThat(answer.header("WWW-Authenticate")).isEqualTo("Bearer");
        });
  }

  @Test
  void revocationOutlivesRedisAndRestart() {
    String token = ingress.token(IngressFixture.newUser());
    assertThat(ingress.post("/api/v1/auth/logout", token, null).status()).isEqualTo(204);
    ingress
        .context
        .getBean(RedisGateway.class)
        .call(client -> client.getKeys().deleteByPattern("session:*"));
    try (IngressFixture restarted = ingress.sibling(Map.of())) {
      assertThat(restarted.get("/api/v1/users/me", token).status()).isEqualTo(401);
    }
    String id =
        ingress
            .context
            .getBean(AccessTokenVerifier.class)
            .verify(token)
            .orElseThrow()
            .tokenId()
            .toString();
    IngressFixture.Answer all = ingress.get("/api/v1/revoked-tokens", null);
    assertThat(all.status()).isEqualTo(200);
    assertThat(all.body()).contains(id).doesNotContain(token);
    assertThat(ingress.get("/api/v1/revoked-tokens?within=1", null).json().get("content").size())
        .isLessThanOrEqualTo(all.json().get("content").size());
    assertThat(
            ingress
                .sql()
                .queryForObject(
                    "select kept_until - unix_timestamp() from revoked_tokens where id = ?",
                    Long.class,
                    id))
        .as("kept for longer than the token is accepted")
        .isGreaterThan(Duration.ofHours(8).plusSeconds(60).toSeconds());
  }

  /// Expired tokens are accepted for another 60 s, because clocks differ.
  @Test
  void tokenJustPastItsExpiryIsRevoked() {
    Clock past = Clock.offset(Clock.systemUTC(), Duration.ofSeconds(-20));
    AccessTokenIssuer tokens =
        new AccessTokenIssuer(
            AccessTokenSettings.of(),
            new SigningSettings(LocalSigningKey.PRIVATE_KEY, Duration.ofSeconds(10)),
            true,
            past);
    String token = tokens.issue(IngressFixture.newUser(), Role.BUYER);
    assertThat(ingress.get("/api/v1/users/me/reservations", token).status()).isEqualTo(200);
    assertThat(ingress.post("/api/v1/auth/logout", token, null).status()).isEqualTo(204);
    assertThat(ingress.get("/api/v1/users/me/reservations", token).status()).isEqualTo(401);
  }

  @Test
  void privateResourcesRequireAToken() {
    for (String path :
        List.of(
            "/api/v1/users/me",
            "/api/v1/users/me/reservations",
            "/api/v1/reservations/1",
            "/api/v1/tickets/" + UUID.randomUUID(),
            "/api/v1/operations/queue",
            "/api/v1/nowhere")) {
      for (String token : new String[] {null, "nonsense", "a.b.c"}) {
        IngressFixture.Answer answer = ingress.get(path, token);
        assertThat(answer.status()).as(path).isEqualTo(401);
        assertThat(answer.code()).isEqualTo("UNAUTHENTICATED");
        assertThat(answer.header("Content-Type")).isEqualTo("application/problem+json");
      }
    }
  }
}
