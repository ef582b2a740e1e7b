package ticketing.ingress;

import java.util.Optional;
import org.springframework.data.domain.Page;
import org.springframework.data.domain.Pageable;
import org.springframework.data.jpa.repository.Query;
import org.springframework.data.repository.Repository;

/// The rows of `reservations`. Read outside of a read-only transaction, hence always from the
/// primary: who has just booked sees it.
interface ReservationRows extends Repository<ReservationRow, Long> {

  @Query("select r from ReservationRow r where r.id = :id")
  Optional<ReservationRow> find(long id);

  @Query(
      """
      select r from ReservationRow r
      where r.userId = :userId and (:status is null or r.status = :status)
      order by r.id desc\
      """)
  Page<ReservationRow> list(String userId, String status, Pageable page);
}
