// Countdown, confirm and release of a held reservation, and the button that cancels a reservation.

import {get, orNull} from './api.js';
import {Refused, submitCommand} from './commands.js';
import * as clock from './clock.js';
import {clockSpan, t} from './i18n.js';
import {go} from './router.js';
import * as store from './store.js';
import {announce, busy, confirmed, el, errorText, notice} from './ui.js';

const POLL_INTERVAL = 5000; // ms
const URGENT_TIME = 60_000; // ms; shorter remaining times are highlighted

/**
 * Countdown, confirm and release of a hold.
 * @param event current data of the event, or null
 * @param offer true for an offer to a waiting party
 * @param onEnd called with the reservation when it is no longer held
 */
export function holdControls({reservationId, expiresAt, eventName, eventId, event = null, offer = false}, onEnd) {
  const left = el('strong', {class: 'left', role: 'timer', 'aria-live': 'off'});
  const problem = el('div', {'aria-live': 'assertive'});
  const about = {eventName, eventId};
  const cancelled = event?.status === 'CANCELLED';
  const confirm = el('button', {class: 'button primary', type: 'button', disabled: cancelled, onclick: () =>
    command(confirm, problem, {method: 'POST', path: `/api/v1/reservations/${reservationId}/confirmation`, about})},
  t(offer ? 'offer.accept' : 'hold.confirm'));
  const end = Date.parse(expiresAt);
  let ended = false;

  function tick() {
    const millis = end - clock.now();
    left.textContent = clockSpan(millis);
    left.classList.toggle('urgent', millis < URGENT_TIME);
    if (millis <= 0) {
      confirm.disabled = true;
    }
  }

  async function poll() {
    const reservation = await orNull(get(`/api/v1/reservations/${reservationId}`));
    if (!ended && reservation && reservation.status !== 'HELD') {
      leave();
      store.removeHold(reservationId);
      announce(t(`held.${reservation.status}`));
      onEnd(reservation);
    }
  }

  const timer = setInterval(tick, 250);
  const check = setInterval(poll, POLL_INTERVAL);
  function leave() {
    ended = true;
    clearInterval(timer);
    clearInterval(check);
  }
  tick();
  poll();
  return {
    node: el('div', {class: 'hold'},
      cancelled && notice('bad', t('hold.cancelled')),
      el('p', {class: 'hold-left'}, `${t(offer ? 'offer.left' : 'hold.left')} `, left),
      problem,
      el('div', {class: 'buttons'}, confirm, cancelButton({reservationId, about, problem, held: true, offer}))),
    leave,
  };
}

export function cancelButton({reservationId, about, problem, held, offer = false}) {
  const words = t(offer ? 'offer.decline' : held ? 'hold.release' : 'reservation.cancel');
  const button = el('button', {class: 'button danger', type: 'button', onclick: async () => {
    if (await confirmed(t('sure.cancel'), t('sure.cancel.words'), words, t('sure.keep'))) {
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
    // The user may have opened another view.
    if (button.isConnected) {
      go(`/tickets/${ticket.ticketId}`);
    }
  } catch (error) {
    if (!(error instanceof Refused)) {
      throw error;
    }
    problem.replaceChildren(notice('bad', errorText(error.cause)));
  }
}
