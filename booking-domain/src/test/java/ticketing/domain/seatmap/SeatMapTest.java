package ticketing.domain.seatmap;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import ticketing.domain.Json;
import ticketing.domain.seatmap.SeatMap.Parsed;
import ticketing.domain.seatmap.SeatMap.Violation;

class SeatMapTest {

  private static final String VALID =
      """
      {"sections":[{"section":"B","rows":[{"row":"12","seats":[\
      {"id":"B-12-7","seatType":"VIP","rank":120,"x":3.5,"y":12},null,\
      {"id":"B-12-8","seatType":"VIP","rank":121,"x":4.5,"y":12},\
      {"id":"B-12-9","seatType":"VIP","rank":1,"x":-5,"y":0.25},null]},\
      {"row":"13","seats":[]}]},{"section":"C","rows":[]}]}\
      """;

  @Test
  void validMapKeepsItsContent() {
    SeatMap map = valid(VALID);
    assertThat(new String(map.toJson(), StandardCharsets.UTF_8)).isEqualTo(VALID);
    assertThat(SeatMap.ofGzip(map.toGzip())).isEqualTo(map).hasSameHashCodeAs(map);
    assertThat(map.seatCount()).isEqualTo(3);
    assertThat(map.countByType()).containsOnly(java.util.Map.entry("VIP", 3));
    assertThat(map.sections())
        .containsExactly(new SeatMap.Section("B", 0, 3), new SeatMap.Section("C", 3, 0));
    assertThat(map.isJoinedToPrevious(1)).as("across an aisle").isFalse();
    assertThat(map.isJoinedToPrevious(2)).isTrue();
    assertThat(map.isJoinedToPrevious(3)).isFalse();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "{} | seatMap.sections",
        "[] | seatMap",
        "null | seatMap",
        "{\"sections\":[]} | seatMap",
        "{\"sections\":[{\"section\":\"A\",\"rows\":[]}]} | seatMap",
        "{\"sections\":[],\"more\":1} | seatMap.more",
        "{\"sections\":[null]} | seatMap.sections[0]",
        "{\"sections\":[{\"rows\":[]}]} | seatMap.sections[0].section",
        "{\"sections\":[{\"section\":\"\",\"rows\":[]}]} | seatMap.sections[0].section",
        "{\"sections\":[{\"section\":7,\"rows\":[]}]} | seatMap.sections[0].section",
        "{\"sections\":[{\"section\":\"A\"}]} | seatMap.sections[0].rows",
        "{\"sections\":[{\"section\":\"A\",\"rows\":[{\"seats\":[]}]}]}"
            + " | seatMap.sections[0].rows[0].row",
        "{\"sections\":[{\"section\":\"A\",\"rows\":[{\"row\":\"1\"}]}]}"
            + " | seatMap.sections[0].rows[0].seats",
      })
  void invalidStructureIsReported(String json, String field) {
    assertThat(violations(json)).extracting(Violation::field).contains(field);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "\"id\":\"a b\",\"seatType\":\"VIP\",\"rank\":1,\"x\":1,\"y\":1 | id",
        "\"id\":\"a,b\",\"seatType\":\"VIP\",\"rank\":1,\"x\":1,\"y\":1 | id",
        "\"id\":\"a\\u0007\",\"seatType\":\"VIP\",\"rank\":1,\"x\":1,\"y\":1 | id",
        "\"id\":\"a\\u00a0\",\"seatType\":\"VIP\",\"rank\":1,\"x\":1,\"y\":1 | id",
        "\"id\":\"\\ud800\",\"seatType\":\"VIP\",\"rank\":1,\"x\":1,\"y\":1 | id",
        "\"id\":\"\",\"seatType\":\"VIP\",\"rank\":1,\"x\":1,\"y\":1 | id",
        "\"id\":\"12345678901234567890123456789012345678901\",\"seatType\":\"VIP\",\"rank\":1,"
            + "\"x\":1,\"y\":1 | id",
        "\"id\":7,\"seatType\":\"VIP\",\"rank\":1,\"x\":1,\"y\":1 | id",
        "\"seatType\":\"VIP\",\"rank\":1,\"x\":1,\"y\":1 | id",
        "\"id\":\"a\",\"seatType\":\"R\",\"rank\":1,\"x\":1,\"y\":1 | seatType",
        "\"id\":\"a\",\"rank\":1,\"x\":1,\"y\":1 | seatType",
        "\"id\":\"a\",\"seatType\":\"VIP\",\"rank\":0,\"x\":1,\"y\":1 | rank",
        "\"id\":\"a\",\"seatType\":\"VIP\",\"rank\":1000001,\"x\":1,\"y\":1 | rank",
        "\"id\":\"a\",\"seatType\":\"VIP\",\"rank\":1.5,\"x\":1,\"y\":1 | rank",
        "\"id\":\"a\",\"seatType\":\"VIP\",\"rank\":\"1\",\"x\":1,\"y\":1 | rank",
        "\"id\":\"a\",\"seatType\":\"VIP\",\"rank\":99999999999,\"x\":1,\"y\":1 | rank",
        "\"id\":\"a\",\"seatType\":\"VIP\",\"x\":1,\"y\":1 | rank",
        "\"id\":\"a\",\"seatType\":\"VIP\",\"rank\":1,\"x\":1e999,\"y\":1 | x",
        "\"id\":\"a\",\"seatType\":\"VIP\",\"rank\":1,\"x\":null,\"y\":1 | x",
        "\"id\":\"a\",\"seatType\":\"VIP\",\"rank\":1,\"x\":1,\"y\":\"1\" | y",
        "\"id\":\"a\",\"seatType\":\"VIP\",\"rank\":1,\"x\":1 | y",
        "\"id\":\"a\",\"seatType\":\"VIP\",\"rank\":1,\"x\":1,\"y\":1,\"z\":1 | z",
      })
  void invalidSeatIsReported(String seat, String field) {
    assertThat(violations(withSeats("{" + seat + "}")))
        .extracting(Violation::field)
        .contains("seatMap.sections[0].rows[0].seats[0]." + field);
  }

  @Test
  void namesAndIdsAreUnique() {
    String row =
        "{\"row\":\"1\",\"seats\":[{\"id\":\"a\",\"seatType\":\"VIP\",\"rank\":1,"
            + "\"x\":1,\"y\":1}]}";
    String section = "{\"section\":\"A\",\"rows\":[" + row + "," + row + "]}";
    assertThat(violations("{\"sections\":[" + section + "," + section + "]}"))
        .extracting(Violation::field)
        .contains(
            "seatMap.sections[0].rows[1].row",
            "seatMap.sections[0].rows[1].seats[0].id",
            "seatMap.sections[1].section");
  }

  @Test
  void eachSeatTypeNeedsASeat() {
    Parsed parsed = SeatMap.parse(Json.INTERNAL.readTree(VALID), List.of("VIP", "R"));
    assertThat(((Parsed.Invalid) parsed).violations())
        .extracting(Violation::field)
        .containsExactly("seatTypes[1].seatType");
  }

  @Test
  void firstHundredViolationsAreReported() {
    assertThat(violations(withSeats("0,".repeat(150) + "0"))).hasSize(100);
  }

  @Test
  void seatsAreLimited() {
    assertThat(valid(withSeats(seats(SeatMap.MAX_SEATS))).seatCount()).isEqualTo(60_000);
    assertThat(violations(withSeats(seats(SeatMap.MAX_SEATS + 1))))
        .extracting(Violation::field)
        .containsExactly("seatMap");
  }

  @Test
  void soldMapMayOnlyGrow() {
    SeatMap map = valid(VALID);
    SeatMap grown =
        valid(
            VALID.replace(
                "\"seats\":[]",
                "\"seats\":[{\"id\":\"new\",\"seatType\":\"VIP\",\"rank\":1,\"x\":1,\"y\":1}]"));
    assertThat(grown.keepsSeatsOf(map)).isTrue();
    assertThat(map.keepsSeatsOf(grown)).isFalse();
    assertThat(valid(VALID.replace("\"row\":\"12\"", "\"row\":\"14\"")).keepsSeatsOf(map))
        .isFalse();
    assertThat(valid(VALID.replace("\"section\":\"B\"", "\"section\":\"D\"")).keepsSeatsOf(map))
        .isFalse();
    assertThat(valid(VALID.replace("\"rank\":120", "\"rank\":7")).keepsSeatsOf(map)).isTrue();
  }

  @Test
  void bitmapHasTheDocumentedForm() {
    SeatMap map = SeatMaps.hall(2, 1, 9, "A");
    SeatAllocator allocator = new SeatAllocator(SeatBitmap.empty(map));
    allocator.take(List.of("s1", "s9", "s10", "s13"), "A");
    SeatBitmap bitmap = allocator.bitmap();
    assertThat(bitmap.section(0)).containsExactly(1, 1);
    assertThat(bitmap.section(1)).containsExactly(9, 0);
    assertThat(bitmap.sectionAsBase64(0)).isEqualTo("AQE=");
    assertThat(SeatBitmap.of(map, List.of(bitmap.section(0), bitmap.section(1)))).isEqualTo(bitmap);
    assertThatThrownBy(() -> SeatBitmap.of(map, List.of(new byte[1], new byte[2])))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void bitmapFollowsTheSeatsToAnotherMap() {
    SeatMap map = SeatMaps.hall(1, 2, 5, "A");
    SeatAllocator allocator = new SeatAllocator(SeatBitmap.empty(map));
    allocator.take(List.of("s2", "s7"), "A");
    SeatBitmap moved = allocator.bitmap().moveTo(SeatMaps.hall(2, 1, 10, "A"));
    assertThat(moved.countTaken()).isEqualTo(2);
    assertThat(moved.isTaken(moved.map().indexOf("s7").orElseThrow())).isTrue();
  }

  private static String withSeats(String seats) {
    return "{\"sections\":[{\"section\":\"A\",\"rows\":[{\"row\":\"1\",\"seats\":["
        + seats
        + "]}]}]}";
  }

  private static String seats(int count) {
    return IntStream.range(0, count)
        .mapToObj(i -> "{\"id\":\"" + i + "\",\"seatType\":\"VIP\",\"rank\":1,\"x\":1,\"y\":1}")
        .collect(Collectors.joining(","));
  }

  private static SeatMap valid(String json) {
    return ((Parsed.Valid) SeatMap.parse(Json.INTERNAL.readTree(json), List.of("VIP"))).map();
  }

  private static List<Violation> violations(String json) {
    Parsed parsed = SeatMap.parse(Json.INTERNAL.readTree(json), List.of("VIP"));
    return ((Parsed.Invalid) parsed).violations();
  }
}
