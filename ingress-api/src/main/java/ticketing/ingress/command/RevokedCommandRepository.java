package ticketing.ingress.command;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.springframework.data.jpa.repository.Modifying;
import org.springframework.data.jpa.repository.Query;
import org.springframework.data.repository.Repository;

/// Revoked commands, and the lock and the mark on the row of their event.
interface RevokedCommandRepository extends Repository<RevokedCommandEntity, String> {

  /// Blocks until no decision of the event is in progress, and delays the next one.
  @Query(value = "SELECT id FROM events WHERE id = :eventId FOR UPDATE", nativeQuery = true)
  Optional<Long> lockEvent(long eventId);

  List<RevokedCommandEntity> saveAll(Iterable<RevokedCommandEntity> rows);

  /// Records the time of the last revocation, so that workers read revoked commands only then.
  @Modifying
  @Query("update EventEntity e set e.revokedAt = :now where e.id = :eventId")
  void markEvent(long eventId, Instant now);
}
