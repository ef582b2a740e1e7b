package ticketing.domain.seatmap;

/// Maps for tests.
final class SeatMaps {

  private SeatMaps() {}

  /// Returns sections of equal rows with the seats `s1`, `s2`, ... Earlier seats rank better.
  static SeatMap hall(int sections, int rows, int seatsPerRow, String seatType) {
    SeatMap.Builder builder = new SeatMap.Builder();
    int number = 0;
    for (int section = 0; section < sections; section++) {
      builder.section("section " + section);
      for (int row = 0; row < rows; row++) {
        builder.row("row " + row);
        for (int seat = 0; seat < seatsPerRow; seat++) {
          number++;
          builder.seat("s" + number, seatType, number, seat, row);
        }
      }
    }
    return builder.build();
  }
}
