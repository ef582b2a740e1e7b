package ticketing.worker.decision;

import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import ticketing.domain.seatmap.SeatBitmap;
import ticketing.domain.seatmap.SeatMap;

/// Numbered seats of an event, read under the row lock.
///
/// @param taken sold and held seats; null: the event has no seat map
/// @param lastRevision number of the last map that the event had; 0: none. Complete if a command of
///   the batch changes the map.
/// @param newMaps map of each command that replaces the map, by ticket id
/// @param booked true if the event ever had a reservation. Complete as `lastRevision`.
/// @param kept free seats that are kept for the waiting list; null: none
public record NumberedSeats(
    @Nullable SeatBitmap taken,
    int lastRevision,
    Map<UUID, SeatMap> newMaps,
    boolean booked,
    @Nullable SeatBitmap kept) {

  public static final NumberedSeats NONE = new NumberedSeats(null, 0, Map.of(), false);

  /// Creates the numbered seats of an event without kept seats.
  public NumberedSeats(
      @Nullable SeatBitmap taken, int lastRevision, Map<UUID, SeatMap> newMaps, boolean booked) {
    this(taken, lastRevision, newMaps, booked, null);
  }

  /// Effect of a batch on the numbered seats.
  ///
  /// @param revision number of the map after the batch; null: no map
  /// @param taken seats that are not on sale after the batch, including kept ones; null: no map
  /// @param kept seats of `taken` that are kept for the waiting list; null: none
  /// @param changedSections positions of the changed sections; empty if the map changed
  /// @param mapChanged true if the event has another map, or none any more
  /// @param acceptedMaps revisions of the new maps by ticket id
  /// @param retaken ids of expired reservations that took their seats again
  public record Change(
      @Nullable Integer revision,
      @Nullable SeatBitmap taken,
      @Nullable SeatBitmap kept,
      List<Integer> changedSections,
      boolean mapChanged,
      Map<UUID, Integer> acceptedMaps,
      Set<Long> retaken) {

    static final Change NONE = new Change(null, null, null, List.of(), false, Map.of(), Set.of());

    /// Returns true if a bitmap or the map changes.
    public boolean isEffective() {
      return mapChanged || !changedSections.isEmpty();
    }
  }
}
