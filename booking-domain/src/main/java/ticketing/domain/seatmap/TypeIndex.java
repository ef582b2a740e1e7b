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
    return trees.computeIfAbsent(size, Tree::new).best();
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

  /// Best pieces of one size.
  private final class Tree {
    private final int size;
    private final int leaves;
    private final int[] winners; // first seat of the best piece below a node; -1: none
    private final byte[] singles; // of the best piece of a block
    private final boolean[] stale;
    private final int[] staleBlocks;
    private int staleCount;

    private Tree(int size) {
      this.size = size;
      this.leaves = Integer.highestOneBit(Math.max(1, free.length * 2 - 1));
      this.winners = new int[2 * leaves];
      this.singles = new byte[free.length];
      this.stale = new boolean[free.length];
      this.staleBlocks = new int[free.length];
      Arrays.fill(winners, -1);
      for (int block = 0; block < free.length; block++) {
        winners[leaves + block] = findBest(block);
      }
      for (int node = leaves - 1; node > 0; node--) {
        winners[node] = better(winners[2 * node], winners[2 * node + 1]);
      }
    }

    /// A piece depends on its seats and on two seats on each side.
    private void invalidate(int seat) {
      int first = Math.max(0, seat - size - 1) / Long.SIZE;
      int last = Math.min(map.seatCount() - 1, seat + 2) / Long.SIZE;
      for (int block = first; block <= last; block++) {
        if (!stale[block]) {
          stale[block] = true;
          staleBlocks[staleCount++] = block;
        }
      }
    }

    private int best() {
      while (staleCount > 0) {
        int block = staleBlocks[--staleCount];
        stale[block] = false;
        int node = leaves + block;
        winners[node] = findBest(block);
        for (node /= 2; node > 0; node /= 2) {
          winners[node] = better(winners[2 * node], winners[2 * node + 1]);
        }
      }
      return winners[1];
    }

    private int better(int left, int right) {
      if (left < 0 || right < 0) {
        return Math.max(left, right);
      }
      int difference = singles[left / Long.SIZE] - singles[right / Long.SIZE];
      if (difference == 0) {
        difference = Long.compare(map.sumOfRanks(left, size), map.sumOfRanks(right, size));
      }
      return difference <= 0 ? left : right;
    }

    private int findBest(int block) {
      int from = block * Long.SIZE;
      long pieces = window(free, from) & window(ofType, from);
      for (int i = 1; i < size && pieces != 0; i++) {
        pieces &= window(free, from + i) & window(ofType, from + i) & window(joined, from + i);
      }
      if (pieces == 0) {
        return -1;
      }
      long ahead =
          window(joined, from)
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
        singles[block] = 0;
        return lowestRanks(from, none);
      }
      singles[block] = (byte) (one == 0 ? 2 : 1);
      return lowestRanks(from, one == 0 ? pieces : one);
    }

    private int lowestRanks(int from, long candidates) {
      int best = -1;
      long lowest = Long.MAX_VALUE;
      for (long rest = candidates; rest != 0; rest &= rest - 1) {
        int first = from + Long.numberOfTrailingZeros(rest);
        long sum = map.sumOfRanks(first, size);
        if (sum < lowest) {
          lowest = sum;
          best = first;
        }
      }
      return best;
    }
  }
}
