// From the click to the outcome: sending a command until the server has answered, following its
// ticket until it is decided, and showing both.

import {ApiError, call, get, newKey} from './api.js';
import * as clock from './clock.js';
import {clockSpan, exactTime, has, number, price, span, t, time} from './i18n.js';
import {TicketFeed} from './live.js';
import * as store from './store.js';
import {busy, el, notice, say, sure, wordsFor} from './ui.js';

const LONGEST_PAUSE = 10; // seconds between two attempts
const CHECK_HOLD = 5000;
const URGENT = 60_000; // of a hold's last moments
const SPEAK = 5000; // the place in line is not read out more often

const feed = new TicketFeed();

/** Fires `change` when something is sent, accepted or decided. */
export const changes = new EventTarget();

function changed() {
  changes.dispatchEvent(new Event('change'));
}

/** The server has answered, and nothing was queued. */
export class Refused extends Error {}

feed.addEventListener('ticket', ({detail}) => {
  store.keepTicket(detail);
  changed();
});

/** Follows what is undecided. */
export function follow() {
  for (const {ticket} of store.tickets()) {
    if (!store.isFinal(ticket)) {
      feed.watch(ticket.ticketId);
    }
  }
}

/** Goes on where the page was closed: also sends what has no answer yet. */
export function resume() {
  follow();
  for (const attempt of store.attempts()) {
    if (!sending.has(attempt.key)) {
      send(attempt, () => {}).catch(error => {
        if (!(error instanceof Refused)) {
          throw error;
        }
        say(wordsFor(error.cause));
      });
    }
  }
}

export function stop() {
  feed.reset();
}

/**
 * Sends a command; repeats it under the same key until there is an answer.
 * @param trouble told in words why it takes longer
 * @return the ticket
 * @throws Refused with the ApiError as cause
 */
export function begin({method, path, body, about}, trouble) {
  const attempt = {key: newKey(), at: Date.now(), userId: store.session().userId, method, path, body, about};
  store.keepAttempt(attempt);
  return send(attempt, trouble);
}

const sending = new Set();

async function send(attempt, trouble) {
  sending.add(attempt.key);
  changed();
  try {
    for (let pause = 1; ; pause = Math.min(pause * 2, LONGEST_PAUSE)) {
      try {
        const ticket = await call(attempt.method, attempt.path, {body: attempt.body, key: attempt.key});
        store.keepTicket(ticket, attempt.about);
        if (!store.isFinal(ticket)) {
          feed.watch(ticket.ticketId);
        }
        return ticket;
      } catch (error) {
        if (!(error instanceof ApiError)) {
          throw error;
        }
        if (!error.passing || !store.attempts().some(item => item.key === attempt.key)) {
          throw new Refused(error.code, {cause: error});
        }
        trouble(`${wordsFor(error)} ${t('book.repeating')}`);
        await new Promise(resolve => {
          setTimeout(resolve, 1000 * Math.min(error.retryAfter ?? pause, LONGEST_PAUSE));
        });
      }
    }
  } finally {
    sending.delete(attempt.key);
    store.dropAttempt(attempt.key);
    changed();
  }
}

/** A ticket: its place in line, then its outcome. */
export async function one(ticketId) {
  let ticket = store.ticket(ticketId)?.ticket;
  if (!ticket || !store.isFinal(ticket)) {
    ticket = await get(`/api/v1/tickets/${ticketId}`);
    store.keepTicket(ticket);
  }
  if (ticket.eventId && !store.ticket(ticketId)?.eventName) {
    const event = await get(`/api/v1/events/${ticket.eventId}`).catch(() => null);
    if (event) {
      store.keepTicket(ticket, {eventName: event.eventName, eventId: event.eventId});
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
        store.seen(ticketId);
        end();
        const view = outcome(now, eventName);
        end = view.leave ?? end;
        node.replaceChildren(view.node);
        document.title = `${view.title} · Ticketing`;
        if (moved) {
          say(view.title);
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
  feed.addEventListener('line', draw);
  draw();
  return {
    node,
    title: store.isFinal(ticket) ? node.querySelector('h1').textContent : t('waiting.title'),
    leave: () => {
      changes.removeEventListener('change', draw);
      feed.removeEventListener('line', draw);
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
    el('dt', {}, t('ticket.accepted')), el('dd', {}, exactTime(ticket.acceptedAt)),
    ticket.decidedAt && [el('dt', {}, t('ticket.decided')), el('dd', {}, exactTime(ticket.decidedAt))]);
}

function waitingView(ticket, eventName) {
  const place = el('strong', {class: 'place'});
  const words = el('p', {class: 'place-words'});
  const wait = el('p', {class: 'muted'});
  const bar = el('span', {});
  const line = el('p', {class: 'line'});
  let spoken = 0;
  return {
    node: el('div', {class: 'card ticket'},
      el('h1', {tabindex: '-1'}, t(`waiting.${ticket.action}`)),
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
      if (Date.now() - spoken > SPEAK && ahead !== null) {
        spoken = Date.now();
        say(`${t('tray.ahead', {ahead})} ${wait.textContent}`);
      }
    },
  };
}

/** @return what to show of a decided ticket, and what to do next */
function outcome(ticket, eventName) {
  if (ticket.action === 'BOOK' && ticket.status === 'HELD') {
    return held(ticket, eventName);
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

/** A hold with its countdown; once it is over, whatever became of the reservation. */
function held(ticket, eventName) {
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
 * @param over told of the reservation once it is no longer held, by whatever cause
 */
export function holdControls({reservationId, expiresAt, eventName, eventId}, over) {
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
    left.classList.toggle('urgent', millis < URGENT);
    if (millis <= 0) {
      confirm.disabled = true;
    }
  }
  async function look() {
    const reservation = await get(`/api/v1/reservations/${reservationId}`).catch(() => null);
    if (!ended && reservation && reservation.status !== 'HELD') {
      leave();
      say(t(`held.${reservation.status}`));
      over(reservation);
    }
  }
  let ended = false;
  const timer = setInterval(tick, 250);
  const check = setInterval(look, CHECK_HOLD);
  function leave() {
    ended = true;
    clearInterval(timer);
    clearInterval(check);
  }
  tick();
  look();
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
    if (await sure(t('sure.cancel'), t('sure.cancel.words'), words)) {
      command(button, problem, {method: 'DELETE', path: `/api/v1/reservations/${reservationId}`, about});
    }
  }}, words);
  return button;
}

async function command(button, problem, what) {
  problem.replaceChildren();
  try {
    const ticket = await busy(button, () =>
      begin(what, trouble => problem.replaceChildren(notice('warn', trouble))));
    location.hash = `#/tickets/${ticket.ticketId}`;
  } catch (error) {
    if (!(error instanceof Refused)) {
      throw error;
    }
    problem.replaceChildren(notice('bad', wordsFor(error.cause)));
  }
}
