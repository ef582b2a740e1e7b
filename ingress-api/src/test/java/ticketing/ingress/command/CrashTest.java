package ticketing.ingress.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.awaitility.core.ConditionTimeoutException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import software.amazon.awssdk.services.sqs.SqsAsyncClient;
import ticketing.domain.Command;
import ticketing.domain.CommandCodec;
import ticketing.domain.TicketStatus;
import ticketing.ingress.IngressFixture;
import ticketing.ingress.command.CrashingIngress.Point;
import ticketing.ingress.deadletter.DeadLetterService;
import ticketing.local.servers.Ports;
import ticketing.redis.RedisGateway;
import ticketing.status.SendRegister;
import ticketing.status.SendRegisterSettings;

/// Crash of one instance at a named point; its sibling behind the same load balancer continues.
class CrashTest {

  private static final Duration LIMIT = Duration.ofMinutes(4);
  private static final Map<Point, CrashingInstance> INSTANCES = new EnumMap<>(Point.class);

  private final IngressFixture sibling = IngressFixture.shared();
  private final String user = IngressFixture.newUser();

  @BeforeAll
  static void startAll(@TempDir Path folder) throws IOException {
    for (Point point : Point.values()) {
      INSTANCES.put(point, new CrashingInstance(point, folder));
    }
  }

  @AfterAll
  static void stopAll() {
    INSTANCES.values().forEach(instance -> instance.process.destroyForcibly());
    INSTANCES.clear();
  }

  @Test
  void repeatedRequestIsQueuedAfterCrashBeforeSend() throws Exception {
    long event = sibling.newEvent();
    sibling.drain();
    UUID ticket = sibling.ticketIds().derivedFrom(user, "key");
    bookAndCrash(Point.BEFORE_SENDING, event);
    assertThat(sibling.statusStore().find(ticket)).isPresent();
    assertThat(sibling.drain()).isEmpty();
    // A worker finds the command of the crashed process after its lease.
    SendRegister register =
        new SendRegister(
            sibling.context.getBean(RedisGateway.class),
            sibling.context.getBean(SendRegisterSettings.class));
    await()
        .untilAsserted(() ->
            assertThat(register.findExpiredSenders(100))
                .flatExtracting(sender -> register.findSends(sender, 100))
                .extracting(SendRegister.Send::ticketId)
                .contains(ticket));

    IngressFixture.Answer repeated = sibling.book(user, event, 1, IdempotencyKey.HEADER, "key");
    assertThat(repeated.status()).isEqualTo(202);
    assertThat(repeated.json().get("ticketId").asString()).isEqualTo(ticket.toString());
    assertThat(sibling.drain()).extracting(Command::ticketId).containsExactly(ticket);
  }

  @Test
  void repeatAfterLostAnswerIsSameCommand() throws Exception {
    long event = sibling.newEvent();
    sibling.drain();
    bookAndCrash(Point.SENT, event);

    IngressFixture.Answer repeated = sibling.book(user, event, 1, IdempotencyKey.HEADER, "key");
    assertThat(repeated.status()).isEqualTo(202);
    List<Command> queued = sibling.drain();
    assertThat(queued).hasSize(2);
    assertThat(queued).extracting(Command::ticketId).containsOnly(queued.getFirst().ticketId());
    assertThat(queued)
        .as("same position in the queue")
        .extracting(Command::acceptedAt)
        .containsOnly(queued.getFirst().acceptedAt());

    sibling.decide(queued.getFirst(), TicketStatus.CONFIRMED, null, 1L);
    IngressFixture.Answer late = sibling.book(user, event, 1, IdempotencyKey.HEADER, "key");
    assertThat(late.json().get("status").asString()).isEqualTo("CONFIRMED");
    assertThat(sibling.drain()).isEmpty();
  }

  @Test
  void partlyRedrivenDeadLettersAreRedrivenNextTime() throws Exception {
    sibling.drain();
    Set<UUID> dead = new HashSet<>();
    SqsAsyncClient sqs = sibling.context.getBean(SqsAsyncClient.class);
    String letters =
        sqs.getQueueUrl(request -> request.queueName(sibling.queue + "-dlq")).join().queueUrl();
    for (int i = 0; i < 15; i++) {
      Command command =
          new Command.BookSeats(UUID.randomUUID(), user, 1, "VIP", 1, java.time.Instant.now());
      dead.add(command.ticketId());
      sqs.sendMessage(
              message -> message.queueUrl(letters).messageBody(CommandCodec.encode(command)))
          .join();
    }
    CrashingInstance instance = INSTANCES.get(Point.HALF_REDRIVEN);
    instance.awaitReady();
    assertThatThrownBy(() ->
            sibling.sendTo(
                instance.port,
                "POST",
                "/api/v1/operations/dead-letters/redrive",
                sibling.admin(),
                null))
        .isInstanceOf(UncheckedIOException.class);
    instance.awaitCrash();

    // A move task of ElasticMQ 1.7.1 restores deleted messages, so that no loss would be visible.
    DeadLetterService deadLetters = sibling.context.getBean(DeadLetterService.class);
    Set<UUID> redriven = new HashSet<>();
    await()
        .atMost(LIMIT)
        .untilAsserted(() -> {
          deadLetters.redriveByCopy(1);
          sibling.drain().forEach(command -> redriven.add(command.ticketId()));
          assertThat(redriven).isEqualTo(dead);
        });
    // Messages that were sent and not deleted become visible later, during other tests.
    sqs.purgeQueue(request -> request.queueUrl(letters)).join();
  }

  private void bookAndCrash(Point point, long event) throws Exception {
    CrashingInstance instance = INSTANCES.get(point);
    instance.awaitReady();
    assertThatThrownBy(() ->
            sibling.sendTo(
                instance.port,
                "POST",
                "/api/v1/reservations",
                sibling.token(user),
                IngressFixture.booking(event, 1),
                IdempotencyKey.HEADER,
                "key"))
        .isInstanceOf(UncheckedIOException.class);
    instance.awaitCrash();
  }

  private static final class CrashingInstance {
    final int port = Ports.free();
    final Path log;
    final Process process;

    CrashingInstance(Point point, Path folder) throws IOException {
      log = folder.resolve(point + ".log");
      List<String> command =
          new ArrayList<>(
              List.of(
                  Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                  "-Xmx384m",
                  "-XX:+UseSerialGC",
                  "-XX:TieredStopAtLevel=1",
                  "-Daws.region=ap-northeast-2",
                  "-cp",
                  System.getProperty("java.class.path"),
                  CrashingIngress.class.getName(),
                  point.name()));
      command.addAll(
          IngressFixture.shared().arguments(Map.of("server.port", String.valueOf(port))));
      process =
          new ProcessBuilder(command)
              .redirectErrorStream(true)
              .redirectOutput(log.toFile())
              .start();
    }

    void awaitReady() {
      try {
        await()
            .atMost(LIMIT)
            .ignoreException(UncheckedIOException.class)
            .until(() -> !process.isAlive() || isReady());
      } catch (ConditionTimeoutException e) {
        throw new AssertionError(logged(), e);
      }
      assertThat(process.isAlive()).as(this::logged).isTrue();
    }

    private boolean isReady() {
      return IngressFixture.shared().sendTo(port, "GET", "/readyz", null, null).status() == 200;
    }

    void awaitCrash() throws InterruptedException {
      assertThat(process.waitFor(LIMIT.toSeconds(), TimeUnit.SECONDS)).as(this::logged).isTrue();
      assertThat(process.exitValue()).as(this::logged).isEqualTo(CrashingIngress.KILLED);
    }

    private String logged() {
      try (Stream<String> lines = Files.lines(log)) {
        return lines.collect(Collectors.joining("\n"));
      } catch (IOException e) {
        return e.toString();
      }
    }
  }
}
