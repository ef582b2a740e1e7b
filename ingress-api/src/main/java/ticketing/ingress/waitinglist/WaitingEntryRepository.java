package ticketing.ingress.waitinglist;

import java.util.List;
import java.util.Optional;
import org.springframework.data.domain.Pageable;
import org.springframework.data.jpa.repository.Query;
import org.springframework.data.repository.Repository;

/// Reads of waiting entries.
interface WaitingEntryRepository extends Repository<WaitingEntryEntity, Long> {

  @Query("select w from WaitingEntryEntity w where w.id = :id")
  Optional<WaitingEntryEntity> find(long id);

  /// Returns the waiting entries of a user for events with a waiting list, newest first.
  @Query(
      """
      select w from WaitingEntryEntity w join EventEntity e on e.id = w.eventId
      where w.userId = :userId and w.status = 'WAITING' and e.waitingList = true
        and e.status <> ticketing.domain.EventStatus.CANCELLED
      order by w.id desc\
      """)
  List<WaitingEntryEntity> findWaiting(String userId, Pageable page);

  /// Counts the waiting entries of a seat type ahead of one, up to a limit.
  @Query(
      value =
          """
          select count(*) from (
            select 1 from waiting_entries
            where event_id = :eventId and seat_type = :seatType and status = 'WAITING'
              and sequence < :sequence
            limit :limit) ahead\
          """,
      nativeQuery = true)
  long countAhead(long eventId, String seatType, long sequence, int limit);

  /// Returns the sequences of the waiting entries of a seat type, in order.
  @Query(
      """
      select w.sequence from WaitingEntryEntity w
      where w.eventId = :eventId and w.seatType = :seatType and w.status = 'WAITING'
      order by w.sequence\
      """)
  List<Long> findSequences(long eventId, String seatType, Pageable page);
}
