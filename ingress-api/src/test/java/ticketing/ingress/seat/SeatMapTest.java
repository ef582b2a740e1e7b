package ticketing.ingress.seat;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.zip.GZIPInputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import ticketing.domain.Command;
import ticketing.domain.Json;
import ticketing.domain.Reason;
import ticketing.domain.TicketStatus;
import ticketing.ingress.IngressFixture;
import ticketing.ingress.IngressFixture.Answer;
import ticketing.ingress.event.EventCatalog;
import tools.jackson.databind.JsonNode;

class SeatMapTest {

  private static final IngressFixture INGRESS = IngressFixture.shared();

  /// Section A has the seats a1, a2, aisle, a3 (VIP) and b1 (R); section B has nine seats of R.
  private static final String MAP =
      """
      {"sections":[
       {"section":"A","rows":[
        {"row":"1","seats":[%s,%s,null,%s]},{"row":"2","seats":[%s]}]},
       {"section":"B","rows":[{"row":"1","seats":[%s]}]}]}\
      """
          .formatted(
              seat("a1", "VIP"),
              seat("a2", "VIP"),
              seat("a3", "VIP"),
              seat("b1", "R"),
              IntStream.rangeClosed(1, 9)
                  .mapToObj(i -> seat("c" + i, "R"))
                  .collect(Collectors.joining(",")));

  private static String seat(String id, String type) {
    return "{\"id\":\"%s\",\"seatType\":\"%s\",\"rank\":1,\"x\":0.5,\"y\":1}".formatted(id, type);
  }

  /// @param totals fields of each seat type for its total
  private static String body(String map, String totals) {
    return """
    {"eventName":"Concert","eventDate":"2030-12-24T10:00:00Z",
     "seatTypes":[{"seatType":"VIP","price":"150000.00"%s},
                  {"seatType":"R","price":"5.50"%s}]%s}\
    """
        .formatted(totals, totals, map == null ? "" : ",\"seatMap\":" + map);
  }

  private static Answer create(String body) {
    return INGRESS.post("/api/v1/events", INGRESS.admin(), body);
  }

  private static long newEvent() {
    Answer created = create(body(MAP, ""));
    assertThat(created.status()).as(created.body()).isEqualTo(201);
    return created.json().get("eventId").asLong();
  }

  private static String path(long event) {
    return "/api/v1/events/" + event;
  }

  private static Answer book(long event, String fields) {
    return INGRESS.post(
        "/api/v1/reservations",
        INGRESS.token(IngressFixture.newUser()),
        "{\"eventId\":" + event + "," + fields + "}");
  }

  private static void take(long event, int ordinal, int... taken) {
    INGRESS
        .sql()
        .update(
            "update seat_sections set taken = ? where event_id = ? and ordinal = ?",
            bytes(taken),
            event,
            ordinal);
  }

  private static byte[] bytes(int... values) {
    byte[] bytes = new byte[values.length];
    for (int i = 0; i < values.length; i++) {
      bytes[i] = (byte) values[i];
    }
    return bytes;
  }

  private static List<String> fields(Answer answer) {
    List<String> fields = new ArrayList<>();
    answer.json().path("errors").forEach(error -> fields.add(error.path("field").asString()));
    return fields;
  }

  @ParameterizedTest
  @ValueSource(strings = {"", ",\"totalSeats\":77"})
  void totalsFollowFromTheMap(String totals) {
    Answer created = create(body(MAP, totals));
    assertThat(created.status()).as(created.body()).isEqualTo(201);
    JsonNode event = created.json();
    assertThat(event.path("totalSeats").asInt()).isEqualTo(13);
    assertThat(event.path("availableSeats").asInt()).isEqualTo(13);
    assertThat(event.at("/seatTypes/0/totalSeats").asInt()).isEqualTo(3);
    assertThat(event.at("/seatTypes/1/totalSeats").asInt()).isEqualTo(10);
    assertThat(event.path("seatMapRevision").asInt()).isEqualTo(1);
    assertThat(event.has("seatMap")).isFalse();
  }

  @Test
  void eventWithoutMapHasNoRevision() {
    Answer event = INGRESS.get(path(INGRESS.newEvent()), null);
    assertThat(event.json().has("seatMapRevision")).isFalse();
    assertThat(fields(create(body(null, "")))).contains("seatTypes[0].totalSeats");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "\"id\":\"a2\"|\"id\":\"a1\"|seatMap.sections[0].rows[0].seats[1].id",
        "\"id\":\"a2\"|\"id\":\"a 2\"|seatMap.sections[0].rows[0].seats[1].id",
        "\"id\":\"a2\",\"seatType\":\"VIP\"|\"id\":\"a2\",\"seatType\":\"S\""
            + "|seatMap.sections[0].rows[0].seats[1].seatType",
        "\"section\":\"B\"|\"section\":\"A\"|seatMap.sections[1].section",
        "\"row\":\"2\"|\"row\":\"1\"|seatMap.sections[0].rows[1].row",
        "\"rank\":1,\"x\":0.5|\"rank\":0,\"x\":0.5|seatMap.sections[0].rows[0].seats[0].rank",
        "\"rank\":1,\"x\":0.5|\"rank\":1,\"x\":\"0\"|seatMap.sections[0].rows[0].seats[0].x"
      })
  void invalidMapIsRefusedWithItsField(String part, String wrong, String field) {
    Answer refused = create(body(MAP.replaceFirst(java.util.regex.Pattern.quote(part), wrong), ""));
    assertThat(refused.status()).as(refused.body()).isEqualTo(400);
    assertThat(fields(refused)).contains(field);
  }

  @Test
  void atMostHundredViolationsAreListed() {
    String seats =
        IntStream.range(0, 150).mapToObj(i -> seat("x", "VIP")).collect(Collectors.joining(","));
    Answer refused =
        create(
            body(
                "{\"sections\":[{\"section\":\"A\",\"rows\":[{\"row\":\"1\",\"seats\":["
                    + seats
                    + "]}]}]}",
                ""));
    assertThat(refused.status()).isEqualTo(400);
    assertThat(fields(refused)).hasSize(100);
  }

  @Test
  void typeWithoutSeatsAndEmptyMapAreRefused() {
    assertThat(create(body(MAP.replace("\"seatType\":\"R\"", "\"seatType\":\"VIP\""), "")).status())
        .isEqualTo(400);
    assertThat(create(body("{\"sections\":[]}", "")).status()).isEqualTo(400);
    assertThat(create(body("[]", "")).status()).isEqualTo(400);
  }

  @Test
  void largestMapIsAccepted() {
    String seats =
        IntStream.range(0, 60_000)
            .mapToObj(i -> seat("s" + i, i % 2 == 0 ? "VIP" : "R"))
            .collect(Collectors.joining(","));
    String map =
        "{\"sections\":[{\"section\":\"A\",\"rows\":[{\"row\":\"1\",\"seats\":[" + seats + "]}]}]}";
    Answer created = create(body(map, ""));
    assertThat(created.status()).as(created.body()).isEqualTo(201);
    assertThat(created.json().path("totalSeats").asInt()).isEqualTo(60_000);
  }

  @Test
  void mapOfRevisionIsImmutable() {
    long event = newEvent();
    Answer map = INGRESS.get(path(event) + "/seat-map?revision=1", null);
    assertThat(map.status()).isEqualTo(200);
    assertThat(map.header("Cache-Control"))
        .contains("public")
        .contains("max-age=31536000")
        .contains("immutable");
    assertThat(map.json().path("eventId").asLong()).isEqualTo(event);
    assertThat(map.json().path("revision").asInt()).isEqualTo(1);
    assertThat(map.json().path("sections")).isEqualTo(Json.INTERNAL.readTree(MAP).path("sections"));
  }

  @Test
  void compactMapHasColumnsOfDifferences() {
    Answer map = INGRESS.get(path(newEvent()) + "/seat-map?revision=1&compact=true", null);
    assertThat(map.status()).isEqualTo(200);
    assertThat(map.header("Cache-Control")).contains("max-age=31536000").contains("immutable");
    assertThat(map.json().path("scale").asInt()).isEqualTo(10);
    assertThat(map.json().at("/sections/0/rows").toString())
        .isEqualTo(
            """
            [{"row":"1","aisles":[2],"shared":[0,1,1],"ids":["a1","2","3"],"types":[0,0,0],\
            "ranks":[1,0,0],"x":[5,0,0],"y":[10,0,0]},\
            {"row":"2","aisles":[],"shared":[0],"ids":["b1"],"types":[1],\
            "ranks":[0],"x":[0],"y":[0]}]\
            """);
    assertThat(INGRESS.get(path(newEvent()) + "/seat-map?compact=7", null).status()).isEqualTo(400);
  }

  @Test
  void currentMapIsCacheableForOneSecond() {
    Answer map = INGRESS.get(path(newEvent()) + "/seat-map", null);
    assertThat(map.status()).isEqualTo(200);
    assertThat(map.header("Cache-Control")).contains("max-age=1").doesNotContain("immutable");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {"gzip|gzip", "br, gzip;q=0.5|gzip", "gzip;q=0|", "br|"})
  void mapIsCompressedOnRequest(String accepted, String encoding)
      throws IOException, InterruptedException {
    HttpResponse<byte[]> response =
        HttpClient.newHttpClient()
            .send(
                HttpRequest.newBuilder(
                        URI.create(
                            "http://127.0.0.1:" + INGRESS.port + path(newEvent()) + "/seat-map"))
                    .header("Accept-Encoding", accepted)
                    .build(),
                HttpResponse.BodyHandlers.ofByteArray());
    assertThat(response.headers().firstValue("Content-Encoding").orElse(null)).isEqualTo(encoding);
    byte[] json = response.body();
    if (encoding != null) {
      json = new GZIPInputStream(new java.io.ByteArrayInputStream(json)).readAllBytes();
    }
    assertThat(Json.INTERNAL.readTree(json).path("sections")).hasSize(2);
  }

  @ParameterizedTest
  @CsvSource({"0,404", "2,404", "-1,404", "2147483647,404", "x,400"})
  void unknownRevisionIsNotFound(String revision, int status) {
    assertThat(INGRESS.get(path(newEvent()) + "/seat-map?revision=" + revision, null).status())
        .isEqualTo(status);
  }

  @Test
  void eventWithoutMapHasNoSeats() {
    long event = INGRESS.newEvent();
    for (String resource : List.of("/seat-map", "/seat-map?revision=1", "/seats")) {
      Answer answer = INGRESS.get(path(event) + resource, null);
      assertThat(answer.status()).isEqualTo(404);
      assertThat(answer.code()).isEqualTo("NO_SEAT_MAP");
      assertThat(INGRESS.get(path(999_999_999) + resource, null).code())
          .isEqualTo("EVENT_NOT_FOUND");
    }
  }

  @Test
  void bitmapsShowTakenSeatsOfAllSections() {
    long event = newEvent();
    take(event, 1, 0b0000_0010, 0b1);
    Answer seats = INGRESS.get(path(event) + "/seats", null);
    assertThat(seats.status()).as(seats.body()).isEqualTo(200);
    assertThat(seats.header("Cache-Control")).contains("max-age=1");
    assertThat(seats.json())
        .isEqualTo(
            Json.INTERNAL.readTree(
                "{\"eventId\":%d,\"revision\":1,\"sections\":{\"A\":\"AA==\",\"B\":\"AgE=\"}}"
                    .formatted(event)));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"eventId\":%d,\"revision\":1,\"version\":9,\"sections\":{\"A\":\"!\",\"B\":\"AgE=\"}}",
        "{\"eventId\":%d,\"revision\":1,\"version\":9,\"sections\":{\"A\":\"AA==\"}}",
        "{\"eventId\":%d,\"revision\":7,\"version\":9,\"sections\":{\"A\":\"AA==\",\"B\":\"AAA=\"}}",
        "[]"
      })
  void unreadableCachedBitmapIsAMiss(String cached) {
    long event = newEvent();
    take(event, 0, 1);
    INGRESS.redisSet("seats:" + event, cached.formatted(event));
    assertThat(INGRESS.get(path(event) + "/seats", null).json().at("/sections/A").asString())
        .isEqualTo("AQ==");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "\"quantity\":2,\"seats\":[\"a1\"]|seats",
        "\"quantity\":2,\"seats\":[\"a1\",\"a1\"]|seats[1]",
        "\"quantity\":2,\"seats\":[\"a1\",\"b1\"]|seats",
        "\"quantity\":1,\"seats\":[\"a1\"],\"seatType\":\"R\"|seatType",
        "\"quantity\":1,\"seats\":[\"zz\"]|seats[0]",
        "\"quantity\":1,\"seats\":[]|seats",
        "\"quantity\":1|seatType",
        "\"quantity\":1,\"seatType\":\"VIP\",\"otherwise\":\"BEST\"|otherwise",
        "\"quantity\":1,\"seats\":[\"a1\"],\"otherwise\":\"WORST\"|otherwise",
        "\"quantity\":1,\"seats\":[null]|seats[0]",
        "\"quantity\":1,\"seats\":\"a1\"|seats"
      })
  void invalidSeatsAreRefused(String fields, String field) {
    Answer refused = book(newEvent(), fields);
    assertThat(refused.status()).as(refused.body()).isEqualTo(400);
    assertThat(fields(refused)).anyMatch(name -> name.startsWith(field));
  }

  @Test
  void seatsOfEventWithoutMapAreRefused() {
    assertThat(book(INGRESS.newEvent(), "\"quantity\":1,\"seats\":[\"a1\"]").status())
        .isEqualTo(400);
  }

  @Test
  void commandHasTheRequestedSeats() {
    long event = newEvent();
    Answer answer = book(event, "\"quantity\":2,\"seats\":[\"a1\",\"a3\"],\"otherwise\":\"BEST\"");
    assertThat(answer.status()).as(answer.body()).isEqualTo(202);
    assertThat(answer.json().path("seatType").asString()).isEqualTo("VIP");
    assertThat(answer.json().path("totalPrice").asString()).isEqualTo("300000.00");
    Command.BookSeats command = bookingOf(event);
    assertThat(command.seats()).containsExactly("a1", "a3");
    assertThat(command.bestOtherwise()).isTrue();
    assertThat(book(event, "\"quantity\":2,\"seatType\":\"R\"").status()).isEqualTo(202);
  }

  @Test
  void takenSeatIsRefusedUnlessBestIsWanted() {
    long event = newEvent();
    take(event, 0, 0b10);
    Answer refused = book(event, "\"quantity\":1,\"seats\":[\"a2\"]");
    assertThat(refused.status()).isEqualTo(409);
    assertThat(refused.code()).isEqualTo("SEATS_TAKEN");
    assertThat(book(event, "\"quantity\":1,\"seats\":[\"a1\"]").status()).isEqualTo(202);
    assertThat(book(event, "\"quantity\":1,\"seats\":[\"a2\"],\"otherwise\":\"BEST\"").status())
        .isEqualTo(202);
    take(event, 0, 0);
    assertThat(book(event, "\"quantity\":1,\"seats\":[\"a2\"]").status())
        .as("a freed seat, still taken in memory")
        .isEqualTo(202);
  }

  /// The map can change until the first accepted booking, so also after a rejected one.
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void repeatedRequestOutlivesItsSeatMap(boolean isDecided) {
    long event = newEvent();
    String token = INGRESS.token(IngressFixture.newUser());
    String booking =
        "{\"eventId\":"
            + event
            + ",\"quantity\":2,\"seats\":[\"a1\",\"a3\"],\"expectedTotal\":\"300000\"}";
    Answer first =
        INGRESS.post("/api/v1/reservations", token, booking, "Idempotency-Key", "removed-map");
    assertThat(first.status()).as(first.body()).isEqualTo(202);
    Command.BookSeats command = bookingOf(event);
    if (isDecided) {
      INGRESS.decide(command, TicketStatus.REJECTED, Reason.LIMIT_EXCEEDED, null);
    }
    INGRESS.sql().update("update events set seat_map_revision = null where id = ?", event);
    INGRESS.evictEvent(event);
    INGRESS.context.getBean(EventCatalog.class).evictLocalCache();
    Answer repeated =
        INGRESS.post("/api/v1/reservations", token, booking, "Idempotency-Key", "removed-map");
    assertThat(repeated.status()).as(repeated.body()).isEqualTo(202);
    assertThat(repeated.json().path("ticketId")).isEqualTo(first.json().path("ticketId"));
    assertThat(repeated.json().path("status").asString())
        .isEqualTo(isDecided ? "REJECTED" : "PENDING");
    if (!isDecided) {
      assertThat(bookingOf(event))
          .usingRecursiveComparison()
          .ignoringFields("attemptId")
          .isEqualTo(command);
    }
    Answer changed =
        INGRESS.post(
            "/api/v1/reservations",
            token,
            booking.replace("a3", "a2"),
            "Idempotency-Key",
            "removed-map");
    assertThat(changed.code()).isEqualTo("IDEMPOTENCY_KEY_REUSED");
    assertThat(
            INGRESS
                .post("/api/v1/reservations", token, booking, "Idempotency-Key", "other")
                .status())
        .isEqualTo(400);
  }

  private static Command.BookSeats bookingOf(long event) {
    return INGRESS.drain().stream()
        .filter(sent -> sent.eventId() == event)
        .map(Command.BookSeats.class::cast)
        .findFirst()
        .orElseThrow();
  }

  @Test
  void dueHoldAdmitsRequestForTakenSeat() {
    long event = newEvent();
    take(event, 0, 0b10);
    INGRESS.reserve("holder", event, "HELD", Instant.now().minusSeconds(1));
    assertThat(book(event, "\"quantity\":1,\"seats\":[\"a2\"]").status()).isEqualTo(202);
  }

  @Test
  void reservationAndTicketListTheirSeats() {
    long event = newEvent();
    String user = IngressFixture.newUser();
    long reservation = INGRESS.reserve(user, event, "CONFIRMED", null);
    INGRESS.sql().update("update reservations set seats = 'a1,a2' where id = ?", reservation);
    Answer found = INGRESS.get("/api/v1/reservations/" + reservation, INGRESS.token(user));
    assertThat(found.json().path("seats")).isEqualTo(Json.INTERNAL.readTree("[\"a1\",\"a2\"]"));
    assertThat(
            INGRESS
                .get("/api/v1/users/me/reservations", INGRESS.token(user))
                .json()
                .at("/content/0/seats"))
        .hasSize(2);
  }

  @Test
  void changeKeepsTheMapUnlessItIsGiven() {
    long event = newEvent();
    Answer renamed =
        INGRESS.send(
            "PUT", path(event), INGRESS.admin(), body(null, "").replace("Concert", "Recital"));
    assertThat(renamed.status()).as(renamed.body()).isEqualTo(200);
    assertThat(renamed.json().path("seatMapRevision").asInt()).isEqualTo(1);
    assertThat(renamed.json().path("totalSeats").asInt()).isEqualTo(13);
    Answer same = INGRESS.send("PUT", path(event), INGRESS.admin(), body(MAP, ""));
    assertThat(same.status()).as(same.body()).isEqualTo(200);
    assertThat(same.json().path("seatMapRevision").asInt()).isEqualTo(1);
    String read = INGRESS.get(path(event), null).body();
    assertThat(INGRESS.send("PUT", path(event), INGRESS.admin(), read).status()).isEqualTo(200);
    INGRESS.context.getBean(EventCatalog.class).evictLocalCache();
    assertThat(
            fields(
                INGRESS.send(
                    "PUT", path(event), INGRESS.admin(), body(null, "").replace("\"R\"", "\"S\""))))
        .contains("seatTypes[1].seatType", "seatTypes");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {"replaced|REPLACE", "null|REMOVE"})
  void changedMapIsSentToTheWorkers(String map, Command.ChangeSeats.SeatMapChange expected)
      throws InterruptedException {
    long event = newEvent();
    INGRESS.drain();
    String replaced = map.equals("null") ? map : MAP.replace("\"a3\"", "\"a33\"");
    Thread request =
        Thread.startVirtualThread(() ->
            INGRESS.send(
                "PUT", path(event), INGRESS.admin(), body(replaced, ",\"totalSeats\":13")));
    List<Command.ChangeSeats> sent = new ArrayList<>();
    org.awaitility.Awaitility.await()
        .atMost(java.time.Duration.ofSeconds(30))
        .until(() -> {
          INGRESS.drain().stream()
              .filter(command -> command.eventId() == event)
              .map(Command.ChangeSeats.class::cast)
              .forEach(sent::add);
          return !sent.isEmpty();
        });
    assertThat(sent.getFirst().seatMap()).isEqualTo(expected);
    Integer rows =
        INGRESS
            .sql()
            .queryForObject(
                "select count(*) from seat_map_changes where ticket_id = ? and event_id = ?",
                Integer.class,
                sent.getFirst().ticketId().toString(),
                event);
    assertThat(rows).isEqualTo(map.equals("null") ? 0 : 1);
    INGRESS.decide(
        sent.getFirst(),
        ticketing.domain.TicketStatus.REJECTED,
        ticketing.domain.Reason.SEATS_SOLD,
        null);
    request.join();
  }
}
