// Names of seats: section and row by the seat map, and the id.

import {orNull} from './api.js';
import {readSeatMap, seatName} from './seatmap.js';
import {el} from './ui.js';

const MAX_MAPS = 4; // kept in memory

const maps = new Map();

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
