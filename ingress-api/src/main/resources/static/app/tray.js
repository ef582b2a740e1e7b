// Bar above the view: requests that are undecided or decided and not seen yet, and holds.

import * as clock from './clock.js';
import {changed} from './commands.js';
import {number, t, time} from './i18n.js';
import * as router from './router.js';
import * as store from './store.js';
import {el} from './ui.js';

const MAX_TICKETS = 3;
const MAX_HOLDS = 3;

function ticketItem({ticket, eventName}) {
  const words = store.isFinal(ticket)
    ? t('tray.decided')
    : ticket.position > 0 ? t('tray.ahead', {ahead: number(ticket.position)}) : t('tray.next');
  return el('a', {class: 'tray-item', href: `/tickets/${ticket.ticketId}`},
    el('span', {class: store.isFinal(ticket) ? 'dot good' : 'dot pulse', 'aria-hidden': 'true'}),
    el('strong', {}, eventName ?? t('ticket.title')), el('span', {}, words));
}

const nameOf = hold => hold.eventName ?? t('ticket.event.number', {id: String(hold.eventId)});

function holdItem(hold) {
  return el('a', {class: 'tray-item', href: '/reservations'},
    el('span', {class: 'dot', 'aria-hidden': 'true'}), el('strong', {}, nameOf(hold)),
    el('span', {}, t(hold.offer ? 'tray.offer' : 'tray.held', {time: time(hold.expiresAt)})));
}

/** Message of a hold that ended unconfirmed, until the user closes it. */
function endedItem(hold) {
  return el('div', {class: 'tray-item ended', role: 'alert'},
    el('strong', {}, nameOf(hold)), el('span', {}, t('tray.expired')),
    el('a', {href: `/events/${hold.eventId}`}, t('outcome.back')),
    el('button', {class: 'quiet', type: 'button', onclick: () => {
      store.removeHold(hold.reservationId);
      changed();
    }}, t('admin.close')));
}

let drawn = '';

export function drawTray() {
  const here = router.address();
  const holds = store.holds();
  const shownTicket = store.tickets().find(({ticket}) => here === `tickets/${ticket.ticketId}`)?.ticket;
  const tickets = store.tickets()
    .filter(({ticket, seen}) => !seen && here !== `tickets/${ticket.ticketId}`
      && !(ticket.status === 'HELD' && holds.some(hold => hold.reservationId === ticket.reservationId)))
    .slice(0, MAX_TICKETS);
  const running = here === 'reservations' ? [] : holds
    .filter(hold => !hold.ended && Date.parse(hold.expiresAt) > clock.now()
      && hold.reservationId !== shownTicket?.reservationId)
    .slice(0, MAX_HOLDS);
  const ended = holds.filter(hold => hold.ended).slice(0, MAX_HOLDS);
  const sending = store.attempts().length > 0;
  // An unchanged bar is not replaced, so that a focused link keeps the focus.
  const now = JSON.stringify([document.documentElement.lang, tickets, running, ended, sending]);
  if (now === drawn) {
    return;
  }
  drawn = now;
  const items = [
    ...ended.map(endedItem),
    ...(sending ? [el('p', {class: 'tray-item', role: 'status'},
      el('span', {class: 'spinner', 'aria-hidden': 'true'}), t('tray.sending'))] : []),
    ...running.map(holdItem),
    ...tickets.map(ticketItem),
  ];
  document.getElementById('tray').replaceChildren(
    ...(items.length > 0 ? [el('section', {class: 'tray', 'aria-label': t('tray.label')}, items)] : []));
}
