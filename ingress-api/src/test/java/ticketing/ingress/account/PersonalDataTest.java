package ticketing.ingress.account;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.IThrowableProxy;
import ch.qos.logback.core.read.ListAppender;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;
import ticketing.ingress.IngressFixture;
import ticketing.ingress.RawHttpClient;

/// No log line of this process or of a library contains personal data, for every outcome of a
/// request.
class PersonalDataTest {

  private static final int CONCURRENT_SIGN_UPS = 8;
  private static final String USERS = "/api/v1/users";
  private static final String TOKEN = "/api/v1/auth/token";

  private final IngressFixture ingress = IngressFixture.shared();
  private final Logger root = (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
  private final ListAppender<ILoggingEvent> log = new ListAppender<>();

  private final String unique = UUID.randomUUID().toString();
  private final String email = "mail-" + unique + "@example.org";
  private final String signUp =
      "{\"email\":\"%s\",\"password\":\"word-%s\",\"name\":\"Kim %s\"}"
          .formatted(email, unique, unique);
  private final String credentials =
      "{\"email\":\"%s\",\"password\":\"word-%s\"}".formatted(email, unique);

  @BeforeEach
  void captureLog() {
    log.start();
    root.addAppender(log);
  }

  @AfterEach
  void releaseLog() {
    root.detachAppender(log);
  }

  @Test
  void concurrentSignUpsLogNoPersonalData() throws Exception {
    List<Integer> answers = new ArrayList<>();
    try (ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Integer>> calls = new ArrayList<>();
      for (int i = 0; i < CONCURRENT_SIGN_UPS; i++) {
        calls.add(clients.submit(() -> ingress.post(USERS, null, signUp).status()));
      }
      for (Future<Integer> call : calls) {
        answers.add(call.get());
      }
    }
    assertThat(answers).containsOnlyOnce(201).contains(409);
    assertLogHasNoPersonalData();
  }

  @Test
  void unreadableRequestsLogNoPersonalData() {
    ingress.post(USERS, null, signUp);
    String token = token();
    assertThat(token).isNotEmpty();
    for (String body :
        List.of(
            signUp.replace("\"name\"", "\"role\""),
            signUp.replace("\"Kim", "[\"Kim").replace("}", "]}"),
            signUp.substring(0, signUp.length() - 1),
            "{\"email\":\"" + unique + "\",\"password\":\"" + unique + "\",\"name\":\"\"}")) {
      assertThat(ingress.post(USERS, null, body).status()).as(body).isEqualTo(400);
      assertThat(ingress.post(TOKEN, null, body).status()).as(body).isEqualTo(400);
    }
    assertThat(ingress.post(TOKEN, null, credentials.replace("word-", "")).status()).isEqualTo(401);
    assertThat(ingress.get("/api/v1/users/me", token + unique).status()).isEqualTo(401);
    assertThat(ingress.get("/api/v1/users/me?access_token=" + token, null).status()).isEqualTo(401);
    for (String target : List.of("/api/v1/users?email=<" + email + ">", "/%zz" + unique)) {
      RawHttpClient.send(
          ingress.port, "GET", target, List.of("Authorization: Bearer " + token), null);
    }
    RawHttpClient.send(
        ingress.port, "GET", "/", List.of("Cookie: \u0001" + unique, unique + ": (" + email), null);
    assertLogHasNoPersonalData(token);
  }

  @Test
  void outagesLogNoPersonalData() {
    ingress.post(USERS, null, signUp);
    String token = token();
    ingress.servers.redis().stop();
    try {
      assertThat(ingress.get("/api/v1/users/me", token).status()).isEqualTo(200);
    } finally {
      ingress.servers.redis().start();
    }
    await().ignoreExceptions().until(() -> ingress.statusStore().find(UUID.randomUUID()).isEmpty());
    ingress.servers.database().stop();
    try {
      IngressFixture.Answer logout = ingress.post("/api/v1/auth/logout", token, null);
      assertThat(logout.status()).isEqualTo(503);
      assertThat(logout.code()).isEqualTo("LOGOUT_UNAVAILABLE");
      assertThat(logout.header("Retry-After")).isEqualTo("2");
      assertThat(ingress.post(USERS, null, signUp).status()).isEqualTo(503);
      assertThat(ingress.post(TOKEN, null, credentials).status()).isEqualTo(503);
    } finally {
      ingress.servers.database().start();
    }
    await().until(() -> ingress.post(TOKEN, null, credentials).status() == 200);
    assertThat(log.list).isNotEmpty();
    assertLogHasNoPersonalData(token);
  }

  private String token() {
    return ingress.post(TOKEN, null, credentials).json().path("accessToken").asString("");
  }

  private void assertLogHasNoPersonalData(String... tokens) {
    root.detachAppender(log);
    List<String> secrets = new ArrayList<>(List.of(unique));
    for (String token : tokens) {
      secrets.add(token.substring(token.lastIndexOf('.'))); // its signature
    }
    assertThat(log.list)
        .extracting(PersonalDataTest::textOf)
        .allSatisfy(line -> assertThat(line).doesNotContain(secrets));
  }

  /// Message, context and all causes.
  private static String textOf(ILoggingEvent event) {
    StringBuilder text = new StringBuilder(event.getLoggerName() + ": ");
    text.append(event.getFormattedMessage()).append(event.getMDCPropertyMap());
    for (IThrowableProxy failure = event.getThrowableProxy();
        failure != null;
        failure = failure.getCause()) {
      text.append('\n').append(failure.getMessage());
    }
    return text.toString();
  }
}
