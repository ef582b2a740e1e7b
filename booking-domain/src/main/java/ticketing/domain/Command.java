package ticketing.domain;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// What somebody asked for, as it travels through the queue. Accepted commands are facts: they have
/// an id, an owner and a time, and are decided at most once, by ticket id.
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "action")
@JsonSubTypes({
  @JsonSubTypes.Type(value = Command.BookSeats.class, name = "BOOK"),
  @JsonSubTypes.Type(value = Command.ConfirmHold.class, name = "CONFIRM"),
  @JsonSubTypes.Type(value = Command.CancelReservation.class, name = "CANCEL"),
  @JsonSubTypes.Type(value = Command.ChangeSeats.class, name = "CHANGE_SEATS")
})
@JsonInclude(JsonInclude.Include.NON_NULL)
public sealed interface Command {

  /// Most seats one booking may ask for.
  int MAX_QUANTITY = 10;

  /// Most characters in the name of a seat type, and in a user id: the tables hold no more.
  int MAX_SEAT_TYPE = 10;

  int MAX_USER_ID = 50;

  /// Whether an event may have a seat type of that name.
  static boolean isValidSeatType(String name) {
    return name.codePointCount(0, name.length()) <= MAX_SEAT_TYPE;
  }

  UUID ticketId();

  String userId();

  long eventId();

  /// When ingress accepted it (UTC, microseconds): the order in which commands are decided and the
  /// time that counts for sale windows.
  Instant acceptedAt();

  /// Which request sent it. A request that is repeated with its `Idempotency-Key` sends the same
  /// command again, under the same ticket, as another attempt. An attempt can be withdrawn, and
  /// then has no effect when it arrives; null: this one cannot (it was sent by an older version).
  UUID attempt();

  /// Digest of the request it came from, to tell a repeat of an `Idempotency-Key` from its reuse
  /// for something else; null when the request had no key.
  String fingerprint();

  Action action();

  record BookSeats(
      UUID ticketId,
      String userId,
      long eventId,
      String seatType,
      int quantity,
      Instant acceptedAt,
      @Nullable String fingerprint,
      @Nullable UUID attempt)
      implements Command {

    /// One that cannot be withdrawn.
    public BookSeats(
        UUID ticketId,
        String userId,
        long eventId,
        String seatType,
        int quantity,
        Instant acceptedAt,
        @Nullable String fingerprint) {
      this(ticketId, userId, eventId, seatType, quantity, acceptedAt, fingerprint, null);
    }

    public BookSeats {
      requireCommon(ticketId, userId, acceptedAt);
      Objects.requireNonNull(seatType, "seatType");
      if (!isValidSeatType(seatType)) {
        throw new IllegalArgumentException(
            "a seat type has at most " + MAX_SEAT_TYPE + " characters");
      }
      if (quantity < 1 || quantity > MAX_QUANTITY) {
        throw new IllegalArgumentException("quantity must be 1 to " + MAX_QUANTITY);
      }
    }

    @Override
    public Action action() {
      return Action.BOOK;
    }
  }

  record ConfirmHold(
      UUID ticketId,
      String userId,
      long eventId,
      long reservationId,
      Instant acceptedAt,
      @Nullable String fingerprint,
      @Nullable UUID attempt)
      implements Command {

    /// One that cannot be withdrawn.
    public ConfirmHold(
        UUID ticketId,
        String userId,
        long eventId,
        long reservationId,
        Instant acceptedAt,
        @Nullable String fingerprint) {
      this(ticketId, userId, eventId, reservationId, acceptedAt, fingerprint, null);
    }

    public ConfirmHold {
      requireCommon(ticketId, userId, acceptedAt);
    }

    @Override
    public Action action() {
      return Action.CONFIRM;
    }
  }

  /// @param onBehalf an administrator asks: the reservation may be somebody else's
  record CancelReservation(
      UUID ticketId,
      String userId,
      long eventId,
      long reservationId,
      boolean onBehalf,
      Instant acceptedAt,
      @Nullable String fingerprint,
      @Nullable UUID attempt)
      implements Command {

    /// One that cannot be withdrawn.
    public CancelReservation(
        UUID ticketId,
        String userId,
        long eventId,
        long reservationId,
        boolean onBehalf,
        Instant acceptedAt,
        @Nullable String fingerprint) {
      this(ticketId, userId, eventId, reservationId, onBehalf, acceptedAt, fingerprint, null);
    }

    public CancelReservation {
      requireCommon(ticketId, userId, acceptedAt);
    }

    @Override
    public Action action() {
      return Action.CANCEL;
    }
  }

  /// Sets what is on sale to exactly these seat types; one that is missing is withdrawn, which
  /// works only while none of its seats is sold or held.
  record ChangeSeats(
      UUID ticketId,
      String userId,
      long eventId,
      List<SeatOffer> seatTypes,
      Instant acceptedAt,
      @Nullable String fingerprint,
      @Nullable UUID attempt)
      implements Command {

    /// One that cannot be withdrawn.
    public ChangeSeats(
        UUID ticketId,
        String userId,
        long eventId,
        List<SeatOffer> seatTypes,
        Instant acceptedAt,
        @Nullable String fingerprint) {
      this(ticketId, userId, eventId, seatTypes, acceptedAt, fingerprint, null);
    }

    public ChangeSeats {
      requireCommon(ticketId, userId, acceptedAt);
      seatTypes = List.copyOf(seatTypes);
      if (seatTypes.isEmpty()) {
        throw new IllegalArgumentException("an event has at least one seat type");
      }
    }

    @Override
    public Action action() {
      return Action.CHANGE_SEATS;
    }
  }

  private static void requireCommon(UUID ticketId, String userId, Instant acceptedAt) {
    Objects.requireNonNull(ticketId, "ticketId");
    Objects.requireNonNull(userId, "userId");
    if (userId.length() > MAX_USER_ID) {
      throw new IllegalArgumentException("a user id has at most " + MAX_USER_ID + " characters");
    }
    Objects.requireNonNull(acceptedAt, "acceptedAt");
  }
}
