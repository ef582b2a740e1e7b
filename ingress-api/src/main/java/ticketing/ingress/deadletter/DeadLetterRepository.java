package ticketing.ingress.deadletter;

import java.time.Instant;
import java.util.Collection;
import java.util.List;
import org.springframework.data.domain.Pageable;
import org.springframework.data.jpa.repository.Modifying;
import org.springframework.data.jpa.repository.Query;
import org.springframework.data.repository.Repository;

/// Records of dead letters. Workers record messages and read the marks of this process.
interface DeadLetterRepository extends Repository<DeadLetterEntity, String> {

  @Query("select d from DeadLetterEntity d where d.messageId in :messageIds")
  List<DeadLetterEntity> find(Collection<String> messageIds);

  /// Inserts messages.
  ///
  /// @throws org.springframework.dao.DataIntegrityViolationException if one is recorded
  List<DeadLetterEntity> saveAll(Iterable<DeadLetterEntity> rows);

  /// Returns messages that are neither redriven nor discarded, newest first.
  @Query(
      """
      select d from DeadLetterEntity d where d.redrivenAt is null and d.discardedAt is null
      order by d.firstSeenAt desc\
      """)
  List<DeadLetterEntity> findWaiting(Pageable page);

  @Query("select d.messageId from DeadLetterEntity d where d.discardedAt is not null")
  List<String> findDiscarded(Pageable page);

  @Modifying
  @Query(
      """
      update DeadLetterEntity d set d.discardedAt = :now
      where d.messageId = :messageId and d.discardedAt is null\
      """)
  int markDiscarded(String messageId, Instant now);

  /// Marks all messages that are recorded until now.
  @Modifying
  @Query(
      """
      update DeadLetterEntity d set d.redrivenAt = :now
      where d.redrivenAt is null and d.discardedAt is null\
      """)
  int markAllRedriven(Instant now);

  void deleteByMessageIdIn(Collection<String> messageIds);
}
