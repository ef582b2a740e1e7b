package ticketing.ingress.mailedtoken;

import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import org.springframework.data.domain.Pageable;
import org.springframework.data.jpa.repository.Modifying;
import org.springframework.data.jpa.repository.Query;
import org.springframework.data.repository.Repository;
import org.springframework.transaction.annotation.Transactional;

/// Repository of table `mailed_tokens`. Its queries run outside of a read-only transaction and
/// therefore on the primary.
interface MailedTokenRepository extends Repository<MailedTokenEntity, String> {

  MailedTokenEntity save(MailedTokenEntity token);

  @Query(
      "select t from MailedTokenEntity t"
          + " where t.id = :digest and t.purpose = :purpose and t.expiresAt > :now")
  Optional<MailedTokenEntity> find(String digest, Purpose purpose, Instant now);

  @Transactional
  @Modifying
  @Query(
      "delete from MailedTokenEntity t"
          + " where t.id = :digest and t.purpose = :purpose and t.expiresAt > :now")
  int deleteValid(String digest, Purpose purpose, Instant now);

  @Query(
      "select t.id from MailedTokenEntity t"
          + " where t.userId = :userId and t.purpose in :purposes order by t.id")
  List<String> findOfUser(String userId, Collection<Purpose> purposes);

  @Query(
      "select count(t) > 0 from MailedTokenEntity t"
          + " where t.userId = :userId and t.purpose = :purpose and t.expiresAt > :now")
  boolean existsValid(String userId, Purpose purpose, Instant now);

  @Query("select t.id from MailedTokenEntity t where t.expiresAt < :now")
  List<String> findExpired(Instant now, Pageable page);

  /// Deletes by the primary key, as [#deleteValid] does.
  @Transactional
  @Modifying
  @Query("delete from MailedTokenEntity t where t.id in :ids")
  int deleteAll(Collection<String> ids);
}
