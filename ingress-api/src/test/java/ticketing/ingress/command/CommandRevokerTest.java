package ticketing.ingress.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.io.IOException;
import java.lang.reflect.Proxy;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.UnknownHostException;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import javax.sql.DataSource;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.springframework.dao.CannotAcquireLockException;
import org.springframework.transaction.PlatformTransactionManager;
import org.springframework.transaction.TransactionStatus;
import software.amazon.awssdk.awscore.exception.AwsErrorDetails;
import software.amazon.awssdk.core.exception.ApiCallTimeoutException;
import software.amazon.awssdk.core.exception.SdkClientException;
import software.amazon.awssdk.services.sqs.model.SqsException;
import ticketing.database.DatabaseHealth;
import ticketing.domain.Command;
import ticketing.domain.Reason;
import ticketing.domain.TicketStatus;
import ticketing.ingress.IngressFixture;
import ticketing.ingress.reservation.ReservationController;
import ticketing.ingress.ticket.TicketRepository;
import ticketing.local.servers.TcpRelay;

/// A request answered with 503 has no effect, even if the queue stored its command and the answer
/// was lost.
class CommandRevokerTest {

  private static TcpRelay queue;
  private static IngressFixture ingress;

  private final long event = ingress.newEvent();
  private final String user = IngressFixture.newUser();

  @BeforeAll
  static void start() {
    URI real = URI.create(IngressFixture.shared().servers.queueEndpoint());
    queue = new TcpRelay(new InetSocketAddress(real.getHost(), real.getPort()));
    queue.start();
    ingress =
        IngressFixture.shared()
            .sibling(
                Map.of(
                    "spring.cloud.aws.sqs.endpoint", "http://127.0.0.1:" + queue.port(),
                    "ticketing.queue.timeout", "2s",
                    "ticketing.queue.revocation-timeout", "2s"));
  }

  @AfterAll
  static void stop() {
    ingress.close();
    queue.stop();
  }

  @BeforeEach
  void warmUp() {
    // The queue's URL is cached, and the queue is empty. The timeout of two seconds is short while
    // other modules start processes.
    await().untilAsserted(() -> assertThat(ingress.book(user, event, 1).status()).isEqualTo(202));
    IngressFixture.shared().drain();
  }

  @Test
  void refusedCommandsOnTheQueueAreRevoked() throws Exception {
    long reservation = ingress.reserve(user, event, "HELD", null);
    String path = "/api/v1/reservations/" + reservation;
    String token = ingress.token(user);
    List<IngressFixture.Answer> answers = new ArrayList<>();
    queue.silence();
    try (ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<IngressFixture.Answer>> calls =
          List.of(
              clients.submit(() -> ingress.book(user, event, 1)),
              clients.submit(() -> ingress.book(user, event, 2)),
              clients.submit(() -> ingress.book(user, event, 1, IdempotencyKey.HEADER, "k")),
              clients.submit(() -> ingress.post(path + "/confirmation", token, null)),
              clients.submit(() -> ingress.delete(path, token, IdempotencyKey.HEADER, "c")));
      for (Future<IngressFixture.Answer> call : calls) {
        answers.add(call.get());
      }
    } finally {
      queue.heal();
    }
    assertThat(answers)
        .allSatisfy(answer -> {
          assertThat(answer.status()).as(answer.body()).isEqualTo(503);
          assertThat(answer.code()).isEqualTo("QUEUE_UNAVAILABLE");
        });
    List<Command> arrived = IngressFixture.shared().drain();
    assertThat(arrived).extracting(Command::ticketId).doesNotContainNull();
    assertThat(arrived.stream().map(Command::attemptId).distinct()).hasSize(5);
    assertThat(revokedAttempts())
        .containsExactlyInAnyOrderElementsOf(
            arrived.stream().map(one -> one.attemptId().toString()).distinct().toList());
    assertThat(
            ingress
                .sql()
                .queryForObject(
                    "select revoked_at is not null from events where id = ?", Boolean.class, event))
        .isTrue();
    assertThat(arrived).allMatch(one -> ingress.statusStore().find(one.ticketId()).isEmpty());

    IngressFixture.Answer repeated = ingress.book(user, event, 1, IdempotencyKey.HEADER, "k");
    assertThat(repeated.status()).isEqualTo(202);
    assertThat(repeated.json().get("ticketId").asString())
        .isEqualTo(ingress.ticketIds().derivedFrom(user, "k").toString());
    List<Command> resent = IngressFixture.shared().drain();
    assertThat(resent).hasSize(1);
    assertThat(revokedAttempts()).doesNotContain(resent.getFirst().attemptId().toString());
  }

  @Test
  void decidedCommandInDoubtKeepsItsDecision() throws Exception {
    UUID ticket = ingress.ticketIds().derivedFrom(user, "k");
    queue.silence();
    try (ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
      Future<IngressFixture.Answer> call =
          clients.submit(() -> ingress.book(user, event, 1, IdempotencyKey.HEADER, "k"));
      Command arrived = null;
      while (arrived == null) {
        arrived = IngressFixture.shared().drain().stream().findFirst().orElse(null);
      }
      assertThat(arrived.ticketId()).isEqualTo(ticket);
      ingress.decide(arrived, TicketStatus.REJECTED, Reason.SOLD_OUT, null);
      IngressFixture.Answer answer = call.get();
      assertThat(answer.status()).isEqualTo(202);
      assertThat(answer.json().get("ticketId").asString()).isEqualTo(ticket.toString());
      assertThat(answer.json().get("reason").asString()).isEqualTo("SOLD_OUT");
    } finally {
      queue.heal();
    }
    assertThat(revokedAttempts()).isEmpty();
    IngressFixture.shared().drain();
  }

  @Test
  void revocationBlocksUntilTheDecisionCommits() throws Exception {
    IdempotencyKey request =
        IdempotencyKey.of(
            ingress.ticketIds(),
            user,
            "k",
            "POST",
            ReservationController.PATH,
            new ReservationController.BookingRequest(event, "VIP", 1, null, null, null));
    try (Connection worker = ingress.context.getBean(DataSource.class).getConnection();
        ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
      lock(worker);
      queue.silence();
      Future<IngressFixture.Answer> call =
          clients.submit(() -> ingress.book(user, event, 1, IdempotencyKey.HEADER, "k"));
      try (var insert =
          worker.prepareStatement(
              """
              insert into tickets (id, action, user_id, event_id, seat_type, quantity, decision,
                reason, fingerprint, accepted_at, decided_at)
              values (?, 'BOOK', ?, ?, 'VIP', 1, 'REJECTED', 'SOLD_OUT', ?, now(6), now(6))\
              """)) {
        insert.setString(1, request.ticketId().toString());
        insert.setString(2, user);
        insert.setLong(3, event);
        insert.setString(4, request.fingerprint());
        insert.executeUpdate();
      }
      await().until(() -> call.isDone() || isRevocationBlocked());
      worker.commit();
      worker.setAutoCommit(true);
      assertThat(call.get().status()).as(call.get().body()).isEqualTo(202);
      assertThat(call.get().json().get("reason").asString()).isEqualTo("SOLD_OUT");
    } finally {
      queue.heal();
    }
    assertThat(revokedAttempts()).isEmpty();
    IngressFixture.shared().drain();
  }

  private boolean isRevocationBlocked() {
    return ingress
            .sql()
            .queryForObject(
                """
                select count(*) from information_schema.processlist
                where info like 'SELECT id FROM events WHERE id = % FOR UPDATE'\
                """,
                Integer.class)
        > 0;
  }

  @Test
  void unsentCommandIsNotRevoked() {
    queue.stop();
    try {
      assertThat(ingress.book(user, event, 1).status()).isEqualTo(503);
      assertThat(ingress.book(user, event, 1, IdempotencyKey.HEADER, "k").status()).isEqualTo(503);
    } finally {
      queue.start();
    }
    assertThat(revokedAttempts()).isEmpty();
    assertThat(IngressFixture.shared().drain()).isEmpty();
  }

  @Test
  void revocationWithoutDatabaseIsCountedAsUnknown() throws Exception {
    double before = unknownRevocations();
    try (Connection holder = ingress.context.getBean(DataSource.class).getConnection()) {
      lock(holder);
      queue.silence();
      long start = System.nanoTime();
      IngressFixture.Answer answer = ingress.book(user, event, 1);
      assertThat(answer.code()).isEqualTo("QUEUE_UNAVAILABLE");
      assertThat(Duration.ofNanos(System.nanoTime() - start)).isLessThan(Duration.ofSeconds(15));
      holder.rollback();
      holder.setAutoCommit(true);
    } finally {
      queue.heal();
    }
    assertThat(unknownRevocations()).isEqualTo(before + 1);
    IngressFixture.shared().drain();
  }

  @Test
  void deadlockLeavesNoCommandInDoubt() {
    AtomicInteger deadlocks = new AtomicInteger(2);
    PlatformTransactionManager real = ingress.context.getBean(PlatformTransactionManager.class);
    PlatformTransactionManager failing =
        (PlatformTransactionManager)
            Proxy.newProxyInstance(
                PlatformTransactionManager.class.getClassLoader(),
                new Class<?>[] {PlatformTransactionManager.class},
                (_, method, arguments) -> {
                  if (method.getName().equals("commit") && deadlocks.getAndDecrement() > 0) {
                    real.rollback((TransactionStatus) arguments[0]);
                    throw new CannotAcquireLockException("deadlock");
                  }
                  return method.invoke(real, arguments);
                });
    CommandRevoker revoker =
        new CommandRevoker(
            ingress.context.getBean(RevokedCommandRepository.class),
            ingress.context.getBean(TicketRepository.class),
            ingress.context.getBean(DatabaseHealth.class),
            Clock.systemUTC(),
            ingress.context.getBean(QueueSettings.class),
            failing,
            ingress.context.getBean(CommandMetrics.class));
    Command command =
        new Command.BookSeats(
            ingress.ticketIds().newId(user),
            user,
            event,
            "VIP",
            1,
            Instant.now().truncatedTo(ChronoUnit.MICROS),
            null,
            UUID.randomUUID());

    assertThat(revoker.revoke(command)).isInstanceOf(CommandRevoker.Revocation.Revoked.class);

    assertThat(deadlocks).hasNegativeValue();
    assertThat(revokedAttempts()).containsExactly(command.attemptId().toString());
  }

  private void lock(Connection holder) throws SQLException {
    holder.setAutoCommit(false);
    try (var statement = holder.createStatement()) {
      statement.executeQuery("SELECT id FROM events WHERE id = " + event + " FOR UPDATE").close();
    }
  }

  private List<String> revokedAttempts() {
    return ingress
        .sql()
        .queryForList(
            "select attempt_id from revoked_commands where event_id = ?", String.class, event);
  }

  private static double unknownRevocations() {
    return ingress
        .context
        .getBean(io.micrometer.core.instrument.MeterRegistry.class)
        .get("ticketing.revocations")
        .tag("result", "unknown")
        .counter()
        .count();
  }

  static Stream<Arguments> failures() {
    return Stream.of(
        Arguments.of(true, client(new ConnectException("Connection refused"))),
        Arguments.of(true, client(new UnknownHostException("sqs"))),
        Arguments.of(true, new CompletionException(answer(403, "AccessDenied"))),
        Arguments.of(true, answer(400, "QueueDoesNotExist")),
        Arguments.of(false, answer(500, "InternalFailure")),
        Arguments.of(false, answer(503, "ServiceUnavailable")),
        Arguments.of(false, client(new IOException("Connection reset by peer"))),
        Arguments.of(false, client(new TimeoutException("acquire"))),
        Arguments.of(false, ApiCallTimeoutException.create(4_000)),
        Arguments.of(false, new IllegalStateException("closed")));
  }

  @ParameterizedTest
  @MethodSource("failures")
  void onlyCertainFailuresAreRefusals(boolean refusal, Throwable failure) {
    assertThat(SqsErrors.isRefusal(failure)).isEqualTo(refusal);
  }

  private static Throwable client(Exception cause) {
    return SdkClientException.create("Unable to execute HTTP request", cause);
  }

  private static Throwable answer(int status, String code) {
    return SqsException.builder()
        .statusCode(status)
        .awsErrorDetails(AwsErrorDetails.builder().errorCode(code).build())
        .build();
  }
}
