// Views of the event list and of one event with the choice of seats.

import {get} from './api.js';
import * as clock from './clock.js';
import {dateTime, day, month, number, price, shortDateTime, span, t, weekday, zoneNote} from './i18n.js';
import {watchSeats} from './live.js';
import {Refused, submitCommand} from './tickets.js';
import * as store from './store.js';
import {announce, busy, el, empty, errorText, notice} from './ui.js';

const PAGE = 20;
const MAX_WATCHED_EVENTS = 8; // one WebSocket each
const MAX_QUANTITY = 10; // seats of one booking
const SCARCE_SHARE = 0.1; // of all seats
const REFRESH_INTERVAL = 30_000; // ms; status and times are not pushed
const PAUSED_REFRESH_INTERVAL = 5_000; // ms

/** CANCELLED, CLOSED, NOT_OPEN, PAUSED, SOLD_OUT, SCARCE or ON_SALE. */
function stateOf(event) {
  const now = clock.now();
  if (event.status === 'CANCELLED') {
    return 'CANCELLED';
  }
  if (now >= Date.parse(event.eventDate) || (event.saleClosesAt && now >= Date.parse(event.saleClosesAt))) {
    return 'CLOSED';
  }
  if (event.saleOpensAt && now < Date.parse(event.saleOpensAt)) {
    return 'NOT_OPEN';
  }
  if (event.status === 'PAUSED') {
    return 'PAUSED';
  }
  if (event.availableSeats === 0) {
    return 'SOLD_OUT';
  }
  return event.availableSeats < event.totalSeats * SCARCE_SHARE ? 'SCARCE' : 'ON_SALE';
}

const KINDS = {
  CANCELLED: 'bad', CLOSED: '', NOT_OPEN: 'info', PAUSED: 'warn', SOLD_OUT: 'bad', SCARCE: 'warn', ON_SALE: 'good',
};

function chip(event) {
  const state = stateOf(event);
  return el('span', {class: `chip ${KINDS[state]}`}, t(`state.${state}`));
}

function venue(event) {
  return [event.venueName, event.venueAddress].filter(Boolean).join(', ');
}

function seatsLeft(event) {
  return t('seats.left', {left: number(event.availableSeats), total: number(event.totalSeats)});
}

function meter(event) {
  const bar = el('span', {});
  bar.style.width = `${100 * event.availableSeats / event.totalSeats}%`;
  return el('div', {class: 'meter', 'aria-hidden': 'true'}, bar);
}

/** Text and meter of the available seats, or the reason why there is no sale. */
function availability(event) {
  const state = stateOf(event);
  if (state === 'NOT_OPEN') {
    return el('p', {class: 'muted'}, t('sale.opens', {time: shortDateTime(event.saleOpensAt, event.timeZone) + zoneNote(event.timeZone)}));
  }
  if (state === 'CANCELLED' || state === 'CLOSED') {
    return el('p', {class: 'muted'}, t(`state.${state}.words`));
  }
  return el('div', {class: 'availability'}, meter(event), el('p', {class: 'muted'}, seatsLeft(event)));
}

function card(event) {
  const live = el('div', {}, availability(event));
  const badge = el('div', {class: 'badge'}, chip(event));
  const prices = event.seatTypes.map(type => Number(type.price));
  const node = el('li', {class: 'event card'},
    el('div', {class: 'date', 'aria-hidden': 'true'},
      el('span', {}, month(event.eventDate, event.timeZone)), el('strong', {}, day(event.eventDate, event.timeZone)),
      el('span', {}, weekday(event.eventDate, event.timeZone))),
    el('div', {class: 'event-text'},
      el('h2', {}, el('a', {class: 'cover', href: `#/events/${event.eventId}`}, event.eventName)),
      el('p', {class: 'muted'}, shortDateTime(event.eventDate, event.timeZone), zoneNote(event.timeZone), venue(event) && ` · ${venue(event)}`),
      live),
    el('div', {class: 'event-side'}, badge,
      el('p', {class: 'price'}, prices.length > 1
        ? t('price.from', {price: price(Math.min(...prices))}) : price(prices[0]))));
  return {
    node,
    update(seats) {
      Object.assign(event, {availableSeats: seats.availableSeats});
      live.replaceChildren(availability(event));
      badge.replaceChildren(chip(event));
    },
  };
}

export async function listView() {
  const place = el('ul', {class: 'events'});
  const more = el('div', {class: 'more'});
  const ends = [];
  let pages = 0;

  async function load() {
    const page = await get(`/api/v1/events?page=${pages}&size=${PAGE}`);
    pages++;
    for (const event of page.content) {
      const {node, update} = card(event);
      place.append(node);
      if (event.status !== 'CANCELLED' && ends.length < MAX_WATCHED_EVENTS) {
        ends.push(watchSeats(event.eventId, update));
      }
    }
    more.replaceChildren(...(pages < page.page.totalPages
      ? [el('button', {class: 'button', type: 'button', onclick: event => busy(event.target, load)}, t('list.more'))]
      : []));
  }

  await load();
  return {
    title: t('events.title'),
    node: el('section', {},
      el('h1', {tabindex: '-1'}, t('events.title')),
      el('p', {class: 'lead'}, t('events.lead')),
      place.children.length > 0 ? place : empty(t('events.none'), t('events.none.words')), more),
    leave: () => ends.forEach(end => end()),
  };
}

/** The choice that was stored for the sign-in. */
function storedChoice(eventId) {
  const choice = store.read('choice');
  return choice?.eventId === eventId ? choice : null;
}

export async function eventView(eventId) {
  const event = await get(`/api/v1/events/${eventId}`);
  const state = el('div', {class: 'badge'});
  const seats = el('div', {});
  const sale = el('div', {});
  let seatType = storedChoice(eventId)?.seatType ?? null;
  let quantity = storedChoice(eventId)?.quantity ?? 1;
  let shownState = null;
  let form = null;
  let timer = 0;

  function maxQuantity(type) {
    return Math.min(MAX_QUANTITY, event.maxSeatsPerUser ?? MAX_QUANTITY, type?.availableSeats ?? MAX_QUANTITY);
  }

  function draw() {
    const now = stateOf(event);
    state.replaceChildren(chip(event));
    seats.replaceChildren(...(now === 'ON_SALE' || now === 'SCARCE' ? [availability(event)] : []));
    if (now === shownState || (form && (now === 'ON_SALE' || now === 'SCARCE') && (shownState === 'ON_SALE' || shownState === 'SCARCE'))) {
      form?.update();
      shownState = now;
      return;
    }
    const redrawn = shownState !== null;
    shownState = now;
    form = null;
    clearInterval(timer);
    switch (now) {
      case 'ON_SALE':
      case 'SCARCE':
        form = choice();
        sale.replaceChildren(form.node);
        if (redrawn) {
          announce(t('sale.open.now'));
        }
        break;
      case 'NOT_OPEN':
        sale.replaceChildren(countdown(), prices());
        break;
      default:
        sale.replaceChildren(
          notice(KINDS[now] || 'info', t(`state.${now}.words`)), prices());
    }
  }

  function prices() {
    return el('ul', {class: 'types plain'}, event.seatTypes.map(type =>
      el('li', {class: 'type'}, el('strong', {}, type.seatType), el('span', {}, price(type.price)))));
  }

  function countdown() {
    const units = ['days', 'hours', 'minutes', 'seconds'].map(unit => {
      const figure = el('strong', {});
      return {figure, node: el('div', {}, figure, el('span', {}, t(`countdown.${unit}`)))};
    });
    const opens = Date.parse(event.saleOpensAt);
    const tick = () => {
      const left = Math.ceil((opens - clock.now()) / 1000);
      if (left <= 0) {
        clearInterval(timer);
        draw();
        return;
      }
      [Math.floor(left / 86400), Math.floor(left / 3600) % 24, Math.floor(left / 60) % 60, left % 60]
        .forEach((value, index) => {
          units[index].figure.textContent = index === 0 ? number(value) : String(value).padStart(2, '0');
        });
    };
    timer = setInterval(tick, 200);
    tick();
    return el('div', {class: 'opening'},
      el('h2', {}, t('sale.opens', {time: dateTime(event.saleOpensAt, event.timeZone) + zoneNote(event.timeZone)})),
      el('div', {class: 'countdown', role: 'timer', 'aria-live': 'off'}, units.map(unit => unit.node)),
      el('p', {class: 'muted'}, t('countdown.words')));
  }

  function choice() {
    const problem = el('div', {'aria-live': 'assertive'});
    const amount = el('output', {'aria-live': 'polite', 'aria-label': t('quantity.label')});
    const total = el('strong', {class: 'total'});
    const less = el('button', {class: 'step', type: 'button', 'aria-label': t('quantity.less'), onclick: () => set(quantity - 1)}, '−');
    const more = el('button', {class: 'step', type: 'button', 'aria-label': t('quantity.more'), onclick: () => set(quantity + 1)}, '+');
    const book = el('button', {class: 'button primary', type: 'submit'});
    const cards = event.seatTypes.map(type => {
      const input = el('input', {type: 'radio', name: 'seatType', value: type.seatType, onchange: () => {
        seatType = type.seatType;
        update();
      }});
      const left = el('span', {class: 'muted'});
      return {input, left, name: type.seatType, node: el('label', {class: 'type'}, input,
        el('strong', {}, type.seatType), el('span', {class: 'type-price'}, price(type.price)), left)};
    });

    function totalOf(type) {
      return (Math.round(Number(type.price) * 100) * quantity / 100).toFixed(2);
    }

    function set(value) {
      quantity = value;
      update();
    }

    function update() {
      const offered = event.seatTypes.find(type => type.seatType === seatType && type.availableSeats > 0)
        ?? event.seatTypes.find(type => type.availableSeats > 0);
      seatType = offered?.seatType ?? null;
      const max = maxQuantity(offered);
      quantity = Math.max(1, Math.min(quantity, max));
      for (const each of cards) {
        const type = event.seatTypes.find(one => one.seatType === each.name);
        each.input.disabled = !type || type.availableSeats === 0;
        each.input.checked = each.name === seatType;
        each.left.textContent = type?.availableSeats > 0
          ? t('seats.left.short', {left: number(type.availableSeats)}) : t('state.SOLD_OUT');
      }
      amount.textContent = number(quantity);
      // A disabled button loses the focus, so the other button gets it.
      if (document.activeElement === less && quantity <= 1) {
        more.focus();
      } else if (document.activeElement === more && quantity >= max) {
        less.focus();
      }
      less.disabled = quantity <= 1;
      more.disabled = quantity >= max;
      total.textContent = offered ? price(totalOf(offered)) : '';
      book.textContent = store.session() ? t('book.action') : t('book.signIn');
    }

    async function onSubmit(submitEvent) {
      submitEvent.preventDefault();
      store.write('choice', {eventId, seatType, quantity});
      if (!store.session()) {
        location.hash = `#/sign-in?next=events/${eventId}`;
        return;
      }
      const shownTotal = totalOf(event.seatTypes.find(type => type.seatType === seatType));
      problem.replaceChildren(el('p', {class: 'muted'}, t('book.sending')));
      try {
        const ticket = await busy(book, () => submitCommand({
          method: 'POST',
          path: '/api/v1/reservations',
          body: {eventId, seatType, quantity, expectedTotal: shownTotal},
          about: {eventName: event.eventName, eventId},
        }, reason => problem.replaceChildren(notice('warn', reason))));
        store.write('choice', null);
        location.hash = `#/tickets/${ticket.ticketId}`;
      } catch (error) {
        const text = error instanceof Refused ? errorText(error.cause) : null;
        if (text === null) {
          throw error;
        }
        problem.replaceChildren(notice('bad', text));
        refresh();
      }
    }

    update();
    const node = el('form', {class: 'choice', onsubmit: onSubmit},
      el('fieldset', {}, el('legend', {}, t('choice.type')), el('div', {class: 'types'}, cards.map(each => each.node))),
      el('div', {class: 'row'},
        el('div', {}, el('p', {class: 'label'}, t('choice.quantity')),
          event.maxSeatsPerUser && el('p', {class: 'hint'}, t('choice.limit', {limit: event.maxSeatsPerUser}))),
        el('div', {class: 'stepper', role: 'group', 'aria-label': t('choice.quantity')}, less, amount, more)),
      el('div', {class: 'row sum'}, el('span', {}, t('choice.total')), total),
      problem, book,
      el('p', {class: 'hint'}, event.holdMinutes
        ? t('choice.hold', {span: span(event.holdMinutes * 60)}) : t('choice.instant')));
    return {node, update};
  }

  async function refresh() {
    const fresh = await get(`/api/v1/events/${eventId}`).catch(() => event);
    Object.assign(event, fresh);
    draw();
  }

  let refreshing = 0;
  function refreshLater() {
    // Random, so that the pages do not send their requests at the same moment.
    const delay = (event.status === 'PAUSED' ? PAUSED_REFRESH_INTERVAL : REFRESH_INTERVAL) * (0.75 + Math.random() / 2);
    refreshing = setTimeout(async () => {
      await refresh();
      if (refreshing) {
        refreshLater();
      }
    }, delay);
  }

  draw();
  refreshLater();
  const end = watchSeats(eventId, now => {
    Object.assign(event, {availableSeats: now.availableSeats, seatTypes: now.seatTypes});
    draw();
  });
  const now = setInterval(draw, 1000);
  return {
    title: event.eventName,
    node: el('article', {class: 'split'},
      el('div', {},
        el('p', {}, el('a', {href: '#/'}, `← ${t('events.title')}`)),
        state,
        el('h1', {tabindex: '-1'}, event.eventName),
        el('dl', {class: 'facts'},
          el('dt', {}, t('event.when')), el('dd', {}, dateTime(event.eventDate, event.timeZone), zoneNote(event.timeZone)),
          venue(event) && [el('dt', {}, t('event.where')), el('dd', {}, venue(event))],
          event.saleClosesAt && [el('dt', {}, t('event.closes')), el('dd', {}, shortDateTime(event.saleClosesAt, event.timeZone), zoneNote(event.timeZone))]),
        seats),
      el('div', {class: 'card'}, sale)),
    leave: () => {
      end();
      clearTimeout(refreshing);
      refreshing = 0;
      clearInterval(now);
      clearInterval(timer);
    },
  };
}
