package ticketing.ingress.operations;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.springframework.jdbc.core.JdbcTemplate;
import software.amazon.awssdk.services.sqs.SqsAsyncClient;
import software.amazon.awssdk.services.sqs.model.Message;
import ticketing.domain.Command;
import ticketing.domain.CommandCodec;
import ticketing.domain.Reason;
import ticketing.domain.TicketStatus;
import ticketing.ingress.IngressFixture;
import ticketing.ingress.deadletter.DeadLetterService;
import tools.jackson.databind.JsonNode;

/// Operator calls over HTTP.
class OperationsTest {

  private static final String OPERATIONS = "/api/v1/operations";

  private final IngressFixture ingress = IngressFixture.shared();
  private final SqsAsyncClient sqs = ingress.context.getBean(SqsAsyncClient.class);

  @AfterEach
  void emptyQueues() {
    ingress.drain();
    while (true) {
      List<Message> messages =
          sqs.receiveMessage(r -> r.queueUrl(deadLetterQueueUrl()).maxNumberOfMessages(10))
              .join()
              .messages();
      if (messages.isEmpty()) {
        return;
      }
      messages.forEach(message ->
          sqs.deleteMessage(
                  r -> r.queueUrl(deadLetterQueueUrl()).receiptHandle(message.receiptHandle()))
              .join());
    }
  }

  private String deadLetterQueueUrl() {
    return sqs.getQueueUrl(r -> r.queueName(ingress.queue + "-dlq")).join().queueUrl();
  }

  private String queueUrl() {
    return sqs.getQueueUrl(r -> r.queueName(ingress.queue)).join().queueUrl();
  }

  private void sendDeadLetter(String body) {
    sqs.sendMessage(r -> r.queueUrl(deadLetterQueueUrl()).messageBody(body).messageGroupId("7"))
        .join();
  }

  private static Command command(long event) {
    return new Command.BookSeats(
        UUID.randomUUID(), "user", event, "VIP", 1, Instant.parse("2026-11-01T00:00:00Z"));
  }

  private IngressFixture.Answer get(String path) {
    return ingress.get(OPERATIONS + path, ingress.admin());
  }

  @Test
  void operationsRequireAnAdministrator() {
    String buyer = ingress.token(IngressFixture.newUser());
    long event = ingress.newEvent();
    for (String[] call :
        new String[][] {
          {"GET", "/queue"},
          {"GET", "/dead-letters"},
          {"POST", "/dead-letters/redrive"},
          {"POST", "/caches/eviction"},
          {"POST", "/events/" + event + "/pause"},
          {"POST", "/events/" + event + "/resume"}
        }) {
      IngressFixture.Answer denied = ingress.send(call[0], OPERATIONS + call[1], buyer, null);
      assertThat(denied.status()).as(call[1]).isEqualTo(403);
      assertThat(denied.code()).isEqualTo("FORBIDDEN");
      assertThat(ingress.send(call[0], OPERATIONS + call[1], null, null).status()).isEqualTo(401);
      assertThat(ingress.send(call[0], OPERATIONS + call[1], ingress.admin(), null).status())
          .isEqualTo(200);
    }
  }

  @Test
  void queueAttributesAreReported() {
    ingress.drain();
    JsonNode idle = get("/queue").json();
    assertThat(idle.propertyNames())
        .contains("depth", "inFlight", "oldestAgeSeconds", "deadLetters", "decidedPerSecond");
    assertThat(idle.get("depth").longValue()).isZero();
    assertThat(idle.get("oldestAgeSeconds").longValue()).isZero();

    long event = ingress.newEvent();
    for (int i = 0; i < 3; i++) {
      ingress.book(IngressFixture.newUser(), event, 1);
    }
    sendDeadLetter("not JSON");
    await()
        .untilAsserted(() -> {
          JsonNode busy = get("/queue").json();
          assertThat(busy.get("depth").longValue()).isEqualTo(3);
          assertThat(busy.get("deadLetters").longValue()).isEqualTo(1);
          assertThat(busy.get("oldestAgeSeconds").longValue()).isNotNegative();
        });
    Message held =
        sqs.receiveMessage(r -> r.queueUrl(queueUrl()).maxNumberOfMessages(1))
            .join()
            .messages()
            .getFirst();
    JsonNode working = get("/queue").json();
    assertThat(working.get("depth").longValue()).isEqualTo(2);
    assertThat(working.get("inFlight").longValue()).isEqualTo(1);
    sqs.changeMessageVisibility(
            r -> r.queueUrl(queueUrl()).receiptHandle(held.receiptHandle()).visibilityTimeout(0))
        .join();
    ingress
        .drain()
        .forEach(command -> ingress.decide(command, TicketStatus.REJECTED, Reason.SOLD_OUT, null));
    await()
        .untilAsserted(() ->
            assertThat(get("/queue").json().get("decidedPerSecond").doubleValue()).isPositive());
  }

  @Test
  void listedDeadLettersStayInTheQueue() {
    Command readable = command(7);
    sendDeadLetter(CommandCodec.encode(readable));
    sendDeadLetter("not JSON");
    for (int read = 0; read < 2; read++) {
      IngressFixture.Answer list = get("/dead-letters");
      assertThat(list.status()).isEqualTo(200);
      assertThat(list.json().get("total").longValue()).isEqualTo(2);
      assertThat(list.json().get("content")).hasSize(2);
      assertThat(list.json().get("content").findValuesAsString("body"))
          .containsExactlyInAnyOrder(CommandCodec.encode(readable), "not JSON");
      assertThat(list.json().get("content").findValuesAsString("ticketId"))
          .containsExactly(readable.ticketId().toString());
      assertThat(list.json().get("content").get(0).get("sentAt").asString()).endsWith("Z");
    }
  }

  @Test
  void redriveMovesDeadLettersToTheQueue() {
    Instant started = Instant.now();
    List<Command> deadLetters = new ArrayList<>();
    for (int i = 0; i < 12; i++) {
      deadLetters.add(command(i));
      sendDeadLetter(CommandCodec.encode(deadLetters.getLast()));
    }
    IngressFixture.Answer redrive =
        ingress.post(OPERATIONS + "/dead-letters/redrive", ingress.admin(), null);
    assertThat(redrive.status()).isEqualTo(200);
    assertThat(redrive.json().get("messages").longValue()).isEqualTo(12);
    // Workers replace a GAVE_UP only after a recorded redrive.
    Instant recorded =
        ingress
            .context
            .getBean(JdbcTemplate.class)
            .queryForObject("SELECT MAX(started_at) FROM redrives", LocalDateTime.class)
            .toInstant(ZoneOffset.UTC);
    assertThat(recorded).isBetween(started.minusSeconds(5), Instant.now().plusSeconds(5));
    awaitInQueue(deadLetters);
    await()
        .untilAsserted(
            () -> assertThat(get("/dead-letters").json().get("total").longValue()).isZero());
  }

  @Test
  void redriveWorksWithoutMessageMoveTasks() {
    List<Command> deadLetters = new ArrayList<>();
    for (int i = 0; i < 12; i++) {
      deadLetters.add(command(i));
      sendDeadLetter(CommandCodec.encode(deadLetters.getLast()));
    }
    assertThat(ingress.context.getBean(DeadLetterService.class).redriveByCopy(12)).isEqualTo(12);
    awaitInQueue(deadLetters);
    assertThat(get("/dead-letters").json().get("total").longValue()).isZero();
  }

  @Test
  void emptyRedriveMovesNoMessage() {
    IngressFixture.Answer redrive =
        ingress.post(OPERATIONS + "/dead-letters/redrive", ingress.admin(), "{}");
    assertThat(redrive.status()).isEqualTo(200);
    assertThat(redrive.json().get("messages").longValue()).isZero();
    assertThat(get("/dead-letters").json().get("content")).isEmpty();
  }

  @Test
  void listsDoNotChangeTheReceiveCount() {
    sendDeadLetter("not JSON");
    for (int read = 0; read < 3; read++) {
      JsonNode letter = get("/dead-letters").json().get("content").get(0);
      assertThat(letter.get("receiveCount").intValue()).as("read %d", read).isZero();
    }
  }

  @Test
  void messageInFlightIsListedFromItsRecord() {
    sendDeadLetter("not JSON");
    String id = messageIds().getFirst();
    Message held = receiveDeadLetter();
    try {
      assertThat(messageIds()).containsExactly(id);
    } finally {
      release(held);
    }
  }

  @Test
  void discardDeletesOneDeadLetter() {
    sendDeadLetter("first");
    sendDeadLetter("second");
    JsonNode letter = get("/dead-letters").json().get("content").get(0);
    String path = OPERATIONS + "/dead-letters/" + letter.get("messageId").asString();
    assertThat(ingress.send("DELETE", path, ingress.token(IngressFixture.newUser()), null).status())
        .isEqualTo(403);
    assertThat(ingress.send("DELETE", path, ingress.admin(), null).status()).isEqualTo(204);
    JsonNode rest = get("/dead-letters").json();
    assertThat(rest.get("total").longValue()).isEqualTo(1);
    assertThat(rest.get("content").findValuesAsString("body"))
        .doesNotContain(letter.get("body").asString())
        .hasSize(1);
    IngressFixture.Answer again = ingress.send("DELETE", path, ingress.admin(), null);
    assertThat(again.status()).isEqualTo(404);
    assertThat(again.code()).isEqualTo("DEAD_LETTER_NOT_FOUND");
  }

  @Test
  void discardedMessageInFlightIsNotRedriven() {
    Command discarded = command(7);
    sendDeadLetter(CommandCodec.encode(discarded));
    String id = messageIds().getFirst();
    Message held = receiveDeadLetter();
    String path = OPERATIONS + "/dead-letters/" + id;
    assertThat(ingress.send("DELETE", path, ingress.admin(), null).status()).isEqualTo(204);
    release(held);
    assertThat(messageIds()).isEmpty();
    assertThat(ingress.send("DELETE", path, ingress.admin(), null).status()).isEqualTo(204);
    Command kept = command(8);
    sendDeadLetter(CommandCodec.encode(kept));
    assertThat(ingress.post(OPERATIONS + "/dead-letters/redrive", ingress.admin(), null).status())
        .isEqualTo(200);
    await()
        .untilAsserted(
            () -> assertThat(get("/dead-letters").json().get("total").longValue()).isZero());
    assertThat(awaitInQueue(List.of(kept))).doesNotContain(discarded);
  }

  @Test
  void oneDeadLetterIsRedriven() {
    Command redriven = command(7);
    sendDeadLetter(CommandCodec.encode(redriven));
    String id = messageIds().getFirst();
    sendDeadLetter("kept");
    IngressFixture.Answer answer =
        ingress.post(OPERATIONS + "/dead-letters/" + id + "/redrive", ingress.admin(), null);
    assertThat(answer.status()).isEqualTo(200);
    assertThat(answer.json().get("messages").longValue()).isEqualTo(1);
    awaitInQueue(List.of(redriven));
    assertThat(messageIds()).hasSize(1).doesNotContain(id);
    assertThat(
            ingress
                .post(OPERATIONS + "/dead-letters/" + id + "/redrive", ingress.admin(), null)
                .code())
        .isEqualTo("DEAD_LETTER_NOT_FOUND");
  }

  /// The queue delivers at least once: a send that is repeated after a timeout leaves a copy, also
  /// of an earlier test.
  ///
  /// @return all commands drained
  private List<Command> awaitInQueue(List<Command> expected) {
    List<Command> found = new ArrayList<>();
    await()
        .untilAsserted(() -> {
          found.addAll(ingress.drain());
          assertThat(found).containsAll(expected);
        });
    return found;
  }

  private List<String> messageIds() {
    return get("/dead-letters").json().get("content").findValuesAsString("messageId");
  }

  private Message receiveDeadLetter() {
    return sqs.receiveMessage(
            r -> r.queueUrl(deadLetterQueueUrl()).maxNumberOfMessages(1).visibilityTimeout(60))
        .join()
        .messages()
        .getFirst();
  }

  private void release(Message held) {
    sqs.changeMessageVisibility(r ->
            r.queueUrl(deadLetterQueueUrl())
                .receiptHandle(held.receiptHandle())
                .visibilityTimeout(0))
        .join();
  }

  @Test
  void pauseOfUnknownEventIsNotFound() {
    IngressFixture.Answer answer =
        ingress.post(OPERATIONS + "/events/999999999/pause", ingress.admin(), null);
    assertThat(answer.status()).isEqualTo(404);
    assertThat(answer.code()).isEqualTo("EVENT_NOT_FOUND");
  }
}
