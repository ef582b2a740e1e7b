"""Signs in, creates an event, books seats, blocks until the decision and cancels, with the generated client."""

import datetime
import sys
import uuid

import ticketing_client as api

MAX_POLLS = 10


def client(url, email):
    configuration = api.Configuration(host=url)
    credentials = api.Credentials(email=email, password="ticketing-demo")
    token = api.AccountsApi(api.ApiClient(configuration)).sign_in(credentials)
    return api.ApiClient(api.Configuration(host=url, access_token=token.access_token))


def decision(client, ticket):
    for _ in range(MAX_POLLS):
        if ticket.status != api.TicketStatus.PENDING:
            break
        ticket = api.TicketsApi(client).get_ticket(ticket.ticket_id, prefer="wait=10")
    return ticket


def require(status, ticket):
    if ticket.status != status:
        sys.exit(f"FAILED Python client, expected {status}: {ticket}")


def main(url):
    admin = client(url, "admin@ticketing.local")
    buyer = client(url, "buyer@ticketing.local")
    date = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(days=30)
    seats = [api.NewSeatType(seat_type="VIP", price="10.00", total_seats=10)]
    event = api.EventsApi(admin).create_event(
        api.NewEvent(event_name="Python client", event_date=date, seat_types=seats),
        idempotency_key=str(uuid.uuid4()),
    )
    reservations = api.ReservationsApi(buyer)
    booking = api.BookingRequest(event_id=event.event_id, seat_type="VIP", quantity=2)
    booked = decision(buyer, reservations.book_seats(booking, idempotency_key=str(uuid.uuid4())))
    require(api.TicketStatus.CONFIRMED, booked)
    cancelled = decision(buyer, reservations.cancel_reservation(booked.reservation_id))
    require(api.TicketStatus.CANCELLED, cancelled)
    print("ok Python client")


if __name__ == "__main__":
    main(sys.argv[1])
