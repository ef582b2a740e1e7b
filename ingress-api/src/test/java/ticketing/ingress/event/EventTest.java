package ticketing.ingress.event;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.Test;
import ticketing.domain.Command;
import ticketing.domain.EventStatus;
import ticketing.domain.EventView;
import ticketing.domain.Json;
import ticketing.domain.Reason;
import ticketing.domain.SeatOffer;
import ticketing.domain.TicketStatus;
import ticketing.ingress.IngressFixture;
import tools.jackson.databind.JsonNode;

/// Events, as the contract promises them.
class EventTest {

  private final IngressFixture ingress = IngressFixture.shared();

  private IngressFixture.Answer put(long eventId, String body) {
    return ingress.send("PUT", "/api/v1/events/" + eventId, ingress.admin(), body);
  }

  private static List<String> fields(IngressFixture.Answer answer) {
    assertThat(answer.status()).isEqualTo(400);
    assertThat(answer.code()).isEqualTo("INVALID_REQUEST");
    return answer.json().get("errors").findValuesAsString("field");
  }

  @Test
  void newEventHasAllItsSeatsOnSale() {
    IngressFixture.Answer created =
        ingress.post("/api/v1/events", ingress.admin(), IngressFixture.event(""));
    assertThat(created.status()).isEqualTo(201);
    long id = created.json().get("eventId").longValue();
    assertThat(created.header("Location")).isEqualTo("/api/v1/events/" + id);
    IngressFixture.Answer read = ingress.get("/api/v1/events/" + id, null);
    assertThat(read.status()).isEqualTo(200);
    assertThat(read.body())
        .isEqualTo(
            """
            {"eventId":%d,"eventName":"Concert","eventDate":"2030-12-24T10:00:00Z",\
            "venueName":"Hall","venueAddress":"Seoul","status":"ACTIVE","totalSeats":1000,\
            "availableSeats":1000,"saleOpensAt":null,"saleClosesAt":null,"maxSeatsPerUser":4,\
            "holdMinutes":null,"timeZone":"Asia/Seoul","revision":1,"waitingList":false,\
            "offerMinutes":null,"seatTypes":[\
            {"seatType":"VIP","price":"150000.00","totalSeats":100,"availableSeats":100},\
            {"seatType":"R","price":"5.50","totalSeats":900,"availableSeats":900}]}\
            """
                .formatted(id));
    IngressFixture.Answer same =
        ingress.get("/api/v1/events/" + id, null, "If-None-Match", read.header("ETag"));
    assertThat(same.status()).isEqualTo(304);
    assertThat(same.body()).isEmpty();
  }

  @Test
  void onlyAdministratorsMakeChangeAndCancelEvents() {
    long id = ingress.newEvent();
    String buyer = ingress.token(IngressFixture.newUser());
    for (String[] call :
        new String[][] {
          {"POST", "/api/v1/events"},
          {"PUT", "/api/v1/events/" + id},
          {"DELETE", "/api/v1/events/" + id}
        }) {
      String body = call[0].equals("DELETE") ? null : IngressFixture.event("");
      IngressFixture.Answer denied = ingress.send(call[0], call[1], buyer, body);
      assertThat(denied.status()).isEqualTo(403);
      assertThat(denied.code()).isEqualTo("FORBIDDEN");
      assertThat(ingress.send(call[0], call[1], null, body).status()).isEqualTo(401);
    }
    assertThat(ingress.get("/api/v1/events/" + id, null).json().get("status").asString())
        .isEqualTo("ACTIVE");
  }

  @Test
  void eventThatMakesNoSenseIsRefused() {
    String good = IngressFixture.event("");
    String admin = ingress.admin();
    assertThat(
            fields(
                ingress.post(
                    "/api/v1/events",
                    admin,
                    good.replace("\"seatType\":\"R\"", "\"seatType\":\"VIP\""))))
        .containsExactly("seatTypes[1].seatType");
    assertThat(
            fields(
                ingress.post(
                    "/api/v1/events",
                    admin,
                    good.replace(
                        "\"saleOpensAt\":null,\"saleClosesAt\":null",
                        "\"saleOpensAt\":\"2030-01-02T00:00:00Z\","
                            + "\"saleClosesAt\":\"2030-01-01T00:00:00Z\""))))
        .containsExactly("saleClosesAt");
    for (String[] change :
        new String[][] {
          {"\"maxSeatsPerUser\":4", "\"maxSeatsPerUser\":0", "maxSeatsPerUser"},
          {"\"holdMinutes\":null", "\"holdMinutes\":0", "holdMinutes"},
          {"\"holdMinutes\":null", "\"holdMinutes\":43201", "holdMinutes"},
          {"\"holdMinutes\":null", "\"holdMinutes\":1.5", "holdMinutes"},
          {"\"totalSeats\":100}", "\"totalSeats\":0}", "seatTypes[0].totalSeats"},
          {"\"totalSeats\":100}", "\"totalSeats\":10000001}", "seatTypes[0].totalSeats"},
          {"\"totalSeats\":100}", "\"totalSeats\":9999999}", "seatTypes"},
          {"\"totalSeats\":100}", "\"totalSeats\":1e999}", "seatTypes[0].totalSeats"},
          {"\"150000.00\"", "150000.00", "seatTypes[0].price"},
          {"\"150000.00\"", "\"-1\"", "seatTypes[0].price"},
          {"\"150000.00\"", "\"0.001\"", "seatTypes[0].price"},
          {"\"150000.00\"", "\"10000000\"", "seatTypes[0].price"},
          {"\"Concert\"", "\"  \"", "eventName"},
          {"\"Concert\"", "\"" + "x".repeat(256) + "\"", "eventName"},
          {"\"Concert\"", "\"a\\u0000b\"", "eventName"},
          {"\"Concert\"", "7", "eventName"},
          {"\"VIP\"", "\"ELEVENCHARS\"", "seatTypes[0].seatType"},
          {"\"2030-12-24T10:00:00Z\"", "\"2030-12-24\"", "eventDate"},
          {"\"2030-12-24T10:00:00Z\"", "1924337400", "eventDate"},
          {"\"2030-12-24T10:00:00Z\"", "null", "eventDate"},
          {"\"venueName\"", "\"venueNam\"", "venueNam"},
          {"2030-12-24T10", "2020-12-24T10", "eventDate"},
          {"\"saleOpensAt\":null", "\"saleOpensAt\":\"2030-12-24T10:00:00Z\"", "saleOpensAt"},
          {"\"saleOpensAt\":null", "\"saleOpensAt\":\"2031-01-01T00:00:00Z\"", "saleOpensAt"},
          {"\"saleClosesAt\":null", "\"saleClosesAt\":\"2030-12-24T10:00:01Z\"", "saleClosesAt"},
          {"\"holdMinutes\":null", "\"holdMinutes\":null,\"timeZone\":\"Mars/Base\"", "timeZone"},
          {"\"holdMinutes\":null", "\"holdMinutes\":null,\"timeZone\":\"+09:00\"", "timeZone"},
        }) {
      assertThat(fields(ingress.post("/api/v1/events", admin, good.replace(change[0], change[1]))))
          .as(change[1])
          .containsExactly(change[2]);
    }
    String many =
        good.replaceAll(
            "(?s)\\{\"seatType\":\"R\".*\\]",
            "{\"seatType\":\"T\",\"price\":\"1\",\"totalSeats\":1},".repeat(50)
                + "{\"seatType\":\"U\",\"price\":\"1\",\"totalSeats\":1}]");
    assertThat(fields(ingress.post("/api/v1/events", admin, many))).containsExactly("seatTypes");
  }

  @Test
  void seatTypesThatLookAlikeAreRefused() {
    long existing = ingress.newEvent();
    for (String[] pair :
        new String[][] {
          {"A", "A "},
          {"A", "\u3000A"},
          {"A", "a"},
          {"\u00e9", "e\u0301"},
          {"\u00c9", "e\u0301"},
          {"\ud55c", "\u1112\u1161\u11ab"},
          {"stra\u00dfe", "STRASSE"},
        }) {
      String body =
          IngressFixture.event("")
              .replace("\"VIP\"", "\"" + pair[0] + "\"")
              .replace("\"seatType\":\"R\"", "\"seatType\":\"" + pair[1] + "\"");
      assertThat(fields(ingress.post("/api/v1/events", ingress.admin(), body)))
          .as(pair[1])
          .containsExactly("seatTypes[1].seatType");
      assertThat(fields(put(existing, body))).containsExactly("seatTypes[1].seatType");
    }
    assertThat(ingress.drain()).noneMatch(command -> command.eventId() == existing);
  }

  @Test
  void namesAreStoredInTheirNormalForm() {
    String body =
        IngressFixture.event("")
            .replace("\"Concert\"", "\" Cafe\u0301 \"")
            .replace("\"Hall\"", "\"\u3000Hall \"")
            .replace("\"VIP\"", "\" e\u0301 \"");
    JsonNode created = ingress.post("/api/v1/events", ingress.admin(), body).json();
    assertThat(created.get("eventName").asString()).isEqualTo("Caf\u00e9");
    assertThat(created.get("venueName").asString()).isEqualTo("Hall");
    assertThat(created.get("seatTypes").findValuesAsString("seatType")).contains("\u00e9");
    ingress.drain();
    long id = created.get("eventId").longValue();
    assertThat(
            ingress
                .post(
                    "/api/v1/reservations",
                    ingress.token(IngressFixture.newUser()),
                    "{\"eventId\":%d,\"seatType\":\" e\u0301\",\"quantity\":1}".formatted(id))
                .status())
        .isEqualTo(202);
    assertThat(ingress.drain())
        .singleElement()
        .isInstanceOfSatisfying(
            Command.BookSeats.class, book -> assertThat(book.seatType()).isEqualTo("\u00e9"));
  }

  @Test
  void lengthsCountCodePoints() {
    String emoji = "\ud83c\udfab";
    String longest =
        IngressFixture.event("")
            .replace("\"Concert\"", "\"" + emoji.repeat(255) + "\"")
            .replace("\"Hall\"", "\"" + emoji.repeat(255) + "\"")
            .replace("\"Seoul\"", "\"" + emoji.repeat(500) + "\"")
            .replace("\"VIP\"", "\"" + emoji.repeat(10) + "\"");
    JsonNode created = ingress.post("/api/v1/events", ingress.admin(), longest).json();
    assertThat(created.get("eventName").asString()).isEqualTo(emoji.repeat(255));
    String tooLong = IngressFixture.event("").replace("\"VIP\"", "\"" + emoji.repeat(11) + "\"");
    assertThat(fields(ingress.post("/api/v1/events", ingress.admin(), tooLong)))
        .containsExactly("seatTypes[0].seatType");
  }

  @Test
  void descriptionChangesWithoutTheQueue() {
    long id = ingress.newEvent();
    ingress.drain();
    IngressFixture.Answer changed =
        put(
            id,
            IngressFixture.event("")
                .replace("Concert", "Concert, new date")
                .replace("2030-12-24T10:00:00Z", "2031-01-01T19:00:00+09:00")
                .replace("\"holdMinutes\":null", "\"holdMinutes\":10"));
    assertThat(changed.status()).isEqualTo(200);
    assertThat(changed.json().get("eventName").asString()).isEqualTo("Concert, new date");
    assertThat(changed.json().get("eventDate").asString()).isEqualTo("2031-01-01T10:00:00Z");
    assertThat(changed.json().get("holdMinutes").intValue()).isEqualTo(10);
    assertThat(ingress.get("/api/v1/events/" + id, null).body()).isEqualTo(changed.body());
    assertThat(ingress.drain()).noneMatch(command -> command.eventId() == id);
  }

  /// Plays the worker for one change of seats.
  private CompletableFuture<Command.ChangeSeats> decideChange(
      long eventId, TicketStatus status, Reason reason) {
    return decideChange(eventId, status, reason, () -> {});
  }

  /// @param applied runs between the transaction of the change and its publication
  private CompletableFuture<Command.ChangeSeats> decideChange(
      long eventId, TicketStatus status, Reason reason, Runnable applied) {
    // The common pool has one thread on two cores, which another test may block.
    return CompletableFuture.supplyAsync(
        () ->
            await()
                .until(
                    () -> {
                      for (Command command : ingress.drain()) {
                        if (command instanceof Command.ChangeSeats change
                            && change.eventId() == eventId) {
                          if (status == TicketStatus.CONFIRMED) {
                            apply(change);
                          }
                          applied.run();
                          ingress.decide(change, status, reason, null);
                          return change;
                        }
                      }
                      return null;
                    },
                    change -> change != null),
        Thread::startVirtualThread);
  }

  private void apply(Command.ChangeSeats change) {
    int total = change.seatTypes().stream().mapToInt(SeatOffer::totalSeats).sum();
    for (SeatOffer offer : change.seatTypes()) {
      ingress
          .sql()
          .update(
              """
              update seat_types set price = ?, total_seats = ?, available_seats = ?
              where event_id = ? and seat_type = ?\
              """,
              offer.price().amount(),
              offer.totalSeats(),
              offer.totalSeats(),
              change.eventId(),
              offer.seatType());
    }
    ingress
        .sql()
        .update(
            """
            update events set total_seats = ?, available_seats = ?, revision = revision + 1,
                   version = version + 1
            where id = ?\
            """,
            total,
            total,
            change.eventId());
  }

  @Test
  void changeOfSeatsAwaitsTheWorker() {
    long id = ingress.newEvent();
    var decided = decideChange(id, TicketStatus.CONFIRMED, null);
    IngressFixture.Answer changed =
        put(id, IngressFixture.event("").replace("\"totalSeats\":100}", "\"totalSeats\":150}"));
    assertThat(changed.status()).isEqualTo(200);
    assertThat(changed.json().get("totalSeats").intValue()).isEqualTo(1050);
    assertThat(decided.join().seatTypes())
        .extracting(SeatOffer::totalSeats)
        .containsExactly(150, 900);
  }

  @Test
  void editOfAnOlderRevisionIsRefused() {
    long id = ingress.newEvent();
    String edit = IngressFixture.event(",\"revision\":1");
    assertThat(put(id, edit.replace("Concert", "First")).json().get("revision").longValue())
        .isEqualTo(2);
    IngressFixture.Answer refused = put(id, edit.replace("Concert", "Second"));
    assertThat(refused.status()).isEqualTo(409);
    assertThat(refused.code()).isEqualTo("REVISION_CONFLICT");
    assertThat(ingress.get("/api/v1/events/" + id, null).json().get("eventName").asString())
        .isEqualTo("First");
    ingress.setAvailableSeats(id, 10);
    ingress.post("/api/v1/operations/events/" + id + "/pause", ingress.admin(), null);
    assertThat(ingress.get("/api/v1/events/" + id, null).json().get("revision").longValue())
        .as("bookings and pauses are no edits")
        .isEqualTo(2);
  }

  @Test
  void changeOfSeatsCarriesItsRevision() {
    long id = ingress.newEvent();
    var decided = decideChange(id, TicketStatus.CONFIRMED, null);
    IngressFixture.Answer changed =
        put(id, IngressFixture.event("").replace("\"totalSeats\":100}", "\"totalSeats\":150}"));
    assertThat(changed.json().get("revision").longValue()).isEqualTo(3);
    assertThat(decided.join().revision()).isEqualTo(1);
    var refused = decideChange(id, TicketStatus.REJECTED, Reason.REVISION_CONFLICT);
    IngressFixture.Answer conflict =
        put(id, IngressFixture.event("").replace("\"totalSeats\":100}", "\"totalSeats\":160}"));
    assertThat(conflict.code()).isEqualTo("REVISION_CONFLICT");
    assertThat(refused.join().revision()).isEqualTo(3);
  }

  @Test
  void editDuringChangeOfSeatsFollowsIt() {
    long id = ingress.newEvent();
    decideChange(
        id,
        TicketStatus.CONFIRMED,
        null,
        () ->
            put(
                id,
                IngressFixture.event(",\"revision\":2")
                    .replace("\"totalSeats\":100}", "\"totalSeats\":150}")
                    .replace("Concert", "Second")));
    IngressFixture.Answer changed =
        put(
            id,
            IngressFixture.event("")
                .replace("\"totalSeats\":100}", "\"totalSeats\":150}")
                .replace("Concert", "First"));
    assertThat(changed.status()).isEqualTo(200);
    assertThat(changed.json().get("eventName").asString()).isEqualTo("Second");
    assertThat(changed.json().get("totalSeats").intValue()).isEqualTo(1050);
    assertThat(changed.json().get("revision").longValue()).isEqualTo(3);
  }

  @Test
  void cancellationDuringChangeOfSeatsFollowsIt() {
    long id = ingress.newEvent();
    decideChange(
        id,
        TicketStatus.CONFIRMED,
        null,
        () -> ingress.delete("/api/v1/events/" + id, ingress.admin()));
    IngressFixture.Answer changed =
        put(
            id,
            IngressFixture.event("")
                .replace("\"totalSeats\":100}", "\"totalSeats\":150}")
                .replace("Concert", "First"));
    assertThat(changed.status()).isEqualTo(200);
    assertThat(changed.json().get("status").asString()).isEqualTo("CANCELLED");
    assertThat(changed.json().get("eventName").asString()).isEqualTo("First");
  }

  @Test
  void undecidedChangeMayBeRepeated() {
    long id = ingress.newEvent();
    String edit = largerEvent(1);
    IngressFixture.Answer pending = putWithoutWorker(id, edit);
    assertThat(pending.status()).isEqualTo(503);
    assertThat(pending.code()).isEqualTo("CHANGE_PENDING");
    assertThat(pending.header("Retry-After")).isEqualTo("2");
    assertThat(ingress.get("/api/v1/events/" + id, null).json().get("totalSeats").intValue())
        .isEqualTo(1000);
    assertThat(putWithoutWorker(id, edit).code()).isEqualTo("CHANGE_PENDING");
    assertThat(
            ingress.drain().stream()
                .filter(command -> command.eventId() == id)
                .map(Command::ticketId)
                .distinct())
        .as("tickets")
        .hasSize(1);
  }

  /// Only the seats change until the repetition.
  @Test
  void repetitionCompletesChangeThatWasDecidedLate() {
    long id = ingress.newEvent();
    String entityTag = ingress.get("/api/v1/events/" + id, null).header("ETag");
    String edit = largerEvent(1);
    assertThat(putWithoutWorker(id, edit).code()).isEqualTo("CHANGE_PENDING");
    decideChange(id, TicketStatus.CONFIRMED, null).join();
    assertThat(put(id, edit.replace("First", "Second")).code()).isEqualTo("REVISION_CONFLICT");
    IngressFixture.Answer repeated =
        ingress.send("PUT", "/api/v1/events/" + id, ingress.admin(), edit, "If-Match", entityTag);
    assertThat(repeated.status()).as(repeated.body()).isEqualTo(200);
    assertThat(repeated.json().get("eventName").asString()).isEqualTo("First");
    assertThat(repeated.json().get("totalSeats").intValue()).isEqualTo(1050);
    assertThat(repeated.json().get("revision").longValue()).isEqualTo(3);
    assertThat(put(id, edit).code()).isEqualTo("REVISION_CONFLICT");
  }

  private static String largerEvent(long revision) {
    return IngressFixture.event(",\"revision\":" + revision)
        .replace("\"totalSeats\":100}", "\"totalSeats\":150}")
        .replace("Concert", "First");
  }

  private IngressFixture.Answer putWithoutWorker(long id, String body) {
    return IngressFixture.strict()
        .send("PUT", "/api/v1/events/" + id, ingress.admin(), body, "X-Forwarded-For", "10.10.0.1");
  }

  @Test
  void changeIsDecidedAgainAfterARejection() {
    long id = ingress.newEvent();
    var rejected = decideChange(id, TicketStatus.REJECTED, Reason.SEATS_SOLD);
    assertThat(put(id, largerEvent(1)).code()).isEqualTo("SEATS_SOLD");
    rejected.join();
    decideChange(id, TicketStatus.CONFIRMED, null);
    assertThat(put(id, largerEvent(1)).status()).isEqualTo(200);
  }

  @Test
  void soldSeatsAreNeverTakenAway() {
    long id = ingress.newEvent();
    var decided = decideChange(id, TicketStatus.REJECTED, Reason.SEATS_SOLD);
    IngressFixture.Answer refused =
        put(
            id,
            IngressFixture.event("")
                .replace("\"totalSeats\":100}", "\"totalSeats\":1}")
                .replace("Concert", "Renamed"));
    decided.join();
    assertThat(refused.code()).isEqualTo("SEATS_SOLD");
    assertThat(refused.status()).isEqualTo(409);
    JsonNode after = ingress.get("/api/v1/events/" + id, null).json();
    assertThat(after.get("eventName").asString()).isEqualTo("Concert");
    assertThat(after.get("totalSeats").intValue()).isEqualTo(1000);
  }

  @Test
  void creationAndEachEditRecordTheirState() {
    long id = ingress.newEvent();
    assertThat(put(id, IngressFixture.event("").replace("Concert", "Later concert")).status())
        .isEqualTo(200);
    for (String change : List.of("pause", "pause", "resume")) {
      ingress.post("/api/v1/operations/events/" + id + "/" + change, ingress.admin(), null);
    }
    ingress.delete("/api/v1/events/" + id, ingress.admin());
    List<EventView> states =
        ingress
            .sql()
            .queryForList(
                "select state from event_states where event_id = ? order by sequence",
                String.class,
                id)
            .stream()
            .map(state -> Json.INTERNAL.readValue(state, EventView.class))
            .toList();
    assertThat(states)
        .extracting(EventView::status)
        .containsExactly(
            EventStatus.ACTIVE,
            EventStatus.ACTIVE,
            EventStatus.PAUSED,
            EventStatus.ACTIVE,
            EventStatus.CANCELLED);
    assertThat(states).extracting(EventView::revision).containsExactly(1L, 2L, 2L, 2L, 2L);
    assertThat(states.getFirst().eventName()).isEqualTo("Concert");
    assertThat(states.get(1).eventName()).isEqualTo("Later concert");
    assertThat(states).allMatch(state -> state.availableSeats() == 1000);
    assertThat(
            ingress
                .sql()
                .queryForObject(
                    "select decision_sequence from events where id = ?", Long.class, id))
        .isEqualTo(states.size());
  }

  @Test
  void cancelledEventStaysAndTakesNoBookings() {
    long id = ingress.newEvent();
    for (int i = 0; i < 2; i++) {
      assertThat(ingress.delete("/api/v1/events/" + id, ingress.admin()).status()).isEqualTo(204);
    }
    assertThat(ingress.get("/api/v1/events/" + id, null).json().get("status").asString())
        .isEqualTo("CANCELLED");
    assertThat(ingress.book(IngressFixture.newUser(), id, 1).code()).isEqualTo("EVENT_CANCELLED");
    assertThat(put(id, IngressFixture.event("")).code()).isEqualTo("EVENT_CANCELLED");
    String resume = "/api/v1/operations/events/" + id + "/resume";
    assertThat(ingress.post(resume, ingress.admin(), null).code()).isEqualTo("EVENT_CANCELLED");
    assertThat(
            ingress
                .sql()
                .queryForObject("select count(*) from events where id = ?", Long.class, id))
        .isOne();
  }

  @Test
  void unknownEventIsNotFound() {
    for (IngressFixture.Answer answer :
        List.of(
            ingress.get("/api/v1/events/999999999", null),
            put(999999999, IngressFixture.event("")),
            ingress.delete("/api/v1/events/999999999", ingress.admin()),
            ingress.book(IngressFixture.newUser(), 999999999, 1))) {
      assertThat(answer.status()).isEqualTo(404);
      assertThat(answer.code()).isEqualTo("EVENT_NOT_FOUND");
    }
  }

  @Test
  void listIsFilteredAndPaged() {
    for (int day = 1; day <= 3; day++) {
      ingress.post(
          "/api/v1/events",
          ingress.admin(),
          IngressFixture.event("").replace("2030-12-24", "2041-05-0" + day));
    }
    String may = "/api/v1/events?from=2041-05-01T00:00:00Z&to=2041-06-01T00:00:00%2B09:00";
    JsonNode first = ingress.get(may + "&size=2", null).json();
    assertThat(first.propertyNames()).containsExactly("content", "page");
    assertThat(first.get("page").toString())
        .isEqualTo("{\"number\":0,\"size\":2,\"totalElements\":3,\"totalPages\":2}");
    assertThat(first.get("content").findValuesAsString("eventDate"))
        .containsExactly("2041-05-01T10:00:00Z", "2041-05-02T10:00:00Z");
    assertThat(first.get("content").get(0).get("seatTypes")).hasSize(2);
    long cancelled = first.get("content").get(0).get("eventId").longValue();
    ingress.delete("/api/v1/events/" + cancelled, ingress.admin());
    assertThat(ingress.get(may + "&size=2&page=1", null).json().get("content")).hasSize(1);
    assertThat(ingress.get(may + "&status=ACTIVE", null).json().get("content")).hasSize(2);
    assertThat(ingress.get(may + "&status=CANCELLED", null).json().get("content")).hasSize(1);
    assertThat(ingress.get(may + "&page=1000000", null).json().get("content")).isEmpty();
    for (String[] bad :
        new String[][] {
          {"page=-1", "page"},
          {"page=1000001", "page"},
          {"size=0", "size"},
          {"size=101", "size"},
          {"size=x", "size"},
          {"status=NICE", "status"},
          {"from=yesterday", "from"},
          {"to=2041-05-01", "to"},
          {"sort=price", "sort"},
          {"sort=eventId", "sort"},
          {"q=" + "x".repeat(101), "q"},
        }) {
      assertThat(fields(ingress.get("/api/v1/events?" + bad[0], null))).containsExactly(bad[1]);
    }
  }

  @Test
  void saleHasItsWindow() {
    Instant opens = Instant.now().plusSeconds(100);
    long early = sale("\"saleOpensAt\":\"" + opens + "\",\"saleClosesAt\":null");
    IngressFixture.Answer tooEarly = ingress.book(IngressFixture.newUser(), early, 1);
    assertThat(tooEarly.status()).isEqualTo(409);
    assertThat(tooEarly.code()).isEqualTo("SALE_NOT_OPEN");
    assertThat(Instant.parse(tooEarly.json().get("opensAt").asString()))
        .isEqualTo(opens.truncatedTo(ChronoUnit.MICROS));
    assertThat(Integer.parseInt(tooEarly.header("Retry-After"))).isBetween(30, 101);

    long late = sale("\"saleOpensAt\":null,\"saleClosesAt\":\"2020-01-01T00:00:00Z\"");
    IngressFixture.Answer tooLate = ingress.book(IngressFixture.newUser(), late, 1);
    assertThat(tooLate.status()).isEqualTo(409);
    assertThat(tooLate.code()).isEqualTo("SALE_CLOSED");

    long open =
        sale(
            "\"saleOpensAt\":\"2020-01-01T00:00:00Z\","
                + "\"saleClosesAt\":\"2030-12-01T00:00:00Z\"");
    assertThat(ingress.book(IngressFixture.newUser(), open, 1).status()).isEqualTo(202);
  }

  @Test
  void saleEndsWhenTheShowBegins() {
    long id = ingress.newEvent();
    ingress
        .sql()
        .update(
            "update events set event_date = utc_timestamp(6) - interval 1 second where id = ?", id);
    ingress.context.getBean(EventCatalog.class).evictLocalCache();
    IngressFixture.Answer late = ingress.book(IngressFixture.newUser(), id, 1);
    assertThat(late.status()).isEqualTo(409);
    assertThat(late.code()).isEqualTo("SALE_CLOSED");
  }

  @Test
  void bodyOfReadCanBeSentBack() {
    long id = ingress.newEvent();
    IngressFixture.Answer read = ingress.get("/api/v1/events/" + id, null);
    IngressFixture.Answer changed =
        put(
            id,
            read.body()
                .replace("\"Concert\"", "\"Recital\"")
                .replace("Asia/Seoul", "Europe/Paris"));
    assertThat(changed.status()).isEqualTo(200);
    assertThat(changed.json().get("eventName").asString()).isEqualTo("Recital");
    assertThat(changed.json().get("timeZone").asString()).isEqualTo("Europe/Paris");
    assertThat(changed.json().get("revision").longValue()).isEqualTo(2);
    assertThat(changed.json().get("totalSeats").intValue()).isEqualTo(1000);
    assertThat(put(id, read.body()).code()).isEqualTo("REVISION_CONFLICT");
  }

  @Test
  void ifMatchRequiresTheRevision() {
    long id = ingress.newEvent();
    String path = "/api/v1/events/" + id;
    String tag = ingress.get(path, null).header("ETag");
    String admin = ingress.admin();
    String body = IngressFixture.event("");
    for (String refused : new String[] {"\"other\"", "W/" + tag, "\"2-1\"", ""}) {
      IngressFixture.Answer answer = ingress.send("PUT", path, admin, body, "If-Match", refused);
      assertThat(answer.status()).as(refused).isEqualTo(412);
      assertThat(answer.code()).isEqualTo("PRECONDITION_FAILED");
    }
    ingress.setAvailableSeats(id, 50);
    assertThat(ingress.send("PUT", path, admin, body, "If-Match", "\"x\", " + tag).status())
        .isEqualTo(200);
    assertThat(ingress.send("PUT", path, admin, body, "If-Match", tag).status()).isEqualTo(412);
    assertThat(ingress.delete(path, admin, "If-Match", tag).status()).isEqualTo(412);
    assertThat(ingress.send("PUT", path, admin, body, "If-Match", "*").status()).isEqualTo(200);
    assertThat(ingress.delete(path, admin, "If-Match", "*").status()).isEqualTo(204);
  }

  @Test
  void repeatedCreationGetsTheSameEvent() throws InterruptedException {
    String admin = ingress.admin();
    String key = "create-" + IngressFixture.newUser();
    String body = IngressFixture.event("");
    ConcurrentLinkedQueue<Long> ids = new ConcurrentLinkedQueue<>();
    try (var executor = Executors.newVirtualThreadPerTaskExecutor()) {
      for (int i = 0; i < 8; i++) {
        executor.execute(() ->
            ids.add(
                ingress
                    .post("/api/v1/events", admin, body, "Idempotency-Key", key)
                    .json()
                    .get("eventId")
                    .longValue()));
      }
    }
    assertThat(ids).hasSize(8);
    assertThat(Set.copyOf(ids)).hasSize(1);
    IngressFixture.Answer other =
        ingress.post(
            "/api/v1/events", admin, body.replace("Concert", "Recital"), "Idempotency-Key", key);
    assertThat(other.status()).isEqualTo(422);
    assertThat(other.code()).isEqualTo("IDEMPOTENCY_KEY_REUSED");
    ingress
        .sql()
        .update(
            "update event_creations set created_at = created_at - interval 3 day where event_id = ?",
            ids.peek());
    ingress.post("/api/v1/events", admin, body, "Idempotency-Key", key + "-next");
    assertThat(
            ingress
                .sql()
                .queryForObject(
                    "select count(*) from event_creations where event_id = ?",
                    Integer.class,
                    ids.peek()))
        .isZero();
  }

  @Test
  void listIsSearchedAndSorted() {
    String town = "Town" + System.nanoTime();
    long first =
        named("Rock 100% " + town, "2042-05-03", "\"saleOpensAt\":\"2042-01-02T00:00:00Z\"");
    long second =
        named("Jazz_night", "2042-05-02", "\"saleOpensAt\":\"2042-01-01T00:00:00Z\"", town);
    long third = named("Opera " + town, "2042-05-01", "\"saleOpensAt\":null");
    String may = "/api/v1/events?from=2042-05-01T00:00:00Z&q=" + town.toLowerCase();
    assertThat(ids(may)).containsExactly(third, second, first);
    assertThat(ids(may + "&sort=eventDate")).containsExactly(third, second, first);
    assertThat(ids(may + "&sort=-eventDate")).containsExactly(first, second, third);
    assertThat(ids(may + "&sort=saleOpensAt")).containsExactly(third, second, first);
    assertThat(ids(may + "&sort=-eventId")).containsExactly(third, second, first);
    assertThat(ids("/api/v1/events?q=100%25%20" + town)).containsExactly(first);
    assertThat(ids("/api/v1/events?q=1_0%25%20" + town)).isEmpty();
    assertThat(ids("/api/v1/events?q=%25" + town)).isEmpty();
  }

  @Test
  void listStartsWithTheNextShow() {
    String name = "Past " + System.nanoTime();
    long past = named(name, "2043-05-01", "\"saleOpensAt\":null");
    ingress.sql().update("update events set event_date = '2020-01-01' where id = ?", past);
    String search = "/api/v1/events?q=" + name.replace(" ", "%20");
    assertThat(ids(search)).isEmpty();
    assertThat(ids(search + "&from=2019-01-01T00:00:00Z")).containsExactly(past);
  }

  private List<Long> ids(String path) {
    return ingress.get(path, null).json().get("content").findValues("eventId").stream()
        .map(JsonNode::longValue)
        .toList();
  }

  private long named(String name, String day, String opening, String... venue) {
    return ingress
        .post(
            "/api/v1/events",
            ingress.admin(),
            IngressFixture.event("")
                .replace("Concert", name)
                .replace("2030-12-24", day)
                .replace("\"Hall\"", '"' + String.join("", venue) + '"')
                .replace("\"saleOpensAt\":null", opening))
        .json()
        .get("eventId")
        .longValue();
  }

  private long sale(String window) {
    return ingress
        .post(
            "/api/v1/events",
            ingress.admin(),
            IngressFixture.event("").replace("\"saleOpensAt\":null,\"saleClosesAt\":null", window))
        .json()
        .get("eventId")
        .longValue();
  }
}
