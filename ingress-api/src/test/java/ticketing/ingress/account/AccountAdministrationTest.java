package ticketing.ingress.account;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import ticketing.ingress.IngressFixture;
import ticketing.security.Role;
import tools.jackson.databind.JsonNode;

/// Passwords, deletion, roles and the audit log over HTTP.
class AccountAdministrationTest {

  private static final Duration LIMIT = Duration.ofSeconds(30);
  private static final String USERS = "/api/v1/users";
  private static final String TOKEN = "/api/v1/auth/token";
  private static final String ME = "/api/v1/users/me";
  private static final String PASSWORD = "correct horse";
  private static final String NEW_PASSWORD = "battery staple";
  private static final String DELETION = ME + "/deletion";
  private static final String DELETION_BODY = "{\"password\":\"correct horse\"}";

  private final IngressFixture ingress = IngressFixture.shared();

  private static String newEmail() {
    return UUID.randomUUID() + "@example.org";
  }

  private IngressFixture.Answer signUp(String email, String password, String name) {
    String body = "{\"email\":\"%s\",\"password\":\"%s\",\"name\":\"%s\"}";
    return ingress.post(USERS, null, body.formatted(email, password, name));
  }

  private String newUser(String email) {
    return signUp(email, PASSWORD, "Kim").json().get("userId").asString();
  }

  private static JsonNode signIn(IngressFixture on, String email, String password) {
    String body = "{\"email\":\"%s\",\"password\":\"%s\",\"staySignedIn\":true}";
    return on.post(TOKEN, null, body.formatted(email, password)).json();
  }

  private static String accessToken(JsonNode answer) {
    return answer.get("accessToken").asString();
  }

  private static String refreshBody(JsonNode answer) {
    return "{\"refreshToken\":\"" + answer.get("refreshToken").asString() + "\"}";
  }

  private void requireRevoked(JsonNode tokens) {
    assertThat(ingress.get(ME, accessToken(tokens)).status()).isEqualTo(401);
    assertThat(ingress.post("/api/v1/auth/refresh", null, refreshBody(tokens)).status())
        .isEqualTo(401);
    await()
        .atMost(LIMIT)
        .until(() -> IngressFixture.strict().get(ME, accessToken(tokens)).status() == 401);
  }

  @Test
  void weakPasswordsAreRefused() {
    String email = newEmail();
    String local = email.substring(0, email.indexOf('@'));
    for (String weak :
        List.of(
            "password1",
            "QWERTYUIOP",
            "12345678",
            email,
            local,
            local + "123",
            "kim min-ji",
            "Kim Min-Ji1!",
            "example.org",
            "short",
            "가".repeat(25))) {
      IngressFixture.Answer answer = signUp(email, weak, "Kim Min-ji");
      assertThat(answer.status()).as(weak).isEqualTo(400);
      assertThat(answer.json().get("errors").findValuesAsString("field"))
          .as(weak)
          .containsOnly("password");
    }
    assertThat(signUp(email, "kim min-ji 2000", "Kim Min-ji").status()).isEqualTo(201);
  }

  @Test
  void newPasswordRevokesOtherSessions() {
    String email = newEmail();
    newUser(email);
    JsonNode first = signIn(ingress, email, PASSWORD);
    JsonNode second = signIn(ingress, email, PASSWORD);
    String change = "{\"currentPassword\":\"%s\",\"newPassword\":\"%s\"}";

    IngressFixture.Answer wrong =
        ingress.send(
            "PUT", ME + "/password", accessToken(first), change.formatted("wrong", NEW_PASSWORD));
    assertThat(wrong.status()).isEqualTo(401);
    assertThat(wrong.code()).isEqualTo("INVALID_CREDENTIALS");
    assertThat(
            ingress
                .send(
                    "PUT",
                    ME + "/password",
                    accessToken(first),
                    change.formatted(PASSWORD, "password1"))
                .status())
        .isEqualTo(400);
    assertThat(ingress.get(ME, accessToken(first)).status()).isEqualTo(200);
    IngressFixture.Answer changed =
        ingress.send(
            "PUT", ME + "/password", accessToken(first), change.formatted(PASSWORD, NEW_PASSWORD));
    assertThat(changed.status()).isEqualTo(200);

    requireRevoked(first);
    requireRevoked(second);
    assertThat(ingress.get(ME, accessToken(changed.json())).status()).isEqualTo(200);
    assertThat(ingress.post("/api/v1/auth/refresh", null, refreshBody(changed.json())).status())
        .isEqualTo(200);
    assertThat(signIn(ingress, email, PASSWORD).path("code").asString(""))
        .isEqualTo("INVALID_CREDENTIALS");
    JsonNode next = signIn(ingress, email, NEW_PASSWORD);
    assertThat(ingress.get(ME, accessToken(next)).status()).isEqualTo(200);
  }

  @Test
  void deletionRemovesPersonalData() {
    String email = newEmail();
    String id = newUser(email);
    JsonNode tokens = signIn(ingress, email, PASSWORD);
    assertThat(ingress.get(ME, accessToken(tokens)).json().get("email").asString())
        .isEqualTo(email);
    long event = ingress.newEvent();
    assertThat(
            ingress
                .post("/api/v1/reservations", accessToken(tokens), IngressFixture.booking(event, 1))
                .status())
        .isEqualTo(202);
    IngressFixture.Answer wrong =
        ingress.post(DELETION, accessToken(tokens), "{\"password\":\"wrong\"}");
    assertThat(wrong.status()).isEqualTo(401);
    assertThat(wrong.code()).isEqualTo("INVALID_CREDENTIALS");
    assertThat(ingress.post(DELETION, accessToken(tokens), DELETION_BODY).status()).isEqualTo(204);

    requireRevoked(tokens);
    assertThat(signIn(ingress, email, PASSWORD).path("code").asString(""))
        .isEqualTo("INVALID_CREDENTIALS");
    assertThat(signIn(ingress, "deleted-" + id + "@deleted.invalid", "-").has("accessToken"))
        .isFalse();
    assertThat(ingress.sql().queryForList("select * from users where id = ?", id).toString())
        .doesNotContain(email, "Kim");
    assertThat(ingress.redisGet("user:" + id)).isNull();
    assertThat(signUp(email, PASSWORD, "Kim").status()).as("the email is free").isEqualTo(201);
    assertThat(
            ingress.post(DELETION, ingress.token(IngressFixture.newUser()), DELETION_BODY).status())
        .as("a user without an account")
        .isEqualTo(404);
  }

  /// A stranger who registers the email has no access to its mailbox, and none to the log.
  private static void confirmByLog(IngressFixture ingress, CapturedOutput log) {
    Pattern link = Pattern.compile("confirm-email\\?token=([A-Za-z0-9_-]{43})");
    await().atMost(LIMIT).until(() -> link.matcher(log.getOut()).find());
    Matcher token = link.matcher(log.getOut());
    assertThat(token.find()).isTrue();
    String body = "{\"token\":\"" + token.group(1) + "\"}";
    assertThat(ingress.post("/api/v1/auth/email-confirmation", null, body).status()).isEqualTo(204);
    assertThat(token.find()).as("second mail").isFalse();
  }

  @Test
  @ExtendWith(OutputCaptureExtension.class)
  void firstAdministratorAppointsOthers(CapturedOutput output) {
    String email = newEmail();
    String staffEmail = newEmail();
    try (IngressFixture own =
        IngressFixture.start(
            Map.of(
                "ticketing.accounts.admin-email", email.toUpperCase(),
                "ticketing.accounts.confirm-admin-email", "true",
                "ticketing.mail.log-text", "false"))) {
      String body = "{\"email\":\"%s\",\"password\":\"correct horse\",\"name\":\"Kim\"}";
      String admin = own.post(USERS, null, body.formatted(email)).json().get("userId").asString();
      String staff =
          own.post(USERS, null, body.formatted(staffEmail)).json().get("userId").asString();
      String unconfirmed = accessToken(signIn(own, email, PASSWORD));
      assertThat(own.get(ME, unconfirmed).json().get("role").asString()).isEqualTo("BUYER");
      confirmByLog(own, output);
      String token = accessToken(signIn(own, email, PASSWORD));
      assertThat(own.get(ME, token).json().get("role").asString()).isEqualTo("ADMIN");
      assertThat(own.get("/api/v1/operations/users?email=" + staffEmail, token).body())
          .contains(staff);

      JsonNode former = signIn(own, staffEmail, PASSWORD);
      String role = "/api/v1/operations/users/" + staff + "/role";
      assertThat(own.send("PUT", role, accessToken(former), "{\"role\":\"ADMIN\"}").status())
          .isEqualTo(403);
      assertThat(own.send("PUT", role, token, "{\"role\":\"STAFF\"}").status()).isEqualTo(200);
      assertThat(own.get(ME, accessToken(former)).status()).isEqualTo(401);
      String staffToken = accessToken(signIn(own, staffEmail, PASSWORD));
      IngressFixture.Answer log = own.get("/api/v1/operations/audit", staffToken);
      assertThat(log.status()).isEqualTo(200);
      assertThat(log.json().get("content").findValuesAsString("object"))
          .startsWith("users/" + staff, "users/" + admin)
          .hasSize(3);
      assertThat(log.json().get("content").get(0).get("actor").asString()).isEqualTo(admin);
      assertThat(own.send("PUT", role, staffToken, "{\"role\":\"ADMIN\"}").status()).isEqualTo(403);

      String ownRole = "/api/v1/operations/users/" + admin + "/role";
      IngressFixture.Answer last = own.send("PUT", ownRole, token, "{\"role\":\"BUYER\"}");
      assertThat(last.status()).isEqualTo(409);
      assertThat(last.code()).isEqualTo("LAST_ADMINISTRATOR");
      assertThat(own.post(DELETION, token, DELETION_BODY).status()).isEqualTo(409);
      assertThat(own.send("PUT", role, token, "{\"role\":\"ADMIN\"}").status()).isEqualTo(200);
      assertThat(own.send("PUT", ownRole, token, "{\"role\":\"BUYER\"}").status()).isEqualTo(200);
      String demoted = accessToken(signIn(own, email, PASSWORD));
      assertThat(own.get(ME, demoted).json().get("role").asString())
          .as("the setting promotes an email once")
          .isEqualTo("BUYER");
      assertThat(own.post(DELETION, demoted, DELETION_BODY).status()).isEqualTo(204);
      own.post(USERS, null, body.formatted(email));
      String stranger = accessToken(signIn(own, email, PASSWORD));
      assertThat(own.get(ME, stranger).json().get("role").asString())
          .as("a new account with a deleted email")
          .isEqualTo("BUYER");
    }
  }

  @Test
  void unknownUserHasNoRole() {
    String path = "/api/v1/operations/users/none/role";
    IngressFixture.Answer answer =
        ingress.send("PUT", path, ingress.admin(), "{\"role\":\"STAFF\"}");
    assertThat(answer.status()).isEqualTo(404);
    assertThat(answer.code()).isEqualTo("USER_NOT_FOUND");
    assertThat(ingress.send("PUT", path, ingress.admin(), "{\"role\":\"ROOT\"}").status())
        .isEqualTo(400);
  }

  @Test
  void administrativeActionsAreRecorded() {
    String actor = "admin-" + UUID.randomUUID().toString().substring(0, 8);
    String admin =
        ingress
            .context
            .getBean(ticketing.security.AccessTokenIssuer.class)
            .issue(actor, Role.ADMIN);
    long event =
        ingress
            .post("/api/v1/events", admin, IngressFixture.event(""))
            .json()
            .get("eventId")
            .longValue();
    String operations = "/api/v1/operations/events/" + event;
    ingress.post(operations + "/pause", admin, null);
    ingress.post(operations + "/pause", admin, null);
    ingress.post(operations + "/resume", admin, null);
    ingress.post("/api/v1/operations/caches/eviction", admin, null);
    ingress.post("/api/v1/operations/dead-letters/none/redrive", admin, null);
    ingress.delete("/api/v1/operations/dead-letters/none", admin);
    ingress.delete("/api/v1/events/" + event, admin);
    ingress.delete("/api/v1/events/" + event, admin);

    JsonNode log = ingress.get("/api/v1/operations/audit?actor=" + actor, admin).json();
    assertThat(log.get("content").findValuesAsString("action"))
        .containsExactly(
            "EVENT_CANCELLED",
            "DEAD_LETTER_DISCARDED",
            "DEAD_LETTER_REDRIVEN",
            "CACHES_EVICTED",
            "SALE_RESUMED",
            "SALE_PAUSED",
            "EVENT_CREATED");
    JsonNode paused = log.get("content").get(5);
    assertThat(paused.get("object").asString()).isEqualTo("events/" + event);
    assertThat(paused.get("oldValue").asString()).contains("\"status\":\"ACTIVE\"");
    assertThat(paused.get("newValue").asString()).contains("\"status\":\"PAUSED\"");
    String filtered = "/api/v1/operations/audit?action=SALE_PAUSED&size=1&actor=" + actor;
    assertThat(ingress.get(filtered, admin).json().get("page").get("totalElements").intValue())
        .isEqualTo(1);
    assertThat(ingress.get(filtered, ingress.token(IngressFixture.newUser())).status())
        .isEqualTo(403);
  }
}
