package ticketing.ingress.openapi;

import static ticketing.ingress.openapi.ApiCall.Who.ADMIN;
import static ticketing.ingress.openapi.ApiCall.Who.ANYONE;
import static ticketing.ingress.openapi.ApiCall.Who.USER;
import static ticketing.ingress.openapi.ApiCall.delete;
import static ticketing.ingress.openapi.ApiCall.get;
import static ticketing.ingress.openapi.ApiCall.post;
import static ticketing.ingress.openapi.ApiCall.put;

import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import ticketing.domain.Action;
import ticketing.domain.Command;
import ticketing.domain.CommandCodec;
import ticketing.domain.EventStatus;
import ticketing.domain.EventView;
import ticketing.domain.EventView.SeatTypeView;
import ticketing.domain.Money;
import ticketing.domain.Reason;
import ticketing.domain.Ticket;
import ticketing.domain.TicketStatus;
import ticketing.ingress.account.AccountController;
import ticketing.ingress.account.User;
import ticketing.ingress.event.EventRequest;
import ticketing.ingress.http.PageResponse;
import ticketing.ingress.operations.OperationsController;
import ticketing.ingress.operations.QueueAdminService;
import ticketing.ingress.operations.SaleStatistics;
import ticketing.ingress.problem.ErrorCode;
import ticketing.ingress.reservation.ReservationController;
import ticketing.ingress.reservation.ReservationView;
import ticketing.ingress.security.AuthenticatedUser;

/// Every call, in the order in which the document shows them: who may call it, how it answers, and
/// an example of each answer, made of the types that real answers are made of.
final class ApiCalls {

  private static final String V1 = "/api/v1";

  private static final UUID TICKET = UUID.fromString("0193597d-5f1c-7a3e-9c55-2f6d8e0b4a11");
  private static final Instant ACCEPTED = Instant.parse("2026-11-24T10:00:00.123456Z");
  private static final Instant DECIDED = Instant.parse("2026-11-24T10:00:02.654321Z");
  private static final Instant HELD_UNTIL = Instant.parse("2026-11-24T10:05:02.654321Z");
  private static final Instant SHOW = Instant.parse("2026-12-24T10:00:00Z");
  private static final Money VIP_PRICE = Money.of("150000.00");
  private static final Money TWO_VIPS = VIP_PRICE.multiply(2);
  private static final String EMAIL = "buyer@example.com";
  private static final String PASSWORD = "correct horse battery staple";
  private static final String USER_ID = "0193597d-0000-7000-8000-000000000017";

  private static final EventView EVENT = event(EventStatus.ACTIVE);
  private static final EventRequest EVENT_REQUEST =
      new EventRequest(
          "Concert",
          SHOW,
          "Hall",
          "Seoul",
          null,
          null,
          4,
          null,
          List.of(
              new EventRequest.SeatType("VIP", VIP_PRICE, 100, null),
              new EventRequest.SeatType("R", Money.of("55000.00"), 9_900, null)));

  private static final Command.BookSeats BOOKING =
      new Command.BookSeats(TICKET, USER_ID, 1, "VIP", 2, ACCEPTED);
  private static final Ticket PENDING = Ticket.pending(BOOKING).withPosition(1_234, 3L);
  private static final Ticket CONFIRMED = decided(Action.BOOK, TicketStatus.CONFIRMED, null, null);
  private static final Ticket HELD = decided(Action.BOOK, TicketStatus.HELD, HELD_UNTIL, null);
  private static final Ticket SOLD_OUT =
      decided(Action.BOOK, TicketStatus.REJECTED, null, Reason.SOLD_OUT);
  private static final Ticket CONFIRMING =
      Ticket.pending(new Command.ConfirmHold(TICKET, USER_ID, 1, 42, ACCEPTED));
  private static final Ticket CANCELLING =
      Ticket.pending(new Command.CancelReservation(TICKET, USER_ID, 1, 42, false, ACCEPTED));

  private static final ReservationView RESERVATION =
      new ReservationView(
          42,
          TICKET.toString(),
          1,
          "VIP",
          2,
          TWO_VIPS,
          ReservationView.Status.CONFIRMED,
          DECIDED,
          null,
          null,
          USER_ID);

  private static final PageResponse.Position ONE_PAGE = new PageResponse.Position(0, 20, 1, 1);

  static final Map<String, List<ApiCall>> BY_TAG = new LinkedHashMap<>();

  static {
    BY_TAG.put(
        "Accounts",
        List.of(
            post(V1 + "/users", "signUp", ANYONE, HttpStatus.CREATED, "Makes an account")
                .request("buyer", new AccountController.SignUp(EMAIL, PASSWORD, "Buyer"))
                .answer("buyer", new AccountController.Account(USER_ID, EMAIL, "Buyer"))
                .headers(HttpHeaders.LOCATION)
                .fails(ErrorCode.EMAIL_TAKEN, ErrorCode.OVERLOADED, ErrorCode.DATABASE_UNAVAILABLE),
            post(V1 + "/auth/token", "signIn", ANYONE, HttpStatus.OK, "Issues an access token")
                .explained(
                    "Not where an OpenID Connect issuer gives the tokens: there it answers 404.")
                .request("buyer", new AccountController.Credentials(EMAIL, PASSWORD))
                .answer(
                    "token",
                    new AccountController.AccessToken("eyJhbGciOiJIUzI1NiJ9...", "Bearer", 28_800))
                .fails(
                    ErrorCode.INVALID_CREDENTIALS,
                    ErrorCode.NOT_FOUND,
                    ErrorCode.OVERLOADED,
                    ErrorCode.DATABASE_UNAVAILABLE),
            post(V1 + "/auth/logout", "signOut", USER, HttpStatus.NO_CONTENT, "Ends the token")
                .explained("The token stops working everywhere, sockets included.")
                .fails(ErrorCode.LOGOUT_UNAVAILABLE),
            get(V1 + "/users/me", "getMe", USER, "Who the token's owner is")
                .answer("buyer", new User(USER_ID, EMAIL, "Buyer", AuthenticatedUser.BUYER))
                .fails(ErrorCode.DATABASE_UNAVAILABLE),
            get(
                    V1 + "/users/me/reservations",
                    "listMyReservations",
                    USER,
                    "The own reservations, newest first")
                .answer("page", new PageResponse<>(List.of(RESERVATION), ONE_PAGE))
                .fails(ErrorCode.DATABASE_UNAVAILABLE)));
    BY_TAG.put(
        "Events",
        List.of(
            get(V1 + "/events", "listEvents", ANYONE, "Events by date")
                .answer("page", new PageResponse<>(List.of(EVENT), ONE_PAGE))
                .fails(ErrorCode.DATABASE_UNAVAILABLE),
            get(V1 + "/events/{eventId}", "getEvent", ANYONE, "One event")
                .answer("event", EVENT)
                .conditional()
                .fails(ErrorCode.EVENT_NOT_FOUND, ErrorCode.DATABASE_UNAVAILABLE),
            post(V1 + "/events", "createEvent", ADMIN, HttpStatus.CREATED, "Makes an event")
                .request("event", EVENT_REQUEST)
                .answer("event", EVENT)
                .headers(HttpHeaders.LOCATION)
                .fails(ErrorCode.DATABASE_UNAVAILABLE),
            put(V1 + "/events/{eventId}", "changeEvent", ADMIN, "Changes an event")
                .explained(
                    "Seats that are sold or held are never taken away. A change of what is on sale"
                        + " passes through the queue; if its decision does not come in time, the"
                        + " answer is 503 `CHANGE_PENDING`, and sending it again is harmless.")
                .request("event", EVENT_REQUEST)
                .answer("event", EVENT)
                .fails(
                    ErrorCode.EVENT_NOT_FOUND,
                    ErrorCode.EVENT_CANCELLED,
                    ErrorCode.SEATS_SOLD,
                    ErrorCode.CHANGE_PENDING,
                    ErrorCode.QUEUE_UNAVAILABLE,
                    ErrorCode.DATABASE_UNAVAILABLE),
            delete(
                    V1 + "/events/{eventId}",
                    "cancelEvent",
                    ADMIN,
                    HttpStatus.NO_CONTENT,
                    "Ends the sale of an event for ever")
                .explained("Its status becomes `CANCELLED`; the event and its reservations stay.")
                .fails(ErrorCode.EVENT_NOT_FOUND, ErrorCode.DATABASE_UNAVAILABLE)));
    BY_TAG.put(
        "Reservations",
        List.of(
            post(V1 + "/reservations", "book", USER, HttpStatus.ACCEPTED, "Asks for seats")
                .explained(
                    "A 202 means that the command is durably queued; anything else means that it is"
                        + " not. What became of it, the ticket tells.")
                .request("twoSeats", new ReservationController.BookingRequest(1L, "VIP", 2))
                .answer("ticket", PENDING)
                .queues()
                .fails(
                    ErrorCode.EVENT_NOT_FOUND,
                    ErrorCode.SEAT_TYPE_NOT_FOUND,
                    ErrorCode.EVENT_CANCELLED,
                    ErrorCode.SALE_CLOSED,
                    ErrorCode.SOLD_OUT,
                    ErrorCode.SALE_NOT_OPEN,
                    ErrorCode.DATABASE_UNAVAILABLE),
            get(V1 + "/reservations/{reservationId}", "getReservation", USER, "One reservation")
                .explained("For its owner and for administrators; 404 to anyone else.")
                .answer("reservation", RESERVATION)
                .fails(ErrorCode.RESERVATION_NOT_FOUND, ErrorCode.DATABASE_UNAVAILABLE),
            post(
                    V1 + "/reservations/{reservationId}/confirmation",
                    "confirm",
                    USER,
                    HttpStatus.ACCEPTED,
                    "Asks to turn a hold into a confirmed reservation")
                .explained("For its owner; 404 to anyone else.")
                .answer("ticket", CONFIRMING)
                .queues()
                .fails(ErrorCode.RESERVATION_NOT_FOUND, ErrorCode.DATABASE_UNAVAILABLE),
            delete(
                    V1 + "/reservations/{reservationId}",
                    "cancel",
                    USER,
                    HttpStatus.ACCEPTED,
                    "Asks to cancel a reservation")
                .explained(
                    "For its owner and for administrators; 404 to anyone else. Its seats go back on"
                        + " sale.")
                .answer("ticket", CANCELLING)
                .queues()
                .fails(ErrorCode.RESERVATION_NOT_FOUND, ErrorCode.DATABASE_UNAVAILABLE)));
    BY_TAG.put(
        "Tickets",
        List.of(
            get(V1 + "/tickets/{ticketId}", "getTicket", USER, "What became of a command")
                .explained(
                    "For its owner and for administrators; 404 to anyone else. While it is"
                        + " `PENDING`, `Retry-After` says when it is worth asking again; with"
                        + " `Prefer: wait=N` the answer comes as soon as the ticket is final.")
                .answer("pending", PENDING)
                .answer("confirmed", CONFIRMED)
                .answer("held", HELD)
                .answer("rejected", SOLD_OUT)
                .conditional()
                .headers(HttpHeaders.RETRY_AFTER, ApiCall.PREFERENCE_APPLIED, HttpHeaders.VARY)
                .fails(
                    ErrorCode.TICKET_NOT_FOUND,
                    ErrorCode.TICKET_UNAVAILABLE,
                    ErrorCode.DATABASE_UNAVAILABLE)));
    BY_TAG.put(
        "Operations",
        List.of(
            get(V1 + "/operations/queue", "getQueue", ADMIN, "How full the queue is")
                .answer("figures", new QueueAdminService.Figures(1_250, 300, 3L, 0, 480.5))
                .fails(ErrorCode.QUEUE_UNAVAILABLE, ErrorCode.DATABASE_UNAVAILABLE),
            get(V1 + "/operations/figures", "getFigures", ADMIN, "How the sale goes")
                .explained("Counted over the last five whole seconds.")
                .answer(
                    "figures",
                    new SaleStatistics.Report(
                        Map.of(TicketStatus.CONFIRMED, 312.4, TicketStatus.REJECTED, 168.2),
                        Map.of(Reason.SOLD_OUT, 168.2),
                        new SaleStatistics.Latency(38, 215),
                        495.0,
                        1.2,
                        2,
                        4,
                        2,
                        8_120))
                .fails(ErrorCode.FIGURES_UNAVAILABLE),
            get(
                    V1 + "/operations/dead-letters",
                    "listDeadLetters",
                    ADMIN,
                    "Messages that could not be processed")
                .answer(
                    "list",
                    new QueueAdminService.DeadLetterList(
                        List.of(
                            new QueueAdminService.DeadLetter(
                                "c80e8021-a70a-42c7-a470-796e1186f753",
                                ACCEPTED,
                                5,
                                List.of(BOOKING),
                                CommandCodec.encode(BOOKING))),
                        1))
                .fails(ErrorCode.QUEUE_UNAVAILABLE),
            post(
                    V1 + "/operations/dead-letters/redrive",
                    "redriveDeadLetters",
                    ADMIN,
                    HttpStatus.OK,
                    "Moves the dead letters back to the queue")
                .answer("moved", new QueueAdminService.Redrive(1, null))
                .fails(ErrorCode.QUEUE_UNAVAILABLE),
            post(
                    V1 + "/operations/caches/eviction",
                    "evictCaches",
                    ADMIN,
                    HttpStatus.OK,
                    "Removes every copy, after a change that was made in the database itself")
                .answer("evicted", new OperationsController.Eviction(12))
                .fails(ErrorCode.CACHE_UNAVAILABLE),
            post(
                    V1 + "/operations/events/{eventId}/pause",
                    "pauseEvent",
                    ADMIN,
                    HttpStatus.OK,
                    "Stops the sale of an event for now")
                .answer("event", event(EventStatus.PAUSED))
                .fails(
                    ErrorCode.EVENT_NOT_FOUND,
                    ErrorCode.EVENT_CANCELLED,
                    ErrorCode.DATABASE_UNAVAILABLE),
            post(
                    V1 + "/operations/events/{eventId}/resume",
                    "resumeEvent",
                    ADMIN,
                    HttpStatus.OK,
                    "Lets the sale of an event go on")
                .answer("event", EVENT)
                .fails(
                    ErrorCode.EVENT_NOT_FOUND,
                    ErrorCode.EVENT_CANCELLED,
                    ErrorCode.DATABASE_UNAVAILABLE)));
  }

  private ApiCalls() {}

  private static EventView event(EventStatus status) {
    return EventView.builder(1, "Concert", SHOW)
        .venue("Hall", "Seoul")
        .status(status)
        .maxSeatsPerUser(4)
        .seatTypes(
            List.of(
                new SeatTypeView("VIP", VIP_PRICE, 100, 98),
                new SeatTypeView("R", Money.of("55000.00"), 9_900, 9_900)))
        .version(7)
        .build();
  }

  private static Ticket decided(
      Action action, TicketStatus status, Instant expiresAt, Reason reason) {
    boolean sold = status != TicketStatus.REJECTED;
    return Ticket.ofLedger(
        TICKET,
        action,
        status,
        1L,
        "VIP",
        2,
        ACCEPTED,
        DECIDED,
        sold ? 42L : null,
        expiresAt,
        reason,
        sold ? TWO_VIPS : null);
  }
}
