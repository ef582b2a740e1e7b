// Names of seats: section and row by the seat map, and the id.

import {ApiError, orNull} from './api.js';
import {t} from './i18n.js';
import {expanded, SeatMap} from './seatmap.js';
import {el} from './ui.js';

const TIMEOUT = 20_000; // ms
const MAX_MAPS = 4; // kept in memory

const maps = new Map();

/**
 * The seat map of a revision. A map of a revision is immutable, so the browser caches it.
 * @throws ApiError
 */
export async function readSeatMap(eventId, revision) {
  let response;
  let document;
  try {
    response = await fetch(`/api/v1/events/${eventId}/seat-map?revision=${revision}&compact=true`,
      {signal: AbortSignal.timeout(TIMEOUT)}); // the page has preloaded it, with these credentials
    document = await response.json();
  } catch {
    throw new ApiError(0, 'NETWORK');
  }
  if (!response.ok) {
    throw new ApiError(response.status, document.code ?? 'INTERNAL_ERROR');
  }
  return new SeatMap(expanded(document));
}

export const seatName = ({section, row, id}) => t('seat.name', {section, row, seat: id});

/**
 * Names of seats of an event, with section and row if the map can be read.
 * @param event with `eventId` and `seatMapRevision`, or null
 */
export async function seatNames(event, ids) {
  if (!ids?.length) {
    return [];
  }
  let map = null;
  if (event?.seatMapRevision) {
    const key = `${event.eventId}-${event.seatMapRevision}`;
    if (!maps.has(key)) {
      if (maps.size === MAX_MAPS) {
        const [oldest] = maps.keys();
        maps.delete(oldest);
      }
      maps.set(key, readSeatMap(event.eventId, event.seatMapRevision));
    }
    map = await orNull(maps.get(key));
    if (!map) {
      maps.delete(key); // the next use reads it again
    }
  }
  return ids.map(id => {
    const index = map?.byId.get(id);
    return index === undefined ? id : seatName(map.seats[index]);
  });
}

/** List of seats: the ids, replaced by the names when the map is read. */
export function seatNameList(event, ids) {
  const items = ids.map(id => el('li', {}, id));
  seatNames(event, ids).then(names => names.forEach((name, index) => {
    items[index].textContent = name;
  }));
  return el('ul', {class: 'seat-names'}, items);
}
