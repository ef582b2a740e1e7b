// State of the sale of an event, and the parts of a view that show it.

import * as clock from './clock.js';
import {number, ownTime, shortDateTime, t} from './i18n.js';
import {el} from './ui.js';

const SCARCE_SHARE = 0.1; // share of all seats

/** CANCELLED, CLOSED, NOT_OPEN, PAUSED, SOLD_OUT, SCARCE or ON_SALE. */
export function stateOf(event) {
  const now = clock.now();
  if (event.status === 'CANCELLED') {
    return 'CANCELLED';
  }
  if (now >= Date.parse(event.eventDate) || (event.saleClosesAt && now >= Date.parse(event.saleClosesAt))) {
    return 'CLOSED';
  }
  // Not `now`: the server rejects a booking that arrives early.
  if (event.saleOpensAt && clock.earliest() < Date.parse(event.saleOpensAt)) {
    return 'NOT_OPEN';
  }
  if (event.status === 'PAUSED') {
    return 'PAUSED';
  }
  if (event.availableSeats === 0) {
    return 'SOLD_OUT';
  }
  return event.availableSeats < event.totalSeats * SCARCE_SHARE ? 'SCARCE' : 'ON_SALE';
}

/** As stateOf, but PAUSED also before the opening. */
export function operatorStateOf(event) {
  const state = stateOf(event);
  return state === 'NOT_OPEN' && event.status === 'PAUSED' ? 'PAUSED' : state;
}

export const isOpen = state => state === 'ON_SALE' || state === 'SCARCE';

/** Kinds of the notices and chips of each state. */
export const KINDS = {
  CANCELLED: 'bad', CLOSED: '', NOT_OPEN: 'info', PAUSED: 'warn', SOLD_OUT: 'bad', SCARCE: 'warn', ON_SALE: 'good',
};

export function chip(event, state = stateOf(event)) {
  return el('span', {class: `chip ${KINDS[state]}`}, t(`state.${state}`));
}

export function venue(event) {
  return [event.venueName, event.venueAddress].filter(Boolean).join(', ');
}

function meter(event) {
  const bar = el('span', {});
  bar.style.width = `${100 * event.availableSeats / event.totalSeats}%`;
  return el('div', {class: 'meter', 'aria-hidden': 'true'}, bar);
}

/** Paragraphs of a time in the zone of the venue and, if it differs, in that of the browser. */
export function bothTimes(words, instant, timeZone) {
  const own = ownTime(instant, timeZone);
  return [el('p', {class: 'muted'}, words), own && el('p', {class: 'muted'}, own)];
}

/** Text and meter of the available seats, or the reason why there is no sale. */
export function availability(event) {
  const state = stateOf(event);
  if (state === 'NOT_OPEN') {
    return el('div', {}, bothTimes(
      t('sale.opens', {time: shortDateTime(event.saleOpensAt, event.timeZone)}), event.saleOpensAt, event.timeZone));
  }
  if (state === 'CANCELLED' || state === 'CLOSED') {
    return el('p', {class: 'muted'}, t(`state.${state}.words`));
  }
  return el('div', {class: 'availability'}, meter(event), el('p', {class: 'muted'},
    t('seats.left', {left: number(event.availableSeats), total: number(event.totalSeats)})));
}
