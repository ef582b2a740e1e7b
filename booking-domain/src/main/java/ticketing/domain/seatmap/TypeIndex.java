package ticketing.domain.seatmap;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/// Free seats of one seat type, with the best piece of each requested size.
///
/// Pieces are grouped by their first seats in blocks of 64. The best piece of a block is computed
/// from words of bits; a tree over the blocks gives the best piece of the map. A changed seat
/// affects at most two blocks and their paths in the tree.
final class TypeIndex {

  private final SeatMap map;
  private final long[] free; // of all types; changed by the allocator
  private final long[] joined;
  private final long[] ofType;
  private final Map<Integer, Tree> trees = new HashMap<>();
  private int freeCount;

  TypeIndex(SeatMap map, long[] free, long[] joined, long[] ofType) {
    this.map = map;
    this.free = free;
    this.joined = joined;
    this.ofType = ofType;
    for (int word = 0; word < free.length; word++) {
      freeCount += Long.bitCount(free[word] & ofType[word]);
    }
  }

  int countFree() {
    return freeCount;
  }

  boolean isFree(int seat) {
    return SeatBitmap.get(free, seat) && SeatBitmap.get(ofType, seat);
  }

  /// Records a change of the bit of a seat of any type.
  void update(int seat, boolean isFree) {
    if (SeatBitmap.get(ofType, seat)) {
      freeCount += isFree ? 1 : -1;
    }
    trees.values().forEach(tree -> tree.invalidate(seat));
  }

  /// Returns the first seat of the best piece; -1 if no piece has this size.
  int best(int size) {
    return trees.computeIfAbsent(size, Tree::new).firstSeatOfBest();
  }

  /// 64 bits from this index, which may be negative.
  private static long window(long[] bits, int from) {
    int word = Math.floorDiv(from, Long.SIZE);
    int shift = Math.floorMod(from, Long.SIZE);
    long low = word >= 0 && word < bits.length ? bits[word] >>> shift : 0;
    long high =
        shift > 0 && word + 1 >= 0 && word + 1 < bits.length
            ? bits[word + 1] << (Long.SIZE - shift)
            : 0;
    return low | high;
  }

  /// Best pieces of one size. A piece is a number: its single free seats, its sum of ranks, and its
  /// first seat in the lowest [#SEAT_BITS] bits. The lowest number is the best piece.
  private final class Tree {
    private static final int SEAT_BITS = 16; // a map has at most 60,000 seats
    private static final long SEAT_MASK = (1L << SEAT_BITS) - 1;
    private static final int SINGLES_SHIFT = 60;
    private static final long NONE = Long.MAX_VALUE;

    private final int size;
    private final int leaves;
    private final long[] best; // piece below a node
    private final boolean[] stale;
    private final int[] staleBlocks;
    private int staleCount;

    private Tree(int size) {
      this.size = size;
      this.leaves = Integer.highestOneBit(Math.max(1, free.length * 2 - 1));
      this.best = new long[2 * leaves];
      this.stale = new boolean[free.length];
      this.staleBlocks = new int[free.length];
      Arrays.fill(best, NONE);
      for (int block = 0; block < free.length; block++) {
        best[leaves + block] = findBest(block);
      }
      for (int node = leaves - 1; node > 0; node--) {
        best[node] = Math.min(best[2 * node], best[2 * node + 1]);
      }
    }

    /// A piece depends on its seats and on two seats on each side.
    private void invalidate(int seat) {
      int first = Math.max(0, seat - size - 1) / Long.SIZE;
      int last = Math.min(map.seatCount() - 1, seat + 2) / Long.SIZE;
      for (int block = first; block <= last; block++) {
        if (!stale[block] && ofType[block] != 0) {
          stale[block] = true;
          staleBlocks[staleCount++] = block;
        }
      }
    }

    private int firstSeatOfBest() {
      while (staleCount > 0) {
        int block = staleBlocks[--staleCount];
        stale[block] = false;
        int node = leaves + block;
        best[node] = findBest(block);
        for (node /= 2; node > 0; node /= 2) {
          best[node] = Math.min(best[2 * node], best[2 * node + 1]);
        }
      }
      return best[1] == NONE ? -1 : (int) (best[1] & SEAT_MASK);
    }

    private long findBest(int block) {
      int from = block * Long.SIZE;
      long pieces = free[block] & ofType[block];
      for (int i = 1; i < size && pieces != 0; i++) {
        pieces &= window(free, from + i) & window(ofType, from + i) & window(joined, from + i);
      }
      if (pieces == 0) {
        return NONE;
      }
      long ahead =
          joined[block]
              & window(free, from - 1)
              & ~(window(joined, from - 1) & window(free, from - 2));
      int end = from + size;
      long behind =
          window(joined, end)
              & window(free, end)
              & ~(window(joined, end + 1) & window(free, end + 1));
      long none = pieces & ~ahead & ~behind;
      long one = pieces & (ahead ^ behind);
      if (none != 0) {
        return lowestRanks(from, none);
      }
      return one == 0
          ? lowestRanks(from, pieces) | 2L << SINGLES_SHIFT
          : lowestRanks(from, one) | 1L << SINGLES_SHIFT;
    }

    private long lowestRanks(int from, long candidates) {
      long lowest = NONE;
      for (long rest = candidates; rest != 0; rest &= rest - 1) {
        int first = from + Long.numberOfTrailingZeros(rest);
        lowest = Math.min(lowest, map.sumOfRanks(first, size) << SEAT_BITS | first);
      }
      return lowest;
    }
  }
}
