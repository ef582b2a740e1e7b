package ticketing.ingress.session;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import ticketing.ingress.IngressFixture;
import tools.jackson.databind.JsonNode;

/// Sessions with a refresh token over HTTP.
class SessionTest {

  private static final String TOKEN = "/api/v1/auth/token";
  private static final String REFRESH = "/api/v1/auth/refresh";
  private static final String ME = "/api/v1/users/me";

  private final IngressFixture ingress = IngressFixture.shared();

  private String newAccount() {
    String email = UUID.randomUUID() + "@example.org";
    String body = "{\"email\":\"%s\",\"password\":\"correct horse\",\"name\":\"Kim\"}";
    assertThat(ingress.post("/api/v1/users", null, body.formatted(email)).status()).isEqualTo(201);
    return email;
  }

  private JsonNode signIn(IngressFixture on, String email) {
    String body = "{\"email\":\"%s\",\"password\":\"correct horse\",\"staySignedIn\":true}";
    IngressFixture.Answer answer = on.post(TOKEN, null, body.formatted(email));
    assertThat(answer.status()).isEqualTo(200);
    return answer.json();
  }

  private static String accessToken(JsonNode answer) {
    return answer.get("accessToken").asString();
  }

  private static String body(JsonNode answer) {
    return "{\"refreshToken\":\"" + answer.get("refreshToken").asString() + "\"}";
  }

  @Test
  void refreshTokenNeedsARequest() {
    String email = newAccount();
    String body = "{\"email\":\"%s\",\"password\":\"correct horse\"%s}";
    for (String more : List.of("", ",\"staySignedIn\":false")) {
      JsonNode answer = ingress.post(TOKEN, null, body.formatted(email, more)).json();
      assertThat(answer.propertyNames()).containsExactly("accessToken", "tokenType", "expiresIn");
    }
    assertThat(signIn(ingress, email).propertyNames())
        .containsExactly(
            "accessToken", "tokenType", "expiresIn", "refreshToken", "refreshExpiresIn");
  }

  @Test
  void refreshTokenIsReplacedByEachUse() {
    JsonNode first = signIn(ingress, newAccount());
    IngressFixture.Answer second = ingress.post(REFRESH, null, body(first));
    assertThat(second.status()).isEqualTo(200);
    assertThat(second.json().get("refreshToken")).isNotEqualTo(first.get("refreshToken"));
    assertThat(second.header("Cache-Control")).contains("no-store");
    IngressFixture.Answer third = ingress.post(REFRESH, null, body(second.json()));
    assertThat(third.status()).isEqualTo(200);
    assertThat(ingress.get(ME, accessToken(third.json())).status()).isEqualTo(200);
    assertThat(ingress.get(ME, accessToken(first)).status()).isEqualTo(200);
  }

  @Test
  void reuseEndsTheSession() {
    JsonNode first = signIn(ingress, newAccount());
    JsonNode second = ingress.post(REFRESH, null, body(first)).json();

    IngressFixture.Answer reused = ingress.post(REFRESH, null, body(first));

    assertThat(reused.status()).isEqualTo(401);
    assertThat(reused.code()).isEqualTo("INVALID_REFRESH_TOKEN");
    assertThat(ingress.post(REFRESH, null, body(second)).status()).isEqualTo(401);
    assertThat(ingress.get(ME, accessToken(first)).status()).isEqualTo(401);
    assertThat(ingress.get(ME, accessToken(second)).status()).isEqualTo(401);
  }

  @Test
  void oneOfConcurrentUsesSucceeds() throws Exception {
    JsonNode first = signIn(ingress, newAccount());
    List<Integer> statuses = new ArrayList<>();
    try (ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<IngressFixture.Answer>> calls = new ArrayList<>();
      for (int i = 0; i < 5; i++) {
        calls.add(clients.submit(() -> ingress.post(REFRESH, null, body(first))));
      }
      for (Future<IngressFixture.Answer> call : calls) {
        statuses.add(call.get().status());
      }
    }
    assertThat(statuses).containsExactlyInAnyOrder(200, 401, 401, 401, 401);
    assertThat(ingress.get(ME, accessToken(first)).status()).isEqualTo(401);
  }

  /// A rotation locks the row, then its entry in the index of users. Here the end of all sessions
  /// starts between the two.
  @Test
  void endOfAllSessionsDoesNotDeadlock() throws Exception {
    SessionService sessions = ingress.context.getBean(SessionService.class);
    String user = IngressFixture.newUser();
    String id = sessions.open(user, 0).sessionId().toString();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor();
        Connection rotation = ingress.sql().getDataSource().getConnection()) {
      rotation.setAutoCommit(false);
      execute(rotation, "select id from sessions where id = ? for update", id);
      Future<?> end = threads.submit(() -> sessions.endAll(user));
      String blocked =
          "select count(*) from information_schema.processlist"
              + " where info like 'delete%sessions%' and time >= 1";
      await()
          .atMost(Duration.ofSeconds(30))
          .until(() -> ingress.sql().queryForObject(blocked, Integer.class) > 0);
      execute(rotation, "update sessions set used_at = '2020-01-01' where id = ?", id);
      rotation.commit();
      end.get();
    }
    String count = "select count(*) from sessions where user_id = ?";
    assertThat(ingress.sql().queryForObject(count, Integer.class, user)).isZero();
  }

  private static void execute(Connection connection, String sql, String id) throws SQLException {
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      statement.setString(1, id);
      statement.execute();
    }
  }

  @Test
  void signOutEndsTheSessionEverywhere() {
    JsonNode first = signIn(ingress, newAccount());
    JsonNode second = ingress.post(REFRESH, null, body(first)).json();
    assertThat(ingress.post("/api/v1/auth/logout", accessToken(second), null).status())
        .isEqualTo(204);
    assertThat(ingress.post(REFRESH, null, body(second)).status()).isEqualTo(401);
    assertThat(ingress.get(ME, accessToken(first)).status()).as("earlier token").isEqualTo(401);
    await()
        .atMost(Duration.ofSeconds(30))
        .until(() -> IngressFixture.strict().get(ME, accessToken(first)).status() == 401);
  }

  @Test
  void databaseHasNoToken() {
    JsonNode answer = signIn(ingress, newAccount());
    String token = answer.get("refreshToken").asString();
    String rows = ingress.sql().queryForList("select * from sessions").toString();
    assertThat(rows).doesNotContain(token.split("\\.")[0], token.split("\\.")[1]);
    assertThat(ingress.post(REFRESH, null, "{\"refreshToken\":\"nonsense\"}").status())
        .isEqualTo(401);
  }

  @Test
  void sessionsAreBoundedAndExpire() {
    try (IngressFixture bounded =
        ingress.sibling(
            Map.of(
                "ticketing.sessions.max-per-user",
                "2",
                "ticketing.sessions.delete-interval",
                "1s"))) {
      String email = newAccount();
      List<JsonNode> answers = new ArrayList<>();
      for (int i = 0; i < 3; i++) {
        answers.add(signIn(bounded, email));
      }
      assertThat(bounded.post(REFRESH, null, body(answers.get(0))).status()).isEqualTo(401);
      assertThat(bounded.post(REFRESH, null, body(answers.get(2))).status()).isEqualTo(200);

      String user = bounded.get(ME, accessToken(answers.get(1))).json().get("userId").asString();
      String count = "select count(*) from sessions where user_id = ?";
      assertThat(bounded.sql().queryForObject(count, Integer.class, user)).isEqualTo(2);
      bounded.sql().update("update sessions set expires_at = '2020-01-01' where user_id = ?", user);
      assertThat(bounded.post(REFRESH, null, body(answers.get(1))).status()).isEqualTo(401);
      await()
          .atMost(Duration.ofSeconds(30))
          .until(() -> bounded.sql().queryForObject(count, Integer.class, user) == 0);
    }
  }

  @Test
  void refreshGuessesAreLimitedByAddress() {
    IngressFixture strict = IngressFixture.strict();
    String address = "203.0.113.77";
    String guess = "{\"refreshToken\":\"%s.%s\"}".formatted("a".repeat(22), "b".repeat(43));
    List<Integer> statuses = new ArrayList<>();
    for (int i = 0; i < 35; i++) {
      statuses.add(strict.post(REFRESH, null, guess, "X-Forwarded-For", address).status());
    }
    assertThat(statuses).startsWith(401).endsWith(429);
  }
}
