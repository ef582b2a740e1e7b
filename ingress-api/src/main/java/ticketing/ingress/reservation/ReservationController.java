package ticketing.ingress.reservation;

import jakarta.validation.Valid;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotBlank;
import jakarta.validation.constraints.NotNull;
import jakarta.validation.constraints.Size;
import java.net.URI;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumSet;
import java.util.Set;
import java.util.function.Function;
import org.springframework.http.HttpHeaders;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.security.core.annotation.AuthenticationPrincipal;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RestController;
import ticketing.domain.Command;
import ticketing.domain.EventStatus;
import ticketing.domain.EventView;
import ticketing.domain.Ticket;
import ticketing.ingress.command.CommandAcceptor;
import ticketing.ingress.command.IdempotencyKey;
import ticketing.ingress.event.EventCatalog;
import ticketing.ingress.problem.ApiException;
import ticketing.ingress.problem.ErrorCode;
import ticketing.ingress.problem.RetryAfter;
import ticketing.ingress.security.AuthenticatedUser;

/// Booking, confirming and cancelling: each answers 202 with the ticket of a queued command.
@RestController
@RequestMapping(path = "/api/v1/reservations", produces = MediaType.APPLICATION_JSON_VALUE)
public class ReservationController {

  public static final String PATH = "/api/v1/reservations";

  /// Nobody knows when an operator resumes a paused sale.
  private static final Duration PAUSED = Duration.ofSeconds(30);

  /// Refusals that may stand although an earlier request with the same key was accepted.
  private static final Set<ErrorCode> MAY_COME_LATER =
      EnumSet.of(
          ErrorCode.SOLD_OUT,
          ErrorCode.SALE_CLOSED,
          ErrorCode.SALE_NOT_OPEN,
          ErrorCode.EVENT_CANCELLED,
          ErrorCode.SEAT_TYPE_NOT_FOUND);

  private final EventCatalog catalog;
  private final ReservationReader reservations;
  private final CommandAcceptor queue;
  private final Clock clock;

  ReservationController(
      EventCatalog catalog, ReservationReader reservations, CommandAcceptor queue, Clock clock) {
    this.catalog = catalog;
    this.reservations = reservations;
    this.queue = queue;
    this.clock = clock;
  }

  public record BookingRequest(
      @NotNull Long eventId,
      @NotBlank @Size(max = 100) String seatType,
      @NotNull @Min(1) @Max(Command.MAX_QUANTITY) Integer quantity) {}

  @PostMapping
  ResponseEntity<Ticket> book(
      @AuthenticationPrincipal AuthenticatedUser caller,
      @RequestHeader(name = IdempotencyKey.HEADER, required = false) String key,
      @Valid @RequestBody BookingRequest booking) {
    IdempotencyKey as = IdempotencyKey.of(caller.userId(), key, "POST", PATH, booking);
    Function<Instant, Command> command =
        acceptedAt ->
            new Command.BookSeats(
                as.ticketId(),
                caller.userId(),
                booking.eventId(),
                booking.seatType(),
                booking.quantity(),
                acceptedAt,
                as.fingerprint(),
                as.attemptId());
    try {
      refuseWhatIsCertain(catalog.get(booking.eventId()), booking.seatType());
    } catch (ApiException refusal) {
      // A repeat gets its ticket also when the sale has ended since.
      if (!MAY_COME_LATER.contains(refusal.code())
          || !Command.isValidSeatType(booking.seatType())
          || !as.mayBeRepeat()
          || !queue.mayKnow(as.ticketId())) {
        throw refusal;
      }
    }
    return accepted(queue.accept(command));
  }

  private void refuseWhatIsCertain(EventView event, String seatType) {
    Instant now = clock.instant();
    if (event.status() == EventStatus.CANCELLED) {
      throw ApiException.of(ErrorCode.EVENT_CANCELLED, "The event is cancelled.");
    }
    if (event.seatType(seatType).isEmpty()) {
      throw ApiException.of(ErrorCode.SEAT_TYPE_NOT_FOUND, "The event has no such seat type.");
    }
    if (event.saleClosesAt() != null && !now.isBefore(event.saleClosesAt())) {
      throw ApiException.of(ErrorCode.SALE_CLOSED, "The sale has closed.");
    }
    if (event.saleOpensAt() != null && now.isBefore(event.saleOpensAt())) {
      throw ApiException.withRetryAfter(
          ErrorCode.SALE_NOT_OPEN,
          "The sale opens at " + event.saleOpensAt() + ".",
          Duration.between(now, event.saleOpensAt()));
    }
    if (event.status() == EventStatus.PAUSED) {
      throw ApiException.withRetryAfter(ErrorCode.SALE_NOT_OPEN, "The sale is paused.", PAUSED);
    }
    if (event.availableSeats() == 0) {
      throw ApiException.of(ErrorCode.SOLD_OUT, "The event is sold out.");
    }
  }

  @GetMapping("/{reservationId}")
  ReservationView get(
      @AuthenticationPrincipal AuthenticatedUser caller, @PathVariable long reservationId) {
    ReservationView found = reservations.get(reservationId);
    if (!caller.maySee(found.userId())) {
      throw ReservationReader.notFound();
    }
    return found;
  }

  @PostMapping("/{reservationId}/confirmation")
  ResponseEntity<Ticket> confirm(
      @AuthenticationPrincipal AuthenticatedUser caller,
      @RequestHeader(name = IdempotencyKey.HEADER, required = false) String key,
      @PathVariable long reservationId) {
    String path = PATH + "/" + reservationId + "/confirmation";
    IdempotencyKey as = IdempotencyKey.of(caller.userId(), key, "POST", path, null);
    ReservationView found = reservations.getFresh(reservationId);
    if (!caller.userId().equals(found.userId())) {
      throw ReservationReader.notFound();
    }
    reservations.changing(reservationId);
    Ticket ticket =
        queue.accept(
            acceptedAt ->
                new Command.ConfirmHold(
                    as.ticketId(),
                    caller.userId(),
                    found.eventId(),
                    reservationId,
                    acceptedAt,
                    as.fingerprint(),
                    as.attemptId()));
    return accepted(ticket);
  }

  @DeleteMapping("/{reservationId}")
  ResponseEntity<Ticket> cancel(
      @AuthenticationPrincipal AuthenticatedUser caller,
      @RequestHeader(name = IdempotencyKey.HEADER, required = false) String key,
      @PathVariable long reservationId) {
    String path = PATH + "/" + reservationId;
    IdempotencyKey as = IdempotencyKey.of(caller.userId(), key, "DELETE", path, null);
    ReservationView found = reservations.getFresh(reservationId);
    if (!caller.maySee(found.userId())) {
      throw ReservationReader.notFound();
    }
    reservations.changing(reservationId);
    Ticket ticket =
        queue.accept(
            acceptedAt ->
                new Command.CancelReservation(
                    as.ticketId(),
                    caller.userId(),
                    found.eventId(),
                    reservationId,
                    !caller.userId().equals(found.userId()),
                    acceptedAt,
                    as.fingerprint(),
                    as.attemptId()));
    return accepted(ticket);
  }

  private static ResponseEntity<Ticket> accepted(Ticket ticket) {
    return ResponseEntity.accepted()
        .location(URI.create("/api/v1/tickets/" + ticket.ticketId()))
        .header(HttpHeaders.RETRY_AFTER, String.valueOf(RetryAfter.seconds(ticket)))
        .body(ticket);
  }
}
