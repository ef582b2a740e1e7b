// Estimate of the server's clock. Each response bounds the offset of the local clock: the server
// wrote its time between the send and the receipt.

const DATE_RESOLUTION = 1000; // ms; of the Date header
const MAX_HEADER_AGE = 1000; // ms; servers cache the header
const MAX_DISAGREEMENT = 1500; // ms; between servers. A larger one means that a clock was set.

let minOffset = -Infinity;
let maxOffset = Infinity;

/** Narrows the bounds by the Date header of a response. Times in milliseconds of the local clock. */
export function adjust(date, sentAt, receivedAt) {
  const written = Date.parse(date);
  if (!Number.isNaN(written)) {
    narrow(written - receivedAt, written + DATE_RESOLUTION + MAX_HEADER_AGE - sentAt);
  }
}

/** Narrows the bounds by a time in milliseconds that the server read. */
export function adjustExactly(serverTime, sentAt, receivedAt) {
  narrow(serverTime - receivedAt, serverTime + 1 - sentAt);
}

function narrow(from, to) {
  if (from > maxOffset + MAX_DISAGREEMENT || to < minOffset - MAX_DISAGREEMENT) {
    minOffset = from;
    maxOffset = to;
  } else if (from > maxOffset || to < minOffset) {
    // The clocks of two servers differ: the bounds include both.
    minOffset = Math.min(minOffset, from);
    maxOffset = Math.max(maxOffset, to);
  } else {
    minOffset = Math.max(minOffset, from);
    maxOffset = Math.min(maxOffset, to);
  }
}

/** Most probable time on the server, in milliseconds since 1970. */
export function now() {
  return Date.now() + (Number.isFinite(minOffset) ? (minOffset + maxOffset) / 2 : 0);
}

/** Earliest possible time on the server: a time that it has reached, the server has reached. */
export function earliest() {
  return Date.now() + (Number.isFinite(minOffset) ? minOffset : 0);
}

/** Largest possible difference between `now` and the time on the server, in milliseconds. */
export function error() {
  return Number.isFinite(minOffset) ? (maxOffset - minOffset) / 2 : Infinity;
}
