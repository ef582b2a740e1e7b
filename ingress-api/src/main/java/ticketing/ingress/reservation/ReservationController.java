package ticketing.ingress.reservation;

import com.fasterxml.jackson.annotation.JsonInclude;
import jakarta.validation.Valid;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotNull;
import jakarta.validation.constraints.Size;
import java.net.URI;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
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
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;
import ticketing.domain.Command;
import ticketing.domain.Command.BookSeats.Otherwise;
import ticketing.domain.EventView;
import ticketing.domain.Money;
import ticketing.domain.Ticket;
import ticketing.domain.TicketIds;
import ticketing.ingress.audit.AuditAction;
import ticketing.ingress.audit.AuditLog;
import ticketing.ingress.command.CommandAcceptor;
import ticketing.ingress.command.IdempotencyKey;
import ticketing.ingress.event.EventCatalog;
import ticketing.ingress.problem.ApiException;
import ticketing.ingress.problem.RetryAfter;
import ticketing.ingress.ratelimit.BookingLimiter;
import ticketing.ingress.security.AuthenticatedUser;
import ticketing.ingress.text.CodePoints;
import ticketing.ingress.text.NormalizedText;
import ticketing.ingress.text.NotBlankText;

/// Bookings, confirmations and cancellations. Each is answered with 202 and the ticket of its
/// command.
@RestController
@RequestMapping(path = "/api/v1/reservations", produces = MediaType.APPLICATION_JSON_VALUE)
public class ReservationController {

  public static final String PATH = "/api/v1/reservations";

  private static final int MAX_REASON_LENGTH = 200; // code points

  private static final Pattern NOT_BLANK = Pattern.compile(NotBlankText.REGEXP);

  private final EventCatalog catalog;
  private final ReservationReader reservations;
  private final RequestedSeats seats;
  private final CommandAcceptor acceptor;
  private final BookingLimiter limiter;
  private final TicketIds ids;
  private final Clock clock;

  private final AuditLog audit;

  ReservationController(
      EventCatalog catalog,
      ReservationReader reservations,
      RequestedSeats seats,
      CommandAcceptor acceptor,
      BookingLimiter limiter,
      TicketIds ids,
      Clock clock,
      AuditLog audit) {
    this.catalog = catalog;
    this.reservations = reservations;
    this.seats = seats;
    this.acceptor = acceptor;
    this.limiter = limiter;
    this.ids = ids;
    this.clock = clock;
    this.audit = audit;
  }

  /// @param seatType null: the type of the seats
  /// @param expectedTotal total that the user saw; another current total is refused. Null: any
  /// @param seats ids of the requested seats; null: the best available
  /// @param otherwise decision if a requested seat is taken; null: the booking is rejected
  public record BookingRequest(
      @NotNull Long eventId,
      @CodePoints(max = 100) @Nullable String seatType,
      @NotNull @Min(1) @Max(Command.MAX_QUANTITY) Integer quantity,
      @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable Money expectedTotal,
      @JsonInclude(JsonInclude.Include.NON_NULL) @Size(min = 1, max = Command.MAX_QUANTITY)
          @Nullable List<@NotNull @CodePoints(max = Command.MAX_SEAT_ID) String> seats,
      @JsonInclude(JsonInclude.Include.NON_NULL) @Nullable Otherwise otherwise) {

    public BookingRequest {
      seatType = NormalizedText.of(seatType);
    }

    /// Validates the constraints between fields.
    ///
    /// @throws ApiException `INVALID_REQUEST` with each violating field
    void validate() {
      List<ApiException.FieldError> errors = new ArrayList<>();
      if (seatType == null ? seats == null : !NOT_BLANK.matcher(seatType).matches()) {
        errors.add(new ApiException.FieldError("seatType", NotBlankText.MESSAGE));
      }
      if (otherwise != null && seats == null) {
        errors.add(new ApiException.FieldError("otherwise", "must be absent without seats"));
      }
      if (seats != null) {
        if (seats.size() != quantity) {
          errors.add(new ApiException.FieldError("seats", "must have quantity ids"));
        }
        Set<String> ids = new HashSet<>();
        for (int i = 0; i < seats.size(); i++) {
          if (!ids.add(seats.get(i))) {
            errors.add(new ApiException.FieldError("seats[" + i + "]", "must occur only once"));
          }
        }
      }
      if (!errors.isEmpty()) {
        throw ApiException.invalid(errors);
      }
    }

    BookingRequest withSeatType(String type) {
      return new BookingRequest(eventId, type, quantity, expectedTotal, seats, otherwise);
    }
  }

  @PostMapping
  ResponseEntity<Ticket> book(
      @AuthenticationPrincipal AuthenticatedUser user,
      @RequestHeader(name = IdempotencyKey.HEADER, required = false) String key,
      @Valid @RequestBody BookingRequest sent) {
    sent.validate();
    IdempotencyKey request = IdempotencyKey.of(ids, user.userId(), key, "POST", PATH, sent);
    EventView event = catalog.get(sent.eventId());
    return switch (seats.resolve(event, sent)) {
      case RequestedSeats.Resolution.Valid(BookingRequest booking) ->
          book(user, request, event, booking);
      case RequestedSeats.Resolution.Invalid(List<ApiException.FieldError> errors) ->
          bookAgain(user, request, sent, new Admission.UnknownSeats(errors));
    };
  }

  private ResponseEntity<Ticket> book(
      AuthenticatedUser user, IdempotencyKey request, EventView event, BookingRequest booking) {
    Instant now = clock.instant();
    Admission admission =
        Admission.of(
            event,
            booking,
            now,
            () -> reservations.hasDueHold(event.eventId(), now),
            () -> seats.isTaken(event, booking));
    return switch (admission) {
      case Admission.Open open -> enqueue(user, request, booking, open, priceOf(event, booking));
      case Admission.Closed closed when closed.isRepeated(acceptor, request, booking.seatType()) ->
          enqueue(user, request, booking, closed, null);
      case Admission.Closed closed -> throw closed.exception();
    };
  }

  /// A repeated request has the seat type of its first time, because the seat map changed since.
  private ResponseEntity<Ticket> bookAgain(
      AuthenticatedUser user,
      IdempotencyKey request,
      BookingRequest sent,
      Admission.UnknownSeats unknown) {
    String seatType =
        acceptor.findEarlier(request).map(Ticket::seatType).orElseThrow(unknown::exception);
    return enqueue(user, request, sent.withSeatType(seatType), unknown, null);
  }

  private static Money priceOf(EventView event, BookingRequest booking) {
    return event.seatType(booking.seatType()).orElseThrow().price();
  }

  /// @param price price of one seat; null for a repeated booking that is not admitted now
  private ResponseEntity<Ticket> enqueue(
      AuthenticatedUser user,
      IdempotencyKey request,
      BookingRequest booking,
      Admission admission,
      @Nullable Money price) {
    limiter.admit(user, () -> acceptor.isRepeated(request));
    return accepted(accept(user, request, booking, admission, price));
  }

  private Ticket accept(
      AuthenticatedUser user,
      IdempotencyKey request,
      BookingRequest booking,
      Admission admission,
      @Nullable Money price) {
    return admission.accept(
        acceptor,
        acceptedAt ->
            new Command.BookSeats(
                request.ticketId(),
                user.userId(),
                booking.eventId(),
                booking.seatType(),
                booking.quantity(),
                acceptedAt,
                request.fingerprint(),
                request.attemptId(),
                price,
                booking.seats() == null ? List.of() : booking.seats(),
                booking.otherwise()));
  }

  @GetMapping("/{reservationId}")
  ReservationView get(
      @AuthenticationPrincipal AuthenticatedUser user, @PathVariable long reservationId) {
    ReservationView found = reservations.get(reservationId);
    if (!user.maySee(found.userId())) {
      throw ReservationReader.notFound();
    }
    return found;
  }

  @PostMapping("/{reservationId}/confirmation")
  ResponseEntity<Ticket> confirm(
      @AuthenticationPrincipal AuthenticatedUser user,
      @RequestHeader(name = IdempotencyKey.HEADER, required = false) String key,
      @PathVariable long reservationId) {
    String path = PATH + "/" + reservationId + "/confirmation";
    IdempotencyKey request = IdempotencyKey.of(ids, user.userId(), key, "POST", path, null);
    ReservationView found = reservations.getUncached(reservationId);
    if (!user.userId().equals(found.userId())) {
      throw ReservationReader.notFound();
    }
    EventView event = catalog.get(found.eventId());
    return switch (Admission.ofConfirmation(found, event, clock.instant())) {
      case Admission.Open _ -> confirm(user, request, found);
      case Admission.Closed _ when acceptor.isRepeated(request) -> confirm(user, request, found);
      case Admission.Closed closed -> throw closed.exception();
    };
  }

  private ResponseEntity<Ticket> confirm(
      AuthenticatedUser user, IdempotencyKey request, ReservationView found) {
    reservations.evictForChange(found.reservationId());
    return accepted(
        acceptor.acceptUntil(
            found.endOfConfirmation(),
            acceptedAt ->
                new Command.ConfirmHold(
                    request.ticketId(),
                    user.userId(),
                    found.eventId(),
                    found.reservationId(),
                    acceptedAt,
                    request.fingerprint(),
                    request.attemptId())));
  }

  @DeleteMapping("/{reservationId}")
  ResponseEntity<Ticket> cancel(
      @AuthenticationPrincipal AuthenticatedUser user,
      @RequestHeader(name = IdempotencyKey.HEADER, required = false) String key,
      @PathVariable long reservationId,
      @RequestParam(required = false) @CodePoints(min = 1, max = MAX_REASON_LENGTH)
          @Nullable String reason) {
    String path = PATH + "/" + reservationId;
    IdempotencyKey request = IdempotencyKey.of(ids, user.userId(), key, "DELETE", path, null);
    ReservationView found = reservations.getUncached(reservationId);
    if (!user.mayCancel(found.userId())) {
      throw ReservationReader.notFound();
    }
    if (!user.userId().equals(found.userId())) {
      audit.record(
          AuditAction.RESERVATION_CANCELLED,
          "reservations/" + reservationId,
          found,
          reason == null ? null : Map.of("reason", reason));
    }
    reservations.evictForChange(reservationId);
    Ticket ticket =
        acceptor.accept(acceptedAt ->
            new Command.CancelReservation(
                request.ticketId(),
                user.userId(),
                found.eventId(),
                reservationId,
                !user.userId().equals(found.userId()),
                acceptedAt,
                request.fingerprint(),
                request.attemptId()));
    return accepted(ticket);
  }

  private static ResponseEntity<Ticket> accepted(Ticket ticket) {
    return ResponseEntity.accepted()
        .location(URI.create("/api/v1/tickets/" + ticket.ticketId()))
        .header(HttpHeaders.RETRY_AFTER, String.valueOf(RetryAfter.seconds(ticket)))
        .body(ticket);
  }
}
