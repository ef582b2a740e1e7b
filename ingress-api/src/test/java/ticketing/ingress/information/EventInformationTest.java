package ticketing.ingress.information;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Map;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.Test;
import org.springframework.dao.DataIntegrityViolationException;
import ticketing.domain.Json;
import ticketing.ingress.IngressFixture;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.node.ObjectNode;

/// Description, limits and refund rule of an event, through the API.
class EventInformationTest {

  private static final String INFORMATION =
      ",\"description\":\"# Program\\n\\n**Bach**\",\"runningMinutes\":110,\"minimumAge\":8,"
          + "\"refundRule\":\"Until the day before.\"";

  private final IngressFixture ingress = IngressFixture.shared();

  private long create(String information) {
    IngressFixture.Answer created =
        ingress.post("/api/v1/events", ingress.admin(), IngressFixture.event(information));
    assertThat(created.status()).as(created.body()).isEqualTo(201);
    return created.json().get("eventId").longValue();
  }

  private IngressFixture.Answer read(long eventId) {
    return ingress.get("/api/v1/events/" + eventId, null);
  }

  private IngressFixture.Answer put(long eventId, String body) {
    return ingress.send("PUT", "/api/v1/events/" + eventId, ingress.admin(), body);
  }

  private JsonNode audited(long eventId, String action) {
    Map<String, Object> row =
        ingress
            .sql()
            .queryForMap(
                "select old_value, new_value from audit_log where object_name = ? and action = ?"
                    + " order by id desc limit 1",
                "events/" + eventId,
                action);
    ObjectNode values = Json.INTERNAL.createObjectNode();
    row.forEach((name, value) ->
        values.set(
            name,
            value == null
                ? Json.INTERNAL.nullNode()
                : Json.INTERNAL.readTree(String.valueOf(value))));
    return values;
  }

  @Test
  void readOfOneEventHasItsInformation() {
    JsonNode event = read(create(INFORMATION)).json();

    assertThat(event.get("description").asString()).isEqualTo("# Program\n\n**Bach**");
    assertThat(event.get("descriptionHtml").asString())
        .isEqualTo("<h3>Program</h3>\n<p><strong>Bach</strong></p>\n");
    assertThat(event.get("runningMinutes").intValue()).isEqualTo(110);
    assertThat(event.get("minimumAge").intValue()).isEqualTo(8);
    assertThat(event.get("refundRule").asString()).isEqualTo("Until the day before.");
    assertThat(event.has("posterUrl")).isFalse();
    assertThat(event.has("posterRevision")).isFalse();
  }

  @Test
  void listHasNoLongTexts() {
    long id = create(INFORMATION);
    JsonNode listed =
        ingress.get("/api/v1/events?sort=-eventId&size=100", null).json().get("content");
    JsonNode event =
        listed
            .valueStream()
            .filter(each -> each.get("eventId").longValue() == id)
            .findFirst()
            .orElseThrow();

    assertThat(event.get("runningMinutes").intValue()).isEqualTo(110);
    assertThat(event.get("minimumAge").intValue()).isEqualTo(8);
    assertThat(event.propertyNames())
        .doesNotContain("description", "descriptionHtml", "refundRule", "posterUrl");
  }

  /// The entries that bookings and workers read have no information.
  @Test
  void entryOfBookingsDoesNotGrow() {
    long id = create(INFORMATION);
    read(id);
    ingress.context.getBean(EventInformationCatalog.class).evictLocalCache();
    ingress.evictEvent(id);
    read(id);

    assertThat(ingress.redisGet("event:" + id)).doesNotContain("Bach", "runningMinutes");
    assertThat(ingress.redisGet("event_information:" + id)).contains("Bach");
  }

  @Test
  void changeReplacesAllInformationAndTheEntityTag() {
    long id = create(INFORMATION);
    String tag = read(id).header("ETag");

    JsonNode changed = put(id, IngressFixture.event(",\"minimumAge\":0")).json();

    assertThat(changed.get("minimumAge").intValue()).isZero();
    assertThat(changed.propertyNames())
        .doesNotContain("description", "descriptionHtml", "runningMinutes", "refundRule");
    IngressFixture.Answer current = ingress.get("/api/v1/events/" + id, null, "If-None-Match", tag);
    assertThat(current.status()).isEqualTo(200);
    assertThat(current.json()).isEqualTo(changed);
    JsonNode audit = audited(id, "EVENT_CHANGED");
    assertThat(audit.at("/old_value/description").asString()).isEqualTo("# Program\n\n**Bach**");
    assertThat(audit.at("/new_value/description").isNull()).isTrue();
    assertThat(audit.at("/new_value/minimumAge").intValue()).isZero();
  }

  @Test
  void bodyOfAReadCanBeSentBack() {
    long id = create(INFORMATION);
    JsonNode before = read(id).json();

    JsonNode after = put(id, before.toString()).json();

    assertThat(((ObjectNode) after).without("revision"))
        .isEqualTo(((ObjectNode) before).without("revision"));
  }

  @Test
  void otherInstanceReadsTheChange() {
    long id = create(INFORMATION);
    try (IngressFixture other = ingress.sibling(Map.of())) {
      assertThat(other.get("/api/v1/events/" + id, null).json().get("minimumAge").intValue())
          .isEqualTo(8);
      put(id, IngressFixture.event(",\"minimumAge\":12"));
      org.awaitility.Awaitility.await()
          .untilAsserted(() -> {
            JsonNode event = other.get("/api/v1/events/" + id, null).json();
            // Never a new revision with old information.
            assertThat(event.get("minimumAge").intValue())
                .isEqualTo(event.get("revision").longValue() == 1 ? 8 : 12);
            assertThat(event.get("revision").longValue()).isEqualTo(2);
          });
    }
  }

  @Test
  void unreadableEntryIsAMiss() {
    long id = create(INFORMATION);
    EventInformationCatalog catalog = ingress.context.getBean(EventInformationCatalog.class);
    for (String entry :
        List.of(
            "x",
            "[]",
            "{}",
            "{\"eventId\":%d,\"revision\":9}".formatted(id),
            "{\"eventId\":%d,\"revision\":0,\"information\":{\"minimumAge\":1}}".formatted(id),
            "{\"eventId\":999,\"revision\":9,\"information\":{\"minimumAge\":1}}")) {
      ingress.redisSet("event_information:" + id, entry);
      catalog.evictLocalCache();
      assertThat(read(id).json().get("minimumAge").intValue()).as(entry).isEqualTo(8);
    }
    // A newer version may add fields.
    ingress.redisSet(
        "event_information:" + id,
        "{\"eventId\":%d,\"revision\":9,\"more\":1,\"information\":{\"minimumAge\":9,\"more\":1}}"
            .formatted(id));
    catalog.evictLocalCache();
    assertThat(read(id).json().get("minimumAge").intValue()).isEqualTo(9);
  }

  @Test
  void textsAreInNormalForm() {
    long id =
        create(",\"description\":\"  a\\r\\nb\\rc\\td \",\"refundRule\":\"caf\\u0065\\u0301\\n\"");
    JsonNode event = read(id).json();

    assertThat(event.get("description").asString()).isEqualTo("a\nb\nc\td");
    assertThat(event.get("refundRule").asString()).isEqualTo("café");
  }

  @Test
  void longestTextsAreStored() {
    String description = "😀".repeat(5_000);
    long id =
        create(
            ",\"description\":\"%s\",\"refundRule\":\"%s\",\"runningMinutes\":1440,\"minimumAge\":21"
                .formatted(description, "한".repeat(500)));
    JsonNode event = read(id).json();

    assertThat(event.get("description").asString()).isEqualTo(description);
    assertThat(event.get("refundRule").asString()).isEqualTo("한".repeat(500));
    JsonNode audit = audited(id, "EVENT_CREATED").get("new_value");
    assertThat(audit.get("description").asString()).isEqualTo("😀".repeat(500) + "…");
    assertThat(audit.get("descriptionDigest").asString()).hasSize(64);
  }

  @Test
  void informationOutOfBoundsIsRefused() {
    for (String[] invalid :
        new String[][] {
          {"description", "\"%s\"".formatted("a".repeat(5_001))},
          {"description", "\"a\\u0000b\""},
          {"description", "\"a\\u001bb\""},
          {"description", "\"\\ud800\""},
          {"description", "1"},
          {"refundRule", "\"%s\"".formatted("a".repeat(501))},
          {"refundRule", "\"a\\u0007b\""},
          {"runningMinutes", "0"},
          {"runningMinutes", "1441"},
          {"runningMinutes", "1.5"},
          {"runningMinutes", "\"90\""},
          {"minimumAge", "-1"},
          {"minimumAge", "22"},
          {"minimumAge", "true"},
          {"posterUrl", "\"/x\""},
          {"descriptionHtml", "\"<p>x</p>\""}
        }) {
      IngressFixture.Answer refused =
          ingress.post(
              "/api/v1/events",
              ingress.admin(),
              IngressFixture.event(",\"%s\":%s".formatted(invalid[0], invalid[1])));
      assertThat(refused.status()).as("%s %s", invalid[0], refused.body()).isEqualTo(400);
      assertThat(refused.code()).isEqualTo("INVALID_REQUEST");
      assertThat(refused.json().get("errors").findValuesAsString("field"))
          .containsExactly(invalid[0]);
    }
  }

  @Test
  void pageDescribesTheEventToOtherPrograms() {
    long id = create(INFORMATION);
    String page = ingress.get("/events/" + id, null, "Accept", "text/html").body();

    assertThat(page).contains("\"duration\":\"PT1H50M\"", "\"typicalAgeRange\":\"8-\"");
  }

  @Test
  void migrationRequiresAnEvent() {
    Assertions.assertThatThrownBy(() ->
            ingress
                .sql()
                .update("insert into event_information (event_id, minimum_age) values (-1, 3)"))
        .isInstanceOf(DataIntegrityViolationException.class);
  }
}
