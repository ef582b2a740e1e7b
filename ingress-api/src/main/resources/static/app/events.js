// The list of events, and one event with the choice of seats.

import {get} from './api.js';
import * as clock from './clock.js';
import {clockSpan, day, month, number, price, shortDateTime, dateTime, span, t, time, weekday} from './i18n.js';
import {watchSeats} from './live.js';
import {begin, Refused} from './tickets.js';
import * as store from './store.js';
import {busy, el, empty, notice, say, wordsFor} from './ui.js';

const PAGE = 20;
const MOST_WATCHED = 8; // sockets for the events of the list
const MOST_SEATS = 10; // of one booking
const SCARCE = 0.1;
const REFRESH = 30_000; // ms between two looks at what is not pushed: status and times
const REFRESH_PAUSED = 5_000;

/** CANCELLED, CLOSED, NOT_OPEN, PAUSED, SOLD_OUT, SCARCE or ON_SALE. */
function stateOf(event) {
  const now = clock.now();
  if (event.status === 'CANCELLED') {
    return 'CANCELLED';
  }
  if (event.saleClosesAt && now >= Date.parse(event.saleClosesAt)) {
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
  return event.availableSeats < event.totalSeats * SCARCE ? 'SCARCE' : 'ON_SALE';
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

/** The line under an event's name that changes while it sells. */
function availability(event) {
  const state = stateOf(event);
  if (state === 'NOT_OPEN') {
    return el('p', {class: 'muted'}, t('sale.opens', {time: shortDateTime(event.saleOpensAt)}));
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
      el('span', {}, month(event.eventDate)), el('strong', {}, day(event.eventDate)),
      el('span', {}, weekday(event.eventDate))),
    el('div', {class: 'event-text'},
      el('h2', {}, el('a', {class: 'cover', href: `#/events/${event.eventId}`}, event.eventName)),
      el('p', {class: 'muted'}, shortDateTime(event.eventDate), venue(event) && ` · ${venue(event)}`),
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

export async function list() {
  const place = el('ul', {class: 'events'});
  const more = el('div', {class: 'more'});
  const ends = [];
  let pages = 0;

  async function load() {
    const from = new Date(clock.now()).toISOString();
    const page = await get(`/api/v1/events?from=${from}&page=${pages}&size=${PAGE}`);
    pages++;
    for (const event of page.content) {
      const {node, update} = card(event);
      place.append(node);
      if (event.status !== 'CANCELLED' && ends.length < MOST_WATCHED) {
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

/** What was chosen before signing in. */
function chosen(eventId) {
  const choice = store.read('choice');
  return choice?.eventId === eventId ? choice : null;
}

export async function one(eventId) {
  const event = await get(`/api/v1/events/${eventId}`);
  const state = el('div', {class: 'badge'});
  const seats = el('div', {});
  const sale = el('div', {});
  let seatType = chosen(eventId)?.seatType ?? null;
  let quantity = chosen(eventId)?.quantity ?? 1;
  let shape = null;
  let form = null;
  let timer = 0;

  function best(type) {
    return Math.min(MOST_SEATS, event.maxSeatsPerUser ?? MOST_SEATS, type?.availableSeats ?? MOST_SEATS);
  }

  function draw() {
    const now = stateOf(event);
    state.replaceChildren(chip(event));
    seats.replaceChildren(...(now === 'ON_SALE' || now === 'SCARCE' ? [availability(event)] : []));
    if (now === shape || (form && (now === 'ON_SALE' || now === 'SCARCE') && (shape === 'ON_SALE' || shape === 'SCARCE'))) {
      form?.update();
      shape = now;
      return;
    }
    const had = shape !== null;
    shape = now;
    form = null;
    clearInterval(timer);
    switch (now) {
      case 'ON_SALE':
      case 'SCARCE':
        form = choice();
        sale.replaceChildren(form.node);
        if (had) {
          say(t('sale.open.now'));
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
      el('h2', {}, t('sale.opens', {time: dateTime(event.saleOpensAt)})),
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

    function set(value) {
      quantity = value;
      update();
    }

    function update() {
      const offered = event.seatTypes.find(type => type.seatType === seatType && type.availableSeats > 0)
        ?? event.seatTypes.find(type => type.availableSeats > 0);
      seatType = offered?.seatType ?? null;
      const most = best(offered);
      quantity = Math.max(1, Math.min(quantity, most));
      for (const each of cards) {
        const type = event.seatTypes.find(one => one.seatType === each.name);
        each.input.disabled = !type || type.availableSeats === 0;
        each.input.checked = each.name === seatType;
        each.left.textContent = type?.availableSeats > 0
          ? t('seats.left.short', {left: number(type.availableSeats)}) : t('state.SOLD_OUT');
      }
      amount.textContent = number(quantity);
      // A button that can no longer be pressed would lose the focus.
      if (document.activeElement === less && quantity <= 1) {
        more.focus();
      } else if (document.activeElement === more && quantity >= most) {
        less.focus();
      }
      less.disabled = quantity <= 1;
      more.disabled = quantity >= most;
      total.textContent = offered ? price(Number(offered.price) * quantity) : '';
      book.textContent = store.session() ? t('book.action') : t('book.signIn');
    }

    async function submitted(submit) {
      submit.preventDefault();
      store.write('choice', {eventId, seatType, quantity});
      if (!store.session()) {
        location.hash = `#/sign-in?next=events/${eventId}`;
        return;
      }
      problem.replaceChildren(el('p', {class: 'muted'}, t('book.sending')));
      try {
        const ticket = await busy(book, () => begin({
          method: 'POST',
          path: '/api/v1/reservations',
          body: {eventId, seatType, quantity},
          about: {eventName: event.eventName, eventId},
        }, trouble => problem.replaceChildren(notice('warn', trouble))));
        store.write('choice', null);
        location.hash = `#/tickets/${ticket.ticketId}`;
      } catch (error) {
        const words = error instanceof Refused ? wordsFor(error.cause) : null;
        if (words === null) {
          throw error;
        }
        problem.replaceChildren(notice('bad', words));
        refresh();
      }
    }

    update();
    const node = el('form', {class: 'choice', onsubmit: submitted},
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
    // Not all at the same moment.
    const pause = (event.status === 'PAUSED' ? REFRESH_PAUSED : REFRESH) * (0.75 + Math.random() / 2);
    refreshing = setTimeout(async () => {
      await refresh();
      if (refreshing) {
        refreshLater();
      }
    }, pause);
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
          el('dt', {}, t('event.when')), el('dd', {}, dateTime(event.eventDate)),
          venue(event) && [el('dt', {}, t('event.where')), el('dd', {}, venue(event))],
          event.saleClosesAt && [el('dt', {}, t('event.closes')), el('dd', {}, shortDateTime(event.saleClosesAt))]),
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
