// View of a ticket: its place in the queue, then its decision.

import {get, orNull} from './api.js';
import {keepButtons} from './calendar.js';
import {choiceOf} from './choice.js';
import {changes, feed} from './commands.js';
import {venue} from './eventparts.js';
import {holdControls} from './hold.js';
import {exactTime, has, price, shortDateTime, t, time} from './i18n.js';
import {seatNameList} from './seatnames.js';
import * as store from './store.js';
import {announce, el} from './ui.js';
import {waitingView} from './waiting.js';

/** Reasons after which the event cannot be booked, so that the view offers other events. */
const LOST_EVENTS = new Set(['EVENT_NOT_FOUND', 'EVENT_CANCELLED', 'SALE_CLOSED']);

async function readTicket(ticketId) {
  const known = store.ticket(ticketId)?.ticket;
  // A command that was given up may be decided later.
  if (known && store.isFinal(known) && known.reason !== 'GAVE_UP') {
    return known;
  }
  const ticket = await get(`/api/v1/tickets/${ticketId}`);
  store.saveTicket(ticket);
  return store.ticket(ticketId)?.ticket ?? ticket;
}

export async function ticketView(ticketId) {
  const ticket = await readTicket(ticketId);
  const event = ticket.eventId ? await orNull(get(`/api/v1/events/${ticket.eventId}`)) : null;
  if (event && !store.ticket(ticketId)?.eventName) {
    store.saveTicket(ticket, {eventName: event.eventName, eventId: event.eventId});
  }
  const eventName = event?.eventName ?? store.ticket(ticketId)?.eventName ?? '';
  // Seats that were booked may be cancelled since.
  const reservation = store.isFinal(ticket) && ticket.reservationId
    ? await orNull(get(`/api/v1/reservations/${ticket.reservationId}`)) : null;
  const node = el('section', {class: 'narrow'});
  let leavePart = () => {};
  let waiting = null;
  let title = t('waiting.title');
  let drawn = null; // 'waiting', 'left' or 'final'

  function drawDecision(now) {
    const decidedHere = drawn !== null;
    drawn = decisionKind(now);
    store.markSeen(ticketId);
    leavePart();
    const view = decisionView(now, {event, eventName, reservation});
    leavePart = view.leave ?? (() => {});
    node.replaceChildren(view.node);
    title = view.title;
    if (decidedHere) {
      document.title = `${title} · Ticketing`;
      announce(title);
      node.querySelector('h1').focus();
    }
  }

  function drawWaiting(now) {
    if (drawn === null) {
      waiting = waitingView(now, event, summary(now, event, eventName));
      leavePart = waiting.leave;
      node.replaceChildren(waiting.node);
      feed.watch(ticketId);
    }
    waiting.update(now, store.ticket(ticketId)?.first ?? now.position ?? 0);
    title = waiting.title();
    if (drawn !== null) {
      document.title = `${title} · Ticketing`;
    }
    drawn = 'waiting';
  }

  function draw() {
    const now = store.ticket(ticketId)?.ticket ?? ticket;
    if (!store.isFinal(now)) {
      drawWaiting(now);
    } else if (drawn !== decisionKind(now)) {
      drawDecision(now);
    }
  }

  changes.addEventListener('change', draw);
  feed.addEventListener('connection', draw);
  draw();
  return {
    node,
    get title() {
      return title;
    },
    leave: () => {
      changes.removeEventListener('change', draw);
      feed.removeEventListener('connection', draw);
      leavePart();
    },
  };
}

function summary(ticket, event, eventName) {
  return el('dl', {class: 'facts'},
    eventName && [el('dt', {}, t('ticket.event')), el('dd', {}, eventName)],
    event && [el('dt', {}, t('event.when')), el('dd', {}, shortDateTime(event.eventDate, event.timeZone))],
    event && venue(event) && [el('dt', {}, t('event.where')), el('dd', {}, venue(event))],
    ticket.seatType && [el('dt', {}, t('ticket.seats')),
      el('dd', {}, t('ticket.seats.value', {type: ticket.seatType, quantity: ticket.quantity}))],
    ticket.seats && [el('dt', {}, t('ticket.numbers')), el('dd', {}, seatNameList(event, ticket.seats))],
    ticket.totalPrice && [el('dt', {}, t('choice.total')), el('dd', {}, price(ticket.totalPrice))],
    ticket.reservationId && [el('dt', {}, t('ticket.reservation')), el('dd', {}, String(ticket.reservationId))],
    ticket.acceptedAt && [el('dt', {}, t('ticket.accepted')), el('dd', {}, exactTime(ticket.acceptedAt))],
    ticket.decidedAt && [el('dt', {}, t('ticket.decided')), el('dd', {}, exactTime(ticket.decidedAt))]);
}

const toReservations = kind => el('a', {class: `button ${kind}`, href: '/reservations'}, t('nav.reservations'));
const toPass = id => el('a', {class: 'button primary', href: `/reservations/${id}/pass`}, t('pass.show'));
const toEvents = kind => el('a', {class: `button ${kind}`, href: '/'}, t('outcome.events'));
/** Returns to the seats: the page of the event offers the next best ones. */
const toSeats = ticket => el('a', {class: 'button primary', href: `/events/${ticket.eventId}`, onclick: () => {
  const {seats = []} = store.ticket(ticket.ticketId) ?? {};
  Object.assign(choiceOf(ticket.eventId), {seatType: ticket.seatType, quantity: ticket.quantity, seats});
}}, t('outcome.seats'));
const toEvent = ticket => el('a', {class: 'button primary', href: `/events/${ticket.eventId}`}, t('outcome.back'));

/** True unless the user stayed in the line or the server refused the cancellation. */
const isLeaving = ({ticketId}) => ['LEFT', 'CANCELLED'].includes(store.ticket(ticketId)?.left);

/** The view changes if the server refuses the cancellation. */
const decisionKind = ticket => (isLeaving(ticket) ? 'left' : 'final');

/** View of a decided ticket. */
function decisionView(ticket, about) {
  if (ticket.status === 'REJECTED') {
    return rejectionView(ticket, about);
  }
  if (ticket.action === 'BOOK' && isLeaving(ticket) && about.reservation?.status !== 'CANCELLED') {
    return panel('info', '!', t('outcome.left'), ticket, about, t('outcome.left.next'), [toReservations('primary'), toEvents('')]);
  }
  if (ticket.action !== 'CANCEL' && about.reservation?.status === 'CANCELLED') {
    return panel('info', '!', t('outcome.gone'), ticket, about, t('outcome.gone.next'), [toReservations('primary'), toEvents('')]);
  }
  if (ticket.action !== 'CANCEL' && about.event?.status === 'CANCELLED' && ticket.status === 'CONFIRMED') {
    return panel('bad', '!', t('outcome.eventCancelled'), ticket, about, t('outcome.eventCancelled.next'),
      [toReservations('primary'), toEvents('')]);
  }
  if (ticket.action === 'BOOK' && ticket.status === 'HELD') {
    return holdView(ticket, about);
  }
  const keep = ticket.status === 'CONFIRMED' && about.event && keepButtons(about.event, ticket.reservationId,
    t('ticket.seats.value', {type: ticket.seatType, quantity: ticket.quantity}) + (ticket.seats ? `: ${ticket.seats.join(', ')}` : ''));
  return panel(ticket.action === 'CANCEL' || ticket.action === 'LEAVE' ? 'info' : 'good', '✓', t(`outcome.${ticket.action}.done`), ticket, about,
    t(`outcome.${ticket.action}.done.next`),
    ticket.status === 'CONFIRMED' && ticket.reservationId
      ? [toPass(ticket.reservationId), toReservations(''), toEvents('')] : [toReservations('primary'), toEvents('')], keep);
}

function rejectionView(ticket, about) {
  const {event} = about;
  const reason = has(`reason.${ticket.reason}`) ? ticket.reason : 'GAVE_UP';
  const type = event?.seatTypes.find(each => each.seatType === ticket.seatType);
  const words = [t(`reason.${reason}`, {limit: event?.maxSeatsPerUser ?? '…'})];
  if (reason === 'SOLD_OUT' && event) {
    // The advice follows from the seats that are left now.
    words.push(event.availableSeats === 0 ? t('advice.soldOut')
      : type?.availableSeats > 0 ? t('advice.fewer', {left: type.availableSeats}) : t('advice.otherType'));
  }
  const buttons = (ticket.action !== 'BOOK' && ticket.action !== 'JOIN') || reason === 'GAVE_UP' || reason === 'LIMIT_EXCEEDED'
    ? [toReservations('primary'), toEvents('')]
    : reason === 'SEATS_TAKEN' ? [toSeats(ticket), toEvents('')]
    : LOST_EVENTS.has(reason) || event?.status === 'CANCELLED' ? [toEvents('primary')] : [toEvent(ticket), toEvents('')];
  return panel('bad', '!', t(`rejected.${ticket.action}`), ticket, about, words, buttons);
}

function panel(kind, mark, title, ticket, {event, eventName}, words, buttons, more = null) {
  return {
    title,
    node: el('div', {class: 'card ticket', 'data-outcome': `${ticket.action}-${ticket.status}`},
      el('div', {class: `mark ${kind}`, 'aria-hidden': 'true'}, mark),
      el('h1', {tabindex: '-1'}, title),
      [words].flat().map(each => el('p', {class: 'lead'}, each)),
      el('div', {class: 'buttons'}, buttons),
      el('hr', {}),
      summary(ticket, event, eventName), more),
  };
}

/** View of a hold with its countdown; after its end, view of the reservation. */
function holdView(ticket, about) {
  const {event, eventName} = about;
  const controls = holdControls({
    reservationId: ticket.reservationId, expiresAt: ticket.expiresAt, eventName, eventId: ticket.eventId, event,
  }, reservation => {
    const cancelled = reservation.status === 'CONFIRMED' && event?.status === 'CANCELLED';
    view.node.replaceChildren(
      el('div', {class: 'mark', 'aria-hidden': 'true'}, reservation.status === 'CONFIRMED' && !cancelled ? '✓' : '!'),
      el('h1', {tabindex: '-1'}, cancelled ? t('outcome.eventCancelled') : t(`held.${reservation.status}`)),
      el('p', {class: 'lead'}, cancelled ? t('outcome.eventCancelled.next') : t(`held.${reservation.status}.next`)),
      el('div', {class: 'buttons'},
        reservation.status === 'CONFIRMED' ? toPass(ticket.reservationId) : toEvent(ticket), toEvents('')),
      el('hr', {}), summary(ticket, event, eventName));
  });
  const view = panel('info', '◷', t('outcome.held'), ticket, about,
    t('outcome.held.next', {time: time(ticket.expiresAt)}), controls.node);
  return {...view, leave: controls.leave};
}
