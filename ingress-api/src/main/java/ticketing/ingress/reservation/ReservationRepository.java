package ticketing.ingress.reservation;

import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.data.domain.Page;
import org.springframework.data.domain.Pageable;
import org.springframework.data.jpa.repository.Query;
import org.springframework.data.repository.Repository;

/// Reads of reservations. They run outside of a read-only transaction, hence on the primary, so
/// that a user reads a new reservation immediately.
interface ReservationRepository extends Repository<ReservationEntity, Long> {

  @Query("select r from ReservationEntity r where r.id = :id")
  Optional<ReservationEntity> find(long id);

  @Query("select max(r.id) from ReservationEntity r")
  @Nullable Long findHighestId();

  /// Returns the end of the first hold of an event.
  @Query(
      "select min(r.expiresAt) from ReservationEntity r where r.status = 'HELD' and r.eventId ="
          + " :id")
  Optional<Instant> findFirstHoldEnd(long id);

  @Query(
      """
      select r from ReservationEntity r
      where r.userId = :userId and (:status is null or r.status = :status)
      order by r.id desc\
      """)
  Page<ReservationEntity> list(String userId, String status, Pageable page);
}
