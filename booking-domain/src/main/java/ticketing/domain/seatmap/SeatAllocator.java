package ticketing.domain.seatmap;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;

/// Choice of numbered seats for the commands of one batch. Mutable, for one thread.
///
/// The best available seats of a type have the fewest pieces (neighbouring seats of one row), then
/// the fewest single free seats next to them, then the lowest sum of ranks. A single free seat has
/// no free neighbour of any type. For several pieces only the first two rules apply, the second
/// within the rows used.
///
/// The time of a choice does not depend on the size of the map: an index of the best piece for each
/// type and size is built at its first use, and updated where seats change.
public final class SeatAllocator {

  private final SeatMap map;
  private final long[] initial;
  private final long[] free;
  private final long[] joined;
  private final Map<String, TypeIndex> indexes = new HashMap<>();

  public SeatAllocator(SeatBitmap taken) {
    this.map = taken.map();
    this.initial = taken.copyOfBits();
    this.free = initial.clone();
    for (int word = 0; word < free.length; word++) {
      free[word] = ~free[word];
    }
    free[free.length - 1] &= usedBits(); // a map has a seat
    this.joined = map.joinedSeats();
  }

  /// Bits of the last word that are seats.
  private long usedBits() {
    return -1L >>> free.length * Long.SIZE - map.seatCount();
  }

  public SeatMap map() {
    return map;
  }

  /// Returns the current bitmap.
  public SeatBitmap bitmap() {
    long[] taken = new long[free.length];
    for (int word = 0; word < free.length; word++) {
      taken[word] = ~free[word];
    }
    taken[free.length - 1] &= usedBits();
    return new SeatBitmap(map, taken);
  }

  /// Returns the positions of the sections that differ from the initial bitmap, in order.
  public List<Integer> changedSections() {
    TreeSet<Integer> changed = new TreeSet<>();
    for (int word = 0; word < free.length; word++) {
      long difference = ~initial[word] ^ free[word];
      if (word == free.length - 1) {
        difference &= usedBits();
      }
      while (difference != 0) {
        changed.add(map.sectionOf(word * Long.SIZE + Long.numberOfTrailingZeros(difference)));
        difference &= difference - 1;
      }
    }
    return List.copyOf(changed);
  }

  /// Takes exactly these seats, all or none.
  ///
  /// @return false if one of them is unknown, of another type or not free
  public boolean take(List<String> ids, String seatType) {
    int[] seats = map.indexesOf(ids);
    if (seats.length == 0) {
      return false;
    }
    for (int seat : seats) {
      if (!SeatBitmap.get(free, seat) || !map.seatType(seat).equals(seatType)) {
        return false;
      }
    }
    for (int seat : seats) {
      change(seat, false);
    }
    return true;
  }

  /// Takes the best available seats of a type.
  ///
  /// @param quantity 1 or more
  /// @return ids in the order of the map; empty if fewer than `quantity` are free
  public Optional<List<String>> takeBest(String seatType, int quantity) {
    TypeIndex index = index(seatType);
    if (index.countFree() < quantity) {
      return Optional.empty();
    }
    int first = index.best(quantity);
    List<Piece> pieces =
        first >= 0 ? List.of(new Piece(first, quantity)) : severalPieces(index, quantity);
    List<String> ids = new ArrayList<>(quantity);
    for (Piece piece : pieces) {
      for (int seat = piece.first(); seat < piece.end(); seat++) {
        change(seat, false);
        ids.add(map.id(seat));
      }
    }
    return Optional.of(List.copyOf(ids));
  }

  /// Frees taken seats.
  ///
  /// @throws IllegalArgumentException if one of them is unknown or free
  public void release(List<String> ids) {
    for (String id : ids) {
      int seat = map.indexOf(id).orElseThrow(() -> new IllegalArgumentException("no seat " + id));
      if (SeatBitmap.get(free, seat)) {
        throw new IllegalArgumentException("seat " + id + " is free");
      }
      change(seat, true);
    }
  }

  private void change(int seat, boolean isFree) {
    if (isFree) {
      SeatBitmap.set(free, seat);
    } else {
      SeatBitmap.clear(free, seat);
    }
    indexes.forEach((type, index) -> index.update(seat, isFree));
  }

  private TypeIndex index(String seatType) {
    return indexes.computeIfAbsent(
        seatType, type -> new TypeIndex(map, free, joined, map.seatsOfType(type)));
  }

  /// Neighbouring seats of one row.
  private record Piece(int first, int count) {
    int end() {
      return first + count;
    }
  }

  /// The longest pieces are the fewest. They determine the rows; the seats within these rows leave
  /// the fewest single free seats.
  private List<Piece> severalPieces(TypeIndex index, int quantity) {
    List<Piece> longest = new ArrayList<>();
    int missing = quantity;
    int length = quantity - 1;
    while (missing > 0) {
      length = Math.min(length, missing);
      int first = index.best(length);
      if (first < 0) {
        length--;
        continue;
      }
      longest.add(new Piece(first, length));
      missing -= length;
      changeAll(longest.getLast(), false);
    }
    longest.forEach(piece -> changeAll(piece, true));
    BitSet rows = new BitSet();
    List<Piece> segments = new ArrayList<>();
    longest.stream()
        .sorted((a, b) -> Integer.compare(a.first(), b.first()))
        .filter(piece -> !rows.get(map.rowOf(piece.first())))
        .forEach(piece -> {
          rows.set(map.rowOf(piece.first()));
          segments.addAll(freeSegments(index, piece.first()));
        });
    return new PieceSearch(segments, longest.size(), quantity).find();
  }

  private void changeAll(Piece piece, boolean isFree) {
    for (int seat = piece.first(); seat < piece.end(); seat++) {
      change(seat, isFree);
    }
  }

  /// Returns the maximal pieces of free seats of a type in the row of a seat.
  private List<Piece> freeSegments(TypeIndex index, int seatOfRow) {
    List<Piece> segments = new ArrayList<>();
    int end = map.endOfRow(seatOfRow);
    int seat = map.firstSeatOfRow(seatOfRow);
    while (seat < end) {
      if (!index.isFree(seat)) {
        seat++;
        continue;
      }
      int first = seat++;
      while (seat < end && index.isFree(seat) && map.isJoinedToPrevious(seat)) {
        seat++;
      }
      segments.add(new Piece(first, seat - first));
    }
    return segments;
  }

  private boolean isFreeAt(int seat) {
    return seat >= 0 && seat < map.seatCount() && SeatBitmap.get(free, seat);
  }

  private boolean isFreeNeighbourAhead(int seat) {
    return map.isJoinedToPrevious(seat) && isFreeAt(seat - 1);
  }

  private boolean isFreeNeighbourBehind(int seat) {
    return map.isJoinedToPrevious(seat + 1) && isFreeAt(seat + 1);
  }

  /// Choice of pieces, at most one in each segment, with the fewest single free seats next to them.
  /// Dynamic programming over the segments in order. A state is the number of pieces and of seats,
  /// and one bit: the last seat of the previous segment is taken, and one free seat of another type
  /// separates it from this segment.
  private final class PieceSearch {
    private static final int IMPOSSIBLE = Integer.MAX_VALUE / 2;

    private final List<Piece> segments;
    private final int maxPieces;
    private final int quantity;
    private final int[][] choices; // offset * 16 + count + 1 of the best choice by state
    private final int[][] previous;

    private PieceSearch(List<Piece> segments, int maxPieces, int quantity) {
      this.segments = segments;
      this.maxPieces = maxPieces;
      this.quantity = quantity;
      this.choices = new int[segments.size()][];
      this.previous = new int[segments.size()][];
    }

    private int state(int pieces, int seats, boolean taken) {
      return (pieces * (quantity + 1) + seats) * 2 + (taken ? 1 : 0);
    }

    private List<Piece> find() {
      int states = (maxPieces + 1) * (quantity + 1) * 2;
      int[] costs = new int[states];
      Arrays.fill(costs, IMPOSSIBLE);
      costs[0] = 0;
      for (int i = 0; i < segments.size(); i++) {
        int[] next = new int[states];
        Arrays.fill(next, IMPOSSIBLE);
        choices[i] = new int[states];
        previous[i] = new int[states];
        for (int state = 0; state < states; state++) {
          if (costs[state] < IMPOSSIBLE) {
            extend(i, state, costs[state], next);
          }
        }
        costs = next;
      }
      int end = state(maxPieces, quantity, false);
      int best = costs[end] <= costs[end + 1] ? end : end + 1;
      if (costs[best] >= IMPOSSIBLE) {
        throw new IllegalStateException("no pieces for " + quantity + " free seats");
      }
      return trace(best);
    }

    private void extend(int i, int state, int cost, int[] next) {
      Piece segment = segments.get(i);
      boolean taken = state % 2 == 1;
      int seats = state / 2 % (quantity + 1);
      int pieces = state / 2 / (quantity + 1);
      offer(i, next, state, state(pieces, seats, false), cost, 0);
      if (pieces == maxPieces) {
        return;
      }
      for (int count = 1; count <= Math.min(segment.count(), quantity - seats); count++) {
        for (int offset = 0; offset + count <= segment.count(); offset++) {
          Piece piece = new Piece(segment.first() + offset, count);
          boolean closesGap = offset == 0 && taken;
          boolean endsAtGap = piece.end() == segment.end() && isGapOfOneBehind(i);
          int singles = singlesAhead(piece, closesGap) + singlesBehind(piece, endsAtGap);
          offer(
              i,
              next,
              state,
              state(pieces + 1, seats + count, endsAtGap),
              cost + singles,
              offset * 16 + count + 1);
        }
      }
    }

    private void offer(int i, int[] next, int from, int to, int cost, int choice) {
      if (cost < next[to]) {
        next[to] = cost;
        previous[i][to] = from;
        choices[i][to] = choice;
      }
    }

    /// True if one free seat of another type separates a segment from the next one.
    private boolean isGapOfOneBehind(int i) {
      Piece segment = segments.get(i);
      return i + 1 < segments.size()
          && segments.get(i + 1).first() == segment.end() + 1
          && isFreeNeighbourBehind(segment.end() - 1)
          && isFreeNeighbourBehind(segment.end());
    }

    private int singlesAhead(Piece piece, boolean closesGap) {
      return isFreeNeighbourAhead(piece.first())
              && (closesGap || !isFreeNeighbourAhead(piece.first() - 1))
          ? 1
          : 0;
    }

    /// The choice of the next segment determines whether the seat of a gap is single.
    private int singlesBehind(Piece piece, boolean endsAtGap) {
      return !endsAtGap
              && isFreeNeighbourBehind(piece.end() - 1)
              && !isFreeNeighbourBehind(piece.end())
          ? 1
          : 0;
    }

    private List<Piece> trace(int last) {
      List<Piece> pieces = new ArrayList<>();
      int state = last;
      for (int i = segments.size() - 1; i >= 0; i--) {
        int choice = choices[i][state];
        if (choice > 0) {
          int offset = (choice - 1) / 16;
          pieces.addFirst(new Piece(segments.get(i).first() + offset, (choice - 1) % 16));
        }
        state = previous[i][state];
      }
      return pieces;
    }
  }
}
