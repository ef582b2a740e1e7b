package ticketing.ingress.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.sql.Timestamp;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.redisson.client.codec.StringCodec;
import ticketing.database.DatabaseHealth;
import ticketing.domain.Command;
import ticketing.domain.Money;
import ticketing.domain.Reason;
import ticketing.domain.TicketStatus;
import ticketing.ingress.IngressFixture;
import ticketing.ingress.event.EventCatalog;
import ticketing.ingress.reservation.ReservationController;
import ticketing.redis.RedisGateway;

/// Idempotency of requests with a key: the same user, key and body give the same ticket.
class IdempotencyTest {

  private static final String KEY = IdempotencyKey.HEADER;

  private final IngressFixture ingress = IngressFixture.shared();

  private List<Command> commandsOf(String user) {
    return ingress.drain().stream().filter(command -> command.userId().equals(user)).toList();
  }

  @Test
  void concurrentRepetitionsOverTwoInstancesAreOneCommand() throws Exception {
    IngressFixture other = IngressFixture.strict();
    long event = ingress.newEvent();
    String user = IngressFixture.newUser();
    List<IngressFixture.Answer> answers = new ArrayList<>();
    try (ExecutorService clients = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<IngressFixture.Answer>> calls = new ArrayList<>();
      for (int i = 0; i < 50; i++) {
        IngressFixture instance = i % 2 == 0 ? ingress : other;
        String address = "10.7.0." + i;
        calls.add(
            clients.submit(
                () -> instance.book(user, event, 1, KEY, "k", "X-Forwarded-For", address)));
      }
      for (Future<IngressFixture.Answer> call : calls) {
        answers.add(call.get());
      }
    }
    assertThat(answers).allMatch(answer -> answer.status() == 202);
    assertThat(answers)
        .extracting(a -> a.json().get("ticketId").asString())
        .containsOnly(answers.getFirst().json().get("ticketId").asString());
    // The queue may hold it more than once; a worker decides a ticket once.
    assertThat(commandsOf(user))
        .isNotEmpty()
        .usingRecursiveFieldByFieldElementComparatorIgnoringFields("attemptId")
        .containsOnly(commandOf(answers.getFirst(), user, event));
  }

  private Command commandOf(IngressFixture.Answer answer, String user, long event) {
    return new Command.BookSeats(
        UUID.fromString(answer.json().get("ticketId").asString()),
        user,
        event,
        "VIP",
        1,
        Instant.parse(answer.json().get("acceptedAt").asString()),
        IdempotencyKey.of(
                ingress.ticketIds(),
                user,
                "k",
                "POST",
                "/api/v1/reservations",
                new ReservationController.BookingRequest(event, "VIP", 1, null, null, null))
            .fingerprint(),
        UUID.randomUUID(),
        Money.of("150000.00"));
  }

  @Test
  void keyBelongsToOneRequestOfOneUser() {
    long event = ingress.newEvent();
    String user = IngressFixture.newUser();
    String first = ingress.book(user, event, 1, KEY, "k").json().get("ticketId").asString();
    IngressFixture.Answer reused = ingress.book(user, event, 2, KEY, "k");
    assertThat(reused.status()).isEqualTo(422);
    assertThat(reused.code()).isEqualTo("IDEMPOTENCY_KEY_REUSED");
    String spaced =
        " { \"quantity\": 1, \"seatType\": \"VIP\", \"eventId\": %d } ".formatted(event);
    assertThat(
            ingress
                .post("/api/v1/reservations", ingress.token(user), spaced, KEY, "k")
                .json()
                .get("ticketId")
                .asString())
        .isEqualTo(first);
    assertThat(
            ingress
                .book(IngressFixture.newUser(), event, 2, KEY, "k")
                .json()
                .get("ticketId")
                .asString())
        .isNotEqualTo(first);
    Command booked = commandsOf(user).getFirst();
    long reservation = ingress.reserve(user, event, "CONFIRMED", null);
    ingress.decide(booked, TicketStatus.CONFIRMED, null, reservation);
    assertThat(ingress.book(user, event, 1, KEY, "k").json().get("status").asString())
        .isEqualTo("CONFIRMED");
    assertThat(ingress.book(user, event, 2, KEY, "k").status()).isEqualTo(422);
    String path = "/api/v1/reservations/" + reservation;
    assertThat(ingress.delete(path, ingress.token(user), KEY, "k").status()).isEqualTo(422);
    IngressFixture.Answer cancel = ingress.delete(path, ingress.token(user), KEY, "c");
    assertThat(ingress.delete(path, ingress.token(user), KEY, "c").json().get("ticketId"))
        .isEqualTo(cancel.json().get("ticketId"));
  }

  @Test
  void keyMustBePrintable() {
    long event = ingress.newEvent();
    for (String bad : List.of("", "x".repeat(256), "tab\there")) {
      IngressFixture.Answer answer = ingress.book(IngressFixture.newUser(), event, 1, KEY, bad);
      assertThat(answer.status()).isEqualTo(400);
      assertThat(answer.json().get("errors").findValuesAsString("field")).containsExactly(KEY);
    }
    assertThat(ingress.book(IngressFixture.newUser(), event, 1, KEY, "x".repeat(255)).status())
        .isEqualTo(202);
  }

  @Test
  void repetitionGetsItsTicketAfterTheSale() {
    long event = ingress.newEvent(10, 10);
    String user = IngressFixture.newUser();
    String ticket = ingress.book(user, event, 1, KEY, "k").json().get("ticketId").asString();
    ingress.setAvailableSeats(event, 0);
    EventCatalog catalog = ingress.context.getBean(EventCatalog.class);
    catalog.evictLocalCache();
    assertThat(ingress.book(IngressFixture.newUser(), event, 1, KEY, "k").code())
        .isEqualTo("SOLD_OUT");
    assertThat(ingress.book(user, event, 1, KEY, "k").json().get("ticketId").asString())
        .isEqualTo(ticket);
    ingress.decide(commandsOf(user).getFirst(), TicketStatus.REJECTED, Reason.SOLD_OUT, null);
    IngressFixture.Answer decided = ingress.book(user, event, 1, KEY, "k");
    assertThat(decided.status()).isEqualTo(202);
    assertThat(decided.json().get("reason").asString()).isEqualTo("SOLD_OUT");
  }

  @Test
  void repetitionKeepsThePriceOfItsFirstTime() {
    long event = ingress.newEvent(10, 10);
    String user = IngressFixture.newUser();
    ingress.book(user, event, 2, KEY, "k");
    ingress.sql().update("update seat_types set price = 1 where event_id = ?", event);
    ingress.setAvailableSeats(event, 5); // evicts the cached event
    ingress.book(user, event, 2, KEY, "k");
    assertThat(ingress.book(IngressFixture.newUser(), event, 2).json().get("totalPrice").asString())
        .isEqualTo("2.00");
    assertThat(commandsOf(user))
        .hasSize(2)
        .extracting(command -> ((Command.BookSeats) command).price())
        .containsOnly(Money.of("150000.00"));
  }

  @Test
  void keyIsValidForOneDay() {
    long event = ingress.newEvent();
    String user = IngressFixture.newUser();
    String ticket = ingress.book(user, event, 1, KEY, "k").json().get("ticketId").asString();
    RedisGateway redis = ingress.context.getBean(RedisGateway.class);
    long pendingTtl =
        redis.call(client ->
            client.getBucket("ticket:" + ticket, StringCodec.INSTANCE).remainTimeToLive());
    assertThat(Duration.ofMillis(pendingTtl)).isBetween(Duration.ofHours(23), Duration.ofHours(24));
    // Decided 23 hours ago and evicted from the status store.
    ingress.decide(commandsOf(user).getFirst(), TicketStatus.REJECTED, Reason.SOLD_OUT, null);
    Timestamp yesterday = Timestamp.from(Instant.now().minus(Duration.ofHours(23)));
    ingress
        .sql()
        .update(
            "update tickets set accepted_at = ?, decided_at = ? where id = ?",
            yesterday,
            yesterday,
            ticket);
    ingress.evictStatus(UUID.fromString(ticket));
    IngressFixture.Answer repeated = ingress.book(user, event, 1, KEY, "k");
    assertThat(repeated.json().get("ticketId").asString()).isEqualTo(ticket);
    assertThat(repeated.json().get("status").asString()).isEqualTo("REJECTED");
    assertThat(commandsOf(user)).isEmpty();
  }

  @Test
  void finalTicketStaysFinalDuringOutages() {
    long event = ingress.newEvent();
    String user = IngressFixture.newUser();
    String ticket = ingress.book(user, event, 1, KEY, "k").json().get("ticketId").asString();
    ingress.decide(commandsOf(user).getFirst(), TicketStatus.REJECTED, Reason.SOLD_OUT, null);
    ingress.evictStatus(UUID.fromString(ticket));
    DatabaseHealth database = ingress.context.getBean(DatabaseHealth.class);
    ingress.servers.database().stop();
    try {
      await().until(() -> !database.isUp());
      IngressFixture.Answer repeated = ingress.book(user, event, 1, KEY, "k");
      assertThat(repeated.status()).isEqualTo(503);
      assertThat(repeated.code()).isEqualTo("DATABASE_UNAVAILABLE");
      assertThat(repeated.header("Retry-After")).isEqualTo("2");
      assertThat(ingress.statusStore().find(UUID.fromString(ticket))).isEmpty();
      String path = "/api/v1/tickets/" + ticket;
      IngressFixture.Answer polled = ingress.get(path, ingress.token(user));
      assertThat(polled.code()).isEqualTo("TICKET_UNAVAILABLE");
    } finally {
      ingress.servers.database().start();
    }
    await().until(database::isUp);
    IngressFixture.Answer repeated = ingress.book(user, event, 1, KEY, "k");
    assertThat(repeated.json().get("status").asString()).isEqualTo("REJECTED");
    assertThat(commandsOf(user)).isEmpty();
  }

  @Test
  void repetitionOfFinalTicketStoresNoPendingEntry() {
    long event = ingress.newEvent();
    String user = IngressFixture.newUser();
    UUID ticket =
        UUID.fromString(ingress.book(user, event, 1, KEY, "k").json().get("ticketId").asString());
    ingress.decide(commandsOf(user).getFirst(), TicketStatus.REJECTED, Reason.SOLD_OUT, null);
    ingress.evictStatus(ticket);
    assertThat(ingress.book(user, event, 1, KEY, "k").json().get("status").asString())
        .isEqualTo("REJECTED");
    assertThat(ingress.statusStore().find(ticket)).isEmpty();
  }
}
