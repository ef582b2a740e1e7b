package ticketing.ingress.command;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.springframework.data.jpa.repository.Modifying;
import org.springframework.data.jpa.repository.Query;
import org.springframework.data.repository.Repository;

/// The rows of `revoked_commands`, and the lock and the mark on the row of their event.
public interface RevokedCommandRepository extends Repository<RevokedCommandEntity, String> {

  /// Waits for the decision that is being made, and keeps the next one waiting.
  @Query(value = "SELECT id FROM events WHERE id = :eventId FOR UPDATE", nativeQuery = true)
  Optional<Long> lockEvent(long eventId);

  List<RevokedCommandEntity> saveAll(Iterable<RevokedCommandEntity> rows);

  @Modifying
  @Query("update EventEntity e set e.revokedAt = :now where e.id = :eventId")
  void mark(long eventId, Instant now);
}
