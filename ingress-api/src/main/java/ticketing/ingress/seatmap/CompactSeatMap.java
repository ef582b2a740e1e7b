package ticketing.ingress.seatmap;

import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import ticketing.domain.Json;
import tools.jackson.databind.JsonNode;

/// Seat map in columns, compressed less than a fifth of the full document. Each column has one
/// value for each seat of a row. Ranks and positions are differences to the seat ahead in the map,
/// and positions are integers: multiples of `1 / scale`. An id is the number of characters that it
/// shares with the id ahead, and its rest. An aisle is the number of seats ahead of it in its row.
final class CompactSeatMap {

  private static final int MAX_DECIMALS = 6;

  /// Differences up to twice this value are exact in JavaScript.
  private static final BigDecimal MAX_POSITION = BigDecimal.valueOf(1L << 50);

  /// @param aisles seats ahead of each aisle
  /// @param shared characters of the id ahead
  /// @param types indexes in the types of the map
  private record Row(
      String row,
      List<Integer> aisles,
      List<Integer> shared,
      List<String> ids,
      List<Integer> types,
      List<Integer> ranks,
      List<Long> x,
      List<Long> y) {}

  private record Section(String section, List<Row> rows) {}

  private record Document(
      long eventId, int revision, long scale, List<String> seatTypes, List<Section> sections) {}

  private final int decimals;
  private final Map<String, Integer> types = new LinkedHashMap<>();
  private String id = "";
  private int rank;
  private long x;
  private long y;

  private CompactSeatMap(int decimals) {
    this.decimals = decimals;
  }

  /// Returns the JSON; empty if a position has too many digits.
  ///
  /// @param map JSON with the sections of a valid map
  static Optional<byte[]> of(SeatMapEntity.Key key, byte[] map) {
    JsonNode sections = Json.INTERNAL.readTree(map).get("sections");
    int decimals = 0;
    BigDecimal largest = BigDecimal.ZERO;
    for (BigDecimal position : positions(sections)) {
      decimals = Math.max(decimals, position.stripTrailingZeros().scale());
      largest = largest.max(position.abs());
    }
    if (decimals > MAX_DECIMALS
        || largest.scaleByPowerOfTen(decimals).compareTo(MAX_POSITION) > 0) {
      return Optional.empty();
    }
    CompactSeatMap compact = new CompactSeatMap(decimals);
    List<Section> columns = compact.sections(sections);
    return Optional.of(
        Json.INTERNAL.writeValueAsBytes(
            new Document(
                key.eventId(),
                key.revision(),
                BigDecimal.TEN.pow(decimals).longValueExact(),
                List.copyOf(compact.types.keySet()),
                columns)));
  }

  private static List<BigDecimal> positions(JsonNode sections) {
    return sections
        .valueStream()
        .flatMap(section -> section.get("rows").valueStream())
        .flatMap(row -> row.get("seats").valueStream())
        .filter(seat -> !seat.isNull())
        .flatMap(seat -> Stream.of(seat.get("x").decimalValue(), seat.get("y").decimalValue()))
        .toList();
  }

  private List<Section> sections(JsonNode sections) {
    List<Section> columns = new ArrayList<>();
    for (JsonNode section : sections) {
      List<Row> rows = new ArrayList<>();
      for (JsonNode row : section.get("rows")) {
        rows.add(row(row));
      }
      columns.add(new Section(section.get("section").asString(), rows));
    }
    return columns;
  }

  private Row row(JsonNode row) {
    Row columns =
        new Row(
            row.get("row").asString(),
            new ArrayList<>(),
            new ArrayList<>(),
            new ArrayList<>(),
            new ArrayList<>(),
            new ArrayList<>(),
            new ArrayList<>(),
            new ArrayList<>());
    for (JsonNode seat : row.get("seats")) {
      if (seat.isNull()) {
        columns.aisles().add(columns.ids().size());
      } else {
        add(seat, columns);
      }
    }
    return columns;
  }

  private void add(JsonNode seat, Row columns) {
    String nextId = seat.get("id").asString();
    int nextRank = seat.get("rank").intValue();
    long nextX = scaled(seat.get("x"));
    long nextY = scaled(seat.get("y"));
    int shared = sharedCharacters(id, nextId);
    columns.shared().add(shared);
    columns.ids().add(nextId.substring(shared));
    columns.types().add(types.computeIfAbsent(seat.get("seatType").asString(), _ -> types.size()));
    columns.ranks().add(nextRank - rank);
    columns.x().add(nextX - x);
    columns.y().add(nextY - y);
    id = nextId;
    rank = nextRank;
    x = nextX;
    y = nextY;
  }

  private long scaled(JsonNode position) {
    return position.decimalValue().movePointRight(decimals).longValueExact();
  }

  /// A surrogate pair is not divided.
  private static int sharedCharacters(String first, String second) {
    int shared = 0;
    while (shared < Math.min(first.length(), second.length())
        && first.charAt(shared) == second.charAt(shared)) {
      shared++;
    }
    return shared > 0 && Character.isHighSurrogate(first.charAt(shared - 1)) ? shared - 1 : shared;
  }
}
