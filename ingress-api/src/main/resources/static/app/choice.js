// Form that chooses seats of an event and books them.

import {number, price, span, t} from './i18n.js';
import {go} from './router.js';
import * as store from './store.js';
import {Refused, submitCommand} from './commands.js';
import {busy, el, errorText, notice} from './ui.js';

const MAX_QUANTITY = 10; // seats of one booking

/** Choices by event. They survive a change of the language and of the view. */
const choices = new Map();

function choiceOf(eventId) {
  if (!choices.has(eventId)) {
    const stored = store.read('choice'); // for the return from a sign-in
    choices.set(eventId, stored?.eventId === eventId
      ? {seatType: stored.seatType, quantity: stored.quantity} : {seatType: null, quantity: 1});
  }
  return choices.get(eventId);
}

/** The chosen type, else the cheapest available one: a default must not be the expensive one. */
function offeredType(event, seatType) {
  const available = event.seatTypes.filter(type => type.availableSeats > 0);
  return available.find(type => type.seatType === seatType)
    ?? available.sort((a, b) => Number(a.price) - Number(b.price))[0] ?? null;
}

/**
 * @param event its seats and prices may change; `update` draws them
 * @param onRefused called after a booking was refused
 */
export function bookingForm(event, onRefused) {
  const chosen = choiceOf(event.eventId);
  let left = false;
  const problem = el('div', {'aria-live': 'assertive'});
  const amount = el('output', {'aria-live': 'polite', 'aria-label': t('quantity.label')});
  const total = el('strong', {class: 'total'});
  const less = el('button', {class: 'step', type: 'button', 'aria-label': t('quantity.less'), onclick: () => set(chosen.quantity - 1)}, '−');
  const more = el('button', {class: 'step', type: 'button', 'aria-label': t('quantity.more'), onclick: () => set(chosen.quantity + 1)}, '+');
  const book = el('button', {class: 'button primary', type: 'submit'});
  const cards = event.seatTypes.map(type => {
    const input = el('input', {type: 'radio', name: 'seatType', value: type.seatType, onchange: () => {
      chosen.seatType = type.seatType;
      update();
    }});
    const seats = el('span', {class: 'muted'});
    const cost = el('span', {class: 'type-price'});
    return {input, seats, cost, name: type.seatType, node: el('label', {class: 'type'}, input,
      el('strong', {}, type.seatType), cost, seats)};
  });

  function totalOf(type) {
    return (Math.round(Number(type.price) * 100) * chosen.quantity / 100).toFixed(2);
  }

  function set(value) {
    chosen.quantity = value;
    update();
  }

  function update() {
    const offered = offeredType(event, chosen.seatType);
    const max = Math.min(MAX_QUANTITY, event.maxSeatsPerUser ?? MAX_QUANTITY, offered?.availableSeats ?? MAX_QUANTITY);
    chosen.quantity = Math.max(1, Math.min(chosen.quantity, max));
    for (const each of cards) {
      const type = event.seatTypes.find(one => one.seatType === each.name);
      each.input.disabled = !type || type.availableSeats === 0;
      each.input.checked = each.name === offered?.seatType;
      each.cost.textContent = type ? price(type.price) : '';
      each.seats.textContent = type?.availableSeats > 0
        ? t('seats.left.short', {left: number(type.availableSeats)}) : t('state.SOLD_OUT');
    }
    amount.textContent = number(chosen.quantity);
    // A disabled button loses the focus, so the other button gets it.
    if (document.activeElement === less && chosen.quantity <= 1) {
      more.focus();
    } else if (document.activeElement === more && chosen.quantity >= max) {
      less.focus();
    }
    less.disabled = chosen.quantity <= 1;
    more.disabled = chosen.quantity >= max;
    total.textContent = offered ? price(totalOf(offered)) : '';
    book.textContent = store.session() ? t('book.action') : t('book.signIn');
  }

  function signIn(reason) {
    go(`/sign-in?next=events/${event.eventId}${reason}`);
  }

  async function onSubmit(submitEvent) {
    submitEvent.preventDefault();
    const type = offeredType(event, chosen.seatType);
    if (!type) {
      return;
    }
    const {eventId} = event;
    const body = {eventId, seatType: type.seatType, quantity: chosen.quantity, expectedTotal: totalOf(type)};
    store.write('choice', {eventId, seatType: type.seatType, quantity: chosen.quantity});
    if (!store.session()) {
      signIn('');
      return;
    }
    problem.replaceChildren(el('p', {class: 'muted'}, t('book.sending')));
    try {
      const ticket = await busy(book, () => submitCommand({
        method: 'POST', path: '/api/v1/reservations', body, about: {eventName: event.eventName, eventId},
      }, reason => problem.replaceChildren(notice('warn', reason))));
      store.write('choice', null);
      if (!left) {
        go(`/tickets/${ticket.ticketId}`);
      }
    } catch (error) {
      if (!(error instanceof Refused)) {
        throw error;
      }
      if (left) {
        return;
      }
      if (error.cause.code === 'UNAUTHENTICATED') {
        signIn('&ended=1');
        return;
      }
      problem.replaceChildren(notice('bad', errorText(error.cause)));
      onRefused();
    }
  }

  update();
  const node = el('form', {class: 'choice', onsubmit: onSubmit},
    el('fieldset', {}, el('legend', {}, t('choice.type')), el('div', {class: 'types'}, cards.map(each => each.node))),
    el('div', {class: 'row'},
      el('div', {}, el('p', {class: 'label'}, t('choice.quantity')),
        event.maxSeatsPerUser && el('p', {class: 'hint'}, t('choice.limit', {limit: event.maxSeatsPerUser}))),
      el('div', {class: 'stepper', role: 'group', 'aria-label': t('choice.quantity')}, less, amount, more)),
    el('p', {class: 'hint'}, event.holdMinutes
      ? t('choice.hold', {span: span(event.holdMinutes * 60)}) : t('choice.instant')),
    problem,
    el('div', {class: 'pay'}, el('div', {class: 'row sum'}, el('span', {}, t('choice.total')), total), book));
  return {
    node,
    update,
    /** True if the form shows exactly the seat types of the event. */
    fits: () => cards.length === event.seatTypes.length
      && cards.every((each, index) => each.name === event.seatTypes[index].seatType),
    leave() {
      left = true;
    },
  };
}
