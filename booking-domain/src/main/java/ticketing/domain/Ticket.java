package ticketing.domain;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// Claim check for one command: the JSON of the 202 response, of the poll and of the WebSocket
/// frame. An absent (null) value is unknown or not applicable.
///
/// @param position approximate number of undecided commands of the event ahead; never negative
/// @param estimatedWaitSeconds seconds until the decision, at the last measured rate
/// @param expiresAt end of the hold (only with `HELD`)
/// @param reason only with `REJECTED`
/// @param totalPrice price of all seats: at acceptance while pending, then as charged; with
///   `JOINED` the price of an offer; null with `REJECTED`
/// @param seats ids of the numbered seats of the reservation; null without numbered seats
/// @param entryId entry of the waiting list; null unless the action is `JOIN` or `LEAVE`
@JsonInclude(JsonInclude.Include.NON_NULL)
public record Ticket(
    UUID ticketId,
    @Nullable Action action,
    TicketStatus status,
    @Nullable Long eventId,
    @Nullable String seatType,
    @Nullable Integer quantity,
    @Nullable Long position,
    @Nullable Long estimatedWaitSeconds,
    @Nullable Instant acceptedAt,
    @Nullable Instant decidedAt,
    @Nullable Long reservationId,
    @Nullable Instant expiresAt,
    @Nullable Reason reason,
    @Nullable Money totalPrice,
    @Nullable List<String> seats,
    @Nullable Long entryId) {

  public Ticket {
    seats = seats == null || seats.isEmpty() ? null : List.copyOf(seats);
  }

  /// Creates a ticket without numbered seats and without an entry of a waiting list.
  public Ticket(
      UUID ticketId,
      @Nullable Action action,
      TicketStatus status,
      @Nullable Long eventId,
      @Nullable String seatType,
      @Nullable Integer quantity,
      @Nullable Long position,
      @Nullable Long estimatedWaitSeconds,
      @Nullable Instant acceptedAt,
      @Nullable Instant decidedAt,
      @Nullable Long reservationId,
      @Nullable Instant expiresAt,
      @Nullable Reason reason,
      @Nullable Money totalPrice) {
    this(
        ticketId,
        action,
        status,
        eventId,
        seatType,
        quantity,
        position,
        estimatedWaitSeconds,
        acceptedAt,
        decidedAt,
        reservationId,
        expiresAt,
        reason,
        totalPrice,
        null,
        null);
  }

  /// Reservation of a decided ticket.
  ///
  /// @param seats ids of its numbered seats; empty without numbered seats
  public record Booked(
      long reservationId, String seatType, int quantity, Money totalPrice, List<String> seats) {

    /// Creates a reservation without numbered seats.
    public Booked(long reservationId, String seatType, int quantity, Money totalPrice) {
      this(reservationId, seatType, quantity, totalPrice, List.of());
    }
  }

  /// Returns this ticket with the ids of its numbered seats.
  ///
  /// @param ids null or empty: no numbered seats
  public Ticket withSeats(@Nullable List<String> ids) {
    return new Ticket(
        ticketId,
        action,
        status,
        eventId,
        seatType,
        quantity,
        position,
        estimatedWaitSeconds,
        acceptedAt,
        decidedAt,
        reservationId,
        expiresAt,
        reason,
        totalPrice,
        ids,
        entryId);
  }

  /// Returns this ticket with an entry of a waiting list.
  ///
  /// @param id null: none
  public Ticket withEntry(@Nullable Long id) {
    return new Ticket(
        ticketId,
        action,
        status,
        eventId,
        seatType,
        quantity,
        position,
        estimatedWaitSeconds,
        acceptedAt,
        decidedAt,
        reservationId,
        expiresAt,
        reason,
        totalPrice,
        seats,
        id);
  }

  /// Returns the ticket of an accepted command.
  public static Ticket pending(Command command) {
    return switch (command) {
      case Command.BookSeats book ->
          pending(book, book.seatType(), book.quantity(), null, book.totalPrice());
      case Command.ConfirmHold confirm ->
          pending(confirm, null, null, confirm.reservationId(), null);
      case Command.CancelReservation cancel ->
          pending(cancel, null, null, cancel.reservationId(), null);
      case Command.ChangeSeats change -> pending(change, null, null, null, null);
      case Command.JoinWaitingList join ->
          pending(join, join.seatType(), join.quantity(), null, join.totalPrice());
      case Command.LeaveWaitingList leave ->
          pending(leave, null, null, null, null).withEntry(leave.entryId());
    };
  }

  /// The ticket of an accepted, undecided command of which only the id is known.
  public static Ticket pending(UUID ticketId) {
    return new Ticket(
        ticketId,
        null,
        TicketStatus.PENDING,
        null,
        null,
        null,
        null,
        null,
        null,
        null,
        null,
        null,
        null,
        null);
  }

  private static Ticket pending(
      Command command,
      @Nullable String seatType,
      @Nullable Integer quantity,
      @Nullable Long reservationId,
      @Nullable Money totalPrice) {
    return new Ticket(
        command.ticketId(),
        command.action(),
        TicketStatus.PENDING,
        command.eventId(),
        seatType,
        quantity,
        null,
        null,
        command.acceptedAt(),
        null,
        reservationId,
        null,
        null,
        totalPrice);
  }

  /// Returns a ticket with the values of its row in the ledger.
  public static Ticket ofLedger(
      UUID ticketId,
      Action action,
      TicketStatus decision,
      long eventId,
      @Nullable String seatType,
      @Nullable Integer quantity,
      Instant acceptedAt,
      Instant decidedAt,
      @Nullable Long reservationId,
      @Nullable Instant expiresAt,
      @Nullable Reason reason,
      @Nullable Money totalPrice) {
    return new Ticket(
        ticketId,
        action,
        decision,
        eventId,
        seatType,
        quantity,
        null,
        null,
        acceptedAt,
        decidedAt,
        reservationId,
        expiresAt,
        reason,
        totalPrice);
  }

  /// Returns this ticket with its position in the waiting line; unchanged if it is final.
  public Ticket withPosition(long position, @Nullable Long estimatedWaitSeconds) {
    if (status.isFinal()) {
      return this;
    }
    return new Ticket(
        ticketId,
        action,
        status,
        eventId,
        seatType,
        quantity,
        Math.max(0, position),
        estimatedWaitSeconds,
        acceptedAt,
        decidedAt,
        reservationId,
        expiresAt,
        reason,
        totalPrice,
        seats,
        entryId);
  }

  /// Returns the successor with a confirmed or cancelled reservation.
  ///
  /// @param decision `CONFIRMED` or `CANCELLED`
  public Ticket decided(TicketStatus decision, Booked booked, Instant at) {
    return ofLedger(
            ticketId,
            action,
            decision,
            eventId,
            booked.seatType(),
            booked.quantity(),
            acceptedAt,
            at,
            booked.reservationId(),
            null,
            null,
            booked.totalPrice())
        .withSeats(booked.seats());
  }

  /// Returns the successor with a hold.
  public Ticket held(Booked booked, Instant until, Instant at) {
    return ofLedger(
            ticketId,
            action,
            TicketStatus.HELD,
            eventId,
            booked.seatType(),
            booked.quantity(),
            acceptedAt,
            at,
            booked.reservationId(),
            until,
            null,
            booked.totalPrice())
        .withSeats(booked.seats());
  }

  /// Returns the successor of a change of seats that took effect.
  public Ticket seatsChanged(Instant at) {
    return ofLedger(
        ticketId,
        action,
        TicketStatus.CONFIRMED,
        eventId,
        seatType,
        quantity,
        acceptedAt,
        at,
        null,
        null,
        null,
        null);
  }

  /// Returns the successor of a party that joined the waiting list.
  ///
  /// @param total price of its seats if they are offered
  public Ticket joined(long entryId, Money total, Instant at) {
    return ofLedger(
            ticketId,
            action,
            TicketStatus.JOINED,
            eventId,
            seatType,
            quantity,
            acceptedAt,
            at,
            null,
            null,
            null,
            total)
        .withEntry(entryId);
  }

  /// Returns the successor of a party that left the waiting list.
  public Ticket left(String seatType, int quantity, Instant at) {
    return ofLedger(
            ticketId,
            action,
            TicketStatus.LEFT,
            eventId,
            seatType,
            quantity,
            acceptedAt,
            at,
            null,
            null,
            null,
            null)
        .withEntry(entryId);
  }

  /// Returns the rejected successor.
  public Ticket rejected(Reason reason, Instant at) {
    return ofLedger(
            ticketId,
            action,
            TicketStatus.REJECTED,
            eventId,
            seatType,
            quantity,
            acceptedAt,
            at,
            reservationId,
            null,
            reason,
            null)
        .withEntry(entryId);
  }
}
