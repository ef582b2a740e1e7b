package ticketing.ingress.waitinglist;

import jakarta.validation.Valid;
import jakarta.validation.constraints.Max;
import jakarta.validation.constraints.Min;
import jakarta.validation.constraints.NotNull;
import java.net.URI;
import java.time.Clock;
import java.util.List;
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
import org.springframework.web.bind.annotation.RestController;
import ticketing.domain.Command;
import ticketing.domain.EventView;
import ticketing.domain.EventView.SeatTypeView;
import ticketing.domain.Money;
import ticketing.domain.Ticket;
import ticketing.domain.TicketIds;
import ticketing.ingress.command.CommandAcceptor;
import ticketing.ingress.command.IdempotencyKey;
import ticketing.ingress.event.EventCatalog;
import ticketing.ingress.problem.RetryAfter;
import ticketing.ingress.ratelimit.BookingLimiter;
import ticketing.ingress.reservation.Admission;
import ticketing.ingress.security.AuthenticatedUser;
import ticketing.ingress.text.CodePoints;
import ticketing.ingress.text.NormalizedText;
import ticketing.ingress.text.NotBlankText;

/// Joins and leaves waiting lists. Each is answered with 202 and the ticket of its command.
@RestController
@RequestMapping(path = "/api/v1", produces = MediaType.APPLICATION_JSON_VALUE)
class WaitingListController {

  private static final String PATH = "/api/v1/waiting-list";

  private final EventCatalog catalog;
  private final WaitingListService waitingList;
  private final CommandAcceptor acceptor;
  private final BookingLimiter limiter;
  private final TicketIds ids;
  private final Clock clock;

  WaitingListController(
      EventCatalog catalog,
      WaitingListService waitingList,
      CommandAcceptor acceptor,
      BookingLimiter limiter,
      TicketIds ids,
      Clock clock) {
    this.catalog = catalog;
    this.waitingList = waitingList;
    this.acceptor = acceptor;
    this.limiter = limiter;
    this.ids = ids;
    this.clock = clock;
  }

  record JoinRequest(
      @NotNull Long eventId,
      @NotBlankText @CodePoints(max = 100) String seatType,
      @NotNull @Min(1) @Max(Command.MAX_QUANTITY) Integer quantity) {

    JoinRequest {
      seatType = NormalizedText.of(seatType);
    }
  }

  /// Entries of a user.
  record Entries(List<WaitingEntryView> content) {}

  @PostMapping("/waiting-list")
  ResponseEntity<Ticket> join(
      @AuthenticationPrincipal AuthenticatedUser user,
      @RequestHeader(name = IdempotencyKey.HEADER, required = false) String key,
      @Valid @RequestBody JoinRequest party) {
    IdempotencyKey request = IdempotencyKey.of(ids, user.userId(), key, "POST", PATH, party);
    EventView event = catalog.get(party.eventId());
    return switch (Admission.ofParty(event, party.seatType(), clock.instant())) {
      case Admission.Open open ->
          join(
              user,
              request,
              party,
              open,
              event.seatType(party.seatType()).map(SeatTypeView::price).orElseThrow());
      case Admission.Closed closed when closed.isRepeated(acceptor, request, party.seatType()) ->
          join(user, request, party, closed, null);
      case Admission.Closed closed -> throw closed.exception();
    };
  }

  /// @param price price of one seat; null for a repeated request that is not admitted now
  private ResponseEntity<Ticket> join(
      AuthenticatedUser user,
      IdempotencyKey request,
      JoinRequest party,
      Admission admission,
      @Nullable Money price) {
    limiter.admit(user, () -> acceptor.isRepeated(request));
    return accepted(
        admission.accept(
            acceptor,
            acceptedAt ->
                new Command.JoinWaitingList(
                    request.ticketId(),
                    user.userId(),
                    party.eventId(),
                    party.seatType(),
                    party.quantity(),
                    acceptedAt,
                    request.fingerprint(),
                    request.attemptId(),
                    price)));
  }

  @GetMapping("/users/me/waiting-list")
  Entries list(@AuthenticationPrincipal AuthenticatedUser user) {
    return new Entries(waitingList.list(user.userId()));
  }

  @DeleteMapping("/waiting-list/{entryId}")
  ResponseEntity<Ticket> leave(
      @AuthenticationPrincipal AuthenticatedUser user,
      @RequestHeader(name = IdempotencyKey.HEADER, required = false) String key,
      @PathVariable long entryId) {
    String path = PATH + "/" + entryId;
    IdempotencyKey request = IdempotencyKey.of(ids, user.userId(), key, "DELETE", path, null);
    return accepted(waitingList.leave(waitingList.get(user.userId(), entryId), request));
  }

  private static ResponseEntity<Ticket> accepted(Ticket ticket) {
    return ResponseEntity.accepted()
        .location(URI.create("/api/v1/tickets/" + ticket.ticketId()))
        .header(HttpHeaders.RETRY_AFTER, String.valueOf(RetryAfter.seconds(ticket)))
        .body(ticket);
  }
}
