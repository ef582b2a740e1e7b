package ticketing.worker.decision;

import java.time.Instant;
import ticketing.domain.Command;
import ticketing.domain.Money;
import ticketing.domain.Reason;

/// What becomes of one command.
public sealed interface Decision {

  Command command();

  /// Seats were sold at once.
  record Booked(Command.BookSeats command, Money totalPrice) implements Decision {}

  /// Seats are kept until then, and sold if the buyer confirms.
  record Held(Command.BookSeats command, Money totalPrice, Instant expiresAt) implements Decision {}

  /// A hold became a sale.
  record Confirmed(Command.ConfirmHold command, Reservation reservation) implements Decision {}

  /// Seats went back on sale; or had done so already.
  record Cancelled(Command.CancelReservation command, Reservation reservation)
      implements Decision {}

  /// What is on sale is now as the command says.
  record SeatsChanged(Command.ChangeSeats command) implements Decision {}

  record Rejected(Command command, Reason reason) implements Decision {}
}
