// Sends commands until the server answers, and follows their tickets until the decision.

import {ApiError, call, get, newKey, signedOut} from './api.js';
import * as clock from './clock.js';
import {t} from './i18n.js';
import {TicketFeed} from './live.js';
import * as store from './store.js';
import {announce, errorText} from './ui.js';

const MAX_RETRY_DELAY = 10; // s
const MAX_OPENING_DELAY = 60; // s; a later opening is shown, not awaited
const MIN_OPENING_DELAY = 200; // ms
const OPENING_SPREAD = 300; // ms; random, so that the pages do not repeat at the same moment

export const feed = new TicketFeed();

/** Fires `change` when something is sent, accepted or decided. */
export const changes = new EventTarget();

export function changed() {
  changes.dispatchEvent(new Event('change'));
}

/** The server answered, and the command is not queued. The cause is an ApiError. */
export class Refused extends Error {}

feed.addEventListener('ticket', ({detail}) => {
  store.saveTicket(detail);
  cancelLeft();
  changed();
});
feed.addEventListener('missing', ({detail}) => {
  store.removeTicket(detail.ticketId);
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

/** Reads the undecided tickets of the user, on all devices, and follows them. */
export async function followAll() {
  const {content} = await get('/api/v1/users/me/tickets');
  content.forEach(ticket => store.saveTicket(ticket));
  follow();
  changed();
}

/** Follows the undecided tickets and sends the unanswered requests again. */
export function resume() {
  follow();
  cancelLeft();
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
 * @param key idempotency key
 * @param onRetry called with the reason of each retry, as a text
 * @return a promise of the ticket
 * @throws Refused with the ApiError as cause
 */
export async function submitCommand({method, path, body, about, key = newKey()}, onRetry) {
  const session = store.session();
  if (!session) {
    signedOut.dispatchEvent(new Event('signed-out'));
    throw new Refused('UNAUTHENTICATED', {cause: new ApiError(401, 'UNAUTHENTICATED')});
  }
  const attempt = {key, at: Date.now(), userId: session.userId, method, path, body, about};
  store.saveAttempt(attempt);
  return send(attempt, onRetry);
}

const sending = new Set();

/**
 * Cancels the seats of bookings whose user left the line. All pages of the user send the same
 * idempotency key, so the cancellation takes effect once.
 */
function cancelLeft() {
  for (const {ticket, left, eventName, eventId} of store.tickets()) {
    const key = `leave-${ticket.ticketId}`;
    const hasSeats = ticket.reservationId && (ticket.status === 'CONFIRMED' || ticket.status === 'HELD');
    if (left === 'LEFT' && hasSeats && !sending.has(key)) {
      submitCommand({method: 'DELETE', path: `/api/v1/reservations/${ticket.reservationId}`, about: {eventName, eventId}, key}, () => {})
        .then(() => store.markLeft(ticket.ticketId, 'CANCELLED'))
        .catch(error => {
          if (!(error instanceof Refused)) {
            throw error;
          }
          if (!error.cause.retryable && error.cause.status !== 401) {
            store.markLeft(ticket.ticketId, 'REFUSED'); // the next frame does not repeat it
            changed();
          }
          announce(errorText(error.cause));
        });
    }
  }
}

/** Milliseconds until the request may succeed; null if a repetition cannot help. */
function retryDelay(error, delay) {
  if (error.retryable) {
    return 1000 * Math.min(error.retryAfter ?? delay, MAX_RETRY_DELAY);
  }
  if (error.code !== 'SALE_NOT_OPEN' || error.retryAfter === null || error.retryAfter > MAX_OPENING_DELAY || !error.opensAt) {
    return null;
  }
  const left = Date.parse(error.opensAt) - clock.earliest();
  const wanted = left > 0 ? left : Math.min(error.retryAfter, 1) * 1000;
  return Math.max(MIN_OPENING_DELAY, wanted) + OPENING_SPREAD * Math.random();
}

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
        const millis = retryDelay(error, delay);
        if (millis === null || !store.attempts().some(item => item.key === attempt.key)) {
          throw new Refused(error.code, {cause: error});
        }
        onRetry(`${error.code === 'SALE_NOT_OPEN' ? t('book.opening') : errorText(error)} ${t('book.repeating')}`);
        await new Promise(resolve => {
          setTimeout(resolve, millis);
        });
      }
    }
  } finally {
    sending.delete(attempt.key);
    store.removeAttempt(attempt.key);
    changed();
  }
}
