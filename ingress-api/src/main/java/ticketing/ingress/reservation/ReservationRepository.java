package ticketing.ingress.reservation;

import java.time.Instant;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.data.domain.Page;
import org.springframework.data.domain.Pageable;
import org.springframework.data.jpa.repository.Query;
import org.springframework.data.repository.Repository;
import ticketing.ingress.event.EventEntity;

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

  /// A reservation with its event.
  record WithEvent(ReservationEntity reservation, EventEntity event) {}

  @Query(
      value =
          """
          select r as reservation, e as event
          from ReservationEntity r join EventEntity e on e.id = r.eventId
          where r.userId = :userId and (:status is null or r.status = :status)
          order by r.id desc\
          """,
      countQuery =
          """
          select count(r) from ReservationEntity r
          where r.userId = :userId and (:status is null or r.status = :status)\
          """)
  Page<WithEvent> list(String userId, @Nullable String status, Pageable page);
}
