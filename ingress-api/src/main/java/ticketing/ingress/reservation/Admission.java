package ticketing.ingress.reservation;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import ticketing.domain.Command;
import ticketing.domain.EventStatus;
import ticketing.domain.EventView;
import ticketing.domain.Money;
import ticketing.domain.Ticket;
import ticketing.ingress.command.CommandAcceptor;
import ticketing.ingress.command.IdempotencyKey;
import ticketing.ingress.problem.ApiException;
import ticketing.ingress.problem.ErrorCode;
import ticketing.ingress.reservation.ReservationController.BookingRequest;

/// Admission of a command to the queue, from the cached event. A refused command would certainly be
/// rejected by its decision.
public sealed interface Admission {

  /// Accepts a command under this admission; one that is not admitted only as a repetition.
  default Ticket accept(CommandAcceptor acceptor, Function<Instant, Command> command) {
    return this instanceof Closed closed && !closed.isRejectedByDecision()
        ? acceptor.acceptRepeated(command, closed::exception)
        : acceptor.accept(command);
  }

  /// The command may be queued. Its decision may still reject it.
  record Open() implements Admission {}

  /// The command is not admitted.
  sealed interface Closed extends Admission {

    /// Returns the response.
    default ApiException exception() {
      return switch (this) {
        case NotOpen(String detail, Duration retryAfter, Instant opensAt) ->
            ApiException.saleNotOpen(detail, retryAfter, opensAt);
        case Refused(ErrorCode code, String detail) -> ApiException.of(code, detail);
        case PriceChanged(Money currentTotal) -> ApiException.priceChanged(currentTotal);
        case UnknownSeats(List<ApiException.FieldError> errors) -> ApiException.invalid(errors);
      };
    }

    /// Returns true if the request gets the ticket of its first time, also after the end of the
    /// sale.
    ///
    /// @throws ApiException `QUEUE_UNAVAILABLE` as [CommandAcceptor#isKnownToBeRepeated]
    default boolean isRepeated(CommandAcceptor acceptor, IdempotencyKey request, String seatType) {
      return Command.isValidSeatType(seatType)
          && (isRejectedByDecision()
              ? acceptor.isRepeated(request)
              : acceptor.isKnownToBeRepeated(request));
    }

    /// Returns true if the decision of a command without a price is also that of an earlier one
    /// with a price. It knows neither the pauses of a sale nor the expected total, and after the
    /// close it rejects a command whose first attempt was accepted in time.
    private boolean isRejectedByDecision() {
      return switch (this) {
        case NotOpen(_, _, Instant opensAt) -> opensAt != null;
        case Refused(ErrorCode code, _) -> code != ErrorCode.SALE_CLOSED;
        case PriceChanged _, UnknownSeats _ -> false;
      };
    }
  }

  /// The decision would reject the booking also later.
  record Refused(ErrorCode code, String detail) implements Closed {}

  /// @param retryAfter time after which a repetition may be admitted
  /// @param opensAt opening of the sale; null for a paused sale
  record NotOpen(String detail, Duration retryAfter, @Nullable Instant opensAt) implements Closed {}

  /// @param currentTotal total of the booking at the current price
  record PriceChanged(Money currentTotal) implements Closed {}

  /// @param errors requested seats that the event does not have
  record UnknownSeats(List<ApiException.FieldError> errors) implements Closed {}

  /// Retry delay of a paused sale, the end of which is unknown.
  Duration PAUSE_RETRY_DELAY = Duration.ofSeconds(30);

  /// Admission of a booking.
  ///
  /// @param hasDueHold true if seats of the event are on sale for the next booking, although the
  ///   event has no available seat yet
  /// @param isTaken true if a requested seat is known to be taken
  static Admission of(
      EventView event,
      BookingRequest booking,
      Instant now,
      BooleanSupplier hasDueHold,
      BooleanSupplier isTaken) {
    Admission sale = ofSale(event, booking.seatType(), now);
    if (sale instanceof Closed) {
      return sale;
    }
    if (event.availableSeats() == 0 && !hasDueHold.getAsBoolean()) {
      return new Refused(ErrorCode.SOLD_OUT, "The event is sold out.");
    }
    if (booking.seats() != null
        && booking.otherwise() == null
        && isTaken.getAsBoolean()
        && !hasDueHold.getAsBoolean()) {
      return new Refused(ErrorCode.SEATS_TAKEN, "A requested seat is not on sale now.");
    }
    Money price = event.seatType(booking.seatType()).orElseThrow().price();
    Money total = price.multiply(booking.quantity());
    return booking.expectedTotal() == null || booking.expectedTotal().equals(total)
        ? new Open()
        : new PriceChanged(total);
  }

  /// Admission of a party to the waiting list.
  static Admission ofParty(EventView event, String seatType, Instant now) {
    if (event.status() != EventStatus.CANCELLED && !event.waitingList()) {
      return new Refused(ErrorCode.NO_WAITING_LIST, "The event has no waiting list.");
    }
    return ofSale(event, seatType, now);
  }

  private static Admission ofSale(EventView event, String seatType, Instant now) {
    if (event.status() == EventStatus.CANCELLED) {
      return new Refused(ErrorCode.EVENT_CANCELLED, "The event is cancelled.");
    }
    if (event.seatType(seatType).isEmpty()) {
      return new Refused(ErrorCode.SEAT_TYPE_NOT_FOUND, "The event has no such seat type.");
    }
    if (!now.isBefore(event.endOfSale())) {
      return new Refused(ErrorCode.SALE_CLOSED, "The sale has closed.");
    }
    if (event.saleOpensAt() != null && now.isBefore(event.saleOpensAt())) {
      return new NotOpen(
          "The sale opens at " + event.saleOpensAt() + ".",
          Duration.between(now, event.saleOpensAt()),
          event.saleOpensAt());
    }
    if (event.status() == EventStatus.PAUSED) {
      return new NotOpen("The sale is paused.", PAUSE_RETRY_DELAY, null);
    }
    return new Open();
  }

  /// Admission of a confirmation. A second confirmation is admitted: it is idempotent.
  static Admission ofConfirmation(ReservationView reservation, EventView event, Instant now) {
    return switch (reservation.status()) {
      case CONFIRMED, CANCELLED -> new Open();
      case HELD, EXPIRED -> {
        if (event.status() == EventStatus.CANCELLED) {
          yield new Refused(ErrorCode.EVENT_CANCELLED, "The event is cancelled.");
        }
        yield now.isBefore(reservation.endOfConfirmation())
            ? new Open()
            : new Refused(ErrorCode.HOLD_EXPIRED, "The hold has expired.");
      }
    };
  }
}
