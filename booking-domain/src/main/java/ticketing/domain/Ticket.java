package ticketing.domain;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/// The claim check for one command, as clients see it in the 202 answer, the poll and the WebSocket
/// frame. Absent (null) means not known yet or not applicable.
///
/// @param position how many undecided requests of the event are ahead, approximately; never
///   negative
/// @param estimatedWaitSeconds seconds until the decision at the pace measured last
/// @param expiresAt until when the seats are held (only with `HELD`)
/// @param reason only with `REJECTED`
@JsonInclude(JsonInclude.Include.NON_NULL)
public record Ticket(
    UUID ticketId,
    Action action,
    TicketStatus status,
    Long eventId,
    @Nullable String seatType,
    @Nullable Integer quantity,
    @Nullable Long position,
    @Nullable Long estimatedWaitSeconds,
    Instant acceptedAt,
    @Nullable Instant decidedAt,
    @Nullable Long reservationId,
    @Nullable Instant expiresAt,
    @Nullable Reason reason,
    @Nullable Money totalPrice) {

  /// The ticket of a command that has just been accepted.
  public static Ticket pending(Command command) {
    return switch (command) {
      case Command.BookSeats book -> pending(book, book.seatType(), book.quantity(), null);
      case Command.ConfirmHold confirm -> pending(confirm, null, null, confirm.reservationId());
      case Command.CancelReservation cancel -> pending(cancel, null, null, cancel.reservationId());
      case Command.ChangeSeats change -> pending(change, null, null, null);
    };
  }

  private static Ticket pending(
      Command command, String seatType, Integer quantity, Long reservationId) {
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
        null);
  }

  /// The same ticket with its place in the queue; unchanged if it is final.
  public Ticket withPosition(long position, Long estimatedWaitSeconds) {
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
        totalPrice);
  }
}
