// Reservations of the signed-in user.

import {ApiError, get, settled} from './api.js';
import * as clock from './clock.js';
import {SEPARATOR, venue} from './eventparts.js';
import {cancelButton, holdControls} from './hold.js';
import {number, price, shortDateTime, t} from './i18n.js';
import {seatNameList} from './seatnames.js';
import {entriesSection} from './waitlist.js';
import {saveViewState, viewState} from './router.js';
import {busy, el, empty, notice, retryNotice} from './ui.js';

const PAGE = 20;
const KINDS = {CONFIRMED: 'good', HELD: 'warn', CANCELLED: '', EXPIRED: ''};

export async function listView() {
  const place = el('ul', {class: 'reservations'});
  const more = el('div', {class: 'more'});
  const ends = [];
  let pages = 0;

  /**
   * Appends the next page. A failed read keeps the list, and its message has a button that repeats it.
   * @return true if there are further pages
   */
  async function load() {
    let page;
    try {
      page = await get(`/api/v1/users/me/reservations?page=${pages}&size=${PAGE}`);
    } catch (error) {
      if (pages === 0 || !(error instanceof ApiError)) {
        throw error;
      }
      more.replaceChildren(retryNotice(error, showMore));
      return false;
    }
    pages++;
    for (const reservation of page.content) {
      const {node, leave} = item(reservation, reservation.event);
      place.append(node);
      ends.push(leave);
    }
    const rest = pages < page.page.totalPages;
    more.replaceChildren(...(rest ? [el('button', {
      class: 'button', type: 'button', onclick: event => busy(event.target, showMore)}, t('list.more'))] : []));
    return rest;
  }

  async function showMore() {
    await load();
    saveViewState({pages});
  }

  const waitlist = el('div', {});
  /** Entries of the waiting list. Without them the view shows a message and the reservations. */
  async function loadEntries() {
    const {value, error} = await settled(entriesSection());
    waitlist.replaceChildren(...[error ? retryNotice(error, loadEntries) : value].filter(Boolean));
  }

  await loadEntries();
  const wanted = viewState().pages ?? 1;
  while (await load() && pages < wanted) {
    // The list has as many pages as when the user left it.
  }
  return {
    title: t('nav.reservations'),
    node: el('section', {},
      el('h1', {tabindex: '-1'}, t('nav.reservations')),
      waitlist,
      place.children.length > 0 ? place : waitlist.children.length === 0 && empty(t('reservations.none'), t('reservations.none.words'),
        el('a', {class: 'button primary', href: '/'}, t('events.all'))),
      more),
    leave: () => ends.forEach(end => end()),
  };
}

/** Status of a reservation. That of its event has priority: a cancelled event has no valid booking. */
function chipOf({status, offer}, event) {
  const active = status === 'CONFIRMED' || status === 'HELD';
  if (active && event?.status === 'CANCELLED') {
    return el('span', {class: 'chip bad'}, t('reservation.eventCancelled'));
  }
  if (status === 'CONFIRMED' && event && Date.parse(event.eventDate) < clock.now()) {
    return el('span', {class: 'chip'}, t('reservation.past'));
  }
  return el('span', {class: `chip ${KINDS[status]}`}, status === 'HELD' && offer ? t('offer.chip') : t(`reservation.${status}`));
}

function item(reservation, event) {
  const eventName = event?.eventName ?? t('ticket.event.number', {id: String(reservation.eventId)});
  const problem = el('div', {'aria-live': 'assertive'});
  const about = {eventName, eventId: reservation.eventId};
  const hold = reservation.status === 'HELD'
    ? holdControls({...reservation, eventName, eventId: reservation.eventId, event}, now => {
      const focused = node.contains(document.activeElement);
      const changed = item(now, event).node;
      node.replaceWith(changed);
      if (focused) {
        changed.querySelector('a').focus();
      }
    }) : null;
  const confirmed = reservation.status === 'CONFIRMED';
  const node = el('li', {class: 'card reservation'},
    el('div', {class: 'reservation-head'},
      el('h2', {}, el('a', {href: `/events/${reservation.eventId}`}, eventName)),
      chipOf(reservation, event)),
    el('p', {}, t('ticket.seats.value', {type: reservation.seatType, quantity: number(reservation.quantity)}),
      `${SEPARATOR}${price(reservation.totalPrice)}`),
    reservation.seats && seatNameList({...event, eventId: reservation.eventId}, reservation.seats),
    event && el('p', {}, [shortDateTime(event.eventDate, event.timeZone), venue(event)].filter(Boolean).join(SEPARATOR)),
    el('p', {class: 'muted'}, t('reservation.made', {id: String(reservation.reservationId), time: shortDateTime(reservation.reservedAt)})),
    confirmed && event?.status === 'CANCELLED' && notice('bad', t('outcome.eventCancelled.next')),
    hold?.node,
    confirmed && [problem, el('div', {class: 'buttons'},
      event?.status !== 'CANCELLED' && el('a', {class: 'button', href: `/reservations/${reservation.reservationId}/pass`}, t('pass.show')),
      cancelButton({reservationId: reservation.reservationId, about, problem, held: false}))]);
  return {node, leave: hold?.leave ?? (() => {})};
}
