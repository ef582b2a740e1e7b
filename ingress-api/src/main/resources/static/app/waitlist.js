// Waiting list: the form that joins it, and the entries of the user.

import {get, orNull} from './api.js';
import {Refused, submitCommand} from './commands.js';
import {minutes, number, shortDateTime, t} from './i18n.js';
import {go} from './router.js';
import * as store from './store.js';
import {busy, confirmed, el, errorText, notice} from './ui.js';

const MAX_QUANTITY = 10; // seats of one entry

/** Choices by event. They survive a change of the language and of the view. */
const choices = new Map();

/** Sends a command of a waiting list and opens its ticket. */
async function command(button, problem, request, onSignIn = () => {}) {
  problem.replaceChildren();
  try {
    const ticket = await busy(button, () =>
      submitCommand(request, reason => problem.replaceChildren(notice('warn', reason))));
    if (button.isConnected) {
      go(`/tickets/${ticket.ticketId}`);
    }
  } catch (error) {
    if (!(error instanceof Refused)) {
      throw error;
    }
    if (error.cause.code === 'UNAUTHENTICATED') {
      onSignIn();
      return;
    }
    problem.replaceChildren(notice('bad', errorText(error.cause)));
  }
}

/**
 * Form that joins the waiting list of an event.
 * @return null if the event has no waiting list, or no seat type that is sold out
 */
export function joinForm(event) {
  const soldOut = event.seatTypes.filter(type => type.availableSeats === 0);
  if (!event.waitingList || soldOut.length === 0) {
    return null;
  }
  const max = Math.min(MAX_QUANTITY, event.maxSeatsPerUser ?? MAX_QUANTITY);
  const type = el('select', {id: 'waiting-type', name: 'waiting-type'},
    soldOut.map(({seatType}) => el('option', {value: seatType}, seatType)));
  const quantity = el('select', {id: 'waiting-quantity', name: 'waiting-quantity'},
    Array.from({length: max}, (_, index) => el('option', {value: index + 1}, number(index + 1))));
  const chosen = choices.get(event.eventId);
  if (chosen && soldOut.some(({seatType}) => seatType === chosen.seatType)) {
    type.value = chosen.seatType;
  }
  quantity.value = Math.min(max, chosen?.quantity ?? 1);
  const problem = el('div', {'aria-live': 'assertive'});
  const join = el('button', {class: 'button', type: 'submit'}, t('waitlist.join'));
  const signIn = reason => go(`/sign-in?next=events/${event.eventId}${reason}`);

  async function onSubmit(submitEvent) {
    submitEvent.preventDefault();
    if (!store.session()) {
      signIn('');
      return;
    }
    const {eventId, eventName} = event;
    await command(join, problem, {
      method: 'POST', path: '/api/v1/waiting-list',
      body: {eventId, seatType: type.value, quantity: Number(quantity.value)}, about: {eventId, eventName},
    }, () => signIn('&ended=1'));
  }

  const keep = () => choices.set(event.eventId, {seatType: type.value, quantity: Number(quantity.value)});
  return el('form', {class: 'join', onsubmit: onSubmit, onchange: keep},
    el('h2', {}, t('waitlist.title')),
    el('p', {class: 'hint'}, t('waitlist.words', {span: minutes(event.offerMinutes, 'long')})),
    el('div', {class: 'form-grid'},
      el('div', {class: 'field'}, el('label', {for: type.id}, t('choice.type')), type),
      el('div', {class: 'field'}, el('label', {for: quantity.id}, t('choice.quantity')), quantity)),
    problem, join);
}

/** Section with the waiting entries of the user; null without entries. */
export async function entriesSection() {
  const {content} = await get('/api/v1/users/me/waiting-list');
  if (content.length === 0) {
    return null;
  }
  const events = new Map();
  await Promise.all([...new Set(content.map(({eventId}) => eventId))].map(async eventId =>
    events.set(eventId, await orNull(get(`/api/v1/events/${eventId}`)))));
  return el('section', {class: 'waiting-entries'},
    el('h2', {}, t('waitlist.title')),
    el('ul', {class: 'reservations'}, content.map(entry => item(entry, events.get(entry.eventId)))));
}

function item({entryId, eventId, seatType, quantity, joinedAt, position}, event) {
  const eventName = event?.eventName ?? t('ticket.event.number', {id: String(eventId)});
  const problem = el('div', {'aria-live': 'assertive'});
  const leave = el('button', {class: 'button danger', type: 'button', onclick: async () => {
    if (await confirmed(t('waitlist.sure'), t('waitlist.sure.words'), t('waitlist.leave'), t('waitlist.stay'))) {
      await command(leave, problem, {method: 'DELETE', path: `/api/v1/waiting-list/${entryId}`, about: {eventId, eventName}});
    }
  }}, t('waitlist.leave'));
  return el('li', {class: 'card reservation'},
    el('div', {class: 'reservation-head'}, el('h3', {}, el('a', {href: `/events/${eventId}`}, eventName)),
      el('span', {class: 'chip info'}, t('waitlist.position', {position}))),
    el('p', {}, t('ticket.seats.value', {type: seatType, quantity: number(quantity)})),
    event && el('p', {}, shortDateTime(event.eventDate, event.timeZone)),
    el('p', {class: 'muted'}, t('waitlist.joined', {time: shortDateTime(joinedAt)})),
    problem, el('div', {class: 'buttons'}, leave));
}
