package ticketing.ingress.decisionmail;

import java.math.BigDecimal;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.data.jpa.repository.Modifying;
import org.springframework.data.jpa.repository.Query;
import org.springframework.data.repository.Repository;
import org.springframework.transaction.annotation.Transactional;

/// Cursors of the mails, and the committed rows behind them.
interface MailCursorRepository extends Repository<MailCursorEntity, Long> {

  /// Event with numbers after its cursor.
  interface Due {
    long getEventId();

    /// Last number of the event. All rows up to it are committed.
    long getHead();

    long getMailed();

    String getLastUser();

    /// 0 without a cursor.
    long getCursorCount();
  }

  /// Row that may lead to mails.
  ///
  /// `getKind` is the name of a [DecisionMail.Kind], or `STATE` for the recorded state of an event.
  interface Step {
    long getStep();

    String getKind();

    /// 0 for a state.
    long getReservationId();
  }

  /// Reservation with the email of its owner.
  interface Seats {
    long getReservationId();

    String getEmail();

    @Nullable String getSeatType();

    int getQuantity();

    /// Ids of numbered seats, separated by commas; null without them.
    @Nullable String getSeats();

    @Nullable BigDecimal getTotalPrice();

    String getStatus();

    /// End of a hold; null without one.
    @Nullable Instant getExpiresAt();
  }

  /// Recorded state of an event, and the state ahead of it.
  interface StateChange {
    String getState();

    String getFormer();
  }

  /// Returns events with decisions after their cursor, in the order of the ids. Past events are
  /// left out.
  ///
  /// @param after only events with a higher id
  @Query(
      value =
          """
          select e.id as eventId, e.decision_sequence as head,
            coalesce(c.sequence, 0) as mailed, coalesce(c.last_user, '') as lastUser,
            case when c.event_id is null then 0 else 1 end as cursorCount
          from events e left join decision_mail_cursors c on c.event_id = e.id
          where e.event_date > :now and e.id > :after
            and e.decision_sequence > coalesce(c.sequence, 0)
          order by e.id limit :limit\
          """,
      nativeQuery = true)
  List<Due> findDue(Instant now, long after, int limit);

  /// Returns the rows after a number, in order.
  ///
  /// @param oldest older rows are left out
  @Query(
      value =
          """
          (select sequence as step,
             case when decision = 'HELD' then 'HELD' else 'BOOKED' end as kind,
             reservation_id as reservationId
           from tickets where event_id = :eventId and sequence > :after and sequence <= :to
             and action in ('BOOK', 'CONFIRM') and decision in ('CONFIRMED', 'HELD')
             and decided_at >= :oldest order by sequence limit :limit)
          union all
          (select sequence, 'EXPIRED', reservation_id from hold_expiries
           where event_id = :eventId and sequence > :after and sequence <= :to
             and expired_at >= :oldest order by sequence limit :limit)
          union all
          (select w.ended_sequence, 'OFFERED', r.id
           from waiting_entries w join reservations r on r.ticket_id = w.ticket_id
           where w.event_id = :eventId and w.ended_sequence > :after and w.ended_sequence <= :to
             and w.status = 'OFFERED' and w.ended_at >= :oldest
           order by w.ended_sequence limit :limit)
          union all
          (select sequence, 'STATE', 0 from event_states
           where event_id = :eventId and sequence > :after and sequence <= :to
             and changed_at >= :oldest order by sequence limit :limit)
          order by step limit :limit\
          """,
      nativeQuery = true)
  List<Step> findSteps(long eventId, long after, long to, Instant oldest, int limit);

  /// Returns reservations of accounts that exist and have a confirmed email.
  @Query(
      """
      select r.id as reservationId, u.email as email, r.seatType as seatType,
        r.quantity as quantity, r.seats as seats, r.totalPrice as totalPrice,
        r.status as status, r.expiresAt as expiresAt
      from ReservationEntity r join UserEntity u on u.id = r.userId
      where r.id in :ids and u.deletedAt is null and u.emailConfirmedAt is not null\
      """)
  List<Seats> findSeats(List<Long> ids);

  /// Returns a recorded state; empty for the first one of an event.
  @Query(
      value =
          """
          select s.state as state, f.state as former from event_states s
          join event_states f on f.event_id = s.event_id and f.sequence = (
            select max(sequence) from event_states
            where event_id = :eventId and sequence < :sequence)
          where s.event_id = :eventId and s.sequence = :sequence\
          """,
      nativeQuery = true)
  List<StateChange> findStateChange(long eventId, long sequence);

  /// Returns the confirmed emails of the accounts that exist.
  @Query(
      """
      select u.email from UserEntity u
      where u.id in :ids and u.deletedAt is null and u.emailConfirmedAt is not null\
      """)
  List<String> findEmails(List<String> ids);

  /// Inserts the cursor of an event.
  ///
  /// @throws org.springframework.dao.DataIntegrityViolationException if the event has a cursor
  @Transactional
  @Modifying
  @Query(
      "insert into MailCursor (eventId, sequence, lastUser)"
          + " values (:eventId, :sequence, :lastUser)")
  int insert(long eventId, long sequence, String lastUser);

  /// Moves a cursor.
  ///
  /// @return 0 if another process moved it
  @Transactional
  @Modifying
  @Query(
      """
      update MailCursor c set c.sequence = :sequence, c.lastUser = :lastUser
      where c.eventId = :eventId and c.sequence = :formerSequence and c.lastUser = :formerUser\
      """)
  int move(long eventId, long formerSequence, String formerUser, long sequence, String lastUser);

  /// Takes or extends the lease of a job.
  ///
  /// @return 0 if another process holds it
  @Transactional
  @Modifying
  @Query(
      """
      update JobLease l set l.holder = :holder, l.expiresAt = :end
      where l.job = :job and (l.holder = :holder or l.expiresAt < :now)\
      """)
  int lease(String job, String holder, Instant now, Instant end);
}
