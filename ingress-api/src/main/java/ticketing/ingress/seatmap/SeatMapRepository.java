package ticketing.ingress.seatmap;

import java.util.Optional;
import org.springframework.data.jpa.repository.Query;
import org.springframework.data.repository.Repository;

/// Seat maps, one row for each revision.
interface SeatMapRepository extends Repository<SeatMapEntity, SeatMapEntity.Key> {

  SeatMapEntity save(SeatMapEntity map);

  @Query("select m from SeatMapEntity m where m.eventId = :eventId and m.revision = :revision")
  Optional<SeatMapEntity> find(long eventId, int revision);
}
