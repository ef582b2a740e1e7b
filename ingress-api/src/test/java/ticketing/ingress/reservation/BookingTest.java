package ticketing.ingress.reservation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import ticketing.domain.Command;
import ticketing.domain.EventView;
import ticketing.domain.Money;
import ticketing.ingress.IngressFixture;
import ticketing.ingress.command.CommandAcceptor;
import ticketing.ingress.event.EventEntity;
import ticketing.ingress.event.EventRepository;
import ticketing.ingress.problem.ApiException;
import ticketing.ingress.problem.ErrorCode;
import ticketing.security.AccessTokenIssuer;
import ticketing.security.Role;
import ticketing.status.StatusEntry;
import tools.jackson.databind.JsonNode;

/// Booking, confirming, cancelling, and what is left of it.
class BookingTest {

  private final IngressFixture ingress = IngressFixture.shared();

  private List<Command> commandsOf(String user) {
    return ingress.drain().stream().filter(command -> command.userId().equals(user)).toList();
  }

  @Test
  void acceptedBookingIsQueuedWithItsTicket() {
    long event = ingress.newEvent();
    String user = IngressFixture.newUser();
    IngressFixture.Answer answer = ingress.book(user, event, 2);
    assertThat(answer.status()).isEqualTo(202);
    JsonNode ticket = answer.json();
    assertThat(ticket.propertyNames())
        .containsExactly(
            "ticketId",
            "action",
            "status",
            "eventId",
            "seatType",
            "quantity",
            "position",
            "acceptedAt",
            "totalPrice");
    assertThat(ticket.get("totalPrice").asString()).isEqualTo("300000.00");
    assertThat(ticket.get("action").asString()).isEqualTo("BOOK");
    assertThat(ticket.get("status").asString()).isEqualTo("PENDING");
    assertThat(answer.header("Location"))
        .isEqualTo("/api/v1/tickets/" + ticket.get("ticketId").asString());
    assertThat(answer.header("Retry-After")).isEqualTo("1");
    assertThat(commandsOf(user))
        .usingRecursiveFieldByFieldElementComparatorIgnoringFields("attemptId")
        .containsExactly(
            new Command.BookSeats(
                    UUID.fromString(ticket.get("ticketId").asString()),
                    user,
                    event,
                    "VIP",
                    2,
                    Instant.parse(ticket.get("acceptedAt").asString()))
                .withPrice(Money.of("150000.00")));
  }

  @Test
  void badBookingIsRefusedAndNotQueued() {
    long event = ingress.newEvent();
    String user = IngressFixture.newUser();
    String token = ingress.token(user);
    String good = IngressFixture.booking(event, 1);
    for (String[] change :
        new String[][] {
          {"\"quantity\":1", "\"quantity\":0", "quantity"},
          {"\"quantity\":1", "\"quantity\":11", "quantity"},
          {"\"quantity\":1", "\"quantity\":1.0", "quantity"},
          {"\"quantity\":1", "\"quantity\":\"1\"", "quantity"},
          {"\"quantity\":1", "\"quantity\":null", "quantity"},
          {"\"quantity\":1", "\"quantity\":99999999999", "quantity"},
          {"\"VIP\"", "\"\"", "seatType"},
          {"\"VIP\"", "true", "seatType"},
          {"\"quantity\":1", "\"quantity\":1,\"price\":\"1.00\"", "price"},
          {"\"quantity\":1", "\"quantity\":1,\"quantity\":2", "body"},
        }) {
      IngressFixture.Answer answer =
          ingress.post("/api/v1/reservations", token, good.replace(change[0], change[1]));
      assertThat(answer.status()).as(change[1]).isEqualTo(400);
      assertThat(answer.code()).isEqualTo("INVALID_REQUEST");
      assertThat(answer.json().get("errors").findValuesAsString("field"))
          .as(change[1])
          .containsExactly(change[2]);
    }
    IngressFixture.Answer noSuchType =
        ingress.post("/api/v1/reservations", token, good.replace("VIP", "NOPE"));
    assertThat(noSuchType.status()).isEqualTo(404);
    assertThat(noSuchType.code()).isEqualTo("SEAT_TYPE_NOT_FOUND");
    IngressFixture.Answer notAcceptable =
        ingress.post("/api/v1/reservations", token, good, "Accept", "text/html");
    assertThat(notAcceptable.status()).isEqualTo(406);
    assertThat(ingress.post("/api/v1/reservations", null, good).status()).isEqualTo(401);
    assertThat(commandsOf(user)).isEmpty();
  }

  @Test
  void soldOutEndsWhenSeatsReturn() {
    long event = ingress.newEvent(10, 0);
    String user = IngressFixture.newUser();
    IngressFixture.Answer refused = ingress.book(user, event, 1);
    assertThat(refused.status()).isEqualTo(409);
    assertThat(refused.code()).isEqualTo("SOLD_OUT");
    IngressFixture other = IngressFixture.strict();
    String[] there = {"X-Forwarded-For", "10.5.0.1"};
    assertThat(other.book(user, event, 1, there).code()).isEqualTo("SOLD_OUT");
    assertThat(commandsOf(user)).isEmpty();
    // A seat is free again, and the worker publishes the event.
    ingress.sql().update("update seat_types set available_seats = 1 where event_id = ?", event);
    ingress
        .sql()
        .update("update events set available_seats = 1, version = version + 1 where id = ?", event);
    EventView changed =
        ingress
            .context
            .getBean(EventRepository.class)
            .find(event)
            .map(EventEntity::view)
            .orElseThrow();
    assertThat(other.book(user, event, 1, there).code()).isEqualTo("SOLD_OUT");
    ingress.statusStore().publish(List.of(), 0, changed, List.of());
    for (IngressFixture instance : List.of(ingress, other)) {
      await()
          .pollInterval(Duration.ofSeconds(1))
          .untilAsserted(
              () -> assertThat(instance.book(user, event, 1, there).status()).isEqualTo(202));
    }
  }

  /// The event is not published again: a worker expires the hold with the next booking.
  @Test
  void soldOutEventTakesBookingsAfterAHold() {
    long event = ingress.newEvent(2, 0);
    String user = IngressFixture.newUser();
    Instant end = Instant.parse("2035-01-01T00:00:00Z");
    long hold = ingress.reserve(IngressFixture.newUser(), event, "HELD", end);
    ingress.reserve(IngressFixture.newUser(), event, "EXPIRED", Instant.now().minusSeconds(60));
    assertThat(ingress.book(user, event, 1).code()).isEqualTo("SOLD_OUT");
    ingress.sql().update("update reservations set expires_at = '2020-01-01' where id = ?", hold);
    await()
        .atMost(Duration.ofSeconds(30))
        .untilAsserted(() -> assertThat(ingress.book(user, event, 1).status()).isEqualTo(202));
  }

  @Test
  void outdatedSoldOutCacheEntryIsIgnored() {
    long event = ingress.newEvent(10, 0);
    assertThat(ingress.book(IngressFixture.newUser(), event, 1).code()).isEqualTo("SOLD_OUT");
    ingress.sql().update("update seat_types set available_seats = 5 where event_id = ?", event);
    ingress
        .sql()
        .update("update events set available_seats = 5, version = version + 1 where id = ?", event);
    // No event was published, so Redis contains the sold-out event.
    await()
        .untilAsserted(() ->
            assertThat(ingress.book(IngressFixture.newUser(), event, 1).status()).isEqualTo(202));
  }

  @Test
  void retryAfterGrowsWithThePosition() {
    long event = ingress.newEvent();
    for (int i = 0; i < 3_000; i += 100) {
      storePending(event, 100);
    }
    IngressFixture.Answer answer = ingress.book(IngressFixture.newUser(), event, 1);
    assertThat(answer.json().get("position").longValue()).isEqualTo(3_000);
    assertThat(Integer.parseInt(answer.header("Retry-After"))).isBetween(2, 30);
  }

  private void storePending(long event, int requests) {
    java.util.concurrent.CompletableFuture.allOf(
            java.util.stream.IntStream.range(0, requests)
                .mapToObj(i ->
                    ingress
                        .statusStore()
                        .storePending(
                            StatusEntry.pending(
                                new Command.BookSeats(
                                    UUID.randomUUID(),
                                    "other",
                                    event,
                                    "VIP",
                                    1,
                                    Instant.now().minusSeconds(60)))))
                .toArray(java.util.concurrent.CompletableFuture[]::new))
        .join();
  }

  @Test
  void ownerConfirmsAndCancels() {
    long event = ingress.newEvent();
    String user = IngressFixture.newUser();
    Instant expires = Instant.parse("2035-01-01T00:00:00Z");
    long held = ingress.reserve(user, event, "HELD", expires);
    String path = "/api/v1/reservations/" + held;
    IngressFixture.Answer read = ingress.get(path, ingress.token(user));
    assertThat(read.status()).isEqualTo(200);
    assertThat(read.json().propertyNames())
        .containsExactly(
            "reservationId",
            "ticketId",
            "eventId",
            "seatType",
            "quantity",
            "totalPrice",
            "status",
            "reservedAt",
            "expiresAt",
            "cancelledAt",
            "offer");
    assertThat(read.json().get("totalPrice").asString()).isEqualTo("300000.00");
    assertThat(read.json().get("expiresAt").asString()).isEqualTo("2035-01-01T00:00:00Z");

    IngressFixture.Answer confirmed =
        ingress.post(path + "/confirmation", ingress.token(user), null);
    IngressFixture.Answer cancelled = ingress.delete(path, ingress.token(user));
    assertThat(confirmed.status()).isEqualTo(202);
    assertThat(confirmed.json().get("action").asString()).isEqualTo("CONFIRM");
    assertThat(confirmed.json().get("reservationId").longValue()).isEqualTo(held);
    assertThat(cancelled.status()).isEqualTo(202);
    assertThat(cancelled.json().get("action").asString()).isEqualTo("CANCEL");
    List<Command> commands = commandsOf(user);
    assertThat(commands)
        .hasSize(2)
        .anyMatch(command -> command instanceof Command.ConfirmHold)
        .anyMatch(command -> command instanceof Command.CancelReservation c && !c.onBehalf());
  }

  @Test
  void confirmationIsIdempotent() {
    String user = IngressFixture.newUser();
    long confirmed = ingress.reserve(user, ingress.newEvent(), "CONFIRMED", null);
    assertThat(confirm(user, confirmed).status()).isEqualTo(202);
    assertThat(commandsOf(user))
        .singleElement()
        .isInstanceOfSatisfying(
            Command.ConfirmHold.class,
            again -> assertThat(again.reservationId()).isEqualTo(confirmed));
  }

  @Test
  void expiredHoldIsNotConfirmed() {
    long event = ingress.newEvent();
    String user = IngressFixture.newUser();
    for (String status : List.of("HELD", "EXPIRED")) {
      long hold = ingress.reserve(user, event, status, Instant.now().minusSeconds(1));
      IngressFixture.Answer refused = confirm(user, hold);
      assertThat(refused.status()).isEqualTo(409);
      assertThat(refused.code()).isEqualTo("HOLD_EXPIRED");
    }
    assertThat(commandsOf(user)).isEmpty();
  }

  @Test
  void holdOfACancelledEventIsNotConfirmed() {
    long event = ingress.newEvent();
    String user = IngressFixture.newUser();
    long hold = ingress.reserve(user, event, "HELD", Instant.parse("2035-01-01T00:00:00Z"));
    long confirmed = ingress.reserve(user, event, "CONFIRMED", null);
    ingress.delete("/api/v1/events/" + event, ingress.admin());
    IngressFixture.Answer refused = confirm(user, hold);
    assertThat(refused.status()).isEqualTo(409);
    assertThat(refused.code()).isEqualTo("EVENT_CANCELLED");
    assertThat(confirm(user, confirmed).status()).isEqualTo(202);
  }

  @Test
  void repeatedConfirmationIsAcceptedAfterTheHold() {
    long event = ingress.newEvent();
    String user = IngressFixture.newUser();
    String[] key = {"Idempotency-Key", "confirm"};
    long hold = ingress.reserve(user, event, "HELD", Instant.parse("2035-01-01T00:00:00Z"));
    IngressFixture.Answer first = confirm(user, hold, key);
    assertThat(ingress.statusStore().oldestConfirmation(event, List.of()))
        .contains(Instant.parse(first.json().get("acceptedAt").asString()));
    ingress.sql().update("update reservations set expires_at = '2020-01-01' where id = ?", hold);
    IngressFixture.Answer again = confirm(user, hold, key);
    assertThat(again.status()).isEqualTo(202);
    for (String property : List.of("ticketId", "acceptedAt")) {
      assertThat(again.json().get(property)).isEqualTo(first.json().get(property));
    }
    assertThat(confirm(user, hold, "Idempotency-Key", "other").code()).isEqualTo("HOLD_EXPIRED");
    assertThat(commandsOf(user))
        .extracting(Command::acceptedAt)
        .containsOnly(Instant.parse(first.json().get("acceptedAt").asString()));
  }

  private IngressFixture.Answer confirm(String user, long reservation, String... headers) {
    return ingress.post(
        "/api/v1/reservations/" + reservation + "/confirmation",
        ingress.token(user),
        null,
        headers);
  }

  /// The hold ends while the status store takes the entry.
  @Test
  void confirmationIsRefusedIfTheHoldEndsMeanwhile() {
    long event = ingress.newEvent();
    String user = IngressFixture.newUser();
    UUID ticket = ingress.ticketIds().newId(user);
    CommandAcceptor acceptor = ingress.context.getBean(CommandAcceptor.class);
    Instant end = Instant.now().plusMillis(5);
    assertThatThrownBy(() ->
            acceptor.acceptUntil(
                end,
                acceptedAt -> {
                  await().until(() -> !Instant.now().isBefore(end));
                  return new Command.ConfirmHold(ticket, user, event, 42, acceptedAt, null, ticket);
                }))
        .isInstanceOfSatisfying(
            ApiException.class,
            refused -> assertThat(refused.code()).isEqualTo(ErrorCode.HOLD_EXPIRED));
    assertThat(ingress.statusStore().find(ticket)).isEmpty();
    assertThat(ingress.statusStore().oldestConfirmation(event, List.of())).isEmpty();
    assertThat(commandsOf(user)).isEmpty();
  }

  /// State after the eviction of the first entry, between the check and the acceptance.
  @Test
  void repetitionWithoutEntryIsNotAccepted() {
    long event = ingress.newEvent();
    String user = IngressFixture.newUser();
    UUID ticket = ingress.ticketIds().newId(user);
    CommandAcceptor acceptor = ingress.context.getBean(CommandAcceptor.class);
    assertThatThrownBy(() ->
            acceptor.acceptRepeated(
                acceptedAt ->
                    new Command.BookSeats(
                        ticket, user, event, "VIP", 1, acceptedAt, "fingerprint", ticket, null),
                () -> ApiException.of(ErrorCode.SALE_CLOSED, "closed")))
        .isInstanceOfSatisfying(
            ApiException.class,
            refused -> assertThat(refused.code()).isEqualTo(ErrorCode.SALE_CLOSED));
    assertThat(ingress.statusStore().find(ticket)).isEmpty();
    assertThat(commandsOf(user)).isEmpty();
  }

  @Test
  void ownerReadsTheChangeImmediately() {
    long event = ingress.newEvent();
    String user = IngressFixture.newUser();
    long id = ingress.reserve(user, event, "CONFIRMED", null);
    String path = "/api/v1/reservations/" + id;
    assertThat(ingress.get(path, ingress.token(user)).json().get("status").asString())
        .isEqualTo("CONFIRMED");
    await().until(() -> ingress.redisGet("reservation:" + id) != null);
    ingress.delete(path, ingress.token(user));
    ingress.sql().update("update reservations set status = 'CANCELLED' where id = ?", id);
    assertThat(ingress.get(path, ingress.token(user)).json().get("status").asString())
        .isEqualTo("CANCELLED");
  }

  @Test
  void staffReadsReservationsButCannotCancelThem() {
    long id = ingress.reserve(IngressFixture.newUser(), ingress.newEvent(), "CONFIRMED", null);
    String path = "/api/v1/reservations/" + id;
    String staff = ingress.context.getBean(AccessTokenIssuer.class).issue("staff", Role.STAFF);
    assertThat(ingress.get(path, staff).status()).isEqualTo(200);
    IngressFixture.Answer refused = ingress.delete(path, staff);
    assertThat(refused.status()).isEqualTo(404);
    assertThat(refused.code()).isEqualTo("RESERVATION_NOT_FOUND");
  }

  @Test
  void reservationIsInvisibleToOthers() {
    long event = ingress.newEvent();
    long id = ingress.reserve(IngressFixture.newUser(), event, "CONFIRMED", null);
    String path = "/api/v1/reservations/" + id;
    String stranger = ingress.token(IngressFixture.newUser());
    String unknown = ingress.get("/api/v1/reservations/999999999", stranger).bodyWithoutInstance();
    for (IngressFixture.Answer answer :
        List.of(
            ingress.get(path, stranger),
            ingress.post(path + "/confirmation", stranger, null),
            ingress.delete(path, stranger))) {
      assertThat(answer.status()).isEqualTo(404);
      assertThat(answer.code()).isEqualTo("RESERVATION_NOT_FOUND");
      assertThat(answer.bodyWithoutInstance()).isEqualTo(unknown);
    }
    assertThat(ingress.get(path, ingress.admin()).status()).isEqualTo(200);
    assertThat(ingress.post(path + "/confirmation", ingress.admin(), null).status()).isEqualTo(404);
    assertThat(ingress.delete(path, ingress.admin()).status()).isEqualTo(202);
    assertThat(commandsOf("admin"))
        .anyMatch(command ->
            command instanceof Command.CancelReservation c
                && c.reservationId() == id
                && c.onBehalf());
  }

  @Test
  void changedPriceIsRefusedWithTheCurrentTotal() {
    long event = ingress.newEvent();
    String token = ingress.token(IngressFixture.newUser());
    String booking = IngressFixture.booking(event, 2).replace("}", ",\"expectedTotal\":\"%s\"}");
    IngressFixture.Answer changed =
        ingress.post("/api/v1/reservations", token, booking.formatted("299999.99"));
    assertThat(changed.status()).isEqualTo(409);
    assertThat(changed.code()).isEqualTo("PRICE_CHANGED");
    assertThat(changed.json().get("currentTotal").asString()).isEqualTo("300000.00");
    IngressFixture.Answer accepted =
        ingress.post(
            "/api/v1/reservations", token, booking.formatted("300000"), "Idempotency-Key", "total");
    assertThat(accepted.status()).isEqualTo(202);
    ingress.sql().update("update seat_types set price = 1 where event_id = ?", event);
    ingress.setAvailableSeats(event, 50);
    IngressFixture.Answer repeated =
        ingress.post(
            "/api/v1/reservations", token, booking.formatted("300000"), "Idempotency-Key", "total");
    assertThat(repeated.status()).isEqualTo(202);
    assertThat(repeated.json().get("ticketId")).isEqualTo(accepted.json().get("ticketId"));
    for (String bad : List.of("-1.00", "1.001", "many")) {
      assertThat(ingress.post("/api/v1/reservations", token, booking.formatted(bad)).status())
          .as(bad)
          .isEqualTo(400);
    }
  }

  @Test
  void listedReservationHasItsEvent() {
    String user = IngressFixture.newUser();
    long event = ingress.newEvent();
    ingress.reserve(user, event, "CONFIRMED", null);
    ingress.delete("/api/v1/events/" + event, ingress.admin());
    JsonNode listed =
        ingress
            .get("/api/v1/users/me/reservations", ingress.token(user))
            .json()
            .get("content")
            .get(0);
    assertThat(listed.get("status").asString()).isEqualTo("CONFIRMED");
    assertThat(listed.has("userId")).isFalse();
    assertThat(listed.get("event").toString())
        .isEqualTo(
            "{\"eventName\":\"Concert\",\"eventDate\":\"2030-12-24T10:00:00Z\",\"venueName\":\"Hall\","
                + "\"venueAddress\":\"Seoul\",\"timeZone\":\"Asia/Seoul\",\"status\":\"CANCELLED\"}");
  }

  @Test
  void reservationsAreSortedNewestFirst() {
    long event = ingress.newEvent();
    String user = IngressFixture.newUser();
    long first = ingress.reserve(user, event, "CONFIRMED", null);
    long second = ingress.reserve(user, event, "CANCELLED", null);
    long third = ingress.reserve(user, event, "CONFIRMED", null);
    ingress.reserve(IngressFixture.newUser(), event, "CONFIRMED", null);
    String token = ingress.token(user);
    JsonNode page = ingress.get("/api/v1/users/me/reservations?size=2", token).json();
    assertThat(page.get("content").findValues("reservationId"))
        .extracting(JsonNode::longValue)
        .containsExactly(third, second);
    assertThat(page.get("page").get("totalElements").longValue()).isEqualTo(3);
    assertThat(page.get("content").get(0).has("userId")).isFalse();
    JsonNode confirmed =
        ingress.get("/api/v1/users/me/reservations?status=CONFIRMED", token).json();
    assertThat(confirmed.get("content").findValues("reservationId"))
        .extracting(JsonNode::longValue)
        .containsExactly(third, first);
    assertThat(ingress.get("/api/v1/users/me/reservations?status=SOLD", token).status())
        .isEqualTo(400);
  }

  @Test
  void pausedSaleIsNotOpen() {
    long event = ingress.newEvent();
    String operations = "/api/v1/operations/events/" + event;
    assertThat(
            ingress
                .post(operations + "/pause", ingress.admin(), null)
                .json()
                .get("status")
                .asString())
        .isEqualTo("PAUSED");
    IngressFixture.Answer refused = ingress.book(IngressFixture.newUser(), event, 1);
    assertThat(refused.status()).isEqualTo(409);
    assertThat(refused.code()).isEqualTo("SALE_NOT_OPEN");
    assertThat(refused.header("Retry-After")).isEqualTo("30");
    ingress.post(operations + "/resume", ingress.admin(), null);
    assertThat(ingress.book(IngressFixture.newUser(), event, 1).status()).isEqualTo(202);
  }
}
