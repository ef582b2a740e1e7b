// Estimate of the server's clock. The Date header of each response bounds the offset of the local
// clock: the server wrote it between send and receive, and it is at most two seconds old.

const MAX_HEADER_AGE = 2000; // ms

let minOffset = -Infinity;
let maxOffset = Infinity;

/** Narrows the bounds by one response. Times in milliseconds of the local clock. */
export function adjust(date, sentAt, receivedAt) {
  const written = Date.parse(date);
  if (Number.isNaN(written)) {
    return;
  }
  const from = written - receivedAt;
  const to = written + MAX_HEADER_AGE - sentAt;
  if (from > maxOffset || to < minOffset) {
    // One of the two clocks was set, so the bounds start again.
    minOffset = from;
    maxOffset = to;
  } else {
    minOffset = Math.max(minOffset, from);
    maxOffset = Math.min(maxOffset, to);
  }
}

/** Milliseconds since 1970 on the server. */
export function now() {
  return Date.now() + (Number.isFinite(minOffset) ? (minOffset + maxOffset) / 2 : 0);
}
