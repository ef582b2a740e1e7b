// Holds of the user on all devices: read from the server, with a message when one has ended.

import {ApiError, get} from './api.js';
import {changed} from './commands.js';
import * as store from './store.js';

const MAX_HOLDS = 20; // shown

/** Reads the running holds. Known holds that are no longer running are looked up. */
export async function refreshHolds() {
  const {content} = await get(`/api/v1/users/me/reservations?status=HELD&size=${MAX_HOLDS}`);
  const running = content.map(({reservationId, eventId, expiresAt, offer, event}) =>
    ({reservationId, eventId, expiresAt, offer, eventName: event?.eventName}));
  const ended = store.holds().filter(hold =>
    !hold.ended && !running.some(each => each.reservationId === hold.reservationId));
  store.saveHolds(running);
  for (const hold of ended) {
    await lookUp(hold);
  }
  changed();
}

async function lookUp(hold) {
  try {
    const reservation = await get(`/api/v1/reservations/${hold.reservationId}`);
    if (reservation.status === 'HELD') {
      return;
    }
    if (reservation.status === 'EXPIRED' && !hold.seen) {
      store.saveHold({...hold, ended: true});
    } else {
      store.removeHold(hold.reservationId);
    }
  } catch (error) {
    if (!(error instanceof ApiError)) {
      throw error;
    }
    if (error.status === 404) {
      store.removeHold(hold.reservationId);
    }
  }
}
