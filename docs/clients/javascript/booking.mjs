// Books seats and waits for the decision by polling.
//
//   node booking.mjs EVENT_ID SEAT_TYPE QUANTITY [KEY]
//
// with TICKETING_URL, TICKETING_EMAIL and TICKETING_PASSWORD in the environment. Prints the final
// ticket. Exit code 0: there are seats; 1: there are none; 2: no answer in time, ask again with the
// same KEY. Needs Node.js 18 or later, or a browser.

const { TICKETING_URL, TICKETING_EMAIL, TICKETING_PASSWORD } = process.env;
const PATIENCE = 120_000;
const LONGEST_PAUSE = 30;
const WORTH_REPEATING = new Set([425, 429, 500, 502, 503, 504]);

const deadline = Date.now() + PATIENCE;
let token;
let failures = 0;

class Refused extends Error {}
class GaveUp extends Error {}

const [eventId, seatType, quantity, givenKey] = process.argv.slice(2);
// Before the first attempt, and kept over a restart of the program: a repeat is the same booking.
const key = givenKey ?? crypto.randomUUID();

try {
  const ticket = await book({ eventId: Number(eventId), seatType, quantity: Number(quantity) });
  console.log(JSON.stringify(ticket));
  process.exitCode = ['CONFIRMED', 'HELD'].includes(ticket.status) ? 0 : 1;
} catch (error) {
  if (error instanceof Refused) {
    console.error(error.message);
    process.exitCode = 1;
  } else if (error instanceof GaveUp) {
    console.error(`gave up waiting; ask again with the key ${key}`);
    process.exitCode = 2;
  } else {
    throw error;
  }
}

async function book(wish) {
  const accepted = await call('/api/v1/reservations', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', 'Idempotency-Key': key },
    body: JSON.stringify(wish),
  });
  const path = accepted.headers.get('Location');
  let ticket = await accepted.json();
  while (ticket.status === 'PENDING') {
    console.error(`pending, position ${ticket.position}`);
    // The answer comes as soon as the ticket is final, or after 20 s.
    const answer = await call(path, { headers: { Prefer: 'wait=20' } });
    ticket = await answer.json();
    if (ticket.status === 'PENDING') {
      await pause(retryAfter(answer, 1));
    }
  }
  return ticket;
}

// Repeats the request until it has an answer that another attempt would not change.
async function call(path, request) {
  while (Date.now() < deadline) {
    let wait = backOff();
    try {
      token ??= await signIn();
      const answer = await send(path, {
        ...request,
        headers: { ...request.headers, Authorization: `Bearer ${token}` },
      });
      if (answer.ok) {
        failures = 0;
        return answer;
      }
      const body = await answer.text();
      if (answer.status === 401) {
        token = undefined; // it has expired
      } else if (!WORTH_REPEATING.has(answer.status)) {
        throw new Refused(`${answer.status} ${body}`);
      } else {
        console.error(`${answer.status} ${body}`);
        wait = retryAfter(answer, wait);
      }
    } catch (error) {
      if (error instanceof Refused) {
        throw error;
      }
      console.error(`no answer: ${error}`);
    }
    if (Date.now() + wait * 1000 > deadline) {
      console.error(`worth another attempt in ${wait} s, which is too long to wait`);
      break;
    }
    await pause(wait);
  }
  throw new GaveUp();
}

async function signIn() {
  const answer = await send('/api/v1/auth/token', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ email: TICKETING_EMAIL, password: TICKETING_PASSWORD }),
  });
  if (answer.status >= 400 && answer.status < 429) {
    throw new Refused(`${answer.status} ${await answer.text()}`);
  }
  if (!answer.ok) {
    throw new Error(`no token: ${answer.status}`);
  }
  return (await answer.json()).accessToken;
}

function send(path, request) {
  return fetch(new URL(path, TICKETING_URL), { ...request, signal: AbortSignal.timeout(30_000) });
}

function retryAfter(answer, otherwise) {
  return Number(answer.headers.get('Retry-After') ?? otherwise);
}

// 1, 2, 4 ... seconds
function backOff() {
  return Math.min(LONGEST_PAUSE, 2 ** failures++);
}

// a little longer than asked for, and not as long as everybody else
function pause(seconds) {
  return new Promise((resolve) => setTimeout(resolve, seconds * 1000 + Math.random() * 250));
}
