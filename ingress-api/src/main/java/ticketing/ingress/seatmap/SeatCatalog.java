package ticketing.ingress.seatmap;

import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.LoadingCache;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.springframework.stereotype.Component;
import ticketing.domain.seatmap.SeatBitmap;
import ticketing.domain.seatmap.SeatMap;
import ticketing.domain.seatmap.SeatsView;
import ticketing.redis.RedisUnavailableException;
import ticketing.status.SeatCache;

/// Bitmaps of events, from memory for at most the bitmap TTL, else from Redis, else from the
/// primary database.
@Component
public class SeatCatalog {

  /// Revision of a map, and its event.
  private record Key(long eventId, int revision) {}

  private final SeatMapCatalog maps;
  private final SeatCache cache;
  private final SeatSectionRepository sections;
  private final LoadingCache<Key, Optional<SeatsView>> localCache;

  SeatCatalog(
      SeatMapCatalog maps,
      SeatCache cache,
      SeatSectionRepository sections,
      SeatMapSettings settings) {
    this.maps = maps;
    this.cache = cache;
    this.sections = sections;
    this.localCache =
        Caffeine.newBuilder()
            .maximumSize(settings.maxCachedBitmaps())
            .expireAfterWrite(settings.bitmapTtl())
            .build(key -> read(key.eventId(), key.revision()));
  }

  /// Returns all sections; empty without a map.
  ///
  /// @param revision current revision of the map, as far as known
  public Optional<SeatsView> find(long eventId, int revision) {
    return localCache.get(new Key(eventId, revision));
  }

  /// Reads the bitmaps without the local cache. A value in Redis that does not match the map is not
  /// used.
  private Optional<SeatsView> read(long eventId, int revision) {
    try {
      Optional<SeatsView> cached =
          cache
              .find(eventId)
              .filter(seats -> seats.revision() == revision)
              .filter(seats ->
                  maps.find(eventId, revision).filter(map -> matches(map, seats)).isPresent());
      if (cached.isPresent()) {
        return cached;
      }
    } catch (RedisUnavailableException e) {
      // The database has the bitmaps.
    }
    return readDatabase(eventId);
  }

  private static boolean matches(SeatMap map, SeatsView seats) {
    try {
      return seats.sections().size() == map.sections().size()
          && map.sections().stream()
              .allMatch(section ->
                  seats.sections().get(section.name()) instanceof String bitmap
                      && Base64.getDecoder().decode(bitmap).length
                          == SeatBitmap.countBytes(section.seatCount()));
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  private Optional<SeatsView> readDatabase(long eventId) {
    List<SeatSectionRepository.Row> rows = sections.find(eventId);
    if (rows.isEmpty()) {
      return Optional.empty();
    }
    Map<String, String> bitmaps = new LinkedHashMap<>();
    rows.forEach(
        row -> bitmaps.put(row.getSection(), Base64.getEncoder().encodeToString(row.getTaken())));
    return Optional.of(
        new SeatsView(
            eventId, rows.getFirst().getRevision(), rows.getFirst().getVersion(), bitmaps));
  }

  /// Returns true if one of these seats is known to be taken. A seat that is taken in memory is
  /// read again, because it may have been freed since.
  public boolean isTaken(long eventId, int revision, SeatMap map, List<String> seatIds) {
    return isTaken(find(eventId, revision), revision, map, seatIds)
        && isTaken(read(eventId, revision), revision, map, seatIds);
  }

  private static boolean isTaken(
      Optional<SeatsView> found, int revision, SeatMap map, List<String> seatIds) {
    if (found.isEmpty() || found.get().revision() != revision) {
      return false;
    }
    for (int seat : map.indexesOf(seatIds)) {
      SeatMap.Section section = map.sections().get(map.sectionOf(seat));
      String bitmap = found.get().sections().get(section.name());
      if (bitmap == null) {
        continue;
      }
      byte[] taken = Base64.getDecoder().decode(bitmap);
      int index = seat - section.firstSeat();
      if (taken.length == SeatBitmap.countBytes(section.seatCount())
          && (taken[index / Byte.SIZE] & 1 << index % Byte.SIZE) != 0) {
        return true;
      }
    }
    return false;
  }
}
