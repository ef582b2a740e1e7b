package ticketing.ingress.seatmap;

import java.util.List;
import org.springframework.data.jpa.repository.Query;
import org.springframework.data.repository.Repository;

/// Bitmaps of the sections of the current seat maps.
interface SeatSectionRepository extends Repository<SeatSectionEntity, SeatSectionEntity.Key> {

  List<SeatSectionEntity> saveAll(Iterable<SeatSectionEntity> sections);

  /// A section with the revision of its map and the version of its event.
  interface Row {
    int getRevision();

    long getVersion();

    String getSection();

    byte[] getTaken();
  }

  /// Returns all sections of an event in the order of the map; empty without a map. One statement,
  /// so that they are consistent.
  @Query(
      value =
          """
          select e.seat_map_revision as revision, e.version as version, s.section as section,
            s.taken as taken
          from events e join seat_sections s on s.event_id = e.id
          where e.id = :eventId and e.seat_map_revision is not null
          order by s.ordinal\
          """,
      nativeQuery = true)
  List<Row> find(long eventId);
}
