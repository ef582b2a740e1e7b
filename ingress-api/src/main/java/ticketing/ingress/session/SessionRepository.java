package ticketing.ingress.session;

import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import org.springframework.data.domain.Pageable;
import org.springframework.data.jpa.repository.Modifying;
import org.springframework.data.jpa.repository.Query;
import org.springframework.data.repository.Repository;
import org.springframework.transaction.annotation.Transactional;

/// Repository of table `sessions`. Its queries run outside of a read-only transaction and therefore
/// on the primary.
interface SessionRepository extends Repository<SessionEntity, String> {

  SessionEntity save(SessionEntity session);

  @Query("select s from SessionEntity s where s.selector = :selector")
  Optional<SessionEntity> find(String selector);

  /// Replaces the digest of the secret, if it is the expected one. It locks the row by the primary
  /// key as [#delete] does: a lock by the selector first would deadlock with it.
  ///
  /// @return number of changed rows
  @Transactional
  @Modifying
  @Query(
      "update SessionEntity s set s.tokenHash = :next, s.usedAt = :now"
          + " where s.id = :id and s.tokenHash = :expected")
  int rotate(String id, String expected, String next, Instant now);

  @Transactional
  @Modifying
  @Query("delete from SessionEntity s where s.id = :id")
  int delete(String id);

  @Query("select s.id from SessionEntity s where s.userId = :userId order by s.id")
  List<String> findOfUser(String userId);

  /// Finds the sessions beyond the given number, the most recently used ones first.
  @Query(
      value =
          """
          SELECT id FROM sessions WHERE user_id = :userId
          ORDER BY used_at DESC, id LIMIT 1000 OFFSET :kept\
          """,
      nativeQuery = true)
  List<String> findExcess(String userId, int kept);

  @Query("select s.id from SessionEntity s where s.expiresAt < :now")
  List<String> findExpired(Instant now, Pageable page);

  /// Deletes by the primary key, as [#delete] does.
  @Transactional
  @Modifying
  @Query("delete from SessionEntity s where s.id in :ids")
  int deleteAll(Collection<String> ids);
}
