package ticketing.ingress.sales;

import java.math.BigDecimal;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.springframework.data.domain.Page;
import org.springframework.data.domain.Pageable;
import org.springframework.data.jpa.repository.Query;
import org.springframework.data.repository.Repository;
import ticketing.ingress.reservation.ReservationEntity;

/// Reads of the reservations and the rejections of one event. Each uses an index that begins with
/// the event. Times of native queries are seconds since 1970.
interface SalesRepository extends Repository<ReservationEntity, Long> {

  record Sold(String seatType, String status, Long seats, @Nullable BigDecimal revenue) {
    BigDecimal total() {
      return revenue == null ? BigDecimal.ZERO : revenue;
    }
  }

  @Query(
      """
      select r.seatType as seatType, r.status as status, sum(r.quantity) as seats,
        sum(r.totalPrice) as revenue
      from ReservationEntity r
      where r.eventId = :event and r.status in ('CONFIRMED', 'HELD')
      group by r.seatType, r.status\
      """)
  List<Sold> findSold(long event);

  /// @param reserved time of the last booking
  /// @param cancelled time of the last cancellation
  /// @param expired end of the last expired hold
  record Span(
      @Nullable Instant first,
      @Nullable Instant reserved,
      @Nullable Instant cancelled,
      @Nullable Instant expired) {

    /// Returns the time of the last change. Requires a booking.
    Instant last() {
      return Stream.of(reserved, cancelled, expired)
          .filter(time -> time != null)
          .max(Instant::compareTo)
          .orElseThrow();
    }
  }

  @Query(
      """
      select min(r.reservedAt) as first, max(r.reservedAt) as reserved,
        max(r.cancelledAt) as cancelled,
        max(case when r.status = 'EXPIRED' then r.expiresAt end) as expired
      from ReservationEntity r where r.eventId = :event\
      """)
  Span findSpan(long event);

  /// Change of the number of seats in a slot.
  interface Change {
    long getSlot();

    long getSeats();
  }

  /// Returns the changes in order of time: bookings, and seats that returned to sale.
  ///
  /// @param start begin of the first slot
  /// @param length of a slot, in seconds
  @Query(
      value =
          """
          select floor((changed_at - :start) / :length) as slot, sum(quantity) as seats from (
            select timestampdiff(second, '1970-01-01', reserved_at) as changed_at, quantity
            from reservations where event_id = :event
            union all
            select timestampdiff(second, '1970-01-01', coalesce(cancelled_at, expires_at)),
              -quantity
            from reservations where event_id = :event and status in ('CANCELLED', 'EXPIRED')
          ) changes
          where changed_at is not null group by slot order by slot\
          """,
      nativeQuery = true)
  List<Change> findChanges(long event, long start, long length);

  /// Returns the seats that the newest reservations took since a time, less the ones they returned.
  @Query(
      value =
          """
          select coalesce(sum(
              case when reserved_at >= :since then quantity else 0 end
              - case when status in ('CANCELLED', 'EXPIRED')
                  and coalesce(cancelled_at, expires_at) >= :since then quantity else 0 end), 0)
          from (
            select quantity, status, reserved_at, cancelled_at, expires_at from reservations
            where event_id = :event order by id desc limit :limit) newest\
          """,
      nativeQuery = true)
  long sumSeatsSince(long event, Instant since, int limit);

  interface Rejections {
    String getReason();

    long getTimes();
  }

  /// Counts the rejections among the newest decisions by reason.
  @Query(
      value =
          """
          select reason, count(*) as times from (
            select decision, reason from tickets where event_id = :event
            order by decided_at desc limit :limit) newest
          where decision = 'REJECTED' and reason is not null group by reason\
          """,
      nativeQuery = true)
  List<Rejections> countRejections(long event, int limit);

  /// A reservation with the name and the email of its buyer, null without an account.
  record WithBuyer(ReservationEntity reservation, @Nullable String name, @Nullable String email) {
    SoldReservation view() {
      return SoldReservation.of(reservation.view(), name, email);
    }
  }

  String SELECT = "select r as reservation, u.name as name, u.email as email ";

  String FROM = "from ReservationEntity r left join UserEntity u on u.id = r.userId";

  String OF_STATUS = " where r.eventId = :event and (:status is null or r.status = :status)";

  String ORDER = " order by r.id desc";

  String FILTER =
      FROM
          + OF_STATUS
          + " "
          + """
              and (r.id = :id or r.userId = :text
              or u.email like concat(:pattern, '%') escape '!'
              or u.name like concat(:pattern, '%') escape '!'
              or concat(',', r.seats, ',') like concat('%,', :pattern, ',%') escape '!')\
          """;

  /// Returns the matching reservations, newest first.
  ///
  /// @param text id of a user
  /// @param id id of a reservation, or 0
  /// @param pattern id of a seat, or the begin of an email or a name; `!` escapes `%`, `_` and `!`
  @Query(value = SELECT + FILTER + ORDER, countQuery = "select count(r) " + FILTER)
  Page<WithBuyer> search(
      long event, @Nullable String status, String text, long id, String pattern, Pageable page);

  /// Returns the reservations, newest first.
  @Query(
      value = SELECT + FROM + OF_STATUS + ORDER,
      countQuery = "select count(r) from ReservationEntity r" + OF_STATUS)
  Page<WithBuyer> list(long event, @Nullable String status, Pageable page);

  /// Number of the reservations, and the highest id.
  interface Extent {
    long getTotal();

    long getLastId();
  }

  /// Counts the reservations up to a limit.
  @Query(
      value =
          """
          select count(*) as total, coalesce(max(id), 0) as lastId from (
            select id from reservations where event_id = :event order by id limit :limit) counted\
          """,
      nativeQuery = true)
  Extent measure(long event, int limit);

  /// Returns the reservations with ids above `after` and up to `last`, in order of their ids.
  @Query(
      SELECT + FROM + " where r.eventId = :event and r.id > :after and r.id <= :last order by r.id")
  List<WithBuyer> listAfter(long event, long after, long last, Pageable page);
}
