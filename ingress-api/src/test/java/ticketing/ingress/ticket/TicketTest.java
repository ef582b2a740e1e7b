package ticketing.ingress.ticket;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.redisson.client.codec.StringCodec;
import ticketing.domain.Command;
import ticketing.domain.Reason;
import ticketing.domain.Ticket;
import ticketing.domain.TicketIds;
import ticketing.domain.TicketStatus;
import ticketing.ingress.IngressFixture;
import ticketing.redis.RedisGateway;
import ticketing.status.StatusEntry;
import ticketing.status.StatusStore;

/// Polling a ticket.
class TicketTest {

  private final IngressFixture ingress = IngressFixture.shared();

  private static String path(UUID ticketId) {
    return "/api/v1/tickets/" + ticketId;
  }

  private Command booked(String user) {
    return ingress.booked(user, ingress.newEvent(), 2);
  }

  @Test
  void pollShowsThePlaceInLineAndThenTheDecisionForEver() {
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
    // The board forgets it after a while, the ledger never.
    forget(command.ticketId());
    assertThat(ingress.get(path(command.ticketId()), ingress.token(user)).body())
        .isEqualTo(decided.body());
  }

  private void forget(UUID ticketId) {
    ingress
        .context
        .getBean(RedisGateway.class)
        .call(client -> client.getBucket("ticket:" + ticketId, StringCodec.INSTANCE).delete());
  }

  @Test
  void unchangedTicketIsNotSentAgain() {
    String user = IngressFixture.newUser();
    Command command = booked(user);
    IngressFixture.Answer first = ingress.get(path(command.ticketId()), ingress.token(user));
    String tag = first.header("ETag");
    IngressFixture.Answer same =
        ingress.get(path(command.ticketId()), ingress.token(user), "If-None-Match", tag);
    assertThat(same.status()).isEqualTo(304);
    assertThat(same.header("ETag")).isEqualTo(tag);
    assertThat(same.body()).isEmpty();
    ingress.decide(command, TicketStatus.REJECTED, Reason.SOLD_OUT, null);
    IngressFixture.Answer changed =
        ingress.get(path(command.ticketId()), ingress.token(user), "If-None-Match", tag);
    assertThat(changed.status()).isEqualTo(200);
    assertThat(changed.json().get("reason").asString()).isEqualTo("SOLD_OUT");
  }

  @Test
  void longPollAnswersAsSoonAsTheTicketIsFinal() {
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
    return ingress.context.getBean(DecisionListener.class).isAwaited(ticketId);
  }

  private CompletableFuture<IngressFixture.Answer> poll(
      String user, Command command, String prefer) {
    return CompletableFuture.supplyAsync(
        () -> ingress.get(path(command.ticketId()), ingress.token(user), "Prefer", prefer));
  }

  @Test
  void longPollEndsWithWhatIsKnown() {
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
  void nobodyWaitsBeyondTheBound() {
    IngressFixture strict = IngressFixture.strict();
    String user = IngressFixture.newUser();
    Command command = booked(user);
    CompletableFuture<IngressFixture.Answer> first =
        CompletableFuture.supplyAsync(() -> waitAt(strict, user, command, "wait=20", "10.6.0.1"));
    await().until(() -> waiting(strict, command.ticketId()));
    IngressFixture.Answer second = waitAt(strict, user, command, "wait=20", "10.6.0.2");
    assertThat(second.json().get("status").asString()).isEqualTo("PENDING");
    assertThat(second.header("Preference-Applied")).isNull();
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
  void strangerDoesNotLearnThatATicketExists() {
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
  void decisionThatTheBoardMissedIsFoundInTheLedger() {
    String user = IngressFixture.newUser();
    Command command = booked(user);
    StatusStore board = ingress.board();
    StatusEntry pending = board.find(command.ticketId()).orElseThrow();
    Ticket decided = ingress.decide(command, TicketStatus.REJECTED, Reason.SOLD_OUT, null);
    // Redis has come back from an older copy of its data.
    forget(command.ticketId());
    board.storePending(pending).join();
    await()
        .untilAsserted(
            () ->
                assertThat(
                        ingress
                            .get(path(command.ticketId()), ingress.token(user))
                            .json()
                            .get("status")
                            .asString())
                    .isEqualTo("REJECTED"));
    assertThat(board.find(command.ticketId()).orElseThrow().ticket()).isEqualTo(decided);
  }

  @Test
  void ticketThatTheBoardMayHaveLostIsNotSaidToBeUnknown() {
    String user = IngressFixture.newUser();
    Command command = booked(user);
    assertThat(ingress.get(path(TicketIds.newId()), ingress.token(user)).status()).isEqualTo(404);
    RedisGateway redis = ingress.context.getBean(RedisGateway.class);
    redis.call(client -> client.getBucket("board:whole-since", StringCodec.INSTANCE).delete());
    forget(command.ticketId());
    for (UUID doubtful : List.of(command.ticketId(), TicketIds.derivedFrom(user, "key"))) {
      IngressFixture.Answer answer = ingress.get(path(doubtful), ingress.token(user));
      assertThat(answer.status()).isEqualTo(503);
      assertThat(answer.code()).isEqualTo("TICKET_UNAVAILABLE");
      assertThat(answer.header("Retry-After")).isEqualTo("2");
    }
    assertThat(ingress.get(path(UUID.randomUUID()), ingress.token(user)).status()).isEqualTo(404);
    assertThat(ingress.get(path(TicketIds.newId()), ingress.token(user)).status()).isEqualTo(404);
    ingress.decide(command, TicketStatus.REJECTED, Reason.SOLD_OUT, null);
    assertThat(ingress.get(path(command.ticketId()), ingress.token(user)).status()).isEqualTo(200);
    redis.call(
        client -> {
          client.getBucket("board:whole-since", StringCodec.INSTANCE).set("0");
          return null;
        });
  }
}
