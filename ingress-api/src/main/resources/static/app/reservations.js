// Reservations of the signed-in user.

import {get} from './api.js';
import {number, price, shortDateTime, t, zoneNote} from './i18n.js';
import {cancelButton, holdControls} from './tickets.js';
import {busy, el, empty} from './ui.js';

const PAGE = 20;
const KINDS = {CONFIRMED: 'good', HELD: 'warn', CANCELLED: '', EXPIRED: ''};

export async function listView() {
  const place = el('ul', {class: 'reservations'});
  const more = el('div', {class: 'more'});
  const ends = [];
  let pages = 0;

  async function load() {
    const page = await get(`/api/v1/users/me/reservations?page=${pages}&size=${PAGE}`);
    pages++;
    for (const reservation of page.content) {
      const {node, leave} = item(reservation, reservation.event);
      place.append(node);
      ends.push(leave);
    }
    more.replaceChildren(...(pages < page.page.totalPages
      ? [el('button', {class: 'button', type: 'button', onclick: event => busy(event.target, load)}, t('list.more'))]
      : []));
  }

  await load();
  return {
    title: t('nav.reservations'),
    node: el('section', {},
      el('h1', {tabindex: '-1'}, t('nav.reservations')),
      place.children.length > 0 ? place : empty(t('reservations.none'), t('reservations.none.words'),
        el('a', {class: 'button primary', href: '#/'}, t('events.all'))),
      more),
    leave: () => ends.forEach(end => end()),
  };
}

function item(reservation, event) {
  const eventName = event?.eventName ?? t('ticket.event.number', {id: String(reservation.eventId)});
  const problem = el('div', {'aria-live': 'assertive'});
  const about = {eventName, eventId: reservation.eventId};
  const hold = reservation.status === 'HELD'
    ? holdControls({...reservation, eventName, eventId: reservation.eventId}, now => {
      const focused = node.contains(document.activeElement);
      const changed = item(now, event).node;
      node.replaceWith(changed);
      if (focused) {
        changed.querySelector('a').focus();
      }
    }) : null;
  const node = el('li', {class: 'card reservation'},
    el('div', {class: 'reservation-head'},
      el('h2', {}, el('a', {href: `#/events/${reservation.eventId}`}, eventName)),
      el('span', {class: `chip ${KINDS[reservation.status]}`}, t(`reservation.${reservation.status}`))),
    el('p', {}, t('ticket.seats.value', {type: reservation.seatType, quantity: number(reservation.quantity)}),
      ` · ${price(reservation.totalPrice)}`, event && ` · ${shortDateTime(event.eventDate, event.timeZone)}${zoneNote(event.timeZone)}`),
    el('p', {class: 'muted'}, t('reservation.made', {id: String(reservation.reservationId), time: shortDateTime(reservation.reservedAt)})),
    hold?.node,
    reservation.status === 'CONFIRMED' && [problem, el('div', {class: 'buttons'},
      cancelButton({reservationId: reservation.reservationId, about, problem, held: false}))]);
  return {node, leave: hold?.leave ?? (() => {})};
}
