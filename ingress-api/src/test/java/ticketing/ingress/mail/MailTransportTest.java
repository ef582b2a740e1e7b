package ticketing.ingress.mail;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.icegreen.greenmail.util.GreenMail;
import com.icegreen.greenmail.util.ServerSetup;
import com.sun.net.httpserver.HttpServer;
import jakarta.mail.Message;
import jakarta.mail.internet.MimeMessage;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import software.amazon.awssdk.auth.credentials.AwsBasicCredentials;
import software.amazon.awssdk.auth.credentials.StaticCredentialsProvider;
import software.amazon.awssdk.regions.Region;

/// Each transport against a real protocol.
class MailTransportTest {

  private static final Mail MAIL = new Mail("kim@example.org", "제목", "secret-link 링크", false);
  private static final InetAddress LOOPBACK = InetAddress.getLoopbackAddress();

  private static MailSettings settings(
      MailSettings.Transport transport, int smtpPort, String username, URI endpoint) {
    return new MailSettings(
        transport,
        false,
        "tickets@example.org",
        1,
        1,
        1,
        Duration.ofMillis(1),
        Duration.ofSeconds(3), // the first call of a client loads its classes
        Duration.ofSeconds(1),
        new MailSettings.Smtp(
            "127.0.0.1", smtpPort, username, "password", MailSettings.Smtp.Security.NONE),
        endpoint);
  }

  private static MailTransport smtp(int port, String username) {
    return new SmtpMailTransport(
        settings(MailSettings.Transport.SMTP, port, username, URI.create("")));
  }

  @Test
  void smtpServerReceivesTheMail() throws Exception {
    GreenMail server = new GreenMail(new ServerSetup(0, "127.0.0.1", ServerSetup.PROTOCOL_SMTP));
    server.start();
    try {
      smtp(server.getSmtp().getPort(), "").send(MAIL);
      MimeMessage received = server.getReceivedMessages()[0];
      assertThat(received.getSubject()).isEqualTo(MAIL.subject());
      assertThat(received.getContent().toString().strip()).isEqualTo(MAIL.text());
      assertThat(received.getFrom()[0]).hasToString("tickets@example.org");
      assertThat(received.getRecipients(Message.RecipientType.TO)[0]).hasToString(MAIL.recipient());
      server.setUser("known", "password");
      assertThatExceptionOfType(MailFailure.class)
          .isThrownBy(() -> smtp(server.getSmtp().getPort(), "unknown").send(MAIL))
          .matches(failure -> !failure.isPermanent());
    } finally {
      server.stop();
    }
  }

  @Test
  void silentSmtpServerTimesOut() throws IOException {
    try (ServerSocket silent = new ServerSocket(0, 1, LOOPBACK)) {
      assertThatExceptionOfType(MailFailure.class)
          .isThrownBy(() -> smtp(silent.getLocalPort(), "").send(MAIL))
          .withMessageContaining("SocketTimeoutException")
          .matches(failure -> !failure.isPermanent());
    }
  }

  @Test
  void refusedConnectionSendsNoMail() throws IOException {
    int port;
    try (ServerSocket closed = new ServerSocket(0, 1, LOOPBACK)) {
      port = closed.getLocalPort();
    }
    assertThatExceptionOfType(MailFailure.class)
        .isThrownBy(() -> smtp(port, "").send(MAIL))
        .matches(MailFailure::isUnsent);
  }

  /// Server that answers the commands of one connection, then closes it.
  ///
  /// @param recipientReply reply to RCPT
  /// @param dataReply reply to the text of a mail; empty: none
  private static MailFailure failureOf(String recipientReply, String dataReply) throws Exception {
    try (ServerSocket server = new ServerSocket(0, 1, LOOPBACK)) {
      CompletableFuture<Void> served =
          CompletableFuture.runAsync(
              () -> serve(server, recipientReply, dataReply), Thread::startVirtualThread);
      MailFailure failure =
          catchThrowableOfType(MailFailure.class, () -> smtp(server.getLocalPort(), "").send(MAIL));
      served.get(30, TimeUnit.SECONDS);
      return failure;
    }
  }

  private static void serve(ServerSocket server, String recipientReply, String dataReply) {
    try (Socket client = server.accept();
        BufferedReader in =
            new BufferedReader(
                new InputStreamReader(client.getInputStream(), StandardCharsets.UTF_8));
        OutputStream out = client.getOutputStream()) {
      reply(out, "220 ready");
      boolean isText = false;
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        if (isText && line.equals(".")) {
          if (dataReply.isEmpty()) {
            return;
          }
          isText = false;
          reply(out, dataReply);
        } else if (!isText) {
          isText = line.equals("DATA");
          reply(out, isText ? "354 go" : line.startsWith("RCPT") ? recipientReply : "250 ok");
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void reply(OutputStream out, String line) throws IOException {
    out.write((line + "\r\n").getBytes(StandardCharsets.UTF_8));
    out.flush();
  }

  @Test
  void mailWithoutReplyIsInDoubt() throws Exception {
    assertThat(failureOf("250 ok", ""))
        .matches(failure -> !failure.isUnsent() && !failure.isPermanent());
  }

  @Test
  void temporaryRefusalLeavesTheMailUnsent() throws Exception {
    assertThat(failureOf("250 ok", "451 later")).matches(MailFailure::isUnsent);
    assertThat(failureOf("450 later", "")).matches(MailFailure::isUnsent);
    assertThat(failureOf("550 unknown", "")).matches(failure -> !failure.isUnsent());
  }

  @Test
  void sesReceivesTheMail() throws IOException {
    List<String> bodies = new CopyOnWriteArrayList<>();
    HttpServer server = HttpServer.create(new InetSocketAddress(LOOPBACK, 0), 1);
    server.createContext(
        "/",
        exchange -> {
          bodies.add(
              exchange.getRequestURI().getPath()
                  + new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8));
          byte[] answer = "{\"MessageId\":\"1\"}".getBytes(StandardCharsets.UTF_8);
          exchange.getResponseHeaders().set("Content-Type", "application/json");
          int status = bodies.size() == 1 ? 200 : bodies.size() == 2 ? 500 : 400;
          if (status == 400) {
            exchange.getResponseHeaders().set("x-amzn-ErrorType", "BadRequestException");
          }
          exchange.sendResponseHeaders(status, answer.length);
          exchange.getResponseBody().write(answer);
          exchange.close();
        });
    server.start();
    URI endpoint = URI.create("http://127.0.0.1:" + server.getAddress().getPort());
    MailSettings settings = settings(MailSettings.Transport.SES, 1, "", endpoint);
    try (MailTransport ses =
        new MailConfiguration()
            .mailTransport(
                settings,
                StaticCredentialsProvider.create(AwsBasicCredentials.create("id", "secret")),
                () -> Region.AP_NORTHEAST_2)) {
      ses.send(MAIL);
      assertThat(bodies.getFirst())
          .startsWith("/v2/email/outbound-emails")
          .contains("tickets@example.org", MAIL.recipient(), MAIL.subject(), MAIL.text());
      assertThatExceptionOfType(MailFailure.class)
          .isThrownBy(() -> ses.send(MAIL))
          .matches(failure -> !failure.isPermanent());
      assertThatExceptionOfType(MailFailure.class)
          .isThrownBy(() -> ses.send(MAIL))
          .matches(MailFailure::isPermanent);
      assertThat(bodies).as("the client does not retry").hasSize(3);
    } finally {
      server.stop(0);
    }
  }

  @Test
  @ExtendWith(OutputCaptureExtension.class)
  void logContainsNoToken(CapturedOutput output) {
    new LogMailTransport(false).send(MAIL);
    assertThat(output.getOut()).contains(MAIL.subject());
    assertThat(output.getAll()).doesNotContain("secret-link", MAIL.recipient());
    new LogMailTransport(false).send(new Mail("kim@example.org", "제목", "operator-link", true));
    assertThat(output.getOut()).contains("operator-link").doesNotContain(MAIL.recipient());
    new LogMailTransport(true).send(MAIL);
    assertThat(output.getOut()).contains("secret-link", MAIL.recipient());
  }
}
