// Business figures: of one event, and of the events that are on sale now.

import {get, orNull} from './api.js';
import {number, price, shortDateTime, t} from './i18n.js';
import {el} from './ui.js';

const MAX_EVENTS = 8; // one request each
const REFRESH_INTERVAL = 10_000; // ms

const sum = (all, key) => all.reduce((total, each) => total + each[key], 0);

/** Tiles with the totals of the sales of events. @param titles by tile, in place of the usual ones */
export function salesTiles(titles = {}) {
  const places = {};
  const node = el('dl', {class: 'figures'}, ['sold', 'held', 'left', 'revenue', 'rejections', 'soldOut'].map(name => {
    places[name] = el('dd', {}, '–');
    return el('div', {class: 'tile'}, places[name], el('dt', {}, titles[name] ?? t(`sales.${name}`)));
  }));
  return {node, update(sales) {
    const types = sales.flatMap(each => each.seatTypes);
    const ends = sales.map(each => each.soldOutAt).filter(Boolean).sort();
    places.sold.textContent = number(sum(types, 'soldSeats'));
    places.held.textContent = number(sum(types, 'heldSeats'));
    places.left.textContent = number(sum(types, 'availableSeats'));
    places.revenue.textContent = price(sales.reduce((total, each) => total + Number(each.revenue), 0));
    places.rejections.textContent = number(sales.flatMap(each => Object.values(each.rejections)).reduce((all, each) => all + each, 0));
    places.soldOut.textContent = ends.length > 0 ? shortDateTime(ends[0]) : t('sales.soldOut.none');
  }};
}

/** Tiles with the totals of the events with the soonest shows. */
export function businessTiles() {
  const title = el('h2', {id: 'business-title'}, t('business.title', {count: 0}));
  const tiles = salesTiles({soldOut: t('business.soldOut')});
  const node = el('section', {'class': 'business', 'aria-labelledby': 'business-title'}, title, tiles.node);
  let readAt = 0;

  return {
    node,
    /** Reads the sales if they are due. @param events with an open sale */
    async update(events) {
      if (Date.now() - readAt < REFRESH_INTERVAL) {
        return;
      }
      readAt = Date.now();
      const soonest = [...events].sort((a, b) => Date.parse(a.eventDate) - Date.parse(b.eventDate)).slice(0, MAX_EVENTS);
      const sales = await Promise.all(soonest.map(({eventId}) => orNull(get(`/api/v1/operations/events/${eventId}/sales`))));
      const known = sales.filter(each => each !== null);
      title.textContent = t('business.title', {count: known.length});
      tiles.update(known);
    },
  };
}
