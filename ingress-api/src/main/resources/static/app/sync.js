// Reads the tickets and holds of the user from the server: at the start, when the page becomes
// visible, and at an interval.

import {ApiError} from './api.js';
import {changes, followAll} from './commands.js';
import {refreshHolds} from './holds.js';
import * as clock from './clock.js';
import * as store from './store.js';

const INTERVAL = 180_000; // ms
const MIN_DISTANCE = 5_000; // ms between two reads
const END_DELAY = 2_000; // ms after the end of a hold

let timer = 0;
let readAt = 0;

/** Reads now. Failures are repeated at the next interval. */
export async function sync() {
  clearTimeout(timer);
  if (store.session()) {
    readAt = Date.now();
    const results = await Promise.allSettled([followAll(), refreshHolds()]);
    for (const {reason} of results) {
      if (reason && !(reason instanceof ApiError)) {
        throw reason;
      }
    }
  }
  schedule();
}

/** The next read is at the end of the first hold, at the latest after the interval. */
function schedule() {
  clearTimeout(timer);
  const ends = store.holds().filter(hold => !hold.ended)
    .map(hold => Date.parse(hold.expiresAt) + END_DELAY - clock.now());
  const delay = Math.max(MIN_DISTANCE, Math.min(INTERVAL, ...ends));
  timer = setTimeout(() => (document.visibilityState === 'visible' ? sync() : schedule()),
    delay * (1 + Math.random() / 10));
}

export function startSync() {
  document.addEventListener('visibilitychange', () => {
    if (document.visibilityState === 'visible' && Date.now() - readAt > MIN_DISTANCE) {
      sync();
    }
  });
  changes.addEventListener('change', () => {
    // A booking that became a hold is read soon.
    const held = store.tickets().some(({ticket}) => ticket.status === 'HELD'
      && Date.parse(ticket.expiresAt) > clock.now()
      && !store.holds().some(hold => hold.reservationId === ticket.reservationId));
    if (held && Date.now() - readAt > MIN_DISTANCE) {
      sync();
    }
  });
  sync();
}
