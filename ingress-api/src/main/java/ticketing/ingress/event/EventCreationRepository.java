package ticketing.ingress.event;

import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import org.springframework.data.domain.Pageable;
import org.springframework.data.jpa.repository.Query;
import org.springframework.data.repository.Repository;

/// Events that were created by a request with an `Idempotency-Key`.
interface EventCreationRepository extends Repository<EventCreationEntity, String> {

  @Query("select c from EventCreationEntity c where c.id = :id")
  Optional<EventCreationEntity> find(String id);

  /// Fails with a violated constraint, at the latest at the commit, if the id has a row.
  EventCreationEntity save(EventCreationEntity creation);

  /// Oldest first.
  @Query("select c.id from EventCreationEntity c where c.createdAt < :time order by c.createdAt")
  List<String> findIdsUntil(Instant time, Pageable page);

  void deleteByIdIn(Collection<String> ids);
}
