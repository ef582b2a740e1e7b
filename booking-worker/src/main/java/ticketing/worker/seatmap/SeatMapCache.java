package ticketing.worker.seatmap;

import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Supplier;
import org.springframework.stereotype.Component;
import ticketing.domain.seatmap.SeatMap;

/// Maps in memory, the least recently used are evicted. A revision of a map never changes.
@Component
class SeatMapCache {

  private record Key(long eventId, int revision) {}

  private final SeatMapSettings settings;
  private final Map<Key, SeatMap> maps = new LinkedHashMap<>(16, 0.75f, true); // guarded by itself
  private int seats; // guarded by maps

  SeatMapCache(SeatMapSettings settings) {
    this.settings = settings;
  }

  /// Returns a cached map, or loads it. Two threads may load the same map.
  SeatMap get(long eventId, int revision, Supplier<SeatMap> loader) {
    Key key = new Key(eventId, revision);
    synchronized (maps) {
      SeatMap cached = maps.get(key);
      if (cached != null) {
        return cached;
      }
    }
    SeatMap loaded = loader.get();
    synchronized (maps) {
      SeatMap other = maps.put(key, loaded);
      seats += loaded.seatCount() - (other == null ? 0 : other.seatCount());
      Iterator<SeatMap> oldest = maps.values().iterator();
      while (seats > settings.maxCachedSeats() && oldest.hasNext()) {
        seats -= oldest.next().seatCount();
        oldest.remove();
      }
    }
    return loaded;
  }
}
