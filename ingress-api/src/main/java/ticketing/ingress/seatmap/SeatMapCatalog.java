package ticketing.ingress.seatmap;

import com.github.benmanes.caffeine.cache.Caffeine;
import com.github.benmanes.caffeine.cache.LoadingCache;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import org.springframework.stereotype.Component;
import ticketing.domain.seatmap.SeatMap;

/// Seat maps of events. A map of a revision never changes, so it is cached without an expiry, in
/// bounded memory. Of concurrent reads of one map, one loads it.
@Component
public class SeatMapCatalog {

  /// Estimated size of an entry without its map, in bytes.
  private static final int ENTRY_BYTES = 200;

  private record DocumentKey(SeatMapEntity.Key map, boolean isCompact) {}

  private final SeatMapRepository maps;
  private final SeatMapChangeRepository changes;
  private final SeatSectionRepository sections;
  private final Clock clock;
  private final LoadingCache<DocumentKey, Optional<byte[]>> documents;
  private final LoadingCache<SeatMapEntity.Key, Optional<SeatMap>> parsed;

  SeatMapCatalog(
      SeatMapRepository maps,
      SeatMapChangeRepository changes,
      SeatSectionRepository sections,
      SeatMapSettings settings,
      Clock clock) {
    this.maps = maps;
    this.changes = changes;
    this.sections = sections;
    this.clock = clock;
    this.documents =
        Caffeine.newBuilder()
            .maximumWeight(settings.cacheSize().toBytes())
            .weigher((DocumentKey key, Optional<byte[]> gzip) ->
                ENTRY_BYTES + gzip.map(bytes -> bytes.length).orElse(0))
            .build(this::loadDocument);
    this.parsed =
        Caffeine.newBuilder()
            .maximumWeight(settings.maxCachedSeats())
            .weigher((SeatMapEntity.Key key, Optional<SeatMap> map) ->
                map.map(SeatMap::seatCount).orElse(1))
            .build(key ->
                maps.find(key.eventId(), key.revision()).map(row -> SeatMap.ofGzip(row.map())));
  }

  /// Returns the map of a revision; empty if there is none.
  public Optional<SeatMap> find(long eventId, int revision) {
    SeatMapEntity.Key key = new SeatMapEntity.Key(eventId, revision);
    Optional<SeatMap> found = parsed.get(key);
    if (found.isEmpty()) {
      parsed.invalidate(key); // the revision may be created later
    }
    return found;
  }

  /// Returns the JSON of a map for clients, compressed; empty if there is no such revision.
  ///
  /// @param isCompact in columns, unless a position has too many digits
  public Optional<byte[]> findDocument(long eventId, int revision, boolean isCompact) {
    DocumentKey key = new DocumentKey(new SeatMapEntity.Key(eventId, revision), isCompact);
    Optional<byte[]> found = documents.get(key);
    if (found.isEmpty()) {
      documents.invalidate(key);
    }
    return found;
  }

  /// Returns the decompressed bytes of a document.
  public static InputStream decompressed(byte[] gzip) {
    try {
      return new GZIPInputStream(new ByteArrayInputStream(gzip));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static byte[] decompress(byte[] gzip) {
    try (InputStream in = decompressed(gzip)) {
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Optional<byte[]> loadDocument(DocumentKey key) {
    return maps.find(key.map().eventId(), key.map().revision())
        .map(row -> {
          byte[] map = decompress(row.map()); // {"sections":[...]}
          return compress(
              (key.isCompact() ? CompactSeatMap.of(key.map(), map) : Optional.<byte[]>empty())
                  .orElseGet(() -> fullDocument(key.map(), map)));
        });
  }

  private static byte[] fullDocument(SeatMapEntity.Key key, byte[] map) {
    byte[] head =
        "{\"eventId\":%d,\"revision\":%d,"
            .formatted(key.eventId(), key.revision())
            .getBytes(StandardCharsets.UTF_8);
    byte[] document = Arrays.copyOf(head, head.length + map.length - 1);
    System.arraycopy(map, 1, document, head.length, map.length - 1);
    return document;
  }

  private static byte[] compress(byte[] document) {
    ByteArrayOutputStream compressed = new ByteArrayOutputStream();
    try (GZIPOutputStream out = new GZIPOutputStream(compressed)) {
      out.write(document);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return compressed.toByteArray();
  }

  /// Inserts the first map of a new event, with all seats on sale. Needs the transaction that
  /// inserts the event.
  ///
  /// @param revision revision of the map in the row of the event
  public void insertFirst(long eventId, int revision, SeatMap map) {
    maps.save(
        new SeatMapEntity(
            eventId, revision, map.toGzip(), clock.instant().truncatedTo(ChronoUnit.MICROS)));
    List<SeatSectionEntity> rows = new ArrayList<>();
    for (SeatMap.Section section : map.sections()) {
      rows.add(new SeatSectionEntity(eventId, rows.size(), section));
    }
    sections.saveAll(rows);
  }

  /// Inserts the map of a change that is about to be queued.
  ///
  /// @param ticketId ticket of the command
  public void insertChange(UUID ticketId, long eventId, SeatMap map) {
    changes.save(
        new SeatMapChangeEntity(
            ticketId, eventId, map.toGzip(), clock.instant().truncatedTo(ChronoUnit.MICROS)));
  }
}
