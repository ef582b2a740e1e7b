// Parts of the views of an event: the state of its sale, its seats and its poster.

import * as clock from './clock.js';
import {number, ownTime, shortDateTime, t} from './i18n.js';
import {el, svg} from './ui.js';

const SCARCE_SHARE = 0.1; // share of all seats

/** Between two facts. A line never starts with it. */
export const SEPARATOR = '\u00a0· ';

// Posters
const COLOURS = [
  ['#2444c9', '#7a1fa2', '#ffd166'], ['#0a7d6b', '#0b3d91', '#f4a261'], ['#a8201a', '#5b1a67', '#ffcb77'],
  ['#1d3557', '#457b9d', '#e9c46a'], ['#3d1e6d', '#8a2387', '#f2a07b'], ['#14532d', '#0e7490', '#fde68a'],
];
const WIDTH = 320;
const HEIGHT = 180;
const SHAPES = 7;
const VARIANTS = [480, 960]; // widths of the narrower images of the server
const FULL_WIDTH = 1600; // at most
const PHONE = '(max-width: 48rem)';

/** CANCELLED, CLOSED, NOT_OPEN, PAUSED, SOLD_OUT, SCARCE or ON_SALE. */
export function stateOf(event) {
  const now = clock.now();
  if (event.status === 'CANCELLED') {
    return 'CANCELLED';
  }
  if (now >= Date.parse(event.eventDate) || (event.saleClosesAt && now >= Date.parse(event.saleClosesAt))) {
    return 'CLOSED';
  }
  // Not `now`: the server rejects a booking that arrives early.
  if (event.saleOpensAt && clock.earliest() < Date.parse(event.saleOpensAt)) {
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

/** As stateOf, but PAUSED also before the opening. */
export function operatorStateOf(event) {
  const state = stateOf(event);
  return state === 'NOT_OPEN' && event.status === 'PAUSED' ? 'PAUSED' : state;
}

export const isOpen = state => state === 'ON_SALE' || state === 'SCARCE';

/** Kinds of the notices and chips of each state. */
export const KINDS = {
  CANCELLED: 'bad', CLOSED: '', NOT_OPEN: 'info', PAUSED: 'warn', SOLD_OUT: 'bad', SCARCE: 'warn', ON_SALE: 'good',
};

export function chip(event, state = stateOf(event)) {
  return el('span', {class: `chip ${KINDS[state]}`}, t(`state.${state}`));
}

export function venue(event) {
  return [event.venueName, event.venueAddress].filter(Boolean).join(', ');
}

function meter(event) {
  const bar = el('span', {});
  bar.style.width = `${100 * event.availableSeats / event.totalSeats}%`;
  return el('div', {class: 'meter', 'aria-hidden': 'true'}, bar);
}

/** Paragraphs of a time in the zone of the venue and, if it differs, in that of the browser. */
export function bothTimes(words, instant, timeZone) {
  const own = ownTime(instant, timeZone);
  return [el('p', {class: 'muted'}, words), own && el('p', {class: 'muted'}, own)];
}

/** Text and meter of the available seats, or the reason why there is no sale. */
export function availability(event) {
  const state = stateOf(event);
  if (state === 'NOT_OPEN') {
    return el('div', {}, bothTimes(
      t('sale.opens', {time: shortDateTime(event.saleOpensAt, event.timeZone)}), event.saleOpensAt, event.timeZone));
  }
  if (state === 'CANCELLED' || state === 'CLOSED') {
    return el('p', {class: 'muted'}, t(`state.${state}.words`));
  }
  return el('div', {class: 'availability'}, meter(event), el('p', {class: 'muted'},
    t('seats.left', {left: number(event.availableSeats), total: number(event.totalSeats)})));
}

/** Pseudo-random numbers from 0 to 1 for a seed. */
function generator(seed) {
  let state = Math.imul(seed, 2_654_435_761) >>> 0;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}

const seedOf = text => [...text].reduce((hash, character) => (Math.imul(hash, 31) + character.codePointAt(0)) | 0, 7);

const variant = (url, width) => `${url}&width=${width}`;

/**
 * A strip or square of the poster, next to the name of the event.
 * @param sizes width at which the browser shows the whole poster, for its choice of a variant
 */
export const smallPoster = (event, sizes = `${PHONE} 100vw, 10rem`) => image(event, {
  alt: '', loading: 'lazy', sizes, srcset: [
    ...VARIANTS.map(width => `${variant(event.posterUrl, width)} ${width}w`), `${event.posterUrl} ${FULL_WIDTH}w`].join(),
  src: variant(event.posterUrl, VARIANTS[0]),
});

/** The whole poster. @param alt text for screen readers */
export const poster = (event, alt) => image(event, {
  alt, src: matchMedia(PHONE).matches ? variant(event.posterUrl, VARIANTS.at(-1)) : event.posterUrl,
});

/** The image of the event. A generated picture replaces it if there is none, or if it fails to load. */
function image(event, attributes) {
  if (!event.posterUrl) {
    return generatedPoster(event);
  }
  const created = el('img', {class: 'poster', ...attributes, onerror: () => created.replaceWith(generatedPoster(event))});
  return created;
}

/** A picture without a text. It has no meaning for screen readers. */
export function generatedPoster({eventId, eventName}) {
  const random = generator(seedOf(`${eventId}/${eventName}`));
  const [from, to, light] = COLOURS[Math.floor(random() * COLOURS.length)];
  const id = `poster-${eventId}`;
  const shapes = Array.from({length: SHAPES}, () => {
    const [x, y, size] = [random() * WIDTH, random() * HEIGHT, 14 + random() * 70];
    const paint = {fill: random() < 0.35 ? light : '#fff', 'fill-opacity': (0.1 + random() * 0.3).toFixed(2)};
    return random() < 0.55
      ? svg('circle', {cx: x.toFixed(1), cy: y.toFixed(1), r: size.toFixed(1), ...paint})
      : svg('path', {d: `M${x.toFixed(1)} 0L${(x + size).toFixed(1)} 0L${(x + 3 * size - 60).toFixed(1)} ${HEIGHT}L${(x - size).toFixed(1)} ${HEIGHT}Z`, ...paint});
  });
  return svg('svg', {
    'class': 'poster', 'viewBox': `0 0 ${WIDTH} ${HEIGHT}`, 'preserveAspectRatio': 'xMidYMid slice', 'aria-hidden': 'true',
  },
  svg('defs', {}, svg('linearGradient', {id, x1: 0, y1: 0, x2: 1, y2: 1},
    svg('stop', {offset: 0, 'stop-color': from}), svg('stop', {offset: 1, 'stop-color': to}))),
  svg('rect', {width: WIDTH, height: HEIGHT, fill: `url(#${id})`}), ...shapes);
}
