// Model of a seat map: seats in map order, their states, a spatial index, and the best free seats.

import {ApiError} from './api.js';
import {t} from './i18n.js';

const CELL_SEATS = 16; // seats of a cell of the spatial index, on average
const MIN_PITCH = 1e-6; // units
const TIMEOUT = 20_000; // ms

/** Byte array of a standard base64 text. */
function bytes(base64) {
  return Uint8Array.from(atob(base64), character => character.charCodeAt(0));
}

/** The full document of a compact one, with the columns of the server. A full document stays as it is. */
export function expanded(document) {
  if (document.scale === undefined) {
    return document;
  }
  const last = {id: '', rank: 0, x: 0, y: 0};
  const seatOf = (row, at) => {
    last.id = last.id.slice(0, row.shared[at]) + row.ids[at];
    last.rank += row.ranks[at];
    last.x += row.x[at];
    last.y += row.y[at];
    return {
      id: last.id, seatType: document.seatTypes[row.types[at]], rank: last.rank,
      x: last.x / document.scale, y: last.y / document.scale,
    };
  };
  const seatsOf = row => {
    const seats = row.ids.map((_, at) => seatOf(row, at));
    row.aisles.forEach((at, index) => seats.splice(at + index, 0, null));
    return seats;
  };
  const {eventId, revision} = document;
  return {
    eventId, revision,
    sections: document.sections.map(({section, rows}) =>
      ({section, rows: rows.map(row => ({row: row.row, seats: seatsOf(row)}))})),
  };
}

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

/** Name of a seat: section, row and id. */
export const seatName = ({section, row, id}) => t('seat.name', {section, row, seat: id});

export class SeatMap {
  #taken;
  #offsets = new Map(); // index of the first seat by section
  #cells = new Map();
  #cellSize;
  #columns;

  /** @param document response of GET /seat-map */
  constructor({revision, sections}) {
    this.revision = revision;
    this.seats = []; // {id, section, row, seatType, rank, x, y, left, right}
    this.sections = []; // {name, from, to, rows, hull: outline, box}
    this.byId = new Map();
    for (const {section, rows} of sections) {
      this.#addSection(section, rows);
    }
    this.#taken = new Uint8Array(this.seats.length);
    this.box = boxOf(this.seats);
    this.pitch = this.#findPitch();
    this.#indexCells();
  }

  #addSection(name, rows) {
    const from = this.seats.length;
    const added = [];
    this.#offsets.set(name, from);
    for (const {row, seats} of rows) {
      const start = this.seats.length;
      let previous = -1;
      for (const seat of seats) {
        if (seat === null) {
          previous = -1;
          continue;
        }
        const index = this.seats.length;
        this.seats.push({...seat, index, section: name, row, left: previous, right: -1});
        this.byId.set(seat.id, index);
        if (previous >= 0) {
          this.seats[previous].right = index;
        }
        previous = index;
      }
      added.push({row, from: start, to: this.seats.length});
    }
    const own = this.seats.slice(from);
    const filled = added.filter(row => row.to > row.from);
    if (own.length > 0) {
      this.sections.push({
        name, from, to: this.seats.length, rows: filled, hull: this.#outlineOf(filled, own), box: boxOf(own),
      });
    }
  }

  /** The first row, the ends of all rows and the last row: rows may be curved. */
  #outlineOf(rows, seats) {
    if (rows.length < 2) {
      return hullOf(seats);
    }
    const row = ({from, to}) => this.seats.slice(from, to);
    const middle = rows.slice(1, -1);
    return [
      ...row(rows[0]), ...middle.map(({to}) => this.seats[to - 1]),
      ...row(rows.at(-1)).reverse(), ...middle.map(({from}) => this.seats[from]).reverse(),
    ].map(({x, y}) => ({x, y}));
  }

  /** Small distance between two neighbours, in units of the map: the size of a seat with its gap. */
  #findPitch() {
    const distances = this.seats.filter(seat => seat.right >= 0)
      .map(seat => Math.hypot(this.seats[seat.right].x - seat.x, this.seats[seat.right].y - seat.y))
      .filter(distance => distance > MIN_PITCH)
      .sort((a, b) => a - b);
    const extent = Math.max(this.box.width, this.box.height, MIN_PITCH);
    return distances.length > 0 ? distances[Math.floor(distances.length / 10)] : extent / Math.sqrt(this.seats.length);
  }

  #indexCells() {
    const area = Math.max(this.box.width, this.pitch) * Math.max(this.box.height, this.pitch);
    this.#cellSize = Math.max(this.pitch, Math.sqrt(area * CELL_SEATS / this.seats.length));
    this.#columns = Math.ceil(this.box.width / this.#cellSize) + 1;
    for (const seat of this.seats) {
      const cell = this.#cellOf(seat.x, seat.y);
      if (!this.#cells.has(cell)) {
        this.#cells.set(cell, []);
      }
      this.#cells.get(cell).push(seat);
    }
  }

  #cellOf(x, y) {
    return Math.floor((y - this.box.top) / this.#cellSize) * this.#columns
      + Math.floor((x - this.box.left) / this.#cellSize);
  }

  /** Lists of seats that may be in an area, one list for each cell. */
  * cellsIn({left, top, right, bottom}) {
    const size = this.#cellSize;
    const rows = Math.floor(this.box.height / size);
    const clamp = (value, max) => Math.max(0, Math.min(max, Math.floor(value / size)));
    for (let row = clamp(top - this.box.top, rows); row <= clamp(bottom - this.box.top, rows); row++) {
      for (let column = clamp(left - this.box.left, this.#columns - 1);
        column <= clamp(right - this.box.left, this.#columns - 1); column++) {
        const cell = this.#cells.get(row * this.#columns + column);
        if (cell) {
          yield cell;
        }
      }
    }
  }

  /** The nearest seat within a distance, or null. */
  seatAt(x, y, distance) {
    let nearest = null;
    let best = distance;
    for (const cell of this.cellsIn({left: x - distance, top: y - distance, right: x + distance, bottom: y + distance})) {
      for (const seat of cell) {
        const away = Math.hypot(seat.x - x, seat.y - y);
        if (away <= best) {
          best = away;
          nearest = seat;
        }
      }
    }
    return nearest;
  }

  /** The nearest seat in a direction, in a cone of 45 degrees on each side; null if there is none. */
  seatTowards(from, dx, dy) {
    let nearest = null;
    let best = Infinity;
    for (const seat of this.seats) {
      const ahead = (seat.x - from.x) * dx + (seat.y - from.y) * dy;
      const aside = Math.abs((seat.x - from.x) * dy - (seat.y - from.y) * dx);
      if (ahead > MIN_PITCH && aside <= ahead && ahead + 2 * aside < best) {
        best = ahead + 2 * aside;
        nearest = seat;
      }
    }
    return nearest;
  }

  sectionAt(x, y) {
    return this.sections.find(({hull}) => contains(hull, x, y)) ?? null;
  }

  isTaken(index) {
    return this.#taken[index] === 1;
  }

  /**
   * Applies bitmaps by section.
   * @return the indexes of the changed seats
   */
  apply(bitmaps) {
    const changed = [];
    for (const [name, base64] of Object.entries(bitmaps)) {
      const section = this.sections.find(each => each.name === name);
      const bits = section ? bytes(base64) : [];
      for (let index = section?.from ?? 0; index < (section?.to ?? 0); index++) {
        const bit = index - section.from;
        const taken = (bits[bit >> 3] >> (bit & 7)) & 1;
        if (taken !== this.#taken[index]) {
          this.#taken[index] = taken;
          changed.push(index);
        }
      }
    }
    return changed;
  }

  /** Number of free seats of a section. */
  freeIn({from, to}) {
    let free = 0;
    for (let index = from; index < to; index++) {
      free += 1 - this.#taken[index];
    }
    return free;
  }

  #isFree(index, without) {
    return index >= 0 && this.#taken[index] === 0 && !without.has(index);
  }

  /**
   * The best neighbouring free seats, by the rule of the server: fewest single seats left, then
   * lowest sum of ranks.
   * @param near a seat to be close to; null orders by rank
   * @return null if no row has enough of them
   */
  bestTogether(seatType, quantity, near = null, without = new Set()) {
    let best = null;
    let bestCost = [Infinity, Infinity];
    for (const {index: first} of this.seats) {
      const run = [];
      for (let index = first; run.length < quantity && this.#isFree(index, without)
          && this.seats[index].seatType === seatType; index = this.seats[index].right) {
        run.push(index);
      }
      if (run.length === quantity) {
        const cost = [this.#singlesNextTo(run, without), near ? distanceOf(run, near, this.seats)
          : run.reduce((sum, index) => sum + this.seats[index].rank, 0)];
        if (cost[0] < bestCost[0] || (cost[0] === bestCost[0] && cost[1] < bestCost[1])) {
          best = run;
          bestCost = cost;
        }
      }
    }
    return best;
  }

  /** Number of free seats next to a run that then have no free neighbour. */
  #singlesNextTo(run, without) {
    const before = this.seats[run[0]].left;
    const after = this.seats[run.at(-1)].right;
    return Number(this.#isFree(before, without) && !this.#isFree(this.seats[before].left, without))
      + Number(this.#isFree(after, without) && !this.#isFree(this.seats[after].right, without));
  }

  /** True if the seats with the best ranks are at the top, where halls have their stage. */
  get hasStageOnTop() {
    const count = Math.max(1, Math.floor(this.seats.length / 20));
    const front = [...this.seats].sort((a, b) => a.rank - b.rank).slice(0, count);
    const mean = front.reduce((sum, seat) => sum + seat.y, 0) / count;
    return this.box.height > 0 && mean - this.box.top < this.box.height / 3;
  }
}

function distanceOf(run, near, seats) {
  return run.reduce((sum, index) => sum + Math.hypot(seats[index].x - near.x, seats[index].y - near.y), 0);
}

function boxOf(seats) {
  const box = {left: Infinity, top: Infinity, right: -Infinity, bottom: -Infinity};
  for (const {x, y} of seats) {
    box.left = Math.min(box.left, x);
    box.top = Math.min(box.top, y);
    box.right = Math.max(box.right, x);
    box.bottom = Math.max(box.bottom, y);
  }
  return {...box, width: box.right - box.left, height: box.bottom - box.top};
}

/** Convex hull of the seats, counterclockwise. */
function hullOf(seats) {
  const sorted = [...seats].sort((a, b) => a.x - b.x || a.y - b.y);
  const turn = (a, b, c) => (b.x - a.x) * (c.y - a.y) - (b.y - a.y) * (c.x - a.x);
  const half = points => {
    const line = [];
    for (const point of points) {
      while (line.length > 1 && turn(line.at(-2), line.at(-1), point) <= 0) {
        line.pop();
      }
      line.push(point);
    }
    return line.slice(0, -1);
  };
  const hull = [...half(sorted), ...half(sorted.reverse())];
  return (hull.length > 0 ? hull : sorted).map(({x, y}) => ({x, y}));
}

function contains(hull, x, y) {
  let inside = false;
  for (let i = 0, j = hull.length - 1; i < hull.length; j = i++) {
    const a = hull[i];
    const b = hull[j];
    if ((a.y > y) !== (b.y > y) && x < (b.x - a.x) * (y - a.y) / (b.y - a.y) + a.x) {
      inside = !inside;
    }
  }
  return inside;
}
