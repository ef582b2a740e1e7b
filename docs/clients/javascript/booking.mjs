// Books seats and polls until the decision.
//
//   node booking.mjs EVENT_ID SEAT_TYPE QUANTITY [KEY]
//
// with TICKETING_URL, TICKETING_EMAIL and TICKETING_PASSWORD in the environment. Prints the final
// ticket. Exit code 0: seats are booked or held. 1: the booking is refused or rejected. 2: no decision
// in time; run it again with the KEY. Needs Node.js 18 or later, or a browser.

const { TICKETING_URL, TICKETING_EMAIL, TICKETING_PASSWORD } = process.env;
const TIMEOUT = 120_000; // ms
const MAX_PAUSE = 30; // s
const RETRYABLE_STATUSES = new Set([408, 429, 500, 502, 503, 504]);

/** A 409 with Retry-After ends with the opening of the sale. */
function isRetryable(response) {
  return RETRYABLE_STATUSES.has(response.status)
    || (response.status === 409 && response.headers.has('Retry-After'));
}

const deadline = Date.now() + TIMEOUT;
let token;
let failures = 0;

class Refused extends Error {}
class TimedOut extends Error {}

const [eventId, seatType, quantity, givenKey] = process.argv.slice(2);
// Store the key before the first attempt: a repetition with the same key is the same booking.
const key = givenKey ?? crypto.randomUUID();

try {
  const ticket = await book({ eventId: Number(eventId), seatType, quantity: Number(quantity) });
  console.log(JSON.stringify(ticket));
  process.exitCode = ['CONFIRMED', 'HELD'].includes(ticket.status) ? 0 : 1;
} catch (error) {
  if (error instanceof Refused) {
    console.error(error.message);
    process.exitCode = 1;
  } else if (error instanceof TimedOut) {
    console.error(`no decision in time; run it again with the key ${key}`);
    process.exitCode = 2;
  } else {
    throw error;
  }
}

async function book(request) {
  const accepted = await call('/api/v1/reservations', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'Idempotency-Key': key },
    body: JSON.stringify(request),
  });
  const path = accepted.headers.get('Location');
  let ticket = await accepted.json();
  while (ticket.status === 'PENDING') {
    console.error(`pending, position ${ticket.position}`);
    // The server responds when the ticket is final, or after 20 s.
    const response = await call(path, { headers: { Prefer: 'wait=20' } });
    ticket = await response.json();
    if (ticket.status === 'PENDING') {
      await pause(retryAfter(response, 1));
    }
  }
  return ticket;
}

// Repeats the request until its response is final or the time is over.
async function call(path, request) {
  while (Date.now() < deadline) {
    let pauseSeconds = backoff();
    try {
      token ??= await signIn();
      const response = await send(path, {
        ...request,
        headers: { ...request.headers, Authorization: `Bearer ${token}` },
      });
      if (response.ok) {
        failures = 0;
        return response;
      }
      const body = await response.text();
      if (response.status === 401) {
        token = undefined; // expired
      } else if (!isRetryable(response)) {
        throw new Refused(`${response.status} ${body}`);
      } else {
        console.error(`${response.status} ${body}`);
        pauseSeconds = retryAfter(response, pauseSeconds);
      }
    } catch (error) {
      if (error instanceof Refused) {
        throw error;
      }
      console.error(`no response: ${error}`);
    }
    if (Date.now() + pauseSeconds * 1000 > deadline) {
      console.error(`the next attempt in ${pauseSeconds} s is after the timeout`);
      break;
    }
    await pause(pauseSeconds);
  }
  throw new TimedOut();
}

async function signIn() {
  const response = await send('/api/v1/auth/token', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ email: TICKETING_EMAIL, password: TICKETING_PASSWORD }),
  });
  if (!response.ok && !RETRYABLE_STATUSES.has(response.status)) {
    throw new Refused(`${response.status} ${await response.text()}`);
  }
  if (!response.ok) {
    throw new Error(`no token: ${response.status}`);
  }
  return (await response.json()).accessToken;
}

function send(path, request) {
  return fetch(new URL(path, TICKETING_URL), { ...request, signal: AbortSignal.timeout(30_000) });
}

function retryAfter(response, fallback) {
  return Number(response.headers.get('Retry-After') ?? fallback);
}

// 1, 2, 4 ... seconds
function backoff() {
  return Math.min(MAX_PAUSE, 2 ** failures++);
}

// Jitter of up to 250 ms spreads the repetitions of many clients.
function pause(seconds) {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1000 + Math.random() * 250));
}
