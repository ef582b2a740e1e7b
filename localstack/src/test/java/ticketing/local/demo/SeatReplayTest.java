package ticketing.local.demo;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class SeatReplayTest {

  private static final List<List<SeatReplay.Seat>> RUNS =
      List.of(run("A", "a1", "a2", "a3"), run("A", "a4", "a5"), run("B", "b1", "b2", "b3"));

  @Test
  void groupsOfNeighboursAreTogether() {
    assertThat(SeatReplay.of(RUNS, List.of(List.of("a2", "a1"), List.of("a3"), List.of("b1"))))
        .isEqualTo(new SeatReplay(0, 0, 1, 1, 0));
  }

  @Test
  void seatOfTwoReservationsIsFound() {
    assertThat(SeatReplay.of(RUNS, List.of(List.of("a1"), List.of("a1"))).seatsTwice())
        .isEqualTo(1);
  }

  @Test
  void unknownSeatIsFound() {
    assertThat(SeatReplay.of(RUNS, List.of(List.of("x1"))).seatsTwice()).isEqualTo(1);
  }

  @Test
  void groupAcrossAnAisleIsSplit() {
    assertThat(SeatReplay.of(RUNS, List.of(List.of("a3", "a4"))))
        .isEqualTo(new SeatReplay(0, 1, 1, 0, 1));
  }

  @Test
  void splitGroupIsAllowedWithoutRoom() {
    // Free neighbours of another type are no room.
    List<List<String>> groups = List.of(List.of("a2"), List.of("a4"), List.of("a1", "a3"));
    assertThat(SeatReplay.of(RUNS, groups)).isEqualTo(new SeatReplay(0, 0, 1, 0, 1));
  }

  @Test
  void lateGroupsAreNotCounted() {
    List<List<SeatReplay.Seat>> hall = new ArrayList<>(RUNS);
    String[] large =
        Stream.iterate(1, seat -> seat + 1).limit(92).map(s -> "c" + s).toArray(String[]::new);
    hall.add(run("C", large));
    List<List<String>> groups =
        List.of(
            List.of(large),
            List.of("a1", "a2"),
            List.of("a3", "a4", "a5", "b1"),
            List.of("b2", "b3"));
    assertThat(SeatReplay.of(hall, groups)).isEqualTo(new SeatReplay(0, 0, 3, 2, 0));
  }

  private static List<SeatReplay.Seat> run(String type, String... ids) {
    return Stream.of(ids).map(id -> new SeatReplay.Seat(id, type)).toList();
  }
}
