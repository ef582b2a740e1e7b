package ticketing.domain.seatmap;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/// Best available seats, compared with a search over all choices.
class SeatAllocatorTest {

  private static final int SEEDS = 3_000;
  private static final List<String> TYPES = List.of("A", "B");

  private record Score(int pieces, int singles, long ranks) {}

  @Test
  void choiceEqualsThatOfAFullSearch() {
    for (int seed = 0; seed < SEEDS; seed++) {
      Random random = new Random(seed);
      SeatMap map = randomMap(random, 14);
      SeatAllocator allocator = new SeatAllocator(SeatBitmap.empty(map));
      List<List<String>> sold = new ArrayList<>();
      for (int step = 0; step < 12; step++) {
        if (!sold.isEmpty() && random.nextInt(3) == 0) {
          allocator.release(sold.remove(random.nextInt(sold.size())));
          continue;
        }
        String type = TYPES.get(random.nextInt(2));
        int quantity = 1 + random.nextInt(4);
        SeatBitmap before = allocator.bitmap();
        Optional<List<String>> chosen = allocator.takeBest(type, quantity);
        assertBest(seed, before, type, quantity, chosen);
        chosen.ifPresent(sold::add);
        assertThat(allocator.bitmap().countTaken())
            .isEqualTo(sold.stream().mapToInt(List::size).sum());
      }
    }
  }

  private static void assertBest(
      int seed, SeatBitmap before, String type, int quantity, Optional<List<String>> chosen) {
    SeatMap map = before.map();
    List<Integer> free =
        IntStream.range(0, map.seatCount())
            .filter(seat -> !before.isTaken(seat) && map.seatType(seat).equals(type))
            .boxed()
            .toList();
    if (free.size() < quantity) {
      assertThat(chosen).as("seed %d", seed).isEmpty();
      return;
    }
    List<Integer> seats =
        chosen.orElseThrow().stream().map(id -> map.indexOf(id).orElseThrow()).toList();
    assertThat(free).as("seed %d", seed).containsAll(seats);
    assertThat(new HashSet<>(seats)).as("seed %d", seed).hasSize(quantity);
    Score score = score(before, seats);
    List<Set<Integer>> all = new ArrayList<>();
    addChoices(free, 0, new TreeSet<>(), quantity, all);
    int fewest = all.stream().mapToInt(choice -> score(before, choice).pieces()).min().orElse(0);
    assertThat(score.pieces()).as("pieces, seed %d", seed).isEqualTo(fewest);
    if (fewest == 1) {
      Score best =
          all.stream()
              .map(choice -> score(before, choice))
              .filter(other -> other.pieces() == 1)
              .min(Comparator.comparing(Score::singles).thenComparing(Score::ranks))
              .orElseThrow();
      assertThat(score).as("seed %d", seed).isEqualTo(best);
    } else {
      Set<Integer> rows = seats.stream().map(map::rowOf).collect(Collectors.toSet());
      int fewestSingles =
          all.stream()
              .filter(choice -> choice.stream().map(map::rowOf).allMatch(rows::contains))
              .map(choice -> score(before, choice))
              .filter(other -> other.pieces() == fewest)
              .mapToInt(Score::singles)
              .min()
              .orElseThrow();
      assertThat(score.singles()).as("singles, seed %d", seed).isEqualTo(fewestSingles);
    }
  }

  private static void addChoices(
      List<Integer> free, int from, TreeSet<Integer> choice, int missing, List<Set<Integer>> all) {
    if (missing == 0) {
      all.add(new TreeSet<>(choice));
      return;
    }
    for (int i = from; i <= free.size() - missing; i++) {
      choice.add(free.get(i));
      addChoices(free, i + 1, choice, missing - 1, all);
      choice.remove(free.get(i));
    }
  }

  private static Score score(SeatBitmap before, Iterable<Integer> choice) {
    SeatMap map = before.map();
    Set<Integer> chosen = new TreeSet<>();
    choice.forEach(chosen::add);
    int pieces = 0;
    long ranks = 0;
    Set<Integer> singles = new HashSet<>();
    for (int seat : chosen) {
      ranks += map.rank(seat);
      if (!(map.isJoinedToPrevious(seat) && chosen.contains(seat - 1))) {
        pieces++;
      }
      if (map.isJoinedToPrevious(seat) && isSingle(before, chosen, seat - 1)) {
        singles.add(seat - 1);
      }
      if (map.isJoinedToPrevious(seat + 1) && isSingle(before, chosen, seat + 1)) {
        singles.add(seat + 1);
      }
    }
    return new Score(pieces, singles.size(), ranks);
  }

  private static boolean isSingle(SeatBitmap before, Set<Integer> chosen, int seat) {
    SeatMap map = before.map();
    return isFree(before, chosen, seat)
        && !(map.isJoinedToPrevious(seat) && isFree(before, chosen, seat - 1))
        && !(map.isJoinedToPrevious(seat + 1) && isFree(before, chosen, seat + 1));
  }

  private static boolean isFree(SeatBitmap before, Set<Integer> chosen, int seat) {
    return !before.isTaken(seat) && !chosen.contains(seat);
  }

  /// Rows longer than a block of the index, and a map of several blocks.
  @Test
  void largeMapGetsTheBestPiece() {
    for (int seed = 0; seed < 60; seed++) {
      Random random = new Random(seed);
      SeatMap map = randomMap(random, 400);
      SeatAllocator allocator = new SeatAllocator(SeatBitmap.empty(map));
      List<List<String>> sold = new ArrayList<>();
      for (int step = 0; step < 150; step++) {
        if (!sold.isEmpty() && random.nextInt(4) == 0) {
          allocator.release(sold.remove(random.nextInt(sold.size())));
          continue;
        }
        String type = TYPES.get(random.nextInt(2));
        int quantity = 1 + random.nextInt(10);
        SeatBitmap before = allocator.bitmap();
        Optional<Score> best = bestPiece(before, type, quantity);
        Optional<List<String>> chosen = allocator.takeBest(type, quantity);
        chosen.ifPresent(sold::add);
        if (best.isPresent()) {
          List<Integer> seats =
              chosen.orElseThrow().stream().map(id -> map.indexOf(id).orElseThrow()).toList();
          assertThat(score(before, seats)).as("seed %d", seed).isEqualTo(best.get());
        }
      }
    }
  }

  private static Optional<Score> bestPiece(SeatBitmap before, String type, int quantity) {
    SeatMap map = before.map();
    return IntStream.rangeClosed(0, map.seatCount() - quantity)
        .mapToObj(first -> IntStream.range(first, first + quantity).boxed().toList())
        .filter(seats ->
            seats.stream()
                .allMatch(seat -> !before.isTaken(seat) && map.seatType(seat).equals(type)))
        .map(seats -> score(before, seats))
        .filter(score -> score.pieces() == 1)
        .min(Comparator.comparing(Score::singles).thenComparing(Score::ranks));
  }

  @Test
  void exactSeatsAreTakenAllOrNone() {
    SeatAllocator allocator = new SeatAllocator(SeatBitmap.empty(map("A1 A2 B3 B4")));
    assertThat(allocator.take(List.of("s1", "s2"), "A")).isTrue();
    assertThat(allocator.take(List.of("s3", "s1"), "B")).isFalse();
    assertThat(allocator.take(List.of("s3", "unknown"), "B")).isFalse();
    assertThat(allocator.take(List.of("s3", "s4"), "A")).isFalse();
    assertThat(allocator.take(List.of("s3", "s4"), "B")).isTrue();
    assertThat(allocator.bitmap().countTaken()).isEqualTo(4);
    allocator.release(List.of("s3"));
    assertThat(allocator.takeBest("B", 1)).contains(List.of("s3"));
    assertThat(allocator.takeBest("B", 1)).isEmpty();
  }

  @Test
  void changedSectionsAreThoseThatDiffer() {
    SeatMap map = SeatMaps.hall(3, 4, 30, "A");
    SeatAllocator allocator = new SeatAllocator(SeatBitmap.empty(map));
    assertThat(allocator.changedSections()).isEmpty();
    allocator.take(List.of("s121", "s360"), "A");
    assertThat(allocator.changedSections()).containsExactly(1, 2);
    allocator.release(List.of("s360"));
    assertThat(allocator.changedSections()).containsExactly(1);
  }

  /// Seats of one row, such as `A3 B1 -`: seat type and rank, `-` is an aisle.
  private static SeatMap map(String row) {
    SeatMap.Builder builder = new SeatMap.Builder();
    builder.section("S");
    builder.row("1");
    int number = 0;
    for (String seat : row.split(" ")) {
      if (seat.equals("-")) {
        builder.aisle();
      } else {
        number++;
        builder.seat(
            "s" + number, seat.substring(0, 1), Integer.parseInt(seat.substring(1)), number, 0);
      }
    }
    return builder.build();
  }

  private static SeatMap randomMap(Random random, int maxSeats) {
    SeatMap.Builder builder = new SeatMap.Builder();
    int seats = 1 + random.nextInt(maxSeats);
    int left = seats;
    int number = 0;
    int rows = 0;
    while (left > 0) {
      if (rows == 0 || random.nextInt(4) == 0) {
        builder.section("section " + rows);
      }
      builder.row("row " + rows++);
      int length = Math.min(left, 1 + random.nextInt(Math.max(2, maxSeats / 2)));
      int typeBias = random.nextInt(5);
      for (int i = 0; i < length; i++) {
        if (random.nextInt(6) == 0) {
          builder.aisle();
        }
        number++;
        builder.seat(
            "s" + number, random.nextInt(5) < typeBias ? "A" : "B", 1 + random.nextInt(6), i, rows);
      }
      left -= length;
    }
    return builder.build();
  }
}
