package ticketing.domain.seatmap;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import ticketing.domain.Command;
import ticketing.domain.seatmap.SeatMap.Parsed;
import ticketing.domain.seatmap.SeatMap.Violation;
import tools.jackson.databind.JsonNode;

/// Validation of a seat map that a client sent.
final class SeatMapParser {

  private static final String ROOT = "seatMap";
  private static final Set<String> MAP_FIELDS = Set.of("sections");
  private static final Set<String> SECTION_FIELDS = Set.of("section", "rows");
  private static final Set<String> ROW_FIELDS = Set.of("row", "seats");
  private static final Set<String> SEAT_FIELDS = Set.of("id", "seatType", "rank", "x", "y");

  private final List<String> seatTypes;
  private final List<Violation> violations = new ArrayList<>();
  private final SeatMap.Builder builder = new SeatMap.Builder();
  private final Set<String> usedTypes = new LinkedHashSet<>();
  private final Set<String> ids = new HashSet<>();
  private int seatCount;

  SeatMapParser(List<String> seatTypes) {
    this.seatTypes = seatTypes;
  }

  Parsed parse(JsonNode map) {
    parseMap(map);
    if (violations.isEmpty() && seatCount == 0) {
      report(ROOT, "must have 1 to " + SeatMap.MAX_SEATS + " seats");
    }
    if (violations.isEmpty()) {
      for (int i = 0; i < seatTypes.size(); i++) {
        if (!usedTypes.contains(seatTypes.get(i))) {
          report("seatTypes[" + i + "].seatType", "must have seats in the seat map");
        }
      }
    }
    return violations.isEmpty()
        ? new Parsed.Valid(builder.build())
        : new Parsed.Invalid(List.copyOf(violations));
  }

  private boolean isDone() {
    return violations.size() >= SeatMap.MAX_VIOLATIONS || seatCount > SeatMap.MAX_SEATS;
  }

  private void report(String field, String message) {
    if (violations.size() < SeatMap.MAX_VIOLATIONS) {
      violations.add(new Violation(field, message));
    }
  }

  private void parseMap(JsonNode map) {
    if (!isObject(map, ROOT, MAP_FIELDS)) {
      return;
    }
    JsonNode sections = map.path("sections");
    if (!isArray(sections, ROOT + ".sections")) {
      return;
    }
    Set<String> names = new HashSet<>();
    for (int i = 0; i < sections.size() && !isDone(); i++) {
      parseSection(sections.get(i), ROOT + ".sections[" + i + "]", names);
    }
  }

  private void parseSection(JsonNode section, String path, Set<String> names) {
    if (!isObject(section, path, SECTION_FIELDS)) {
      return;
    }
    builder.section(name(section.path("section"), path + ".section", names));
    JsonNode rows = section.path("rows");
    if (!isArray(rows, path + ".rows")) {
      return;
    }
    Set<String> rowNames = new HashSet<>();
    for (int i = 0; i < rows.size() && !isDone(); i++) {
      parseRow(rows.get(i), path + ".rows[" + i + "]", rowNames);
    }
  }

  private void parseRow(JsonNode row, String path, Set<String> names) {
    if (!isObject(row, path, ROW_FIELDS)) {
      return;
    }
    builder.row(name(row.path("row"), path + ".row", names));
    JsonNode seats = row.path("seats");
    if (!isArray(seats, path + ".seats")) {
      return;
    }
    for (int i = 0; i < seats.size() && !isDone(); i++) {
      if (seats.get(i).isNull()) {
        builder.aisle();
      } else {
        parseSeat(seats.get(i), path + ".seats[" + i + "]");
      }
    }
  }

  private void parseSeat(JsonNode seat, String path) {
    seatCount++;
    if (seatCount > SeatMap.MAX_SEATS) {
      report(ROOT, "must have 1 to " + SeatMap.MAX_SEATS + " seats");
      return;
    }
    if (!isObject(seat, path, SEAT_FIELDS)) {
      return;
    }
    String id = parseId(seat.path("id"), path + ".id");
    String type = parseType(seat.path("seatType"), path + ".seatType");
    int rank = parseRank(seat.path("rank"), path + ".rank");
    double x = parseCoordinate(seat.path("x"), path + ".x");
    double y = parseCoordinate(seat.path("y"), path + ".y");
    if (violations.isEmpty()) {
      builder.seat(id, type, rank, x, y);
    }
  }

  private String parseId(JsonNode node, String path) {
    String id = node.isString() ? node.stringValue() : "";
    if (!Command.isValidSeatId(id)) {
      report(
          path,
          "must be 1 to "
              + Command.MAX_SEAT_ID
              + " characters without blanks, commas and control characters");
    } else if (!ids.add(id)) {
      report(path, "must be unique in the seat map");
    }
    return id;
  }

  private String parseType(JsonNode node, String path) {
    String type = node.isString() ? node.stringValue() : "";
    if (seatTypes.contains(type)) {
      usedTypes.add(type);
    } else {
      report(path, "must be a seat type of the event");
    }
    return type;
  }

  private int parseRank(JsonNode node, String path) {
    if (node.isIntegralNumber() && node.canConvertToInt()) {
      int rank = node.intValue();
      if (rank >= 1 && rank <= SeatMap.MAX_RANK) {
        return rank;
      }
    }
    report(path, "must be an integer from 1 to " + SeatMap.MAX_RANK);
    return 1;
  }

  private double parseCoordinate(JsonNode node, String path) {
    double value = node.isNumber() ? node.asDouble(Double.NaN) : Double.NaN;
    if (!Double.isFinite(value)) {
      report(path, "must be a finite number");
    }
    return value;
  }

  private String name(JsonNode node, String path, Set<String> others) {
    String name = node.isString() ? node.stringValue() : "";
    if (!SeatMap.isValidName(name)) {
      report(path, "must be 1 to " + SeatMap.MAX_NAME + " characters without control characters");
    } else if (!others.add(name)) {
      report(path, "must occur only once");
    }
    return name;
  }

  private boolean isObject(JsonNode node, String path, Set<String> fields) {
    if (!node.isObject()) {
      report(path, "must be an object");
      return false;
    }
    for (String field : node.propertyNames()) {
      if (!fields.contains(field)) {
        report(path + "." + abbreviate(field), "is unknown");
      }
    }
    return true;
  }

  private static String abbreviate(String field) {
    return field.codePointCount(0, field.length()) <= SeatMap.MAX_NAME
        ? field
        : field.substring(0, field.offsetByCodePoints(0, SeatMap.MAX_NAME));
  }

  private boolean isArray(JsonNode node, String path) {
    if (!node.isArray()) {
      report(path, "must be an array");
    }
    return node.isArray();
  }
}
