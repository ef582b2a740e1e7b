package ticketing.ingress.account;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.icegreen.greenmail.util.GreenMail;
import jakarta.mail.MessagingException;
import jakarta.mail.internet.MimeMessage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import ticketing.ingress.IngressFixture;
import ticketing.ingress.mail.SmtpServers;
import tools.jackson.databind.JsonNode;

/// Reset of a password and confirmation of an email over HTTP and SMTP.
class AccountMailTest {

  private static final String USERS = "/api/v1/users";
  private static final String ME = "/api/v1/users/me";
  private static final String RESET = "/api/v1/auth/password-reset";
  private static final String NEW_RESET = RESET + "/confirmation";
  private static final String CONFIRMATION = "/api/v1/auth/email-confirmation";
  private static final String RESEND = ME + "/email-confirmation";
  private static final String PASSWORD = "correct horse";
  private static final String NEW_PASSWORD = "battery staple";
  private static final Duration LIMIT = Duration.ofSeconds(30);
  private static final Pattern LINK =
      Pattern.compile("https://tickets\\.example/#/([a-z-]+)\\?token=([A-Za-z0-9_-]{43})");

  private static GreenMail mails;
  private static IngressFixture ingress;
  private static String admin;

  @BeforeAll
  static void start() {
    mails = SmtpServers.start();
    admin = newEmail();
    ingress =
        IngressFixture.shared()
            .sibling(
                SmtpServers.settings(
                    mails,
                    Map.of(
                        "ticketing.account-mails.page-uri", "https://tickets.example",
                        "ticketing.account-mails.require-confirmation", "true",
                        "ticketing.accounts.admin-email", admin)));
  }

  @AfterAll
  static void stop() {
    ingress.close();
    mails.stop();
  }

  private static String newEmail() {
    return UUID.randomUUID() + "@example.org";
  }

  private static void signUp(String email) {
    String body = "{\"email\":\"%s\",\"password\":\"%s\",\"name\":\"Kim\"}";
    assertThat(ingress.post(USERS, null, body.formatted(email, PASSWORD)).status()).isEqualTo(201);
  }

  private static IngressFixture.Answer signIn(String email, String password) {
    String body = "{\"email\":\"%s\",\"password\":\"%s\",\"staySignedIn\":true}";
    return ingress.post("/api/v1/auth/token", null, body.formatted(email, password));
  }

  private static String token(IngressFixture.Answer signIn) {
    return signIn.json().get("accessToken").asString();
  }

  private static int refresh(JsonNode tokens) {
    String body = "{\"refreshToken\":\"%s\"}";
    return ingress
        .post("/api/v1/auth/refresh", null, body.formatted(tokens.get("refreshToken").asString()))
        .status();
  }

  private static IngressFixture.Answer requestReset(String email) {
    return ingress.post(RESET, null, "{\"email\":\"%s\"}".formatted(email));
  }

  private static IngressFixture.Answer reset(String token, String password) {
    String body = "{\"token\":\"%s\",\"newPassword\":\"%s\"}";
    return ingress.post(NEW_RESET, null, body.formatted(token, password));
  }

  private static IngressFixture.Answer confirm(String token) {
    return ingress.post(CONFIRMATION, null, "{\"token\":\"%s\"}".formatted(token));
  }

  /// Tokens of the mails to the address with a link to the view, in order of arrival.
  private static List<String> tokens(String email, String view) {
    return Arrays.stream(mails.getReceivedMessages())
        .filter(mail -> isTo(mail, email))
        .map(AccountMailTest::link)
        .filter(link -> link.group(1).equals(view))
        .map(link -> link.group(2))
        .toList();
  }

  private static boolean isTo(MimeMessage mail, String email) {
    try {
      return mail.getAllRecipients()[0].toString().equals(email);
    } catch (MessagingException e) {
      throw new IllegalStateException(e);
    }
  }

  private static Matcher link(MimeMessage mail) {
    try {
      Matcher link = LINK.matcher(mail.getContent().toString());
      assertThat(link.find()).isTrue();
      return link;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (MessagingException e) {
      throw new IllegalStateException(e);
    }
  }

  private static String awaitToken(String email, String view, int number) {
    await().atMost(LIMIT).until(() -> tokens(email, view).size() >= number);
    return tokens(email, view).get(number - 1);
  }

  @Test
  void resetRevokesAllTokens() {
    String email = newEmail();
    signUp(email);
    IngressFixture.Answer former = signIn(email, PASSWORD);
    assertThat(requestReset(email.toUpperCase()).status()).isEqualTo(202);
    String first = awaitToken(email, "reset-password", 1);
    assertThat(requestReset(email).status()).isEqualTo(202);
    String token = awaitToken(email, "reset-password", 2);
    assertThat(ingress.sql().queryForList("select id from mailed_tokens", String.class))
        .as("only digests are stored")
        .doesNotContain(token);

    assertThat(reset(first, NEW_PASSWORD).code())
        .as("a newer token replaces it")
        .isEqualTo("INVALID_MAILED_TOKEN");
    IngressFixture.Answer weak = reset(token, "password1");
    assertThat(weak.status()).isEqualTo(400);
    assertThat(weak.json().get("errors").findValuesAsString("field"))
        .containsExactly("newPassword");
    assertThat(confirm(token).code()).as("another purpose").isEqualTo("INVALID_MAILED_TOKEN");
    assertThat(reset(token, NEW_PASSWORD).status()).isEqualTo(204);

    assertThat(ingress.get(ME, token(former)).status()).isEqualTo(401);
    assertThat(refresh(former.json())).isEqualTo(401);
    assertThat(signIn(email, PASSWORD).status()).isEqualTo(401);
    assertThat(
            ingress
                .get(ME, token(signIn(email, NEW_PASSWORD)))
                .json()
                .get("emailConfirmed")
                .asBoolean())
        .as("the mail proves the address")
        .isTrue();
    IngressFixture.Answer again = reset(token, "another staple");
    assertThat(again.status()).isEqualTo(400);
    assertThat(again.code()).isEqualTo("INVALID_MAILED_TOKEN");
  }

  @Test
  void expiredTokenIsRefused() {
    String email = newEmail();
    signUp(email);
    requestReset(email);
    String token = awaitToken(email, "reset-password", 1);
    ingress
        .sql()
        .update(
            "update mailed_tokens set expires_at = utc_timestamp(6) where user_id ="
                + " (select id from users where email = ?)",
            email);
    assertThat(reset(token, NEW_PASSWORD).code()).isEqualTo("INVALID_MAILED_TOKEN");
    assertThat(signIn(email, PASSWORD).status()).isEqualTo(200);
  }

  @Test
  void changedPasswordRevokesMailedTokens() {
    String email = newEmail();
    signUp(email);
    requestReset(email);
    String token = awaitToken(email, "reset-password", 1);
    String change = "{\"currentPassword\":\"%s\",\"newPassword\":\"%s\"}";
    assertThat(
            ingress
                .send(
                    "PUT",
                    ME + "/password",
                    token(signIn(email, PASSWORD)),
                    change.formatted(PASSWORD, NEW_PASSWORD))
                .status())
        .isEqualTo(200);
    assertThat(reset(token, "another staple").code()).isEqualTo("INVALID_MAILED_TOKEN");
  }

  @Test
  void unknownEmailGetsTheSameAnswer() {
    String known = newEmail();
    String unknown = newEmail();
    signUp(known);
    for (int i = 0; i < 3; i++) {
      IngressFixture.Answer answer = requestReset(unknown);
      assertThat(answer.status()).isEqualTo(202);
      assertThat(answer.body()).isEqualTo(requestReset(known).body());
    }
    IngressFixture.Answer refused = requestReset(unknown);
    assertThat(refused.status()).isEqualTo(429);
    assertThat(refused.code()).isEqualTo(requestReset(known).code());
    assertThat(refused.header("Retry-After")).isNotNull();
    awaitToken(known, "reset-password", 3);
    assertThat(tokens(unknown, "reset-password")).isEmpty();
  }

  @Test
  void unconfirmedAccountCannotBook() {
    String email = newEmail();
    long event = ingress.newEvent();
    signUp(email);
    String access = token(signIn(email, PASSWORD));
    String booking = IngressFixture.booking(event, 1);
    IngressFixture.Answer refused = ingress.post("/api/v1/reservations", access, booking);
    assertThat(refused.status()).isEqualTo(403);
    assertThat(refused.code()).isEqualTo("EMAIL_NOT_CONFIRMED");
    String first = awaitToken(email, "confirm-email", 1);
    assertThat(ingress.post(RESEND, access, null).status()).isEqualTo(202);
    String second = awaitToken(email, "confirm-email", 2);
    assertThat(confirm(first).code()).isEqualTo("INVALID_MAILED_TOKEN");
    assertThat(confirm(second).status()).isEqualTo(204);
    assertThat(ingress.post("/api/v1/reservations", access, booking).status()).isEqualTo(202);
    assertThat(ingress.post(RESEND, access, null).status()).isEqualTo(202);
    assertThat(ingress.post(RESEND, access, null).status()).isEqualTo(202);
    assertThat(ingress.post(RESEND, access, null).status()).isEqualTo(429);
    assertThat(tokens(email, "confirm-email")).hasSize(2);
    assertThat(
            ingress
                .post("/api/v1/reservations", ingress.token(IngressFixture.newUser()), booking)
                .status())
        .as("a user without an account here")
        .isEqualTo(202);
  }

  @Test
  void unconfirmedAdministratorIsNotAppointed() {
    signUp(admin);
    assertThat(ingress.get(ME, token(signIn(admin, PASSWORD))).json().get("role").asString())
        .isEqualTo("BUYER");
    assertThat(confirm(awaitToken(admin, "confirm-email", 1)).status()).isEqualTo(204);
    assertThat(ingress.get(ME, token(signIn(admin, PASSWORD))).json().get("role").asString())
        .isEqualTo("ADMIN");
  }
}
