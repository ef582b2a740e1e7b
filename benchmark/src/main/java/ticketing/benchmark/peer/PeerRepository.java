package ticketing.benchmark.peer;

import jakarta.persistence.LockModeType;
import java.util.Optional;
import org.springframework.data.jpa.repository.JpaRepository;
import org.springframework.data.jpa.repository.Lock;
import org.springframework.data.jpa.repository.Query;

/// Events with and without a row lock.
interface PeerRepository extends JpaRepository<PeerEvent, Long> {

  @Lock(LockModeType.PESSIMISTIC_WRITE)
  @Query("SELECT e FROM PeerEvent e WHERE e.id = :id")
  Optional<PeerEvent> findLocked(long id);
}
