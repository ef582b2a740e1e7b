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

/// Whatever happens to a request, the log says nothing of the person who sent it: neither our own
/// lines nor those of any library.
class PersonalDataTest {

  private static final int AT_ONCE = 8;
  private static final String USERS = "/api/v1/users";
  private static final String TOKEN = "/api/v1/auth/token";

  private final IngressFixture ingress = IngressFixture.shared();
  private final Logger root = (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
  private final ListAppender<ILoggingEvent> log = new ListAppender<>();

  private final String unique = UUID.randomUUID().toString();
  private final String email = "mail-" + unique + "@example.org";
  private final String person =
      "{\"email\":\"%s\",\"password\":\"word-%s\",\"name\":\"Kim %s\"}"
          .formatted(email, unique, unique);
  private final String credentials =
      "{\"email\":\"%s\",\"password\":\"word-%s\"}".formatted(email, unique);

  @BeforeEach
  void listen() {
    log.start();
    root.addAppender(log);
  }

  @AfterEach
  void stop() {
    root.detachAppender(log);
  }

  @Test
  void aRaceForAnAddressIsNotTold() throws Exception {
    List<Integer> answers = new ArrayList<>();
    try (ExecutorService people = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Integer>> calls = new ArrayList<>();
      for (int i = 0; i < AT_ONCE; i++) {
        calls.add(people.submit(() -> ingress.post(USERS, null, person).status()));
      }
      for (Future<Integer> call : calls) {
        answers.add(call.get());
      }
    }
    assertThat(answers).containsOnlyOnce(201).contains(409);
    assertNobodyIsNamed();
  }

  @Test
  void whatCannotBeReadIsNotRepeated() {
    ingress.post(USERS, null, person);
    String token = token();
    assertThat(token).isNotEmpty();
    for (String body :
        List.of(
            person.replace("\"name\"", "\"role\""),
            person.replace("\"Kim", "[\"Kim").replace("}", "]}"),
            person.substring(0, person.length() - 1),
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
    assertNobodyIsNamed(token);
  }

  @Test
  void anOutageIsToldWithoutNames() {
    ingress.post(USERS, null, person);
    String token = token();
    ingress.servers.redis().stop();
    try {
      assertThat(ingress.get("/api/v1/users/me", token).status()).isEqualTo(200);
      assertThat(ingress.post("/api/v1/auth/logout", token, null).status()).isEqualTo(503);
    } finally {
      ingress.servers.redis().start();
    }
    await().ignoreExceptions().until(() -> ingress.board().find(UUID.randomUUID()).isEmpty());
    ingress.servers.database().stop();
    try {
      assertThat(ingress.post(USERS, null, person).status()).isEqualTo(503);
      assertThat(ingress.post(TOKEN, null, credentials).status()).isEqualTo(503);
    } finally {
      ingress.servers.database().start();
    }
    await().until(() -> ingress.post(TOKEN, null, credentials).status() == 200);
    assertThat(log.list).isNotEmpty();
    assertNobodyIsNamed(token);
  }

  private String token() {
    return ingress.post(TOKEN, null, credentials).json().path("accessToken").asString("");
  }

  private void assertNobodyIsNamed(String... tokens) {
    root.detachAppender(log);
    List<String> secrets = new ArrayList<>(List.of(unique));
    for (String token : tokens) {
      secrets.add(token.substring(token.lastIndexOf('.'))); // its signature
    }
    assertThat(log.list)
        .extracting(PersonalDataTest::whole)
        .allSatisfy(line -> assertThat(line).doesNotContain(secrets));
  }

  /// With all that a stack trace would tell.
  private static String whole(ILoggingEvent event) {
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
