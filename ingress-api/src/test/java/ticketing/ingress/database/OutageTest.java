package ticketing.ingress.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;
import ticketing.database.DatabaseHealth;
import ticketing.domain.Command;
import ticketing.domain.Reason;
import ticketing.domain.TicketStatus;
import ticketing.ingress.IngressFixture;
import ticketing.ingress.command.CommandAcceptor;
import ticketing.ingress.command.IdempotencyKey;

/// Answers while a server is down, and afterwards.
class OutageTest {

  private final IngressFixture ingress = IngressFixture.shared();

  private void without(Runnable stop, Runnable start, Runnable test) {
    stop.run();
    try {
      test.run();
    } finally {
      start.run();
    }
    await().ignoreExceptions().until(() -> ingress.statusStore().find(UUID.randomUUID()).isEmpty());
    await()
        .until(() ->
            ingress.post("/api/v1/events", ingress.admin(), IngressFixture.event("")).status()
                == 201);
    await().until(() -> ingress.get("/api/v1/operations/queue", ingress.admin()).status() == 200);
  }

  private List<Command> commandsOf(String user) {
    return ingress.drain().stream().filter(command -> command.userId().equals(user)).toList();
  }

  @Test
  void bookingsAndReadsContinueWithoutRedis() {
    long event = ingress.newEvent();
    String user = IngressFixture.newUser();
    String token = ingress.token(user);
    long reservation = ingress.reserve(user, event, "CONFIRMED", null);
    UUID[] accepted = new UUID[2];
    without(
        ingress.servers.redis()::stop,
        ingress.servers.redis()::start,
        () -> {
          assertThat(ingress.get("/api/v1/events/" + event, null).status()).isEqualTo(200);
          assertThat(ingress.get("/api/v1/reservations/" + reservation, token).status())
              .isEqualTo(200);
          assertThat(ingress.get("/api/v1/users/me", token).status()).isEqualTo(200);
          assertThat(ingress.get("/readyz", null).status()).isEqualTo(200);

          IngressFixture.Answer booked = ingress.book(user, event, 1);
          assertThat(booked.status()).isEqualTo(202);
          accepted[0] = UUID.fromString(booked.json().get("ticketId").asString());
          IngressFixture.Answer keyed = ingress.book(user, event, 1, IdempotencyKey.HEADER, "k");
          IngressFixture.Answer again = ingress.book(user, event, 1, IdempotencyKey.HEADER, "k");
          assertThat(again.json().get("ticketId")).isEqualTo(keyed.json().get("ticketId"));
          accepted[1] = UUID.fromString(keyed.json().get("ticketId").asString());

          IngressFixture.Answer undecided = ingress.get("/api/v1/tickets/" + accepted[0], token);
          assertThat(undecided.status()).isEqualTo(200);
          assertThat(undecided.body())
              .isEqualTo("{\"ticketId\":\"%s\",\"status\":\"PENDING\"}".formatted(accepted[0]));
          assertThat(undecided.header("Retry-After")).isEqualTo("1");
          assertThat(ingress.get("/api/v1/tickets/" + UUID.randomUUID(), token).status())
              .isEqualTo(404);

          List<Command> commands = commandsOf(user);
          assertThat(commands).extracting(Command::ticketId).contains(accepted);
          commands.stream()
              .filter(command -> command.ticketId().equals(accepted[1]))
              .limit(1)
              .forEach(
                  command -> ingress.decide(command, TicketStatus.REJECTED, Reason.SOLD_OUT, null));
          assertThat(ingress.get("/api/v1/tickets/" + accepted[1], token).status()).isEqualTo(200);
          IngressFixture.Answer late = ingress.book(user, event, 1, IdempotencyKey.HEADER, "k");
          assertThat(late.json().get("reason").asString()).isEqualTo("SOLD_OUT");
          assertThat(ingress.book(user, event, 2, IdempotencyKey.HEADER, "k").status())
              .isEqualTo(422);

          String revoked = ingress.token(user);
          assertThat(ingress.post("/api/v1/auth/logout", revoked, null).status()).isEqualTo(204);
          String[] address = {"X-Forwarded-For", "10.9.0.2"};
          assertThat(ingress.get("/api/v1/users/me", revoked).status()).isEqualTo(401);
          await()
              .atMost(Duration.ofSeconds(30))
              .until(() ->
                  IngressFixture.strict().get("/api/v1/users/me", revoked, address).status()
                      == 401);
          String evict = "/api/v1/operations/caches/eviction";
          assertThat(ingress.post(evict, ingress.admin(), null).code())
              .isEqualTo("CACHE_UNAVAILABLE");
        });
    // The status store has no entry of this ticket.
    for (IngressFixture instance : List.of(ingress, IngressFixture.strict())) {
      IngressFixture.Answer undecided =
          instance.get("/api/v1/tickets/" + accepted[0], token, "X-Forwarded-For", "10.9.0.1");
      assertThat(undecided.status()).isEqualTo(200);
      assertThat(undecided.json().get("status").asString()).isEqualTo("PENDING");
    }
    assertThat(ingress.get("/api/v1/tickets/" + accepted[1], token).status()).isEqualTo(200);
    assertThat(ingress.book(user, event, 1).status()).isEqualTo(202);
  }

  @Test
  void pausedSaleAcceptsNoFirstRequestWithoutRedis() {
    long event = ingress.newEvent();
    String user = IngressFixture.newUser();
    ingress.post("/api/v1/operations/events/" + event + "/pause", ingress.admin(), null);
    assertFirstRequestIsRefusedWithoutRedis(user, event, "SALE_NOT_OPEN");
    assertThat(ingress.book(user, event, 1, IdempotencyKey.HEADER, "k").code())
        .isEqualTo("SALE_NOT_OPEN");
    assertThat(commandsOf(user)).isEmpty();
  }

  @Test
  void closedSaleAcceptsNoFirstRequestWithoutRedis() {
    long event =
        ingress
            .post(
                "/api/v1/events",
                ingress.admin(),
                IngressFixture.event("")
                    .replace("\"saleClosesAt\":null", "\"saleClosesAt\":\"2020-01-01T00:00:00Z\""))
            .json()
            .get("eventId")
            .longValue();
    String user = IngressFixture.newUser();
    assertFirstRequestIsRefusedWithoutRedis(user, event, "SALE_CLOSED");
    assertThat(commandsOf(user)).isEmpty();
  }

  /// @param code of a request that cannot be repeated
  private void assertFirstRequestIsRefusedWithoutRedis(String user, long event, String code) {
    without(
        ingress.servers.redis()::stop,
        ingress.servers.redis()::start,
        () -> {
          IngressFixture.Answer unread = ingress.book(user, event, 1, IdempotencyKey.HEADER, "k");
          assertThat(unread.status()).isEqualTo(503);
          assertThat(unread.code()).isEqualTo("QUEUE_UNAVAILABLE");
          assertThat(unread.header("Retry-After")).isEqualTo("2");
          assertThat(ingress.book(user, event, 1).code()).isEqualTo(code);
        });
  }

  @Test
  void bookingsAreRefusedWithoutQueue() {
    long event = ingress.newEvent();
    String user = IngressFixture.newUser();
    ListAppender<ILoggingEvent> logged = new ListAppender<>();
    Logger logger = (Logger) LoggerFactory.getLogger(CommandAcceptor.class);
    logged.start();
    logger.addAppender(logged);
    without(
        ingress.servers.queue()::stop,
        ingress.servers.queue()::start,
        () -> {
          for (String[] headers : new String[][] {{}, {IdempotencyKey.HEADER, "k"}}) {
            IngressFixture.Answer refused = ingress.book(user, event, 1, headers);
            assertThat(refused.status()).isEqualTo(503);
            assertThat(refused.code()).isEqualTo("QUEUE_UNAVAILABLE");
            assertThat(refused.header("Retry-After")).isEqualTo("2");
          }
          logger.detachAppender(logged);
          assertThat(logged.list)
              .hasSize(2)
              .allSatisfy(line -> {
                assertThat(line.getLevel()).isEqualTo(Level.WARN);
                assertThat(line.getMDCPropertyMap())
                    .containsKey("ticket")
                    .containsEntry("event", Long.toString(event));
              });
          IngressFixture.Answer figures = ingress.get("/api/v1/operations/queue", ingress.admin());
          assertThat(figures.status()).isEqualTo(503);
          assertThat(figures.code()).isEqualTo("QUEUE_UNAVAILABLE");
          assertThat(ingress.get("/api/v1/events/" + event, null).status()).isEqualTo(200);
        });
    assertThat(commandsOf(user)).isEmpty();
    UUID refused = UUID.fromString(ticketOf(user, "k"));
    assertThat(ingress.statusStore().find(refused)).isEmpty();
    IngressFixture.Answer again = ingress.book(user, event, 1, IdempotencyKey.HEADER, "k");
    assertThat(again.status()).isEqualTo(202);
    assertThat(again.json().get("ticketId").asString()).isEqualTo(refused.toString());
    assertThat(commandsOf(user)).hasSize(1);
  }

  private String ticketOf(String user, String key) {
    return ingress.ticketIds().derivedFrom(user, key).toString();
  }

  @Test
  void requestsGet503WithoutDatabase() {
    long event = ingress.newEvent();
    String user = IngressFixture.newUser();
    String token = ingress.token(user);
    String ticket = ingress.book(user, event, 1).json().get("ticketId").asString();
    without(
        ingress.servers.database()::stop,
        ingress.servers.database()::start,
        () -> {
          assertThat(ingress.get("/readyz", null).status()).isEqualTo(503);
          assertThat(ingress.get("/livez", null).status()).isEqualTo(200);
          for (IngressFixture.Answer answer :
              List.of(
                  ingress.get("/api/v1/events", null),
                  ingress.get("/api/v1/events/987654", null),
                  ingress.get("/api/v1/users/me/reservations", token),
                  ingress.delete("/api/v1/reservations/987654", token),
                  ingress.post("/api/v1/events", ingress.admin(), IngressFixture.event("")))) {
            assertThat(answer.status()).isEqualTo(503);
            assertThat(answer.code()).isEqualTo("DATABASE_UNAVAILABLE");
            assertThat(answer.header("Retry-After")).isEqualTo("2");
          }
          assertThat(ingress.get("/api/v1/tickets/" + ticket, token).status()).isEqualTo(200);
          IngressFixture.Answer unknown =
              ingress.get("/api/v1/tickets/" + UUID.randomUUID(), token);
          assertThat(unknown.status()).isEqualTo(404);
          assertThat(unknown.code()).isEqualTo("TICKET_NOT_FOUND");
          UUID evicted = ingress.ticketIds().newId(user);
          IngressFixture.Answer unavailable = ingress.get("/api/v1/tickets/" + evicted, token);
          assertThat(unavailable.status()).isEqualTo(503);
          assertThat(unavailable.code()).isEqualTo("TICKET_UNAVAILABLE");
          assertThat(unavailable.header("Retry-After")).isEqualTo("2");
        });
    IngressFixture.Answer after = ingress.get("/api/v1/tickets/" + ticket, token);
    assertThat(after.json().path("status").asString("")).as(after.body()).isEqualTo("PENDING");
  }

  @Test
  void writesGet503WithReadOnlyDatabase() {
    long event = ingress.newEvent();
    String user = IngressFixture.newUser();
    String token = ingress.token(user);
    String path = "/api/v1/events/" + event;
    without(
        () -> ingress.servers.setDatabaseReadOnly(true),
        () -> ingress.servers.setDatabaseReadOnly(false),
        () -> {
          String account =
              "{\"email\":\"%s@example.com\",\"password\":\"long-enough-1\",\"name\":\"Ann\"}"
                  .formatted(UUID.randomUUID());
          for (IngressFixture.Answer answer :
              List.of(
                  ingress.post("/api/v1/users", null, account),
                  ingress.post("/api/v1/events", ingress.admin(), IngressFixture.event("")),
                  ingress.delete(path, ingress.admin()))) {
            assertThat(answer.status()).as(answer.body()).isEqualTo(503);
            assertThat(answer.code()).isEqualTo("DATABASE_UNAVAILABLE");
            assertThat(answer.header("Retry-After")).isEqualTo("2");
          }
          assertThat(ingress.get("/readyz", null).status()).isEqualTo(200);
          assertThat(ingress.get(path, null).status()).isEqualTo(200);
          assertThat(ingress.get("/api/v1/users/me/reservations", token).status()).isEqualTo(200);
        });
  }

  @Test
  void bookingsWithoutDatabaseRespectTheLimit() {
    IngressFixture strict = IngressFixture.strict();
    long event = ingress.newEvent();
    ingress.drain();
    // Caches the event, locally and in Redis, so that bookings are admitted.
    assertThat(strict.get("/api/v1/events/" + event, null, "X-Forwarded-For", "10.9.2.1").status())
        .isEqualTo(200);
    await().until(() -> ingress.redisGet("event:" + event) != null);
    Set<String> accepted = new HashSet<>();
    without(
        ingress.servers.database()::stop,
        ingress.servers.database()::start,
        () -> {
          await().until(() -> !strict.context.getBean(DatabaseHealth.class).isUp());
          await().until(() -> !ingress.context.getBean(DatabaseHealth.class).isUp());
          List<IngressFixture.Answer> answers = new ArrayList<>();
          for (int i = 0; i < 10; i++) {
            String[] headers = {"X-Forwarded-For", "10.9.1." + i};
            answers.add(strict.book(IngressFixture.newUser(), event, 1, headers));
          }
          for (IngressFixture.Answer answer : answers) {
            if (answer.status() == 202) {
              accepted.add(answer.json().get("ticketId").asString());
            } else {
              assertThat(answer.status()).isEqualTo(503);
              assertThat(answer.code()).isEqualTo("QUEUE_UNAVAILABLE");
              assertThat(answer.header("Retry-After")).isEqualTo("2");
            }
          }
          assertThat(accepted).hasSizeBetween(1, 9);
          // Its sibling has the default limit.
          IngressFixture.Answer more = ingress.book(IngressFixture.newUser(), event, 1);
          assertThat(more.status()).isEqualTo(202);
          accepted.add(more.json().get("ticketId").asString());
        });
    assertThat(ingress.drain())
        .extracting(command -> command.ticketId().toString())
        .containsExactlyInAnyOrderElementsOf(accepted);
    await()
        .until(() ->
            strict.book(IngressFixture.newUser(), event, 1, "X-Forwarded-For", "10.9.2.1").status()
                == 202);
    ingress.drain();
  }
}
