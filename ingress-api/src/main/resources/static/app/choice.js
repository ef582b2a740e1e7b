// Form that chooses seats of an event and books them.

import {ApiError, config, loaded} from './api.js';
import {venue} from './eventparts.js';
import {minutes, number, price, shortDateTime, t} from './i18n.js';
import {go} from './router.js';
import * as store from './store.js';
import {busy, el, errorText, notice} from './ui.js';

const MAX_QUANTITY = 10; // seats of one booking

/** Choices by event. They survive a change of the language and of the view. */
const choices = new Map();

export function choiceOf(eventId) {
  if (!choices.has(eventId)) {
    const stored = store.read('choice'); // for the return from a sign-in
    choices.set(eventId, stored?.eventId === eventId
      ? {seatType: stored.seatType, quantity: stored.quantity, seats: stored.seats ?? []}
      : {seatType: null, quantity: 1, seats: []});
  }
  return choices.get(eventId);
}

/** The chosen type, else the cheapest available one: a default must not be the expensive one. */
function offeredType(event, seatType) {
  const available = event.seatTypes.filter(type => type.availableSeats > 0);
  return available.find(type => type.seatType === seatType)
    ?? available.sort((a, b) => Number(a.price) - Number(b.price))[0] ?? null;
}

/** Review step of a priced booking, with the terms. Resolves to true if the user confirms. */
async function reviewed(event, {seatType, quantity, expectedTotal}, seatNames) {
  const {legal} = await config;
  return new Promise(resolve => {
    const dialog = el('dialog', {class: 'dialog review', 'aria-labelledby': 'review-title', onclose: () => {
      resolve(dialog.returnValue === 'yes');
      dialog.remove();
    }},
    el('form', {method: 'dialog'},
      el('h2', {id: 'review-title'}, t('review.title')),
      el('dl', {class: 'facts'},
        el('dt', {}, t('ticket.event')), el('dd', {}, event.eventName),
        el('dt', {}, t('event.when')), el('dd', {}, shortDateTime(event.eventDate, event.timeZone)),
        venue(event) && [el('dt', {}, t('event.where')), el('dd', {}, venue(event))],
        el('dt', {}, t('ticket.seats')), el('dd', {}, t('ticket.seats.value', {type: seatType, quantity}),
          seatNames.length > 0 && el('ul', {class: 'seat-names'}, seatNames.map(name => el('li', {}, name))),
          seatNames.length === 0 && event.seatMapRevision && el('p', {class: 'muted'}, t('review.best'))),
        el('dt', {}, t('choice.total')), el('dd', {}, el('strong', {class: 'total'}, price(expectedTotal)))),
      el('p', {class: 'hint'}, event.holdMinutes ? t('choice.hold', {span: minutes(event.holdMinutes, 'long')}) : t('choice.instant')),
      el('p', {class: 'hint'}, `${t('review.terms')} `,
        legal?.termsUrl && el('a', {href: legal.termsUrl, target: '_blank', rel: 'noopener'}, t('review.termsLink'))),
      el('div', {class: 'buttons'},
        el('button', {class: 'button', value: 'no'}, t('review.back')),
        el('button', {class: 'button primary', value: 'yes', autofocus: true, id: 'review-yes'},
          t('review.confirm', {total: price(expectedTotal)})))));
    document.body.append(dialog);
    dialog.showModal();
  });
}

/**
 * @param event its seats and prices may change; `update` draws them
 * @param onRefused called after a booking was refused
 * @param seating choice of numbered seats, or null
 */
export function bookingForm(event, onRefused, seating = null) {
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

  const best = seating && el('button', {class: 'button small', type: 'button', onclick: () => {
    const type = offeredType(event, chosen.seatType);
    if (type) {
      seating.chooseBest(type.seatType, chosen.quantity);
    }
  }}, t('seats.best.show'));
  const types = el('fieldset', {}, el('legend', {}, t(seating ? 'seats.best' : 'choice.type')),
    el('div', {class: 'types'}, cards.map(each => each.node)));
  const seats = el('div', {class: 'chosen', hidden: true});
  const sumText = el('span', {}, t('choice.total'));

  function totalOf(type, quantity = chosen.quantity) {
    return (Math.round(Number(type.price) * 100) * quantity / 100).toFixed(2);
  }

  /** Shows the chosen seats in place of the types. */
  function updateSeats() {
    const picked = seating?.chosen() ?? [];
    chosen.seats = picked.map(seat => seat.id);
    seats.hidden = picked.length === 0;
    types.hidden = picked.length > 0;
    quantity.hidden = picked.length > 0;
    sumText.textContent = picked.length > 0 ? t('seats.sum', {count: picked.length}) : t('choice.total');
    if (picked.length > 0) {
      const focused = seats.contains(document.activeElement);
      seats.replaceChildren(
        el('div', {class: 'row'}, el('p', {class: 'label'}, t('seats.chosen')),
          el('button', {class: 'quiet', type: 'button', onclick: seating.clear}, t('seats.clear'))),
        el('ul', {'aria-label': t('seats.chosen')}, picked.map(seat => el('li', {}, el('span', {}, seating.nameOf(seat)),
          el('button', {class: 'quiet', type: 'button', 'aria-label': t('seat.remove', {seat: seating.nameOf(seat)}),
            onclick: () => seating.remove(seat)}, '×')))));
      if (focused) {
        seats.querySelector('li button').focus();
      }
      const type = event.seatTypes.find(each => each.seatType === picked[0].seatType);
      total.textContent = type ? price(totalOf(type, picked.length)) : '';
    }
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
    updateSeats();
  }

  function signIn(reason) {
    go(`/sign-in?next=events/${event.eventId}${reason}`);
  }

  async function onSubmit(submitEvent) {
    submitEvent.preventDefault();
    const picked = seating?.chosen() ?? [];
    const type = picked.length > 0
      ? event.seatTypes.find(each => each.seatType === picked[0].seatType) : offeredType(event, chosen.seatType);
    if (!type) {
      return;
    }
    const {eventId} = event;
    const {seatType} = type;
    const body = picked.length > 0
      ? {eventId, seatType, quantity: picked.length, seats: chosen.seats, expectedTotal: totalOf(type, picked.length)}
      : {eventId, seatType, quantity: chosen.quantity, expectedTotal: totalOf(type)};
    store.write('choice', {eventId, ...chosen, seatType});
    if (!store.session()) {
      signIn('');
      return;
    }
    if (Number(body.expectedTotal) > 0 && !await reviewed(event, body, picked.map(seat => seating.nameOf(seat)))) {
      return;
    }
    if (left) {
      return;
    }
    if (body.seats && body.seats.join() !== chosen.seats.join()) {
      return; // A seat was taken during the review, and the page offers others.
    }
    problem.replaceChildren(el('p', {class: 'muted'}, t('book.sending')));
    seating?.setSubmitting(true);
    try {
      const ticket = await busy(book, async () => (await loaded(import('./commands.js'))).submitCommand({
        method: 'POST', path: '/api/v1/reservations', body, about: {eventName: event.eventName, eventId, seats: body.seats},
      }, reason => problem.replaceChildren(notice('warn', reason))));
      store.write('choice', null);
      chosen.seats = [];
      if (!left) {
        go(`/tickets/${ticket.ticketId}`);
      }
    } catch (error) {
      // The cause of a refused command, or the failed read of the script.
      const reason = error.cause ?? error;
      if (!(reason instanceof ApiError)) {
        throw error;
      }
      if (left) {
        return;
      }
      seating?.setSubmitting(false);
      if (reason.code === 'UNAUTHENTICATED') {
        signIn('&ended=1');
        return;
      }
      if (reason.code === 'SEATS_TAKEN' && seating) {
        problem.replaceChildren();
        seating.offerOthers();
      } else {
        problem.replaceChildren(notice('bad', errorText(reason)));
      }
      onRefused();
    }
  }

  const quantity = el('div', {class: 'row'},
    el('div', {}, el('p', {class: 'label'}, t('choice.quantity')),
      event.maxSeatsPerUser && el('p', {class: 'hint'}, t('choice.limit', {limit: event.maxSeatsPerUser}))),
    el('div', {class: 'stepper', role: 'group', 'aria-label': t('choice.quantity')}, less, amount, more), best);
  update();
  const node = el('form', {class: seating ? 'choice seated' : 'choice', onsubmit: onSubmit},
    el('div', {class: 'choice-fields'}, types, quantity,
      el('p', {class: 'hint'}, event.holdMinutes
        ? t('choice.hold', {span: minutes(event.holdMinutes, 'long')}) : t('choice.instant'))),
    seating?.node,
    el('div', {class: 'pay'}, problem, seats, el('div', {class: 'row sum'}, sumText, total), book));
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
