package ticketing.ingress.security;

import java.util.List;
import org.springframework.data.jpa.repository.Query;
import org.springframework.data.repository.Repository;

/// Revoked access tokens. Reads run outside of a read-only transaction, hence on the primary.
interface RevokedTokenRepository extends Repository<RevokedTokenEntity, String> {

  RevokedTokenEntity save(RevokedTokenEntity row);

  /// Finds the revocations of the last seconds, at most the given number.
  @Query(
      value =
          """
          SELECT * FROM revoked_tokens
          WHERE revoked_at >= UTC_TIMESTAMP(6) - INTERVAL :seconds SECOND LIMIT :maxTokens\
          """,
      nativeQuery = true)
  List<RevokedTokenEntity> findRevokedWithin(long seconds, int maxTokens);

  /// Finds a page of the revocations that are to be kept, in order of their ids.
  ///
  /// @param id last id of the previous page; empty: first page
  @Query(
      value =
          """
          SELECT * FROM revoked_tokens
          WHERE id > :id AND kept_until >= UNIX_TIMESTAMP() ORDER BY id LIMIT :maxTokens\
          """,
      nativeQuery = true)
  List<RevokedTokenEntity> findAfter(String id, int maxTokens);

  List<RevokedTokenEntity> findFirst1000ByKeptUntilLessThan(long epochSecond);

  void deleteAllInBatch(Iterable<RevokedTokenEntity> rows);
}
