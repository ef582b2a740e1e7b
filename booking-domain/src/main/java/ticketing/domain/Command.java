package ticketing.domain;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonSubTypes;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// Accepted request of a user, as the queue transports it. A command is decided at most once, by
/// its ticket id.
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "action")
@JsonSubTypes({
  @JsonSubTypes.Type(value = Command.BookSeats.class, name = "BOOK"),
  @JsonSubTypes.Type(value = Command.ConfirmHold.class, name = "CONFIRM"),
  @JsonSubTypes.Type(value = Command.CancelReservation.class, name = "CANCEL"),
  @JsonSubTypes.Type(value = Command.ChangeSeats.class, name = "CHANGE_SEATS"),
  @JsonSubTypes.Type(value = Command.JoinWaitingList.class, name = "JOIN"),
  @JsonSubTypes.Type(value = Command.LeaveWaitingList.class, name = "LEAVE")
})
@JsonInclude(JsonInclude.Include.NON_NULL)
public sealed interface Command {

  /// Maximum number of seats of one booking.
  int MAX_QUANTITY = 10;

  /// Maximum length of the name of a seat type, in code points. It is the column's length.
  int MAX_SEAT_TYPE = 10;

  /// Maximum length of a user id, in characters. It is the column's length.
  int MAX_USER_ID = 50;

  /// Maximum length of the id of a numbered seat, in code points. It is the column's length.
  int MAX_SEAT_ID = 40;

  /// Returns true if a numbered seat may have this id: 1 to [#MAX_SEAT_ID] characters, without
  /// blanks, commas and control characters.
  static boolean isValidSeatId(String id) {
    return !id.isEmpty()
        && id.codePointCount(0, id.length()) <= MAX_SEAT_ID
        && id.codePoints().noneMatch(Command::isForbiddenInSeatId);
  }

  private static boolean isForbiddenInSeatId(int character) {
    return character == ','
        || Character.isWhitespace(character)
        || Character.isSpaceChar(character)
        || Character.isISOControl(character)
        || Character.getType(character) == Character.SURROGATE;
  }

  /// Returns true if an event may have a seat type of this name.
  static boolean isValidSeatType(String name) {
    return name.codePointCount(0, name.length()) <= MAX_SEAT_TYPE;
  }

  UUID ticketId();

  String userId();

  long eventId();

  /// Time of acceptance by the ingress API (UTC, microseconds). It determines the order of
  /// decisions and is compared with the sale windows.
  Instant acceptedAt();

  /// Id of the attempt to send this command. A request repeated with its `Idempotency-Key` sends
  /// the same command again under the same ticket, as another attempt. A revoked attempt has no
  /// effect. Null: the attempt cannot be revoked (an older version sent it).
  @Nullable UUID attemptId();

  /// Digest of the request. It distinguishes the repetition of a request from the reuse of its
  /// `Idempotency-Key` for another request. Null: the request had no key.
  @Nullable String fingerprint();

  Action action();

  /// Returns the price of one seat at acceptance; null: the command has none.
  default @Nullable Money acceptedPrice() {
    return null;
  }

  /// @param price price of one seat at acceptance. The ingress API found the sale open then. Null:
  ///   the price and the sale window at the decision apply (an older version sent the command, or
  ///   it repeats a booking of which the status store has no entry).
  /// @param seats ids of the requested seats, all of this seat type; empty: the best available
  /// @param otherwise the decision if a requested seat is taken; null: the booking is rejected
  record BookSeats(
      UUID ticketId,
      String userId,
      long eventId,
      String seatType,
      int quantity,
      Instant acceptedAt,
      @Nullable String fingerprint,
      @Nullable @JsonProperty("attempt") UUID attemptId,
      @Nullable Money price,
      @JsonInclude(JsonInclude.Include.NON_EMPTY) List<String> seats,
      @Nullable Otherwise otherwise)
      implements Command {

    /// Decision of a booking for exact seats if one of them is taken.
    public enum Otherwise {
      /// The best available seats of the seat type.
      BEST
    }

    /// Creates a command for the best available seats.
    public BookSeats(
        UUID ticketId,
        String userId,
        long eventId,
        String seatType,
        int quantity,
        Instant acceptedAt,
        @Nullable String fingerprint,
        @Nullable UUID attemptId,
        @Nullable Money price) {
      this(
          ticketId,
          userId,
          eventId,
          seatType,
          quantity,
          acceptedAt,
          fingerprint,
          attemptId,
          price,
          List.of(),
          null);
    }

    /// Creates a command that is charged at the price at its decision.
    public BookSeats(
        UUID ticketId,
        String userId,
        long eventId,
        String seatType,
        int quantity,
        Instant acceptedAt,
        @Nullable String fingerprint,
        @Nullable UUID attemptId) {
      this(ticketId, userId, eventId, seatType, quantity, acceptedAt, fingerprint, attemptId, null);
    }

    /// Creates a command without idempotency key. Its attempt cannot be revoked.
    public BookSeats(
        UUID ticketId,
        String userId,
        long eventId,
        String seatType,
        int quantity,
        Instant acceptedAt) {
      this(ticketId, userId, eventId, seatType, quantity, acceptedAt, null, null);
    }

    public BookSeats {
      requireCommon(ticketId, userId, acceptedAt);
      requireSeatsOfType(seatType, quantity, price);
      seats = seats == null ? List.of() : List.copyOf(seats); // absent in an older command
      requireSeats(seats, quantity);
      if (otherwise != null && seats.isEmpty()) {
        throw new IllegalArgumentException("otherwise needs seats");
      }
    }

    private static void requireSeats(List<String> seats, int quantity) {
      if (seats.isEmpty()) {
        return;
      }
      if (seats.size() != quantity || Set.copyOf(seats).size() != quantity) {
        throw new IllegalArgumentException("seats must be as many different ids as the quantity");
      }
      if (!seats.stream().allMatch(Command::isValidSeatId)) {
        throw new IllegalArgumentException("a seat id has 1 to " + MAX_SEAT_ID + " characters");
      }
    }

    /// Returns true if the best available seats replace requested ones that are taken.
    public boolean bestOtherwise() {
      return otherwise == Otherwise.BEST;
    }

    /// Returns the same command for exactly these seats.
    ///
    /// @param ids empty: the best available seats
    public BookSeats withSeats(List<String> ids, @Nullable Otherwise otherwise) {
      return new BookSeats(
          ticketId,
          userId,
          eventId,
          seatType,
          quantity,
          acceptedAt,
          fingerprint,
          attemptId,
          price,
          ids,
          otherwise);
    }

    /// Returns the same command with the price of one seat at acceptance.
    public BookSeats withPrice(@Nullable Money price) {
      return new BookSeats(
          ticketId,
          userId,
          eventId,
          seatType,
          quantity,
          acceptedAt,
          fingerprint,
          attemptId,
          price,
          seats,
          otherwise);
    }

    /// Returns the price of all seats at acceptance; null if it is unknown.
    @Nullable Money totalPrice() {
      return price == null ? null : price.multiply(quantity);
    }

    @Override
    public Action action() {
      return Action.BOOK;
    }

    @Override
    public @Nullable Money acceptedPrice() {
      return price;
    }
  }

  record ConfirmHold(
      UUID ticketId,
      String userId,
      long eventId,
      long reservationId,
      Instant acceptedAt,
      @Nullable String fingerprint,
      @Nullable @JsonProperty("attempt") UUID attemptId)
      implements Command {

    /// Creates a command without idempotency key. Its attempt cannot be revoked.
    public ConfirmHold(
        UUID ticketId, String userId, long eventId, long reservationId, Instant acceptedAt) {
      this(ticketId, userId, eventId, reservationId, acceptedAt, null, null);
    }

    public ConfirmHold {
      requireCommon(ticketId, userId, acceptedAt);
    }

    @Override
    public Action action() {
      return Action.CONFIRM;
    }
  }

  /// @param onBehalf true if an administrator cancels the reservation of any user
  record CancelReservation(
      UUID ticketId,
      String userId,
      long eventId,
      long reservationId,
      boolean onBehalf,
      Instant acceptedAt,
      @Nullable String fingerprint,
      @Nullable @JsonProperty("attempt") UUID attemptId)
      implements Command {

    /// Creates a command without idempotency key. Its attempt cannot be revoked.
    public CancelReservation(
        UUID ticketId,
        String userId,
        long eventId,
        long reservationId,
        boolean onBehalf,
        Instant acceptedAt) {
      this(ticketId, userId, eventId, reservationId, onBehalf, acceptedAt, null, null);
    }

    public CancelReservation {
      requireCommon(ticketId, userId, acceptedAt);
    }

    @Override
    public Action action() {
      return Action.CANCEL;
    }
  }

  /// Sets the seat types on sale to exactly these. A missing seat type is removed, which is
  /// possible only while none of its seats is sold or held.
  ///
  /// @param revision revision of the event on which the change is based; null: any (an older
  ///   version sent the command)
  /// @param seatMap change of the seat map; null: the map stays, also if the event has none
  record ChangeSeats(
      UUID ticketId,
      String userId,
      long eventId,
      List<SeatOffer> seatTypes,
      Instant acceptedAt,
      @Nullable String fingerprint,
      @Nullable @JsonProperty("attempt") UUID attemptId,
      @Nullable Long revision,
      @Nullable SeatMapChange seatMap)
      implements Command {

    /// Change of the seat map of an event.
    public enum SeatMapChange {
      /// The row of `seat_map_changes` with the ticket id of the command is the new map.
      REPLACE,
      /// The event has no numbered seats afterwards.
      REMOVE
    }

    /// Creates a command that keeps the seat map.
    public ChangeSeats(
        UUID ticketId,
        String userId,
        long eventId,
        List<SeatOffer> seatTypes,
        Instant acceptedAt,
        @Nullable String fingerprint,
        @Nullable UUID attemptId,
        @Nullable Long revision) {
      this(
          ticketId, userId, eventId, seatTypes, acceptedAt, fingerprint, attemptId, revision, null);
    }

    /// Creates a command without idempotency key. Its attempt cannot be revoked.
    public ChangeSeats(
        UUID ticketId, String userId, long eventId, List<SeatOffer> seatTypes, Instant acceptedAt) {
      this(ticketId, userId, eventId, seatTypes, acceptedAt, null, null, null);
    }

    /// Creates a command that is based on any revision.
    public ChangeSeats(
        UUID ticketId,
        String userId,
        long eventId,
        List<SeatOffer> seatTypes,
        Instant acceptedAt,
        @Nullable String fingerprint,
        @Nullable UUID attemptId) {
      this(ticketId, userId, eventId, seatTypes, acceptedAt, fingerprint, attemptId, null);
    }

    public ChangeSeats {
      requireCommon(ticketId, userId, acceptedAt);
      seatTypes = List.copyOf(seatTypes);
      if (seatTypes.isEmpty()) {
        throw new IllegalArgumentException("an event has at least one seat type");
      }
    }

    /// Returns the same command as an attempt that can be revoked.
    public ChangeSeats withAttemptId(UUID attempt) {
      return new ChangeSeats(
          ticketId,
          userId,
          eventId,
          seatTypes,
          acceptedAt,
          fingerprint,
          attempt,
          revision,
          seatMap);
    }

    /// Returns the same command, based on this revision of the event.
    public ChangeSeats basedOn(long revision) {
      return new ChangeSeats(
          ticketId,
          userId,
          eventId,
          seatTypes,
          acceptedAt,
          fingerprint,
          attemptId,
          revision,
          seatMap);
    }

    /// Returns the same command with a change of the seat map.
    public ChangeSeats withSeatMap(@Nullable SeatMapChange change) {
      return new ChangeSeats(
          ticketId,
          userId,
          eventId,
          seatTypes,
          acceptedAt,
          fingerprint,
          attemptId,
          revision,
          change);
    }

    @Override
    public Action action() {
      return Action.CHANGE_SEATS;
    }
  }

  /// Joins the waiting list of an event. The ticket of the command is the ticket of a later offer.
  ///
  /// @param price price of one seat at acceptance, at which an offer is charged; null: the price at
  ///   the decision (see [BookSeats])
  record JoinWaitingList(
      UUID ticketId,
      String userId,
      long eventId,
      String seatType,
      int quantity,
      Instant acceptedAt,
      @Nullable String fingerprint,
      @Nullable @JsonProperty("attempt") UUID attemptId,
      @Nullable Money price)
      implements Command {

    public JoinWaitingList {
      requireCommon(ticketId, userId, acceptedAt);
      requireSeatsOfType(seatType, quantity, price);
    }

    /// Returns the same command with the price of one seat at acceptance.
    public JoinWaitingList withPrice(@Nullable Money price) {
      return new JoinWaitingList(
          ticketId, userId, eventId, seatType, quantity, acceptedAt, fingerprint, attemptId, price);
    }

    /// Returns the price of all seats at acceptance; null if it is unknown.
    @Nullable Money totalPrice() {
      return price == null ? null : price.multiply(quantity);
    }

    @Override
    public Action action() {
      return Action.JOIN;
    }

    @Override
    public @Nullable Money acceptedPrice() {
      return price;
    }
  }

  /// Leaves a waiting list.
  ///
  /// @param entryId entry of the user in the waiting list
  record LeaveWaitingList(
      UUID ticketId,
      String userId,
      long eventId,
      long entryId,
      Instant acceptedAt,
      @Nullable String fingerprint,
      @Nullable @JsonProperty("attempt") UUID attemptId)
      implements Command {

    public LeaveWaitingList {
      requireCommon(ticketId, userId, acceptedAt);
    }

    @Override
    public Action action() {
      return Action.LEAVE;
    }
  }

  private static void requireSeatsOfType(String seatType, int quantity, @Nullable Money price) {
    Objects.requireNonNull(seatType, "seatType");
    if (!isValidSeatType(seatType)) {
      throw new IllegalArgumentException(
          "a seat type has at most " + MAX_SEAT_TYPE + " characters");
    }
    if (quantity < 1 || quantity > MAX_QUANTITY) {
      throw new IllegalArgumentException("quantity must be 1 to " + MAX_QUANTITY);
    }
    if (price != null) {
      price.multiply(quantity); // must fit the schema
    }
  }

  private static void requireCommon(UUID ticketId, String userId, Instant acceptedAt) {
    Objects.requireNonNull(ticketId, "ticketId");
    Objects.requireNonNull(userId, "userId");
    if (userId.codePointCount(0, userId.length()) > MAX_USER_ID) {
      throw new IllegalArgumentException("a user id has at most " + MAX_USER_ID + " characters");
    }
    Objects.requireNonNull(acceptedAt, "acceptedAt");
  }
}
