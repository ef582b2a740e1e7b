// View of the upcoming events, with a search.

import {ApiError, get, measureClock} from './api.js';
import * as clock from './clock.js';
import {availability, chip, SEPARATOR, smallPoster, stateOf, venue} from './eventparts.js';
import {clockSpan, day, month, monthAndYear, price, shortDateTime, t, weekday} from './i18n.js';
import {watchSeats} from './live.js';
import {query, saveViewState, viewState} from './router.js';
import {busy, el, empty, retryNotice} from './ui.js';

const PAGE = 20;
const MAX_PAGE = 100; // events of one request
const REFRESH_INTERVAL = 20_000; // ms; status, times and new events are not pushed
const TICK = 1000; // ms
const SEARCH_DELAY = 300; // ms after the last key
const DAY = 24 * 60 * 60 * 1000; // ms
const MAX_COUNTDOWN = DAY; // ms; a card counts down to an opening within this time
const MONTH_DAYS = 30; // choice of a month
const DATES = ['all', 'today', 'weekend', 'month'];

/** Limits of a choice of dates in the zone of the browser: `{from, to}`, null without a limit. */
function limitsOf(dates, now = new Date()) {
  const midnight = days => new Date(now.getFullYear(), now.getMonth(), now.getDate() + days);
  // The current weekend, or the next one.
  const sunday = (7 - now.getDay()) % 7;
  switch (dates) {
    case 'today':
      return {from: null, to: midnight(1)};
    case 'weekend':
      return {from: sunday <= 1 ? null : midnight(sunday - 1), to: midnight(sunday + 1)};
    case 'month':
      return {from: null, to: new Date(now.getTime() + MONTH_DAYS * DAY)};
    default:
      return {from: null, to: null};
  }
}

function card(event) {
  const live = el('div', {});
  const badge = el('div', {class: 'badge'});
  const text = el('p', {class: 'muted'});
  const name = el('a', {class: 'cover', href: `/events/${event.eventId}`});
  const date = el('div', {class: 'date', 'aria-hidden': 'true'});
  const cost = el('p', {class: 'price'});
  const soon = el('p', {class: 'soon', hidden: true});
  let drawn = '';

  function drawCountdown() {
    const left = stateOf(event) === 'NOT_OPEN' ? Date.parse(event.saleOpensAt) - clock.now() : Infinity;
    soon.hidden = left > MAX_COUNTDOWN;
    if (!soon.hidden) {
      soon.textContent = t('sale.in', {time: clockSpan(left)});
    }
  }

  /** Draws the card if a visible value has changed. */
  function draw() {
    drawCountdown();
    const now = JSON.stringify([stateOf(event), event]);
    if (now === drawn) {
      return;
    }
    drawn = now;
    const prices = event.seatTypes.map(type => Number(type.price));
    name.textContent = event.eventName;
    date.replaceChildren(el('span', {}, month(event.eventDate, event.timeZone)),
      el('strong', {}, day(event.eventDate, event.timeZone)), el('span', {}, weekday(event.eventDate, event.timeZone)));
    text.textContent = [shortDateTime(event.eventDate, event.timeZone), venue(event)].filter(Boolean).join(SEPARATOR);
    live.replaceChildren(availability(event));
    badge.replaceChildren(chip(event));
    cost.textContent = prices.length > 1 ? t('price.from', {price: price(Math.min(...prices))}) : price(prices[0]);
  }

  draw();
  return {
    node: el('li', {class: 'event card', 'data-event': event.eventId}, smallPoster(event), date,
      el('div', {class: 'event-text'}, el('h3', {}, name), text, live, soon),
      el('div', {class: 'event-side'}, badge, cost)),
    draw,
    hasOpening: () => Boolean(event.saleOpensAt),
    update(values) {
      Object.assign(event, values);
      draw();
    },
  };
}

/** Reads the first events of a search. @return the events and their total number */
async function read(count, search, dates) {
  const {from, to} = limitsOf(dates);
  const more = (search ? `&q=${encodeURIComponent(search)}` : '')
    + (from ? `&from=${from.toISOString()}` : '') + (to ? `&to=${to.toISOString()}` : '');
  const size = Math.min(count, MAX_PAGE);
  const events = [];
  for (let page = 0; ; page++) {
    const found = await get(`/api/v1/events?page=${page}&size=${size}${more}`);
    events.push(...found.content);
    if (events.length >= count || page + 1 >= found.page.totalPages) {
      return {events, total: found.page.totalElements};
    }
  }
}

export async function listView() {
  const place = el('ul', {class: 'events'});
  const more = el('div', {class: 'more'});
  const none = el('div', {});
  const problem = el('div', {});
  const cards = new Map(); // by event id
  let count = viewState().count ?? PAGE;
  let search = query().get('q') ?? '';
  let dates = DATES.includes(query().get('dates')) ? query().get('dates') : 'all';
  const months = new Map(); // headings by their texts
  let reads = 0;
  let left = false;

  function draw({events, total}) {
    const shown = new Set(events.map(event => event.eventId));
    for (const [id, {end}] of cards) {
      if (!shown.has(id)) {
        end();
        cards.delete(id);
      }
    }
    for (const event of events) {
      const known = cards.get(event.eventId);
      if (known) {
        known.update(event);
      } else {
        const created = card(event);
        const end = event.status === 'CANCELLED' ? () => {} : watchSeats(event.eventId, seats =>
          created.update({availableSeats: seats.availableSeats, seatTypes: seats.seatTypes}));
        cards.set(event.eventId, {...created, end});
      }
    }
    // Events in different zones may alternate between two months.
    const headed = new Set();
    const nodes = events.flatMap(event => {
      const {node} = cards.get(event.eventId);
      const title = monthAndYear(event.eventDate, event.timeZone);
      if (headed.has(title)) {
        return [node];
      }
      headed.add(title);
      if (!months.has(title)) {
        months.set(title, el('li', {class: 'month'}, el('h2', {}, title)));
      }
      return [months.get(title), node];
    });
    // An unchanged list is not replaced, so that the focused link keeps the focus.
    if (nodes.length !== place.children.length || nodes.some((node, index) => node !== place.children[index])) {
      place.replaceChildren(...nodes);
    }
    problem.replaceChildren();
    none.replaceChildren(...(events.length > 0 ? [] : [search
      ? empty(t('events.unfound'), t('events.unfound.words', {search}))
      : dates !== 'all' ? empty(t('events.unfound'), t('events.unfound.dates'))
      : empty(t('events.none'), t('events.none.words'))]));
    more.replaceChildren(...(events.length < total
      ? [el('button', {class: 'button', type: 'button', onclick: event => busy(event.target, showMore)}, t('list.more'))]
      : []));
  }

  /** Reads and draws. The result of an older read is ignored. */
  async function refresh() {
    const number = ++reads;
    const found = await read(count, search, dates);
    if (number === reads && !left) {
      draw(found);
    }
  }

  async function refreshQuietly() {
    try {
      await refresh();
    } catch (error) {
      if (!(error instanceof ApiError)) {
        throw error;
      }
      // The list keeps its last state, and the next refresh repeats the read.
    }
  }

  /** Refreshes for the user. A failure keeps the list, and is shown in the place. */
  async function refreshOrReport(where) {
    const number = reads + 1;
    try {
      await refresh();
    } catch (error) {
      if (!(error instanceof ApiError)) {
        throw error;
      }
      if (number === reads && !left) {
        where.replaceChildren(retryNotice(error, () => refreshOrReport(where)));
      }
    }
  }

  async function showMore() {
    count += PAGE;
    saveViewState({count});
    await refreshOrReport(more);
  }

  function onFilter() {
    count = PAGE;
    saveViewState({count});
    const words = new URLSearchParams({...(search && {q: search}), ...(dates !== 'all' && {dates})}).toString();
    history.replaceState(history.state, '', words ? `/?${words}` : '/');
    refreshOrReport(problem);
  }

  const chips = DATES.map(each => el('button', {
    class: 'choice-chip', type: 'button', 'aria-pressed': String(each === dates), onclick: () => {
      dates = each;
      chips.forEach((chip, index) => chip.setAttribute('aria-pressed', DATES[index] === dates));
      onFilter();
    },
  }, t(`dates.${each}`)));

  let typing = 0;
  const input = el('input', {
    type: 'search', id: 'search', name: 'search', maxlength: 100, value: search, autocomplete: 'off',
    placeholder: t('events.search'), 'aria-label': t('events.search'),
    oninput: () => {
      clearTimeout(typing);
      typing = setTimeout(() => {
        search = input.value.trim();
        onFilter();
      }, SEARCH_DELAY);
    },
  });

  await refresh();
  if (clock.error() === Infinity && [...cards.values()].some(({hasOpening}) => hasOpening())) {
    measureClock(); // not awaited: the states are drawn again each second
  }
  const tick = setInterval(() => cards.forEach(each => each.draw()), TICK);
  let refreshing = 0;
  function refreshLater() {
    // Random, so that the pages do not send their requests at the same moment.
    refreshing = setTimeout(async () => {
      if (document.visibilityState === 'visible') {
        await refreshQuietly();
      }
      if (!left) {
        refreshLater();
      }
    }, REFRESH_INTERVAL * (0.75 + Math.random() / 2));
  }
  refreshLater();
  return {
    title: t('events.title'),
    node: el('section', {},
      el('h1', {tabindex: '-1'}, t('events.title')),
      el('p', {class: 'lead'}, t('events.lead')),
      el('div', {class: 'search', role: 'search'}, input),
      el('div', {class: 'chips', role: 'group', 'aria-label': t('dates.label')}, chips), problem, none, place, more),
    leave: () => {
      left = true;
      clearInterval(tick);
      clearTimeout(refreshing);
      clearTimeout(typing);
      cards.forEach(({end}) => end());
    },
  };
}
