// Follows tickets over one WebSocket until each is final.
//
//   node ticket-socket.mjs TICKET_ID...
//
// with TICKETING_URL, TICKETING_SOCKETS (the notifier, ws://...), TICKETING_EMAIL and
// TICKETING_PASSWORD in the environment. Prints each frame. Exit code 0: all tickets are final. 1: a
// ticket is unknown, or the sign-in is refused. 2: no final state in time. Needs Node.js 22 or later (20 with
// --experimental-websocket), or a browser.

const { TICKETING_URL, TICKETING_SOCKETS, TICKETING_EMAIL, TICKETING_PASSWORD } = process.env;
const RETRYABLE_STATUSES = new Set([408, 429, 500, 502, 503, 504]);
const ATTEMPTS = 20;
const LONGEST_PAUSE = 30_000;
// Pings are not visible here. After this time without a frame the program connects again.
const SILENCE = 60_000;

const open = new Set(process.argv.slice(2));
let token;

process.exit(await follow());

async function follow() {
  for (let failures = 0; failures < ATTEMPTS; failures++) {
    try {
      token ??= await signIn();
      if (token === null) {
        return 1;
      }
      const { connected, end } = await listen();
      if (end !== undefined) {
        return end;
      }
      console.error('connection lost');
      if (connected) {
        failures = 0;
      } else {
        token = undefined; // it may have expired; a browser does not report the status
      }
    } catch (error) {
      console.error(`no connection: ${error}`);
    }
    // jitter spreads the connections of many clients
    const longest = Math.min(LONGEST_PAUSE, 1000 * 2 ** failures);
    await new Promise((resolve) => setTimeout(resolve, 200 + Math.random() * longest));
  }
  return 2;
}

// Without `end` the connection was lost. The next connection sends the state again.
function listen() {
  return new Promise((resolve) => {
    // A browser cannot set headers here, but it can send subprotocols.
    const socket = new WebSocket(`${TICKETING_SOCKETS}/ws/tickets`, [
      'ticketing.v1',
      `bearer.${token}`,
    ]);
    let connected = false;
    let end;
    let silence;

    const listening = () => {
      clearTimeout(silence);
      silence = setTimeout(() => socket.close(), SILENCE);
    };
    const finish = (code) => {
      end = code;
      socket.close(1000);
    };

    socket.onopen = () => {
      connected = true;
      listening();
      socket.send(JSON.stringify({ action: 'subscribe', ticketIds: [...open] }));
    };
    socket.onmessage = ({ data }) => {
      listening();
      console.log(data);
      const frame = JSON.parse(data);
      if (frame.error) {
        finish(1);
      } else if (frame.status !== 'PENDING') {
        open.delete(frame.ticketId);
        if (open.size === 0) {
          finish(0);
        }
      }
    };
    socket.onclose = ({ code, reason }) => {
      clearTimeout(silence);
      console.error(`closed: ${code} ${reason}`);
      resolve({ connected, end });
    };
    socket.onerror = () => {}; // onclose follows
  });
}

// null: the sign-in is refused
async function signIn() {
  const response = await fetch(new URL('/api/v1/auth/token', TICKETING_URL), {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ email: TICKETING_EMAIL, password: TICKETING_PASSWORD }),
    signal: AbortSignal.timeout(30_000),
  });
  if (!response.ok && !RETRYABLE_STATUSES.has(response.status)) {
    console.error(`${response.status} ${await response.text()}`);
    return null;
  }
  if (!response.ok) {
    throw new Error(`no token: ${response.status}`);
  }
  return (await response.json()).accessToken;
}
