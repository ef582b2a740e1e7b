package ticketing.ingress.waitinglist;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import ticketing.domain.Command;
import ticketing.domain.Money;
import ticketing.ingress.IngressFixture;
import ticketing.ingress.event.EventRepository;
import tools.jackson.databind.JsonNode;

/// Calls of the waiting list and fields of its events.
class WaitingListTest {

  private static final String PATH = "/api/v1/waiting-list";

  private final IngressFixture ingress = IngressFixture.shared();

  private long event(String more) {
    return ingress
        .post("/api/v1/events", ingress.admin(), IngressFixture.event(more))
        .json()
        .get("eventId")
        .longValue();
  }

  private long eventWithWaitingList() {
    return event(",\"waitingList\":true,\"offerMinutes\":15");
  }

  private List<Command> commandsOf(String user) {
    return ingress.drain().stream().filter(command -> command.userId().equals(user)).toList();
  }

  /// Inserts an entry like a worker.
  private long entry(String user, long event, int sequence, String status) {
    String ticket = UUID.randomUUID().toString();
    ingress
        .sql()
        .update(
            """
            insert into waiting_entries (ticket_id, event_id, sequence, seat_type, quantity,
              user_id, price, status, joined_at)
            values (?, ?, ?, 'VIP', 2, ?, 150000.00, ?, utc_timestamp(6))\
            """,
            ticket,
            event,
            sequence,
            user,
            status);
    return ingress
        .sql()
        .queryForObject("select id from waiting_entries where ticket_id = ?", Long.class, ticket);
  }

  @Test
  void eventHasTheFieldsOfItsWaitingList() {
    long event = eventWithWaitingList();
    String path = "/api/v1/events/" + event;
    JsonNode created = ingress.get(path, null).json();
    assertThat(created.get("waitingList").booleanValue()).isTrue();
    assertThat(created.get("offerMinutes").intValue()).isEqualTo(15);
    IngressFixture.Answer repeated = ingress.send("PUT", path, ingress.admin(), created.toString());
    assertThat(repeated.status()).isEqualTo(200);
    assertThat(repeated.json().get("waitingList").booleanValue()).isTrue();
    IngressFixture.Answer changed =
        ingress.send("PUT", path, ingress.admin(), IngressFixture.event(""));
    assertThat(changed.json().get("waitingList").booleanValue()).isFalse();
    assertThat(changed.json().get("offerMinutes").isNull()).isTrue();
    JsonNode plain = ingress.get("/api/v1/events/" + ingress.newEvent(), null).json();
    assertThat(plain.get("waitingList").booleanValue()).isFalse();
  }

  @Test
  void waitingListNeedsTheTimeOfAnOffer() {
    for (String more :
        List.of(
            ",\"waitingList\":true",
            ",\"waitingList\":true,\"offerMinutes\":null",
            ",\"waitingList\":true,\"offerMinutes\":0",
            ",\"waitingList\":true,\"offerMinutes\":1441",
            ",\"waitingList\":true,\"offerMinutes\":1.5")) {
      IngressFixture.Answer answer =
          ingress.post("/api/v1/events", ingress.admin(), IngressFixture.event(more));
      assertThat(answer.status()).as(more).isEqualTo(400);
      assertThat(answer.json().get("errors").findValuesAsString("field"))
          .containsExactly("offerMinutes");
    }
  }

  @Test
  void joinIsQueuedWithItsTicket() {
    long event = eventWithWaitingList();
    String user = IngressFixture.newUser();
    IngressFixture.Answer answer =
        ingress.post(
            PATH,
            ingress.token(user),
            IngressFixture.booking(event, 2),
            "Idempotency-Key",
            "join-" + event);
    assertThat(answer.status()).isEqualTo(202);
    assertThat(answer.json().get("action").asString()).isEqualTo("JOIN");
    assertThat(answer.json().get("status").asString()).isEqualTo("PENDING");
    assertThat(answer.header("Location"))
        .isEqualTo("/api/v1/tickets/" + answer.json().get("ticketId").asString());
    IngressFixture.Answer repeated =
        ingress.post(
            PATH,
            ingress.token(user),
            IngressFixture.booking(event, 2),
            "Idempotency-Key",
            "join-" + event);
    assertThat(repeated.json().get("ticketId")).isEqualTo(answer.json().get("ticketId"));
    assertThat(
            ingress
                .post(
                    PATH,
                    ingress.token(user),
                    IngressFixture.booking(event, 3),
                    "Idempotency-Key",
                    "join-" + event)
                .code())
        .isEqualTo("IDEMPOTENCY_KEY_REUSED");
    assertThat(commandsOf(user))
        .isNotEmpty()
        .allSatisfy(command -> {
          Command.JoinWaitingList join = (Command.JoinWaitingList) command;
          assertThat(join.price()).isEqualTo(Money.of("150000.00"));
          assertThat(join.quantity()).isEqualTo(2);
          assertThat(join.acceptedAt().toString())
              .isEqualTo(answer.json().get("acceptedAt").asString());
        });
  }

  @Test
  void joinThatCannotSucceedIsRefused() {
    String token = ingress.token(IngressFixture.newUser());
    long none = ingress.newEvent();
    IngressFixture.Answer refused = ingress.post(PATH, token, IngressFixture.booking(none, 1));
    assertThat(refused.status()).isEqualTo(409);
    assertThat(refused.code()).isEqualTo("NO_WAITING_LIST");
    long event = eventWithWaitingList();
    String good = IngressFixture.booking(event, 1);
    for (String bad :
        List.of(
            good.replace("\"quantity\":1", "\"quantity\":0"),
            good.replace("\"quantity\":1", "\"quantity\":11"),
            good.replace("\"quantity\":1", "\"quantity\":1,\"seats\":[]"),
            good.replace("\"VIP\"", "\" \""),
            good.replace("\"VIP\"", "null"))) {
      assertThat(ingress.post(PATH, token, bad).status()).as(bad).isEqualTo(400);
    }
    assertThat(ingress.post(PATH, token, good.replace("VIP", "NOPE")).code())
        .isEqualTo("SEAT_TYPE_NOT_FOUND");
    assertThat(ingress.post(PATH, token, IngressFixture.booking(999_999_999, 1)).code())
        .isEqualTo("EVENT_NOT_FOUND");
    assertThat(ingress.post(PATH, null, good).status()).isEqualTo(401);
    ingress.post("/api/v1/operations/events/" + event + "/pause", ingress.admin(), "");
    assertThat(ingress.post(PATH, token, good).code()).isEqualTo("SALE_NOT_OPEN");
    ingress.delete("/api/v1/events/" + event, ingress.admin());
    assertThat(ingress.post(PATH, token, good).code()).isEqualTo("EVENT_CANCELLED");
  }

  @Test
  void waitingEntriesHaveTheirPositions() {
    long event = eventWithWaitingList();
    String user = IngressFixture.newUser();
    entry(IngressFixture.newUser(), event, 1, "WAITING");
    entry(IngressFixture.newUser(), event, 2, "OFFERED");
    long entry = entry(user, event, 3, "WAITING");
    entry(IngressFixture.newUser(), event, 4, "WAITING");
    entry(user, event, 5, "LEFT");
    JsonNode content =
        ingress.get("/api/v1/users/me/waiting-list", ingress.token(user)).json().get("content");
    assertThat(content).hasSize(1);
    assertThat(content.get(0).get("entryId").longValue()).isEqualTo(entry);
    assertThat(content.get(0).get("status").asString()).isEqualTo("WAITING");
    assertThat(content.get(0).get("position").intValue()).isEqualTo(2);
    assertThat(ingress.context.getBean(EventRepository.class).findUsers(event, "", 10))
        .hasSize(3)
        .contains(user);
    ingress.delete("/api/v1/events/" + event, ingress.admin());
    assertThat(
            ingress.get("/api/v1/users/me/waiting-list", ingress.token(user)).json().get("content"))
        .isEmpty();
  }

  @Test
  void onlyTheOwnerLeavesAnEntry() {
    long event = eventWithWaitingList();
    String user = IngressFixture.newUser();
    long entry = entry(user, event, 1, "WAITING");
    String path = PATH + "/" + entry;
    for (String other : List.of(ingress.token(IngressFixture.newUser()), ingress.admin())) {
      IngressFixture.Answer answer = ingress.delete(path, other);
      assertThat(answer.status()).isEqualTo(404);
      assertThat(answer.code()).isEqualTo("WAITING_ENTRY_NOT_FOUND");
    }
    assertThat(ingress.delete(PATH + "/999999999", ingress.token(user)).status()).isEqualTo(404);
    IngressFixture.Answer answer = ingress.delete(path, ingress.token(user));
    assertThat(answer.status()).isEqualTo(202);
    assertThat(answer.json().get("action").asString()).isEqualTo("LEAVE");
    assertThat(answer.json().get("entryId").longValue()).isEqualTo(entry);
    assertThat(commandsOf(user))
        .singleElement()
        .isInstanceOfSatisfying(
            Command.LeaveWaitingList.class, leave -> assertThat(leave.entryId()).isEqualTo(entry));
  }
}
