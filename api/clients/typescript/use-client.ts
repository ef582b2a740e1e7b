// Signs in, creates an event, books seats, blocks until the decision and cancels, with generated types.
import createClient, { type Client } from "openapi-fetch";
import type { components, paths } from "./api.js";

type Ticket = components["schemas"]["Ticket"];
type Api = Client<paths>;

const MAX_POLLS = 10;
const url = process.argv[2] ?? "";

function result<T>(answer: { data?: T; error?: unknown; response: Response }): T {
  if (answer.data === undefined) {
    throw new Error(`status ${answer.response.status}: ${JSON.stringify(answer.error)}`);
  }
  return answer.data;
}

async function client(email: string): Promise<Api> {
  const body = { email, password: "ticketing-demo" };
  const token = result(await createClient<paths>({ baseUrl: url }).POST("/api/v1/auth/token", { body }));
  return createClient<paths>({ baseUrl: url, headers: { Authorization: `Bearer ${token.accessToken}` } });
}

async function decision(api: Api, accepted: Ticket): Promise<Ticket> {
  let ticket = accepted;
  for (let i = 0; i < MAX_POLLS && ticket.status === "PENDING"; i++) {
    const params = { path: { ticketId: accepted.ticketId }, header: { Prefer: "wait=10" } };
    ticket = result(await api.GET("/api/v1/tickets/{ticketId}", { params }));
  }
  return ticket;
}

function check(status: Ticket["status"], ticket: Ticket): void {
  if (ticket.status !== status) {
    throw new Error(`expected ${status}: ${JSON.stringify(ticket)}`);
  }
}

const admin = await client("admin@ticketing.local");
const buyer = await client("buyer@ticketing.local");
const event = result(
  await admin.POST("/api/v1/events", {
    params: { header: { "Idempotency-Key": crypto.randomUUID() } },
    body: {
      eventName: "TypeScript client",
      eventDate: new Date(Date.now() + 30 * 86_400_000).toISOString(),
      seatTypes: [{ seatType: "VIP", price: "10.00", totalSeats: 10 }],
    },
  }),
);
const booked = await decision(
  buyer,
  result(
    await buyer.POST("/api/v1/reservations", {
      params: { header: { "Idempotency-Key": crypto.randomUUID() } },
      body: { eventId: event.eventId, seatType: "VIP", quantity: 2 },
    }),
  ),
);
check("CONFIRMED", booked);
const reservationId = booked.reservationId ?? 0;
const cancellation = await buyer.DELETE("/api/v1/reservations/{reservationId}", {
  params: { path: { reservationId } },
});
check("CANCELLED", await decision(buyer, result(cancellation)));
console.log("ok TypeScript client");
