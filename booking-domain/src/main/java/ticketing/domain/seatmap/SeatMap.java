package ticketing.domain.seatmap;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import ticketing.domain.Json;
import tools.jackson.core.JsonGenerator;
import tools.jackson.databind.JsonNode;

/// Numbered seats of an event. Immutable. A seat has an index from 0 in the order of the map; the
/// seats of a section have consecutive indexes.
public final class SeatMap {

  /// Maximum number of seats of a map.
  public static final int MAX_SEATS = 60_000;

  /// Maximum length of the name of a section or row, in code points.
  public static final int MAX_NAME = 40;

  /// Highest rank, which is the worst.
  public static final int MAX_RANK = 1_000_000;

  /// Maximum number of reported violations.
  public static final int MAX_VIOLATIONS = 100;

  private static final double MAX_EXACT_INTEGER = 1L << 53;

  /// Section with the indexes of its seats.
  ///
  /// @param firstSeat index of its first seat in the map
  public record Section(String name, int firstSeat, int seatCount) {}

  /// Invalid value of a map.
  ///
  /// @param field path such as `seatMap.sections[0].rows[1].seats[2].id`
  public record Violation(String field, String message) {}

  /// Result of the validation of a map.
  public sealed interface Parsed {

    record Valid(SeatMap map) implements Parsed {}

    /// @param violations the first [#MAX_VIOLATIONS], at least one
    record Invalid(List<Violation> violations) implements Parsed {}
  }

  /// Row with the aisles behind its last seat.
  private record Row(String name, int section, int firstSeat, int seatCount, int aislesAtEnd) {}

  private final List<Section> sections;
  private final List<Row> rows;
  private final List<String> typeNames;
  private final String[] ids;
  private final byte[] types;
  private final int[] ranks;
  private final double[] x;
  private final double[] y;
  private final int[] aislesAhead;
  private final int[] rowOfSeat;
  private final BitSet joined; // bit i: seat i and seat i - 1 are neighbours
  private final long[] rankSums; // sum of the ranks of all seats ahead of a seat
  private final Map<String, Integer> indexes;
  private final long[] joinedWords;
  private final long[][] seatsByType;

  private SeatMap(Builder builder) {
    this.sections = List.copyOf(builder.sections);
    this.rows = List.copyOf(builder.rows);
    this.typeNames = List.copyOf(builder.typeNames);
    int count = builder.ids.size();
    this.ids = builder.ids.toArray(String[]::new);
    this.types = new byte[count];
    this.ranks = new int[count];
    this.x = new double[count];
    this.y = new double[count];
    this.aislesAhead = new int[count];
    this.rowOfSeat = new int[count];
    this.joined = new BitSet(count);
    this.rankSums = new long[count + 1];
    this.indexes = HashMap.newHashMap(count);
    for (int seat = 0; seat < count; seat++) {
      types[seat] = builder.types.get(seat);
      ranks[seat] = builder.ranks.get(seat);
      x[seat] = builder.x.get(seat);
      y[seat] = builder.y.get(seat);
      aislesAhead[seat] = builder.aislesAhead.get(seat);
      rankSums[seat + 1] = rankSums[seat] + ranks[seat];
      indexes.put(ids[seat], seat);
    }
    for (int row = 0; row < rows.size(); row++) {
      Row current = rows.get(row);
      for (int seat = current.firstSeat(); seat < endOf(current); seat++) {
        rowOfSeat[seat] = row;
        joined.set(seat, seat > current.firstSeat() && aislesAhead[seat] == 0);
      }
    }
    this.joinedWords = Arrays.copyOf(joined.toLongArray(), SeatBitmap.words(count));
    this.seatsByType = new long[typeNames.size()][joinedWords.length];
    for (int seat = 0; seat < count; seat++) {
      SeatBitmap.set(seatsByType[types[seat]], seat);
    }
  }

  /// Validates a map that a client sent.
  ///
  /// @param map value of the field `seatMap`
  /// @param seatTypes names of the seat types of the event, in the order of the request
  public static Parsed parse(JsonNode map, List<String> seatTypes) {
    return new SeatMapParser(seatTypes).parse(map);
  }

  /// Reads a map that is valid by construction.
  ///
  /// @throws IllegalArgumentException if it is invalid
  public static SeatMap ofValid(JsonNode map, List<String> seatTypes) {
    return switch (parse(map, seatTypes)) {
      case Parsed.Valid(SeatMap valid) -> valid;
      case Parsed.Invalid(List<Violation> violations) ->
          throw new IllegalArgumentException("invalid seat map: " + violations.getFirst());
    };
  }

  /// Reads a map that [#toGzip] wrote.
  ///
  /// @throws IllegalArgumentException if it is no valid map
  public static SeatMap ofGzip(byte[] gzip) {
    try (InputStream in = new GZIPInputStream(new ByteArrayInputStream(gzip))) {
      JsonNode map = Json.INTERNAL.readTree(in);
      return ofValid(map, List.copyOf(typesIn(map)));
    } catch (IOException e) {
      throw new IllegalArgumentException("invalid seat map", e);
    }
  }

  private static Set<String> typesIn(JsonNode map) {
    Set<String> types = new TreeSet<>();
    for (JsonNode section : map.path("sections")) {
      for (JsonNode row : section.path("rows")) {
        for (JsonNode seat : row.path("seats")) {
          if (!seat.isNull()) {
            types.add(seat.path("seatType").asString(""));
          }
        }
      }
    }
    return types;
  }

  static boolean isValidName(String name) {
    return !name.isEmpty()
        && name.codePointCount(0, name.length()) <= MAX_NAME
        && name.codePoints()
            .noneMatch(character ->
                Character.isISOControl(character)
                    || Character.getType(character) == Character.SURROGATE);
  }

  /// Returns the sections in the order of the map.
  public List<Section> sections() {
    return sections;
  }

  public int seatCount() {
    return ids.length;
  }

  /// Returns the number of seats of each seat type of the map.
  public Map<String, Integer> countByType() {
    Map<String, Integer> counts = new TreeMap<>();
    for (byte type : types) {
      counts.merge(typeNames.get(type), 1, Integer::sum);
    }
    return counts;
  }

  /// Returns the index of a seat; empty if the map has no such seat.
  public OptionalInt indexOf(String id) {
    Integer index = indexes.get(id);
    return index == null ? OptionalInt.empty() : OptionalInt.of(index);
  }

  /// Returns the indexes of these seats; empty if one is unknown.
  public int[] indexesOf(List<String> seatIds) {
    int[] found = new int[seatIds.size()];
    for (int i = 0; i < found.length; i++) {
      OptionalInt index = indexOf(seatIds.get(i));
      if (index.isEmpty()) {
        return new int[0];
      }
      found[i] = index.getAsInt();
    }
    return found;
  }

  public String id(int seat) {
    return ids[seat];
  }

  public String seatType(int seat) {
    return typeNames.get(types[seat]);
  }

  public int rank(int seat) {
    return ranks[seat];
  }

  /// Returns the position of the section of a seat.
  public int sectionOf(int seat) {
    return rows.get(rowOfSeat[seat]).section();
  }

  /// Returns true if the seat and the seat with the previous index are neighbours.
  public boolean isJoinedToPrevious(int seat) {
    return seat > 0 && seat < ids.length && joined.get(seat);
  }

  /// Returns the index of the first seat of the row of a seat.
  int firstSeatOfRow(int seat) {
    return rows.get(rowOfSeat[seat]).firstSeat();
  }

  /// Returns the index after the last seat of the row of a seat.
  int endOfRow(int seat) {
    return endOf(rows.get(rowOfSeat[seat]));
  }

  int rowOf(int seat) {
    return rowOfSeat[seat];
  }

  /// Returns the sum of the ranks of consecutive seats.
  long sumOfRanks(int firstSeat, int count) {
    return rankSums[firstSeat + count] - rankSums[firstSeat];
  }

  /// Returns one bit for each seat that is of this type. Must not be changed.
  long[] seatsOfType(String seatType) {
    int type = typeNames.indexOf(seatType);
    return type < 0 ? new long[joinedWords.length] : seatsByType[type];
  }

  /// Returns one bit for each seat whose previous seat is a neighbour. Must not be changed.
  long[] joinedSeats() {
    return joinedWords;
  }

  private static int endOf(Row row) {
    return row.firstSeat() + row.seatCount();
  }

  /// Returns true if this map contains each seat of the other map with the same id, seat type,
  /// section and row.
  public boolean keepsSeatsOf(SeatMap other) {
    for (int seat = 0; seat < other.ids.length; seat++) {
      Integer kept = indexes.get(other.ids[seat]);
      if (kept == null
          || !seatType(kept).equals(other.seatType(seat))
          || !rowName(kept).equals(other.rowName(seat))
          || !sectionName(kept).equals(other.sectionName(seat))) {
        return false;
      }
    }
    return true;
  }

  private String rowName(int seat) {
    return rows.get(rowOfSeat[seat]).name();
  }

  private String sectionName(int seat) {
    return sections.get(sectionOf(seat)).name();
  }

  /// Returns the JSON `{"sections":[...]}`. Equal maps have the same JSON.
  public byte[] toJson() {
    ByteArrayOutputStream out = new ByteArrayOutputStream(ids.length * 64);
    write(out);
    return out.toByteArray();
  }

  /// Returns the compressed JSON, as the tables store it.
  public byte[] toGzip() {
    ByteArrayOutputStream out = new ByteArrayOutputStream(ids.length * 8);
    try (OutputStream gzip = new GZIPOutputStream(out)) {
      write(gzip);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return out.toByteArray();
  }

  private void write(OutputStream out) {
    try (JsonGenerator json = Json.INTERNAL.createGenerator(out)) {
      json.writeStartObject();
      json.writeArrayPropertyStart("sections");
      int row = 0;
      for (int section = 0; section < sections.size(); section++) {
        json.writeStartObject();
        json.writeStringProperty("section", sections.get(section).name());
        json.writeArrayPropertyStart("rows");
        for (; row < rows.size() && rows.get(row).section() == section; row++) {
          write(json, rows.get(row));
        }
        json.writeEndArray();
        json.writeEndObject();
      }
      json.writeEndArray();
      json.writeEndObject();
    }
  }

  private void write(JsonGenerator json, Row row) {
    json.writeStartObject();
    json.writeStringProperty("row", row.name());
    json.writeArrayPropertyStart("seats");
    for (int seat = row.firstSeat(); seat < endOf(row); seat++) {
      writeAisles(json, aislesAhead[seat]);
      json.writeStartObject();
      json.writeStringProperty("id", ids[seat]);
      json.writeStringProperty("seatType", seatType(seat));
      json.writeNumberProperty("rank", ranks[seat]);
      writeCoordinate(json, "x", x[seat]);
      writeCoordinate(json, "y", y[seat]);
      json.writeEndObject();
    }
    writeAisles(json, row.aislesAtEnd());
    json.writeEndArray();
    json.writeEndObject();
  }

  private static void writeAisles(JsonGenerator json, int count) {
    for (int aisle = 0; aisle < count; aisle++) {
      json.writeNull();
    }
  }

  private static void writeCoordinate(JsonGenerator json, String name, double value) {
    if (value == Math.rint(value) && Math.abs(value) < MAX_EXACT_INTEGER) {
      json.writeNumberProperty(name, (long) value);
    } else {
      json.writeNumberProperty(name, value);
    }
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof SeatMap map
        && Arrays.equals(ids, map.ids)
        && sections.equals(map.sections)
        && rows.equals(map.rows)
        && Arrays.equals(ranks, map.ranks)
        && Arrays.equals(x, map.x)
        && Arrays.equals(y, map.y)
        && Arrays.equals(aislesAhead, map.aislesAhead)
        && Arrays.equals(types, map.types)
        && typeNames.equals(map.typeNames);
  }

  @Override
  public int hashCode() {
    return Objects.hash(Arrays.hashCode(ids), Arrays.hashCode(ranks), sections);
  }

  @Override
  public String toString() {
    return "SeatMap[sections=" + sections.size() + ", seats=" + ids.length + "]";
  }

  /// Collects the parts of a map in their order.
  static final class Builder {
    private final List<Section> sections = new ArrayList<>();
    private final List<Row> rows = new ArrayList<>();
    private final List<String> typeNames = new ArrayList<>();
    private final List<String> ids = new ArrayList<>();
    private final List<Byte> types = new ArrayList<>();
    private final List<Integer> ranks = new ArrayList<>();
    private final List<Double> x = new ArrayList<>();
    private final List<Double> y = new ArrayList<>();
    private final List<Integer> aislesAhead = new ArrayList<>();
    private int aisles;
    private boolean inRow;

    void section(String name) {
      endRow();
      sections.add(new Section(name, ids.size(), 0));
    }

    void row(String name) {
      endRow();
      rows.add(new Row(name, sections.size() - 1, ids.size(), 0, 0));
      inRow = true;
    }

    void aisle() {
      aisles++;
    }

    void seat(String id, String seatType, int rank, double xCoordinate, double yCoordinate) {
      int type = typeNames.indexOf(seatType);
      if (type < 0) {
        type = typeNames.size();
        typeNames.add(seatType);
      }
      ids.add(id);
      types.add((byte) type);
      ranks.add(rank);
      x.add(xCoordinate);
      y.add(yCoordinate);
      aislesAhead.add(aisles);
      aisles = 0;
      Section section = sections.removeLast();
      sections.add(
          new Section(section.name(), section.firstSeat(), ids.size() - section.firstSeat()));
    }

    private void endRow() {
      if (inRow) {
        Row row = rows.removeLast();
        rows.add(
            new Row(
                row.name(), row.section(), row.firstSeat(), ids.size() - row.firstSeat(), aisles));
      }
      inRow = false;
      aisles = 0;
    }

    SeatMap build() {
      endRow();
      return new SeatMap(this);
    }
  }
}
