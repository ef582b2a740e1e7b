package ticketing.worker.decision;

import java.time.Instant;
import java.util.List;
import ticketing.domain.Command;
import ticketing.domain.Money;
import ticketing.domain.Reason;

/// Decision of one command.
public sealed interface Decision {

  Command command();

  /// Seats are sold.
  ///
  /// @param seats ids of the numbered seats; empty without numbered seats
  record Booked(Command.BookSeats command, Money totalPrice, List<String> seats)
      implements Decision {}

  /// Seats are held until `expiresAt`, and sold if the user confirms the hold.
  ///
  /// @param seats ids of the numbered seats; empty without numbered seats
  record Held(Command.BookSeats command, Money totalPrice, Instant expiresAt, List<String> seats)
      implements Decision {}

  /// The hold is a confirmed reservation, by this command or by an earlier one.
  record Confirmed(Command.ConfirmHold command, Reservation reservation) implements Decision {}

  /// The reservation is cancelled, by this command or by an earlier one.
  record Cancelled(Command.CancelReservation command, Reservation reservation)
      implements Decision {}

  /// The seat types of the command are on sale.
  record SeatsChanged(Command.ChangeSeats command) implements Decision {}

  /// The party has a waiting entry.
  record Joined(Command.JoinWaitingList command, WaitingParty party) implements Decision {}

  /// The party has left the waiting list, by this command or by an earlier one.
  record Left(Command.LeaveWaitingList command, WaitingParty party) implements Decision {}

  record Rejected(Command command, Reason reason) implements Decision {}
}
