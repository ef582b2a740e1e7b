package ticketing.local.demo;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;
import java.util.zip.GZIPInputStream;
import ticketing.domain.Json;
import tools.jackson.databind.JsonNode;

/// Seats of a sale without cancellations, replayed in the order of the decisions. It reads the
/// stored map and the reservations, and shares no code with the decision.
///
/// @param seatsTwice seats of a reservation that an earlier one has, or that the map does not have
/// @param splitDespiteRoom groups apart although enough neighbouring seats of their type were free
/// @param groupsEarly groups of two or more, decided before [#EARLY_SHARE] of the seats was sold
/// @param togetherEarly those of them with neighbouring seats
/// @param singlesLeft free seats without a free neighbour, after the last decision
record SeatReplay(
    long seatsTwice,
    long splitDespiteRoom,
    long groupsEarly,
    long togetherEarly,
    long singlesLeft) {

  /// Seat of a map.
  record Seat(String id, String type) {}

  /// Share of the seats that is sold at the end of the early decisions.
  static final double EARLY_SHARE = 0.98;

  static SeatReplay of(Connection connection, long event) throws SQLException {
    List<List<Seat>> runs;
    try (PreparedStatement query =
        connection.prepareStatement(
            """
            SELECT m.map FROM events e
            JOIN seat_maps m ON m.event_id = e.id AND m.revision = e.seat_map_revision
            WHERE e.id = ?
            """)) {
      query.setLong(1, event);
      try (var rows = query.executeQuery()) {
        rows.next();
        runs = runs(unzip(rows.getBytes(1)));
      }
    }
    List<List<String>> groups = new ArrayList<>();
    try (PreparedStatement query =
        connection.prepareStatement(
            """
            SELECT r.seats FROM reservations r JOIN tickets t ON t.id = r.ticket_id
            WHERE r.event_id = ? ORDER BY t.sequence
            """)) {
      query.setLong(1, event);
      try (var rows = query.executeQuery()) {
        while (rows.next()) {
          groups.add(List.of(rows.getString(1).split(",")));
        }
      }
    }
    return of(runs, groups);
  }

  /// @param runs neighbouring seats of a row, in their order
  /// @param groups seats of each reservation, in the order of the decisions
  static SeatReplay of(List<List<Seat>> runs, List<List<String>> groups) {
    Map<String, Integer> runOfSeat = new HashMap<>();
    Map<String, Integer> places = new HashMap<>();
    Map<String, String> types = new HashMap<>();
    for (int run = 0; run < runs.size(); run++) {
      for (int place = 0; place < runs.get(run).size(); place++) {
        Seat seat = runs.get(run).get(place);
        runOfSeat.put(seat.id(), run);
        places.put(seat.id(), place);
        types.put(seat.id(), seat.type());
      }
    }
    Set<String> free = new HashSet<>(types.keySet());
    long twice = 0;
    long splitDespiteRoom = 0;
    long early = 0;
    long togetherEarly = 0;
    for (List<String> group : groups) {
      boolean isTogether =
          types.keySet().containsAll(group)
              && group.stream().map(runOfSeat::get).distinct().count() == 1
              && areConsecutive(group.stream().mapToInt(places::get).sorted().toArray());
      if (!isTogether && hasRoom(runs, free, types.get(group.getFirst()), group.size())) {
        splitDespiteRoom++;
      }
      if (group.size() > 1 && types.size() - free.size() < EARLY_SHARE * types.size()) {
        early++;
        togetherEarly += isTogether ? 1 : 0;
      }
      for (String seat : group) {
        twice += free.remove(seat) ? 0 : 1;
      }
    }
    return new SeatReplay(twice, splitDespiteRoom, early, togetherEarly, singles(runs, free));
  }

  private static boolean areConsecutive(int[] places) {
    return IntStream.range(1, places.length).allMatch(i -> places[i] == places[i - 1] + 1);
  }

  private static boolean hasRoom(
      List<List<Seat>> runs, Set<String> free, String type, int quantity) {
    for (List<Seat> run : runs) {
      int length = 0;
      for (Seat seat : run) {
        length = seat.type().equals(type) && free.contains(seat.id()) ? length + 1 : 0;
        if (length == quantity) {
          return true;
        }
      }
    }
    return false;
  }

  private static long singles(List<List<Seat>> runs, Set<String> free) {
    long singles = 0;
    for (List<Seat> run : runs) {
      int length = 0;
      for (Seat seat : run) {
        if (free.contains(seat.id())) {
          length++;
        } else {
          singles += length == 1 ? 1 : 0;
          length = 0;
        }
      }
      singles += length == 1 ? 1 : 0;
    }
    return singles;
  }

  private static JsonNode unzip(byte[] map) {
    try (var in = new GZIPInputStream(new ByteArrayInputStream(map))) {
      return Json.INTERNAL.readTree(in);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// Returns the neighbouring seats of each row. An aisle ends a run.
  private static List<List<Seat>> runs(JsonNode map) {
    List<List<Seat>> runs = new ArrayList<>();
    for (JsonNode section : map.path("sections")) {
      for (JsonNode row : section.path("rows")) {
        List<Seat> run = new ArrayList<>();
        for (JsonNode seat : row.path("seats")) {
          if (seat.isNull()) {
            runs.add(run);
            run = new ArrayList<>();
          } else {
            run.add(new Seat(seat.path("id").asString(), seat.path("seatType").asString()));
          }
        }
        runs.add(run);
      }
    }
    return runs;
  }
}
