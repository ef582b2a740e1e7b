package ticketing.ingress.reservation;

import java.util.Optional;
import org.springframework.data.domain.Page;
import org.springframework.data.domain.Pageable;
import org.springframework.data.jpa.repository.Query;
import org.springframework.data.repository.Repository;

/// The rows of `reservations`. Read outside of a read-only transaction, hence always from the
/// primary: who has just booked sees it.
interface ReservationRepository extends Repository<ReservationEntity, Long> {

  @Query("select r from ReservationEntity r where r.id = :id")
  Optional<ReservationEntity> find(long id);

  @Query(
      """
      select r from ReservationEntity r
      where r.userId = :userId and (:status is null or r.status = :status)
      order by r.id desc\
      """)
  Page<ReservationEntity> list(String userId, String status, Pageable page);
}
