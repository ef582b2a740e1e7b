package ticketing.domain.seatmap;

import java.util.Arrays;
import java.util.Base64;
import java.util.Collection;
import java.util.List;
import java.util.stream.IntStream;

/// Seats of a map that are not on sale. Immutable.
///
/// A section in bytes: bit `i % 8` of byte `i / 8` is the i-th seat of the section, 1 = not on
/// sale; ceil(n / 8) bytes, unused bits are 0.
public final class SeatBitmap {

  private final SeatMap map;
  private final long[] taken;

  SeatBitmap(SeatMap map, long[] taken) {
    this.map = map;
    this.taken = taken.clone();
  }

  /// Returns the bitmap of a map with all seats on sale.
  public static SeatBitmap empty(SeatMap map) {
    return new SeatBitmap(map, new long[words(map.seatCount())]);
  }

  /// Returns the bitmap with these sections.
  ///
  /// @param sections bytes of each section in the order of the map
  /// @throws IllegalArgumentException if they are not the sections of the map
  public static SeatBitmap of(SeatMap map, List<byte[]> sections) {
    if (sections.size() != map.sections().size()) {
      throw new IllegalArgumentException(
          sections.size() + " bitmaps for " + map.sections().size() + " sections");
    }
    long[] taken = new long[words(map.seatCount())];
    for (int ordinal = 0; ordinal < sections.size(); ordinal++) {
      SeatMap.Section section = map.sections().get(ordinal);
      byte[] bytes = sections.get(ordinal);
      if (bytes.length != countBytes(section.seatCount())) {
        throw new IllegalArgumentException(
            bytes.length + " bytes for " + section.seatCount() + " seats");
      }
      for (int seat = 0; seat < section.seatCount(); seat++) {
        if ((bytes[seat / Byte.SIZE] & 1 << seat % Byte.SIZE) != 0) {
          set(taken, section.firstSeat() + seat);
        }
      }
    }
    return new SeatBitmap(map, taken);
  }

  /// Returns the length of a section in bytes.
  public static int countBytes(int seats) {
    return (seats + Byte.SIZE - 1) / Byte.SIZE;
  }

  static int words(int seats) {
    return (seats + Long.SIZE - 1) / Long.SIZE;
  }

  static boolean get(long[] bits, int index) {
    return (bits[index / Long.SIZE] & 1L << index) != 0;
  }

  static void set(long[] bits, int index) {
    bits[index / Long.SIZE] |= 1L << index;
  }

  static void clear(long[] bits, int index) {
    bits[index / Long.SIZE] &= ~(1L << index);
  }

  public SeatMap map() {
    return map;
  }

  /// @param seat index of the seat in the map
  public boolean isTaken(int seat) {
    return get(taken, seat);
  }

  /// Returns the number of seats that are not on sale.
  public int countTaken() {
    return Arrays.stream(taken).map(Long::bitCount).mapToInt(Math::toIntExact).sum();
  }

  long[] copyOfBits() {
    return taken.clone();
  }

  /// Returns the bytes of a section.
  public byte[] section(int ordinal) {
    SeatMap.Section section = map.sections().get(ordinal);
    byte[] bytes = new byte[countBytes(section.seatCount())];
    for (int seat = 0; seat < section.seatCount(); seat++) {
      if (isTaken(section.firstSeat() + seat)) {
        bytes[seat / Byte.SIZE] |= (byte) (1 << seat % Byte.SIZE);
      }
    }
    return bytes;
  }

  /// Returns the bytes of a section in base64 with padding.
  public String sectionAsBase64(int ordinal) {
    return Base64.getEncoder().encodeToString(section(ordinal));
  }

  /// Returns the free seats of these types, as set bits.
  public SeatBitmap freeOf(Collection<String> seatTypes) {
    long[] free = new long[taken.length];
    for (String type : seatTypes) {
      long[] seats = map.seatsOfType(type);
      for (int word = 0; word < free.length; word++) {
        free[word] |= seats[word] & ~taken[word];
      }
    }
    return new SeatBitmap(map, free);
  }

  /// Returns the set bits of both bitmaps of the same map.
  public SeatBitmap plus(SeatBitmap other) {
    long[] bits = taken.clone();
    for (int word = 0; word < bits.length; word++) {
      bits[word] |= other.taken[word];
    }
    return new SeatBitmap(map, bits);
  }

  /// Returns the set bits without those of another bitmap of the same map.
  public SeatBitmap minus(SeatBitmap other) {
    long[] bits = taken.clone();
    for (int word = 0; word < bits.length; word++) {
      bits[word] &= ~other.taken[word];
    }
    return new SeatBitmap(map, bits);
  }

  /// Returns the positions of the sections that differ in another bitmap of the same map.
  public List<Integer> changedSections(SeatBitmap other) {
    return IntStream.range(0, map.sections().size())
        .filter(ordinal -> !Arrays.equals(section(ordinal), other.section(ordinal)))
        .boxed()
        .toList();
  }

  /// Returns the bitmap of another map, in which the seats with the same ids are not on sale.
  ///
  /// @throws IllegalArgumentException if the other map lacks a taken seat
  public SeatBitmap moveTo(SeatMap other) {
    long[] moved = new long[words(other.seatCount())];
    for (int seat = 0; seat < map.seatCount(); seat++) {
      if (isTaken(seat)) {
        String id = map.id(seat);
        set(
            moved,
            other.indexOf(id).orElseThrow(() -> new IllegalArgumentException("no seat " + id)));
      }
    }
    return new SeatBitmap(other, moved);
  }

  @Override
  public boolean equals(Object other) {
    return other instanceof SeatBitmap bitmap
        && Arrays.equals(taken, bitmap.taken)
        && map.equals(bitmap.map);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(taken);
  }

  @Override
  public String toString() {
    return "SeatBitmap[seats=" + map.seatCount() + ", taken=" + countTaken() + "]";
  }
}
