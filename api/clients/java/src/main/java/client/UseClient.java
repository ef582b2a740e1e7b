package client;

import generated.ApiClient;
import generated.api.AccountsApi;
import generated.api.EventsApi;
import generated.api.ReservationsApi;
import generated.api.TicketsApi;
import generated.model.BookingRequest;
import generated.model.Credentials;
import generated.model.Event;
import generated.model.NewEvent;
import generated.model.NewSeatType;
import generated.model.Ticket;
import generated.model.TicketStatus;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.UUID;

/// Signs in, creates an event, books seats, blocks until the decision and cancels, with the
/// generated client.
public final class UseClient {

  private static final int MAX_POLLS = 10;

  private UseClient() {}

  public static void main(String[] arguments) throws Exception {
    String url = arguments[0];
    ApiClient admin = client(url, "admin@ticketing.local");
    ApiClient buyer = client(url, "buyer@ticketing.local");
    Event event =
        new EventsApi(admin)
            .createEvent(
                new NewEvent()
                    .eventName("Java client")
                    .eventDate(OffsetDateTime.now().plusDays(30))
                    .seatTypes(
                        List.of(new NewSeatType().seatType("VIP").price("10.00").totalSeats(10))),
                UUID.randomUUID().toString());
    ReservationsApi reservations = new ReservationsApi(buyer);
    Ticket booked =
        decision(
            buyer,
            reservations.bookSeats(
                new BookingRequest().eventId(event.getEventId()).seatType("VIP").quantity(2),
                UUID.randomUUID().toString()));
    require(TicketStatus.CONFIRMED, booked);
    require(
        TicketStatus.CANCELLED,
        decision(buyer, reservations.cancelReservation(booked.getReservationId(), null, null)));
    System.out.println("ok Java client");
  }

  private static ApiClient client(String url, String email) throws Exception {
    ApiClient client = new ApiClient();
    client.updateBaseUri(url);
    String token =
        new AccountsApi(client)
            .signIn(new Credentials().email(email).password("ticketing-demo"))
            .getAccessToken();
    client.setRequestInterceptor(request -> request.setHeader("Authorization", "Bearer " + token));
    return client;
  }

  private static Ticket decision(ApiClient client, Ticket accepted) throws Exception {
    Ticket ticket = accepted;
    for (int i = 0; i < MAX_POLLS && ticket.getStatus() == TicketStatus.PENDING; i++) {
      ticket = new TicketsApi(client).getTicket(accepted.getTicketId(), "wait=10", null);
    }
    return ticket;
  }

  private static void require(TicketStatus expected, Ticket ticket) {
    if (ticket.getStatus() != expected) {
      throw new IllegalStateException("expected " + expected + ": " + ticket);
    }
  }
}
