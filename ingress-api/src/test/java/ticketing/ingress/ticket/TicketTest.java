package ticketing.ingress.ticket;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.redisson.client.codec.StringCodec;
import org.springframework.jdbc.core.JdbcTemplate;
import ticketing.database.DatabaseHealth;
import ticketing.domain.Command;
import ticketing.domain.Reason;
import ticketing.domain.Ticket;
import ticketing.domain.TicketStatus;
import ticketing.ingress.IngressFixture;
import ticketing.redis.RedisGateway;
import ticketing.status.StatusEntry;
import ticketing.status.StatusStore;

/// Polls and long polls of tickets.
class TicketTest {

  private final IngressFixture ingress = IngressFixture.shared();

  private static String path(UUID ticketId) {
    return "/api/v1/tickets/" + ticketId;
  }

  private Command booked(String user) {
    return ingress.booked(user, ingress.newEvent(), 2);
  }

  @Test
  void pollShowsPositionThenDecision() {
    String user = IngressFixture.newUser();
    Command command = booked(user);
    IngressFixture.Answer pending = ingress.get(path(command.ticketId()), ingress.token(user));
    assertThat(pending.status()).isEqualTo(200);
    assertThat(pending.json().get("status").asString()).isEqualTo("PENDING");
    assertThat(pending.json().get("position").longValue()).isZero();
    assertThat(pending.header("Retry-After")).isEqualTo("1");

    long reservation = ingress.reserve(user, command.eventId(), "CONFIRMED", null);
    ingress.decide(command, TicketStatus.CONFIRMED, null, reservation);
    IngressFixture.Answer decided = ingress.get(path(command.ticketId()), ingress.token(user));
    assertThat(decided.json().propertyNames())
        .containsExactly(
            "ticketId",
            "action",
            "status",
            "eventId",
            "seatType",
            "quantity",
            "acceptedAt",
            "decidedAt",
            "reservationId",
            "totalPrice");
    assertThat(decided.json().get("totalPrice").asString()).isEqualTo("300000.00");
    assertThat(decided.header("Retry-After")).isNull();
    // The status store evicts the ticket, the ledger keeps it.
    ingress.evictStatus(command.ticketId());
    assertThat(ingress.get(path(command.ticketId()), ingress.token(user)).body())
        .isEqualTo(decided.body());
  }

  @Test
  void decisionOfNewerVersionFailsOnlyItself() {
    String user = IngressFixture.newUser();
    List<Command> commands = IntStream.range(0, 20).mapToObj(i -> booked(user)).toList();
    commands.forEach(
        command -> ingress.decide(command, TicketStatus.REJECTED, Reason.SOLD_OUT, null));
    UUID newer = commands.getFirst().ticketId();
    ingress.sql().update("update tickets set decision = 'NEWER' where id = ?", newer.toString());
    DecisionReader reader = ingress.context.getBean(DecisionReader.class);
    Map<UUID, CompletableFuture<DecisionReader.Lookup>> lookUps = new HashMap<>();
    try (ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
      for (Command command : commands) {
        UUID id = command.ticketId();
        lookUps.put(id, CompletableFuture.supplyAsync(() -> reader.lookUp(id), threads));
      }
    }
    lookUps.forEach((id, lookUp) ->
        assertThat(lookUp.join())
            .isInstanceOf(
                id.equals(newer)
                    ? DecisionReader.Lookup.Unavailable.class
                    : DecisionReader.Lookup.Decided.class));
    ingress.evictStatus(newer);
    assertThat(ingress.get(path(newer), ingress.token(user)).status()).isIn(200, 503);
  }

  @Test
  void ticketRemovedByRetentionIsNotFound() {
    String user = IngressFixture.newUser();
    Command command = booked(user);
    ingress.evictStatus(command.ticketId());
    assertThat(ingress.get(path(command.ticketId()), ingress.token(user)).status()).isEqualTo(200);
    ingress
        .context
        .getBean(JdbcTemplate.class)
        .update(
            "INSERT INTO removed_tickets VALUES (UNHEX(REPLACE(?, '-', '')), UTC_DATE())",
            command.ticketId().toString());
    IngressFixture.Answer removed = ingress.get(path(command.ticketId()), ingress.token(user));
    assertThat(removed.status()).isEqualTo(404);
    assertThat(removed.code()).isEqualTo("TICKET_NOT_FOUND");
  }

  @Test
  void unchangedTicketIsNotModified() {
    String user = IngressFixture.newUser();
    Command command = booked(user);
    IngressFixture.Answer first = ingress.get(path(command.ticketId()), ingress.token(user));
    String tag = first.header("ETag");
    IngressFixture.Answer unchanged =
        ingress.get(path(command.ticketId()), ingress.token(user), "If-None-Match", tag);
    assertThat(unchanged.status()).isEqualTo(304);
    assertThat(unchanged.header("ETag")).isEqualTo(tag);
    assertThat(unchanged.body()).isEmpty();
    ingress.decide(command, TicketStatus.REJECTED, Reason.SOLD_OUT, null);
    IngressFixture.Answer changed =
        ingress.get(path(command.ticketId()), ingress.token(user), "If-None-Match", tag);
    assertThat(changed.status()).isEqualTo(200);
    assertThat(changed.json().get("reason").asString()).isEqualTo("SOLD_OUT");
  }

  @Test
  void longPollEndsWithTheDecision() {
    String user = IngressFixture.newUser();
    Command command = booked(user);
    CompletableFuture<IngressFixture.Answer> poll = poll(user, command, "respond-async, wait=20");
    await().until(() -> waiting(ingress, command.ticketId()));
    ingress.decide(command, TicketStatus.REJECTED, Reason.LIMIT_EXCEEDED, null);
    IngressFixture.Answer answer = poll.join();
    assertThat(answer.json().get("status").asString()).isEqualTo("REJECTED");
    assertThat(answer.header("Preference-Applied")).isEqualTo("wait=20");
  }

  private static boolean waiting(IngressFixture ingress, UUID ticketId) {
    return ingress.context.getBean(LongPolls.class).isAwaited(ticketId);
  }

  private CompletableFuture<IngressFixture.Answer> poll(
      String user, Command command, String prefer) {
    return CompletableFuture.supplyAsync(
        () -> ingress.get(path(command.ticketId()), ingress.token(user), "Prefer", prefer),
        Thread::startVirtualThread);
  }

  @Test
  void longPollEndsAfterItsTime() {
    String user = IngressFixture.newUser();
    Command command = booked(user);
    Instant before = Instant.now();
    IngressFixture.Answer answer = poll(user, command, "wait=1").join();
    assertThat(Duration.between(before, Instant.now())).isGreaterThan(Duration.ofMillis(900));
    assertThat(answer.status()).isEqualTo(200);
    assertThat(answer.json().get("status").asString()).isEqualTo("PENDING");
    assertThat(answer.header("Preference-Applied")).isEqualTo("wait=1");
    assertThat(poll(user, command, "wait=soon").join().header("Preference-Applied")).isNull();
  }

  @Test
  void excessLongPollIsRateLimited() {
    IngressFixture strict = IngressFixture.strict();
    String user = IngressFixture.newUser();
    Command command = booked(user);
    CompletableFuture<IngressFixture.Answer> first =
        CompletableFuture.supplyAsync(
            () -> waitAt(strict, user, command, "wait=20", "10.6.0.1"), Thread::startVirtualThread);
    await().until(() -> waiting(strict, command.ticketId()));
    IngressFixture.Answer second = waitAt(strict, user, command, "wait=20", "10.6.0.2");
    assertThat(second.status()).isEqualTo(429);
    assertThat(second.code()).isEqualTo("RATE_LIMITED");
    assertThat(second.header("Retry-After")).isNotNull();
    ingress.decide(command, TicketStatus.REJECTED, Reason.SOLD_OUT, null);
    assertThat(first.join().json().get("status").asString()).isEqualTo("REJECTED");
  }

  private static IngressFixture.Answer waitAt(
      IngressFixture ingress, String user, Command command, String prefer, String address) {
    return ingress.get(
        path(command.ticketId()),
        ingress.token(user),
        "Prefer",
        prefer,
        "X-Forwarded-For",
        address);
  }

  @Test
  void ticketIsInvisibleToOthers() {
    String user = IngressFixture.newUser();
    Command command = booked(user);
    String stranger = ingress.token(IngressFixture.newUser());
    IngressFixture.Answer others = ingress.get(path(command.ticketId()), stranger);
    IngressFixture.Answer none = ingress.get(path(UUID.randomUUID()), stranger, "Prefer", "wait=5");
    assertThat(others.status()).isEqualTo(404);
    assertThat(others.code()).isEqualTo("TICKET_NOT_FOUND");
    assertThat(others.bodyWithoutInstance()).isEqualTo(none.bodyWithoutInstance());
    assertThat(ingress.get(path(command.ticketId()), ingress.admin()).status()).isEqualTo(200);
  }

  @Test
  void missedDecisionIsReadFromTheLedger() {
    String user = IngressFixture.newUser();
    Command command = booked(user);
    StatusStore statusStore = ingress.statusStore();
    StatusEntry pending = statusStore.find(command.ticketId()).orElseThrow();
    Ticket decided = ingress.decide(command, TicketStatus.REJECTED, Reason.SOLD_OUT, null);
    // Redis restarts with an older state.
    ingress.evictStatus(command.ticketId());
    statusStore.storePending(pending).join();
    await()
        .untilAsserted(() ->
            assertThat(
                    ingress
                        .get(path(command.ticketId()), ingress.token(user))
                        .json()
                        .get("status")
                        .asString())
                .isEqualTo("REJECTED"));
    assertThat(statusStore.find(command.ticketId()).orElseThrow().ticket()).isEqualTo(decided);
  }

  @Test
  void gaveUpStaysFinalWithoutDatabase() {
    String user = IngressFixture.newUser();
    Command command = booked(user);
    StatusStore statusStore = ingress.statusStore();
    StatusEntry pending = statusStore.find(command.ticketId()).orElseThrow();
    ingress.decide(command, TicketStatus.REJECTED, Reason.GAVE_UP, null);
    // Redis restarts with an older state.
    ingress.evictStatus(command.ticketId());
    statusStore.storePending(pending).join();
    await().untilAsserted(() -> assertThat(reason(user, command)).isEqualTo("GAVE_UP"));
    DatabaseHealth database = ingress.context.getBean(DatabaseHealth.class);
    ingress.servers.database().stop();
    try {
      await().until(() -> !database.isUp());
      assertThat(reason(user, command)).isEqualTo("GAVE_UP");
    } finally {
      ingress.servers.database().start();
    }
    await().until(database::isUp);
  }

  private String reason(String user, Command command) {
    return ingress
        .get(path(command.ticketId()), ingress.token(user))
        .json()
        .path("reason")
        .asString("");
  }

  @Test
  void acceptedTicketWithoutEntryIsPending() {
    String user = IngressFixture.newUser();
    Command command = booked(user);
    ingress.evictStatus(command.ticketId());
    IngressFixture.Answer pending = ingress.get(path(command.ticketId()), ingress.token(user));
    assertThat(pending.status()).isEqualTo(200);
    assertThat(pending.body())
        .isEqualTo("{\"ticketId\":\"%s\",\"status\":\"PENDING\"}".formatted(command.ticketId()));
    assertThat(pending.header("Retry-After")).isEqualTo("1");
    for (String other : List.of(ingress.token(IngressFixture.newUser()), ingress.admin())) {
      assertThat(ingress.get(path(command.ticketId()), other).code()).isEqualTo("TICKET_NOT_FOUND");
    }
    ingress.decide(command, TicketStatus.REJECTED, Reason.SOLD_OUT, null);
    ingress.evictStatus(command.ticketId());
    for (String reader : List.of(ingress.token(user), ingress.admin())) {
      assertThat(ingress.get(path(command.ticketId()), reader).json().get("status").asString())
          .isEqualTo("REJECTED");
    }
  }

  @Test
  void longPollWithoutEntryGetsDecision() {
    String user = IngressFixture.newUser();
    Command command = booked(user);
    ingress.evictStatus(command.ticketId());
    CompletableFuture<IngressFixture.Answer> poll = poll(user, command, "wait=20");
    await().until(() -> waiting(ingress, command.ticketId()));
    ingress.decide(command, TicketStatus.REJECTED, Reason.SOLD_OUT, null);
    assertThat(poll.join().json().get("status").asString()).isEqualTo("REJECTED");
  }

  @Test
  void unknownIdsCauseNoQuery() {
    String user = IngressFixture.newUser();
    String token = ingress.token(user);
    String stranger = IngressFixture.newUser();
    long before = ingress.countSelects();
    for (int i = 0; i < 100; i++) {
      for (UUID id :
          List.of(UUID.randomUUID(), timeOrdered(i), ingress.ticketIds().newId(stranger))) {
        assertThat(ingress.get(path(id), token).status()).isEqualTo(404);
      }
    }
    // Other instances on the same server run a few queries meanwhile.
    assertThat(ingress.countSelects() - before).isLessThan(100);
  }

  @Test
  void unknownReservationsAndEventsCauseFewQueries() {
    String token = ingress.token(IngressFixture.newUser());
    Random random = new Random(18);
    long before = ingress.countSelects();
    for (int i = 0; i < 1_000; i++) {
      long id = 1_000_000_000 + random.nextInt(1_000_000_000);
      assertThat(ingress.get("/api/v1/events/" + id, null).status()).isEqualTo(404);
      assertThat(ingress.get("/api/v1/reservations/" + id, token).status()).isEqualTo(404);
    }
    // Each table is read once in ten seconds; other instances on the server run a few queries too.
    assertThat(ingress.countSelects() - before).isLessThan(400);
    long event = ingress.newEvent();
    assertThat(ingress.get("/api/v1/events/" + event, null).status()).isEqualTo(200);
  }

  private static UUID timeOrdered(int i) {
    return new UUID(System.currentTimeMillis() << 16 | 0x7000 | i, 1L << 63 | i);
  }

  @Test
  void unsignedIdsAreReadOnlyIfConfigured() {
    String user = IngressFixture.newUser();
    Command command =
        new Command.BookSeats(timeOrdered(1), user, ingress.newEvent(), "VIP", 1, Instant.now());
    Ticket decided = ingress.decide(command, TicketStatus.REJECTED, Reason.SOLD_OUT, null);
    String token = ingress.token(user);
    assertThat(ingress.get(path(decided.ticketId()), token).status()).isEqualTo(200);
    ingress.evictStatus(decided.ticketId());
    assertThat(ingress.get(path(decided.ticketId()), token).status()).isEqualTo(404);
    try (IngressFixture upgraded =
        ingress.sibling(Map.of("ticketing.tickets.accept-unsigned-ids", "true"))) {
      assertThat(upgraded.get(path(decided.ticketId()), token).status()).isEqualTo(200);
      assertThat(upgraded.get(path(timeOrdered(2)), token).status()).isEqualTo(404);
    }
  }

  @Test
  void undecidedTicketsAreListedNewestFirst() {
    String user = IngressFixture.newUser();
    long event = ingress.newEvent();
    Command first = ingress.booked(user, event, 1);
    Command second = ingress.booked(user, event, 2);
    Command third = ingress.booked(user, event, 3);
    assertThat(undecided(user, ""))
        .containsExactly(third.ticketId(), second.ticketId(), first.ticketId());
    assertThat(undecided(user, "?status=PENDING")).hasSize(3);
    assertThat(undecided(user, "?status=CONFIRMED")).isEmpty();
    assertThat(undecided(IngressFixture.newUser(), "")).isEmpty();
    ingress.decide(second, TicketStatus.CONFIRMED, null, null);
    assertThat(undecided(user, "")).containsExactly(third.ticketId(), first.ticketId());
    assertThat(ingress.get("/api/v1/users/me/tickets?status=NICE", ingress.token(user)).status())
        .isEqualTo(400);
  }

  @Test
  void evictedTicketsAreListedByTheLedger() {
    String user = IngressFixture.newUser();
    long event = ingress.newEvent();
    Command undecided = ingress.booked(user, event, 1);
    Command decided = ingress.booked(user, event, 1);
    insertDecision(decided, user);
    ingress.evictStatus(undecided.ticketId());
    ingress.evictStatus(decided.ticketId());
    assertThat(undecided(user, "")).containsExactly(undecided.ticketId());
    assertThat(ingress.statusStore().findUndecided(user)).containsExactly(undecided.ticketId());
  }

  /// Decides without a publication.
  private void insertDecision(Command command, String user) {
    ingress
        .sql()
        .update(
            "insert into tickets (id, action, user_id, event_id, seat_type, quantity, decision,"
                + " accepted_at, decided_at) values (?, 'BOOK', ?, ?, 'VIP', 1, 'CONFIRMED', ?, ?)",
            command.ticketId().toString(),
            user,
            command.eventId(),
            java.sql.Timestamp.from(command.acceptedAt()),
            java.sql.Timestamp.from(command.acceptedAt()));
  }

  @Test
  void unreadableIndexOfTicketsCountsAsAbsent() {
    String user = IngressFixture.newUser();
    ingress
        .context
        .getBean(RedisGateway.class)
        .call(client -> {
          client.getBucket("undecided:" + user, StringCodec.INSTANCE).set("foreign");
          return null;
        });
    assertThat(undecided(user, "")).isEmpty();
    Command command = ingress.booked(user, ingress.newEvent(), 1);
    assertThat(undecided(user, "")).containsExactly(command.ticketId());
  }

  private List<UUID> undecided(String user, String query) {
    IngressFixture.Answer answer =
        ingress.get("/api/v1/users/me/tickets" + query, ingress.token(user));
    assertThat(answer.status()).isEqualTo(200);
    return answer.json().get("content").findValues("ticketId").stream()
        .map(id -> UUID.fromString(id.asString()))
        .toList();
  }
}
