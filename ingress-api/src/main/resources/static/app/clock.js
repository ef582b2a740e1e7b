// The server's clock. Every answer's Date header narrows down how far this machine's clock is off:
// the header was written between sending and receiving, and is at most two seconds old (whole
// seconds, and the server writes a new one at most once a second).

const OLDEST = 2000;

let least = -Infinity;
let most = Infinity;

export function heard(date, sentAt, receivedAt) {
  const written = Date.parse(date);
  if (Number.isNaN(written)) {
    return;
  }
  const from = written - receivedAt;
  const to = written + OLDEST - sentAt;
  if (from > most || to < least) {
    // One of the two clocks was set.
    least = from;
    most = to;
  } else {
    least = Math.max(least, from);
    most = Math.min(most, to);
  }
}

/** Milliseconds since 1970 on the server. */
export function now() {
  return Date.now() + (Number.isFinite(least) ? (least + most) / 2 : 0);
}
