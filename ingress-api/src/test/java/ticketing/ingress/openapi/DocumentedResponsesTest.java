package ticketing.ingress.openapi;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import software.amazon.awssdk.services.sqs.SqsAsyncClient;
import ticketing.domain.Command;
import ticketing.domain.CommandCodec;
import ticketing.domain.Reason;
import ticketing.domain.TicketStatus;
import ticketing.ingress.IngressFixture;
import ticketing.ingress.command.IdempotencyKey;

/// Receives each kind of response once, so that the fixture compares it with the OpenAPI document.
class DocumentedResponsesTest {

  private final IngressFixture ingress = IngressFixture.shared();

  @Test
  void accountResponsesAreDocumented() {
    String email = UUID.randomUUID() + "@example.com";
    String account =
        "{\"email\":\"%s\",\"password\":\"long enough\",\"name\":\"Buyer\"}".formatted(email);
    String credentials = "{\"email\":\"%s\",\"password\":\"%s\"}";
    String users = "/api/v1/users";
    String tokens = "/api/v1/auth/token";

    assertThat(call(201, "POST", users, null, account).header("Location")).isNotNull();
    call(409, "POST", users, null, account);
    call(400, "POST", users, null, "{\"email\":1}");
    call(415, "POST", users, null, account, "Content-Type", "text/plain");
    call(413, "POST", users, null, " ".repeat(20_000));
    String token =
        call(200, "POST", tokens, null, credentials.formatted(email, "long enough"))
            .json()
            .get("accessToken")
            .asString();
    call(401, "POST", tokens, null, credentials.formatted(email, "wrong"));
    assertThat(call(401, "GET", "/api/v1/users/me", "bad").header("WWW-Authenticate")).isNotNull();
    call(200, "GET", "/api/v1/users/me", token);
    call(406, "GET", "/api/v1/users/me", token, null, "Accept", "image/png");
    call(200, "GET", "/api/v1/users/me", ingress.token(IngressFixture.newUser()));
    call(204, "POST", "/api/v1/auth/logout", token);
    call(401, "GET", "/api/v1/users/me", token);
  }

  @Test
  void eventResponsesAreDocumented() {
    String admin = ingress.admin();
    IngressFixture.Answer made =
        call(201, "POST", "/api/v1/events", admin, IngressFixture.event(""));
    String path = made.header("Location");
    long eventId = made.json().get("eventId").longValue();
    String operations = "/api/v1/operations/events/" + eventId;

    call(403, "POST", "/api/v1/events", ingress.token("x"), IngressFixture.event(""));
    call(400, "POST", "/api/v1/events", admin, "{}");
    call(200, "GET", "/api/v1/events", null);
    call(400, "GET", "/api/v1/events?size=0", null);
    String tag = call(200, "GET", path, null).header("ETag");
    call(304, "GET", path, null, null, "If-None-Match", tag);
    call(404, "GET", "/api/v1/events/999999999", null);
    call(200, "PUT", path, admin, IngressFixture.event(""));
    call(200, "POST", operations + "/pause", admin);
    IngressFixture.Answer paused = book(409, eventId);
    assertThat(paused.header("Retry-After")).matches("[1-9][0-9]*");
    call(200, "POST", operations + "/resume", admin);
    call(204, "DELETE", path, admin);
    call(409, "PUT", path, admin, IngressFixture.event(""));
    book(409, eventId);
    book(404, 999_999_999);
  }

  private IngressFixture.Answer book(int status, long eventId) {
    String user = ingress.token(IngressFixture.newUser());
    return call(status, "POST", "/api/v1/reservations", user, IngressFixture.booking(eventId, 2));
  }

  @Test
  void bookingResponsesAreDocumented() {
    String user = IngressFixture.newUser();
    String token = ingress.token(user);
    String bookings = "/api/v1/reservations";
    long eventId = ingress.newEvent();
    ingress.drain();

    IngressFixture.Answer accepted =
        call(
            202,
            "POST",
            bookings,
            token,
            IngressFixture.booking(eventId, 2),
            IdempotencyKey.HEADER,
            "once");
    String path = accepted.header("Location");
    assertThat(accepted.header("Retry-After")).matches("[1-9][0-9]*");
    call(
        422,
        "POST",
        bookings,
        token,
        IngressFixture.booking(eventId, 1),
        IdempotencyKey.HEADER,
        "once");
    call(400, "POST", bookings, token, IngressFixture.booking(eventId, 11));
    call(
        400,
        "POST",
        bookings,
        token,
        IngressFixture.booking(eventId, 1),
        IdempotencyKey.HEADER,
        "");
    call(401, "POST", bookings, null, IngressFixture.booking(eventId, 1));
    IngressFixture.Answer pending = call(200, "GET", path, token, null, "Prefer", "wait=0");
    assertThat(pending.header("Preference-Applied")).isEqualTo("wait=0");
    assertThat(pending.header("Retry-After")).matches("[1-9][0-9]*");
    long reservationId = ingress.reserve(user, eventId, "HELD", Instant.now().plusSeconds(600));
    ingress.decide(ingress.drain().getFirst(), TicketStatus.CONFIRMED, null, reservationId);
    String tag = call(200, "GET", path, token).header("ETag");
    call(304, "GET", path, token, null, "If-None-Match", tag);
    call(404, "GET", path, ingress.token(IngressFixture.newUser()));
    call(400, "GET", "/api/v1/tickets/none", token);

    String own = bookings + "/" + reservationId;
    call(200, "GET", own, token);
    call(404, "GET", own, ingress.token(IngressFixture.newUser()));
    call(200, "GET", "/api/v1/users/me/reservations", token);
    call(202, "POST", own + "/confirmation", token);
    call(202, "DELETE", own, token);
    String cancelled = call(202, "DELETE", own, token).header("Location");
    List<Command> commands = ingress.drain();
    ingress.decide(
        commands.getLast(), TicketStatus.REJECTED, Reason.NOT_CANCELLABLE, reservationId);
    assertThat(call(200, "GET", cancelled, token).json().path("reason").asString())
        .isEqualTo("NOT_CANCELLABLE");
  }

  @Test
  void operationsResponsesAreDocumented() {
    String admin = ingress.admin();
    SqsAsyncClient sqs = ingress.context.getBean(SqsAsyncClient.class);
    String bookings = sqs.getQueueUrl(q -> q.queueName(ingress.queue)).join().queueUrl();
    String deadLetters =
        sqs.getQueueUrl(q -> q.queueName(ingress.queue + "-dlq")).join().queueUrl();
    Command lost =
        new Command.CancelReservation(UUID.randomUUID(), "user", 1, 42, true, Instant.now());
    sqs.sendMessage(m -> m.queueUrl(deadLetters).messageBody(CommandCodec.encode(lost))).join();
    sqs.sendMessage(m -> m.queueUrl(deadLetters).messageBody("not ours")).join();

    call(200, "GET", "/api/v1/operations/queue", admin);
    call(200, "GET", "/api/v1/operations/figures", admin);
    call(200, "POST", "/api/v1/operations/caches/eviction", admin);
    List<String> messages =
        call(200, "GET", "/api/v1/operations/dead-letters", admin)
            .json()
            .get("content")
            .findValuesAsString("messageId");
    assertThat(messages).hasSize(2);
    String discarded = "/api/v1/operations/dead-letters/" + messages.getFirst();
    call(204, "DELETE", discarded, admin);
    call(404, "DELETE", discarded, admin);
    call(404, "POST", discarded + "/redrive", admin);
    call(200, "POST", "/api/v1/operations/dead-letters/" + messages.getLast() + "/redrive", admin);
    call(200, "POST", "/api/v1/operations/dead-letters/redrive", admin);
    sqs.purgeQueue(queue -> queue.queueUrl(bookings)).join();
  }

  private IngressFixture.Answer call(int status, String method, String path, String token) {
    return call(status, method, path, token, null, new String[0]);
  }

  /// The fixture compares request and response with the document.
  private IngressFixture.Answer call(
      int status, String method, String path, String token, String body, String... headers) {
    IngressFixture.Answer answer = ingress.send(method, path, token, body, headers);
    assertThat(answer.status()).as("%s %s: %s", method, path, answer.body()).isEqualTo(status);
    return answer;
  }
}
