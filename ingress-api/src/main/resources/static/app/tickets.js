// Sends commands until the server answers, follows their tickets until the decision, and shows both.

import {ApiError, call, get, newKey} from './api.js';
import * as clock from './clock.js';
import {clockSpan, exactTime, has, number, price, span, t, time} from './i18n.js';
import {TicketFeed} from './live.js';
import * as store from './store.js';
import {announce, busy, confirmed, el, errorText, notice} from './ui.js';

const MAX_RETRY_DELAY = 10; // s
const HOLD_POLL_INTERVAL = 5000; // ms
const URGENT_HOLD_TIME = 60_000; // ms; shorter remaining times are highlighted
const MIN_ANNOUNCEMENT_INTERVAL = 5000; // ms; for screen readers

const feed = new TicketFeed();

/** Fires `change` when something is sent, accepted or decided. */
export const changes = new EventTarget();

function changed() {
  changes.dispatchEvent(new Event('change'));
}

/** The server answered, and the command is not queued. The cause is an ApiError. */
export class Refused extends Error {}

feed.addEventListener('ticket', ({detail}) => {
  store.saveTicket(detail);
  changed();
});

/** Follows the undecided tickets. */
export function follow() {
  for (const {ticket} of store.tickets()) {
    if (!store.isFinal(ticket)) {
      feed.watch(ticket.ticketId);
    }
  }
}

/** Follows the undecided tickets and sends the unanswered requests again. */
export function resume() {
  follow();
  for (const attempt of store.attempts()) {
    if (!sending.has(attempt.key)) {
      send(attempt, () => {}).catch(error => {
        if (!(error instanceof Refused)) {
          throw error;
        }
        announce(errorText(error.cause));
      });
    }
  }
}

export function stop() {
  feed.reset();
}

/**
 * Sends a command and repeats it with the same idempotency key until the server answers.
 * @param onRetry called with the reason of each retry, as a text
 * @return a promise of the ticket
 * @throws Refused with the ApiError as cause
 */
export function submitCommand({method, path, body, about}, onRetry) {
  const attempt = {key: newKey(), at: Date.now(), userId: store.session().userId, method, path, body, about};
  store.saveAttempt(attempt);
  return send(attempt, onRetry);
}

const sending = new Set();

async function send(attempt, onRetry) {
  sending.add(attempt.key);
  changed();
  try {
    for (let delay = 1; ; delay = Math.min(delay * 2, MAX_RETRY_DELAY)) {
      try {
        const ticket = await call(attempt.method, attempt.path, {body: attempt.body, key: attempt.key});
        store.saveTicket(ticket, attempt.about);
        if (!store.isFinal(ticket)) {
          feed.watch(ticket.ticketId);
        }
        return ticket;
      } catch (error) {
        if (!(error instanceof ApiError)) {
          throw error;
        }
        if (!error.retryable || !store.attempts().some(item => item.key === attempt.key)) {
          throw new Refused(error.code, {cause: error});
        }
        onRetry(`${errorText(error)} ${t('book.repeating')}`);
        await new Promise(resolve => {
          setTimeout(resolve, 1000 * Math.min(error.retryAfter ?? delay, MAX_RETRY_DELAY));
        });
      }
    }
  } finally {
    sending.delete(attempt.key);
    store.removeAttempt(attempt.key);
    changed();
  }
}

/** View of a ticket: its position in the queue, then its decision. */
export async function ticketView(ticketId) {
  let ticket = store.ticket(ticketId)?.ticket;
  if (!ticket || !store.isFinal(ticket)) {
    ticket = await get(`/api/v1/tickets/${ticketId}`);
    store.saveTicket(ticket);
  }
  if (ticket.eventId && !store.ticket(ticketId)?.eventName) {
    const event = await get(`/api/v1/events/${ticket.eventId}`).catch(() => null);
    if (event) {
      store.saveTicket(ticket, {eventName: event.eventName, eventId: event.eventId});
    }
  }
  const eventName = store.ticket(ticketId)?.eventName ?? '';
  const node = el('section', {class: 'narrow'});
  let end = () => {};
  let drawn = null;

  function draw() {
    const now = store.ticket(ticketId)?.ticket ?? ticket;
    if (store.isFinal(now)) {
      if (drawn !== 'final') {
        const moved = drawn !== null;
        drawn = 'final';
        store.markSeen(ticketId);
        end();
        const view = decisionView(now, eventName);
        end = view.leave ?? end;
        node.replaceChildren(view.node);
        document.title = `${view.title} · Ticketing`;
        if (moved) {
          announce(view.title);
          node.querySelector('h1').focus();
        }
      }
    } else {
      if (drawn !== 'waiting') {
        drawn = 'waiting';
        waiting = waitingView(now, eventName);
        node.replaceChildren(waiting.node);
        feed.watch(ticketId);
      }
      waiting.update(now, store.ticket(ticketId)?.first ?? now.position ?? 0);
    }
  }

  let waiting = null;
  changes.addEventListener('change', draw);
  feed.addEventListener('connection', draw);
  draw();
  return {
    node,
    title: store.isFinal(ticket) ? node.querySelector('h1').textContent : t('waiting.title'),
    leave: () => {
      changes.removeEventListener('change', draw);
      feed.removeEventListener('connection', draw);
      end();
    },
  };
}

function summary(ticket, eventName) {
  return el('dl', {class: 'facts'},
    eventName && [el('dt', {}, t('ticket.event')), el('dd', {}, eventName)],
    ticket.seatType && [el('dt', {}, t('ticket.seats')),
      el('dd', {}, t('ticket.seats.value', {type: ticket.seatType, quantity: ticket.quantity}))],
    ticket.totalPrice && [el('dt', {}, t('choice.total')), el('dd', {}, price(ticket.totalPrice))],
    ticket.reservationId && [el('dt', {}, t('ticket.reservation')), el('dd', {}, String(ticket.reservationId))],
    ticket.acceptedAt && [el('dt', {}, t('ticket.accepted')), el('dd', {}, exactTime(ticket.acceptedAt))],
    ticket.decidedAt && [el('dt', {}, t('ticket.decided')), el('dd', {}, exactTime(ticket.decidedAt))]);
}

function waitingView(ticket, eventName) {
  const place = el('strong', {class: 'place'});
  const words = el('p', {class: 'place-words'});
  const wait = el('p', {class: 'muted'});
  const bar = el('span', {});
  const line = el('p', {class: 'line'});
  let announcedAt = 0;
  return {
    node: el('div', {class: 'card ticket'},
      el('h1', {tabindex: '-1'}, t(`waiting.${ticket.action ?? 'BOOK'}`)),
      el('div', {class: 'waiting', role: 'group', 'aria-label': t('waiting.title')},
        place, words, el('div', {class: 'meter big', 'aria-hidden': 'true'}, bar), wait),
      line,
      el('p', {class: 'hint'}, t('waiting.leave')),
      el('hr', {}),
      summary(ticket, eventName)),
    update(now, first) {
      const ahead = now.position ?? null;
      place.textContent = ahead === null ? '…' : number(ahead);
      words.textContent = ahead === 0 ? t('waiting.next') : t('waiting.ahead');
      wait.textContent = now.estimatedWaitSeconds ? t('waiting.estimate', {span: span(now.estimatedWaitSeconds)}) : t('waiting.soon');
      bar.style.width = `${ahead === null || first === 0 ? 100 : Math.max(4, 100 * (1 - ahead / (first + 1)))}%`;
      line.className = feed.live ? 'line live' : 'line';
      line.textContent = feed.live ? t('line.live') : t('line.polling');
      if (Date.now() - announcedAt > MIN_ANNOUNCEMENT_INTERVAL && ahead !== null) {
        announcedAt = Date.now();
        announce(`${t('tray.ahead', {ahead})} ${wait.textContent}`);
      }
    },
  };
}

/** View of a decided ticket. */
function decisionView(ticket, eventName) {
  if (ticket.action === 'BOOK' && ticket.status === 'HELD') {
    return holdView(ticket, eventName);
  }
  if (ticket.status === 'REJECTED') {
    const key = has(`reason.${ticket.reason}`) ? ticket.reason : 'GAVE_UP';
    return panel('bad', '!', t(`rejected.${ticket.action}`), ticket, eventName, t(`reason.${key}`),
      ticket.action === 'BOOK'
        ? [el('a', {class: 'button primary', href: `#/events/${ticket.eventId}`}, t('outcome.back')),
          el('a', {class: 'button', href: '#/'}, t('outcome.events'))]
        : [el('a', {class: 'button primary', href: '#/reservations'}, t('nav.reservations')),
          el('a', {class: 'button', href: '#/'}, t('outcome.events'))]);
  }
  return panel(ticket.action === 'CANCEL' ? 'info' : 'good', '✓', t(`outcome.${ticket.action}.done`), ticket, eventName,
    t(`outcome.${ticket.action}.done.next`), [
    el('a', {class: 'button primary', href: '#/reservations'}, t('nav.reservations')),
    el('a', {class: 'button', href: '#/'}, t('outcome.events'))]);
}

function panel(kind, mark, title, ticket, eventName, words, buttons) {
  return {
    title,
    node: el('div', {class: 'card ticket', 'data-outcome': `${ticket.action}-${ticket.status}`},
      el('div', {class: `mark ${kind}`, 'aria-hidden': 'true'}, mark),
      el('h1', {tabindex: '-1'}, title),
      el('p', {class: 'lead'}, words),
      el('div', {class: 'buttons'}, buttons),
      el('hr', {}),
      summary(ticket, eventName)),
  };
}

/** View of a hold with its countdown; after its end, view of the reservation. */
function holdView(ticket, eventName) {
  const controls = holdControls({
    reservationId: ticket.reservationId, expiresAt: ticket.expiresAt, eventName, eventId: ticket.eventId,
  }, reservation => {
    view.node.replaceChildren(
      el('div', {class: 'mark', 'aria-hidden': 'true'}, reservation.status === 'CONFIRMED' ? '✓' : '!'),
      el('h1', {tabindex: '-1'}, t(`held.${reservation.status}`)),
      el('p', {class: 'lead'}, t(`held.${reservation.status}.next`)),
      el('div', {class: 'buttons'},
        reservation.status === 'CONFIRMED'
          ? el('a', {class: 'button primary', href: '#/reservations'}, t('nav.reservations'))
          : el('a', {class: 'button primary', href: `#/events/${ticket.eventId}`}, t('outcome.back')),
        el('a', {class: 'button', href: '#/'}, t('outcome.events'))),
      el('hr', {}), summary(ticket, eventName));
  });
  const view = panel('info', '◷', t('outcome.held'), ticket, eventName,
    t('outcome.held.next', {time: time(ticket.expiresAt)}), controls.node);
  return {...view, leave: controls.leave};
}

/**
 * Countdown, confirm and cancel of a held reservation.
 * @param onEnd called with the reservation when it is no longer held
 */
export function holdControls({reservationId, expiresAt, eventName, eventId}, onEnd) {
  const left = el('strong', {class: 'left', role: 'timer', 'aria-live': 'off'});
  const problem = el('div', {'aria-live': 'assertive'});
  const about = {eventName, eventId};
  const confirm = el('button', {class: 'button primary', type: 'button', onclick: () =>
    command(confirm, problem, {method: 'POST', path: `/api/v1/reservations/${reservationId}/confirmation`, about})},
  t('hold.confirm'));
  const end = Date.parse(expiresAt);
  function tick() {
    const millis = end - clock.now();
    left.textContent = clockSpan(millis);
    left.classList.toggle('urgent', millis < URGENT_HOLD_TIME);
    if (millis <= 0) {
      confirm.disabled = true;
    }
  }
  async function poll() {
    const reservation = await get(`/api/v1/reservations/${reservationId}`).catch(() => null);
    if (!ended && reservation && reservation.status !== 'HELD') {
      leave();
      announce(t(`held.${reservation.status}`));
      onEnd(reservation);
    }
  }
  let ended = false;
  const timer = setInterval(tick, 250);
  const check = setInterval(poll, HOLD_POLL_INTERVAL);
  function leave() {
    ended = true;
    clearInterval(timer);
    clearInterval(check);
  }
  tick();
  poll();
  return {
    node: el('div', {class: 'hold'},
      el('p', {class: 'hold-left'}, `${t('hold.left')} `, left),
      problem,
      el('div', {class: 'buttons'}, confirm, cancelButton({reservationId, about, problem, held: true}))),
    leave,
  };
}

export function cancelButton({reservationId, about, problem, held}) {
  const words = t(held ? 'hold.release' : 'reservation.cancel');
  const button = el('button', {class: 'button', type: 'button', onclick: async () => {
    if (await confirmed(t('sure.cancel'), t('sure.cancel.words'), words)) {
      command(button, problem, {method: 'DELETE', path: `/api/v1/reservations/${reservationId}`, about});
    }
  }}, words);
  return button;
}

async function command(button, problem, request) {
  problem.replaceChildren();
  try {
    const ticket = await busy(button, () =>
      submitCommand(request, reason => problem.replaceChildren(notice('warn', reason))));
    location.hash = `#/tickets/${ticket.ticketId}`;
  } catch (error) {
    if (!(error instanceof Refused)) {
      throw error;
    }
    problem.replaceChildren(notice('bad', errorText(error.cause)));
  }
}
