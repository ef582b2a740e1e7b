// Entry pass of a confirmed reservation: a QR code that the check-in verifies.

import {ApiError, get, orNull} from './api.js';
import {SEPARATOR, venue} from './eventparts.js';
import {shortDateTime, t} from './i18n.js';
import {seatNameList} from './seatnames.js';
import {keepButtons} from './calendar.js';
import {el, notice, svg} from './ui.js';

const MARGIN = 4; // modules, as the standard requires
const MODULE = 4; // pixels; a fraction would distort the modules

function qrCode({size, path}) {
  const side = size + 2 * MARGIN;
  return svg('svg', {
    'class': 'qr', 'viewBox': `${-MARGIN} ${-MARGIN} ${side} ${side}`, 'width': side * MODULE, 'height': side * MODULE, 'role': 'img',
    'aria-label': t('pass.code'), 'shape-rendering': 'crispEdges',
  },
  svg('rect', {x: -MARGIN, y: -MARGIN, width: side, height: side, fill: '#fff'}), svg('path', {d: path, fill: '#000'}));
}

/** The code, or a message that the reservation has none. @throws ApiError without an answer about it */
async function codeOf(reservationId) {
  try {
    const {qrCode: code} = await get(`/api/v1/reservations/${reservationId}/entry-pass`);
    return [qrCode(code), el('p', {class: 'hint'}, t('pass.words'))];
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 404) {
      throw error;
    }
    return [notice('info', t('pass.none'))];
  }
}

/** View of the pass of a reservation. @throws ApiError if the user has no such reservation */
export async function passView(reservationId) {
  const reservation = await get(`/api/v1/reservations/${reservationId}`);
  const [event, code] = await Promise.all([
    orNull(get(`/api/v1/events/${reservation.eventId}`)), codeOf(reservationId)]);
  const {seatType, quantity, seats} = reservation;
  const words = t('ticket.seats.value', {type: seatType, quantity});
  return {
    title: t('pass.title'),
    node: el('section', {class: 'narrow'},
      el('p', {class: 'back'}, el('a', {href: '/reservations'}, `← ${t('nav.reservations')}`)),
      el('div', {class: 'card ticket pass'},
        el('h1', {tabindex: '-1'}, event?.eventName ?? t('pass.title')),
        event && el('p', {class: 'lead'}, [shortDateTime(event.eventDate, event.timeZone), venue(event)].filter(Boolean).join(SEPARATOR)),
        code,
        el('dl', {class: 'facts'},
          el('dt', {}, t('ticket.seats')), el('dd', {}, words, seats && seatNameList(event, seats)),
          el('dt', {}, t('ticket.reservation')), el('dd', {}, String(reservationId))),
        event && keepButtons(event, reservationId, words + (seats ? `: ${seats.join(', ')}` : '')))),
  };
}
