// Poster of an event: its image, or else a picture generated from its id and name.

import {svg} from './icons.js';
import {el} from './ui.js';

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
