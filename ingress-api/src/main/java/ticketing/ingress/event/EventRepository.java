package ticketing.ingress.event;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.springframework.data.domain.Page;
import org.springframework.data.domain.Pageable;
import org.springframework.data.jpa.repository.Modifying;
import org.springframework.data.jpa.repository.Query;
import org.springframework.data.repository.Repository;
import ticketing.domain.EventStatus;

/// Events with their seat types.
public interface EventRepository extends Repository<EventEntity, Long> {

  EventEntity saveAndFlush(EventEntity event);

  /// Reads the event and its seat types in one statement, so that they are consistent.
  @Query("select e from EventEntity e left join fetch e.seatTypes where e.id = :id")
  Optional<EventEntity> find(long id);

  /// Returns one page of the events in the order of the page.
  ///
  /// @param text pattern of the name or the venue, with the escape character `!`; null: any
  /// @param to end of the dates, exclusive; null: none
  @Query(
      """
      select e from EventEntity e
      where e.eventDate >= :from
        and (:to is null or e.eventDate < :to)
        and (:status is null or e.status = :status)
        and (:text is null or e.eventName like :text escape '!'
          or e.venueName like :text escape '!')\
      """)
  Page<EventEntity> list(
      @Nullable String text,
      @Nullable EventStatus status,
      Instant from,
      @Nullable Instant to,
      Pageable page);

  @Query("select max(e.id) from EventEntity e")
  @Nullable Long findHighestId();

  /// Returns users with a held or confirmed reservation or a waiting entry of an event, in the
  /// order of the database.
  ///
  /// @param after last user of the previous page; empty: first page
  @Query(
      value =
          """
          (select distinct user_id from reservations
           where event_id = :id and status in ('HELD', 'CONFIRMED') and user_id > :after
           order by user_id limit :limit)
          union
          (select distinct user_id from waiting_entries
           where event_id = :id and status = 'WAITING' and user_id > :after
           order by user_id limit :limit)
          order by user_id limit :limit\
          """,
      nativeQuery = true)
  List<String> findUsers(long id, String after, int limit);

  /// Newest first.
  @Query("select e.id from EventEntity e order by e.id desc")
  List<Long> ids(Pageable page);

  /// Updates all fields except the seats, and raises the revision.
  ///
  /// @param revision required revision of the event
  /// @param excluded status with which the event is not updated; null: none
  /// @return 0 if the event has another revision or the excluded status
  @Modifying
  @Query(
      """
      update EventEntity e set
        e.eventName = :#{#to.eventName()}, e.eventDate = :#{#to.eventDate()},
        e.venueName = :#{#to.venueName()}, e.venueAddress = :#{#to.venueAddress()},
        e.saleOpensAt = :#{#to.saleOpensAt()}, e.saleClosesAt = :#{#to.saleClosesAt()},
        e.maxSeatsPerUser = :#{#to.maxSeatsPerUser()}, e.holdMinutes = :#{#to.holdMinutes()},
        e.timeZone = :#{#to.timeZone()},
        e.waitingList = :#{#to.hasWaitingList()}, e.offerMinutes = :#{#to.offerMinutes()},
        e.revision = e.revision + 1, e.version = e.version + 1,
        e.decisionSequence = e.decisionSequence + 1
      where e.id = :id and e.revision = :revision and (:excluded is null or e.status <> :excluded)\
      """)
  int updateDetails(long id, long revision, EventRequest to, @Nullable EventStatus excluded);

  /// Raises the revision for a change of the poster.
  ///
  /// @param revision required revision of the event; null: any
  /// @return 0 if the event has another revision or the excluded status
  @Modifying
  @Query(
      """
      update EventEntity e set
        e.revision = e.revision + 1, e.version = e.version + 1,
        e.decisionSequence = e.decisionSequence + 1
      where e.id = :id and (:revision is null or e.revision = :revision) and e.status <> :excluded\
      """)
  int raiseRevision(long id, @Nullable Long revision, EventStatus excluded);

  @Modifying
  @Query(
      """
      update EventEntity e set e.status = :to, e.version = e.version + 1,
        e.decisionSequence = e.decisionSequence + 1
      where e.id = :id and e.status <> :to and e.status <> :cancelled\
      """)
  int setStatus(long id, EventStatus to, EventStatus cancelled);

  /// Inserts the state of an event under its current number, unless it has none. The transaction
  /// has created or changed the event, so the number is new.
  ///
  /// @param state event as JSON
  @Modifying
  @Query(
      """
      insert into EventState (eventId, sequence, state, changedAt)
      select e.id, e.decisionSequence, :state, :now from EventEntity e
      where e.id = :id and e.decisionSequence is not null\
      """)
  int recordState(long id, String state, Instant now);
}
