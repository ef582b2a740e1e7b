package ticketing.worker.queue;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatNoException;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.springframework.boot.SpringApplication;
import org.springframework.context.ConfigurableApplicationContext;
import software.amazon.awssdk.core.SdkBytes;
import software.amazon.awssdk.services.sqs.SqsAsyncClient;
import software.amazon.awssdk.services.sqs.model.MessageAttributeValue;
import ticketing.domain.Command;
import ticketing.domain.CommandCodec;
import ticketing.domain.CommandCodec.Decoded;
import ticketing.domain.Reason;
import ticketing.local.servers.LocalServers;
import ticketing.status.StatusStore;
import ticketing.tracing.Traces;
import ticketing.worker.WorkerApplication;
import ticketing.worker.WorkerArguments;

/// Malformed messages: readable commands are decided, and the worker continues.
class HostileMessageTest {

  private static final Duration TIMEOUT = Duration.ofSeconds(60);
  private static final int MAX_CAUSE_LENGTH = 200;
  private static final int MUTATIONS = 3_000;
  private static final String NESTED = "[".repeat(5_000);
  private static final List<String> PIECES =
      List.of(
          "null",
          "true",
          "-1",
          "1e999",
          "9".repeat(2_000),
          "\"\"",
          "\"\\u0000\"",
          "\"\\ud800\"",
          "[]",
          "{}",
          "\"BOOK\"",
          "\"CHANGE_SEATS\"",
          "\"java.lang.Runtime\"",
          NESTED,
          "\"+999999999-12-31T23:59:59Z\"",
          "\"a\\nERROR forged\"",
          ",",
          "}",
          "\u2028",
          "\ud83c");

  private final LocalServers servers = LocalServers.shared();

  @Test
  void mutatedMessagesAreDecodedWithoutAnException() {
    for (long seed = 0; seed < MUTATIONS; seed++) {
      long current = seed;
      assertThatNoException()
          .as("seed %d", seed)
          .isThrownBy(() -> decodeMutation(new Random(current)));
    }
  }

  private static void decodeMutation(Random random) {
    Command bystander = book(1);
    String hostile = mutated(random, CommandCodec.encode(book(1)));

    List<Decoded> decoded = CommandCodec.decode(hostile);
    assertThat(decoded).isNotEmpty().allSatisfy(HostileMessageTest::isOneLine);

    // Together with a valid command, if the mutation preserves the structure.
    String valid = CommandCodec.encode(bystander);
    String element = hostile.substring(hostile.indexOf('[') + 1);
    String both = valid.replace("[{", "[" + element.replaceAll("]}$", "") + ",{");
    assertThat(CommandCodec.decode(both)).isNotEmpty().allSatisfy(HostileMessageTest::isOneLine);
  }

  private static void isOneLine(Decoded decoded) {
    if (decoded instanceof Decoded.Unreadable bad) {
      assertThat(bad.cause()).hasSizeLessThanOrEqualTo(MAX_CAUSE_LENGTH);
      assertThat(bad.cause().chars().noneMatch(Character::isISOControl)).as(bad.cause()).isTrue();
    }
  }

  private static String mutated(Random random, String body) {
    String text = body;
    for (int times = 1 + random.nextInt(3); times > 0; times--) {
      int from = random.nextInt(text.length());
      int to = from + random.nextInt(Math.min(40, text.length() - from) + 1);
      String piece =
          random.nextBoolean()
              ? PIECES.get(random.nextInt(PIECES.size()))
              : String.valueOf((char) random.nextInt(0x10000));
      text = text.substring(0, from) + piece + text.substring(to) + " ";
    }
    return text;
  }

  @Test
  void causeCannotForgeALogLine() {
    String body =
        CommandCodec.encode(book(1)).replace("\"BOOK\"", "\"x\\nERROR forged\\u001b[2J\"");
    assertThat(CommandCodec.decode(body)).singleElement().satisfies(HostileMessageTest::isOneLine);
  }

  @Test
  void workerSurvivesMalformedMessages() {
    String queue = "hostile-" + UUID.randomUUID();
    servers.newQueues(queue);
    try (ConfigurableApplicationContext worker = worker(queue)) {
      SqsAsyncClient sqs = worker.getBean(SqsAsyncClient.class);
      String url = sqs.getQueueUrl(request -> request.queueName(queue)).join().queueUrl();
      String valid = CommandCodec.encode(book(1));
      MessageAttributeValue binary =
          MessageAttributeValue.builder()
              .dataType("Binary")
              .binaryValue(SdkBytes.fromByteArray(new byte[] {0, -1}))
              .build();
      MessageAttributeValue text =
          MessageAttributeValue.builder().dataType("String").stringValue(",,;x,\u00e9").build();
      for (MessageAttributeValue trace : List.of(binary, text)) {
        // More messages than pollers: a message that ended a poller would be detected.
        for (int i = 0; i < 4; i++) {
          Command carrier = book(4711);
          sqs.sendMessage(request ->
                  request
                      .queueUrl(url)
                      .messageBody(CommandCodec.encode(carrier))
                      .messageAttributes(Map.of(Traces.ATTRIBUTE, trace)))
              .join();
          awaitDecided(worker, carrier);
        }
      }
      Random random = new Random(42);
      for (int i = 0; i < 60; i++) {
        String body = i % 10 == 0 ? "x".repeat(100_000) : mutated(random, valid);
        if (body.chars().allMatch(HostileMessageTest::maySend)) {
          sqs.sendMessage(request -> request.queueUrl(url).messageBody(body)).join();
        }
      }
      for (int i = 0; i < 5; i++) {
        Command after = book(4711);
        sqs.sendMessage(request -> request.queueUrl(url).messageBody(CommandCodec.encode(after)))
            .join();
        awaitDecided(worker, after);
      }
    }
  }

  /// Characters that SQS accepts.
  private static boolean maySend(int letter) {
    return letter == '\t'
        || letter == '\n'
        || letter == '\r'
        || letter >= ' ' && letter <= 0xd7ff
        || letter >= 0xe000 && letter <= 0xfffd;
  }

  private static void awaitDecided(ConfigurableApplicationContext worker, Command command) {
    StatusStore store = worker.getBean(StatusStore.class);
    await().atMost(TIMEOUT).until(() -> store.find(command.ticketId()).isPresent());
    assertThat(store.find(command.ticketId()).orElseThrow().ticket().reason())
        .isEqualTo(Reason.EVENT_NOT_FOUND);
  }

  private ConfigurableApplicationContext worker(String queue) {
    return SpringApplication.run(
        WorkerApplication.class,
        WorkerArguments.of(
            servers,
            servers.newDatabase(),
            queue,
            "--ticketing.worker.pipeline.pollers=2",
            "--ticketing.worker.pipeline.poll-wait=1s",
            "--ticketing.worker.pipeline.retry-for=1s",
            "--ticketing.worker.pipeline.stop-timeout=5s"));
  }

  private static Command.BookSeats book(long event) {
    return new Command.BookSeats(
        UUID.randomUUID(), "ann", event, "A", 1, Instant.now().truncatedTo(ChronoUnit.MICROS));
  }
}
