package ticketing.local.system;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import ticketing.domain.Json;
import ticketing.domain.seatmap.SeatMap;
import tools.jackson.databind.node.ArrayNode;
import tools.jackson.databind.node.ObjectNode;

/// Hall of 10,000 numbered seats: curved rows around a stage, with two aisles in each row. A rank
/// is the order by distance from the stage; seats at the side rank worse.
public final class DemoHall {

  private static final String VIP = "VIP";
  private static final String FRONT = "R";
  private static final String BACK = "S";
  private static final String BALCONY = "A";

  private static final double SIDE_WEIGHT = 0.6;
  private static final double ROUNDING = 100; // positions have two decimals

  /// Sections side by side.
  ///
  /// @param name start of the names of the sections
  /// @param id start of the ids of the seats
  /// @param sections number of sections
  /// @param rows rows of a section
  /// @param seats seats of a row
  /// @param radius distance of the first row from the stage
  /// @param angle of all sections together, in radians
  private record Ring(
      String name, String id, int sections, int rows, int seats, double radius, double angle) {}

  private static final List<Ring> RINGS =
      List.of(
          new Ring("Floor", "F", 3, 20, 30, 54, 1.0),
          new Ring("Stand", "T", 6, 25, 40, 78, 1.9),
          new Ring("Balcony", "B", 4, 11, 50, 107, 1.4));

  private record Placed(ObjectNode seat, double distance) {}

  private DemoHall() {}

  /// Returns the map of the hall.
  public static SeatMap create() {
    ObjectNode map = Json.INTERNAL.createObjectNode();
    ArrayNode sections = map.putArray("sections");
    List<Placed> placed = new ArrayList<>();
    for (Ring ring : RINGS) {
      for (int section = 0; section < ring.sections(); section++) {
        addSection(sections.addObject(), ring, section, placed);
      }
    }
    placed.sort(Comparator.comparingDouble(Placed::distance));
    for (int i = 0; i < placed.size(); i++) {
      placed.get(i).seat().put("rank", i + 1);
    }
    return SeatMap.ofValid(map, List.of(VIP, FRONT, BACK, BALCONY));
  }

  /// Returns the seat types of the hall with all seats on sale, the most expensive first.
  public static List<DemoData.SeatType> seatTypes(SeatMap hall) {
    Map<String, Integer> counts = hall.countByType();
    return Stream.of(
            new String[] {VIP, "180000.00"},
            new String[] {FRONT, "130000.00"},
            new String[] {BACK, "90000.00"},
            new String[] {BALCONY, "60000.00"})
        .map(type ->
            new DemoData.SeatType(type[0], type[1], counts.get(type[0]), counts.get(type[0])))
        .toList();
  }

  private static void addSection(ObjectNode json, Ring ring, int section, List<Placed> placed) {
    json.put("section", ring.name() + " " + (section + 1));
    ArrayNode rows = json.putArray("rows");
    double span = ring.angle() / ring.sections();
    double start = -ring.angle() / 2 + section * span;
    for (int row = 1; row <= ring.rows(); row++) {
      ObjectNode rowJson = rows.addObject();
      rowJson.put("row", String.valueOf(row));
      ArrayNode seats = rowJson.putArray("seats");
      double radius = ring.radius() + row;
      for (int number = 1; number <= ring.seats(); number++) {
        if (number == ring.seats() / 3 + 1 || number == ring.seats() * 2 / 3 + 1) {
          seats.addNull();
        }
        // A gap of one seat on each side separates the sections.
        double angle = start + span * (number + 0.5) / (ring.seats() + 2);
        ObjectNode seat = seats.addObject();
        seat.put("id", "%s%d-%d-%d".formatted(ring.id(), section + 1, row, number));
        seat.put("seatType", type(ring, row));
        seat.put("x", round(radius * Math.sin(angle)));
        seat.put("y", round(radius * Math.cos(angle)));
        placed.add(new Placed(seat, radius * (1 + SIDE_WEIGHT * Math.abs(angle))));
      }
    }
  }

  private static String type(Ring ring, int row) {
    return switch (ring.id()) {
      case "F" -> row <= 8 ? VIP : FRONT;
      case "T" -> row <= 10 ? FRONT : BACK;
      default -> BALCONY;
    };
  }

  private static double round(double position) {
    return Math.round(position * ROUNDING) / ROUNDING;
  }
}
