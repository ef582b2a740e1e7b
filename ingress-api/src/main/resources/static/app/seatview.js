// Seat map on a canvas. Seats are drawn into a layer that is larger than the view: a pan moves the
// layer, a zoom scales it until it is drawn again, and a changed seat is drawn alone. A layer is
// drawn in slices, so that no frame takes longer than the slice.

import {el} from './ui.js';

const MAX_PIXEL_RATIO = 2;
const MARGIN = 0.25; // share of the view, on each side of the layer
const SLICE = 5; // ms of one frame
const FIRST_SLICE = 40; // ms; of the first layer, when the view does not move yet
const REDRAW_DELAY = 90; // ms after the last change of the scale
const ANIMATION = 240; // ms
const DRAG_DISTANCE = 7; // px
const MAX_SEAT = 44; // px
const CHOOSABLE_SEAT = 24; // px; the size after a zoom to a seat
const MIN_CHOOSABLE_SEAT = {mouse: 10, touch: 18}; // px
const TOUCH_DISTANCE = 14; // px around a seat
const LABEL_SEAT = 9; // px; sections of smaller seats have labels
const DETAIL_SEAT = 7; // px; smaller seats have no pattern
const PAN_STEP = 80; // px of a key
const ZOOM_STEP = 1.4; // factor of a key or button
const WHEEL_ZOOM = 0.0016; // per px
const SEAT_SHARE = 0.84; // share of the pitch; the rest is the gap
const STAGE_SHARE = 0.11; // share of the height of the map
const PATTERNS = 6;

/** Index of the colour and pattern of each seat type: the highest price first. */
export function looksOf(seatTypes) {
  const sorted = [...seatTypes].sort((a, b) => Number(b.price) - Number(a.price));
  return new Map(sorted.map(({seatType}, index) => [seatType, index]));
}

function coloursOf(node) {
  const style = getComputedStyle(node);
  const value = name => style.getPropertyValue(name).trim();
  return {
    card: value('--card'), line: value('--line'), strongLine: value('--strong-line'), ink: value('--ink'), muted: value('--muted'),
    accent: value('--accent'), onAccent: value('--on-accent'), section: value('--section'),
    types: Array.from({length: PATTERNS}, (_, index) => value(`--type-${index}`)),
  };
}

function roundRect(context, x, y, size, radius) {
  context.beginPath();
  context.roundRect(x, y, size, size, radius);
}

/** Draws one seat. Patterns differ by type, so that colours are not needed to tell types apart. */
function drawSeat(context, x, y, size, look, colours, taken) {
  const radius = size * 0.26;
  if (taken) {
    roundRect(context, x + size * 0.22, y + size * 0.22, size * 0.56, radius * 0.6);
    context.fillStyle = colours.line;
    context.fill();
    return;
  }
  roundRect(context, x, y, size, radius);
  context.fillStyle = colours.types[look % PATTERNS];
  context.fill();
  if (size < DETAIL_SEAT) {
    return;
  }
  const at = share => size * share;
  context.save();
  context.clip();
  context.strokeStyle = colours.card;
  context.fillStyle = colours.card;
  context.lineWidth = Math.max(1, size * 0.12);
  context.beginPath();
  switch (look % PATTERNS) {
    case 1: // diagonal
      context.moveTo(x, y + size);
      context.lineTo(x + size, y);
      break;
    case 2: // point
      context.arc(x + at(0.5), y + at(0.5), at(0.17), 0, 2 * Math.PI);
      context.fill();
      context.beginPath();
      break;
    case 3: // horizontal
      context.moveTo(x, y + at(0.5));
      context.lineTo(x + size, y + at(0.5));
      break;
    case 4: // cross
      context.moveTo(x, y);
      context.lineTo(x + size, y + size);
      context.moveTo(x, y + size);
      context.lineTo(x + size, y);
      break;
    case 5: // ring
      context.arc(x + at(0.5), y + at(0.5), at(0.24), 0, 2 * Math.PI);
      break;
    default: // plain
  }
  context.stroke();
  context.restore();
}

/** A swatch of the legend. */
export function swatch(look, taken = false) {
  const size = 20;
  const canvas = el('canvas', {class: 'swatch', width: size * 2, height: size * 2, 'aria-hidden': 'true'});
  // Colours are known after the insertion.
  requestAnimationFrame(() => {
    const context = canvas.getContext('2d');
    drawSeat(context, 0, 0, size * 2, look, coloursOf(document.documentElement), taken);
  });
  return canvas;
}

export class SeatView {
  #map;
  #looks;
  #handlers;
  #canvas;
  #context;
  #colours;
  #ratio = 1; // device pixels of a CSS pixel
  #width = 0; // CSS pixels
  #height = 0;
  #scale = 1; // CSS pixels of a unit
  #left = 0; // units at the left edge
  #top = 0;
  #fitScale = 1;
  #layer = null;
  #building = null;
  #changed = new Set(); // indexes that a layer in progress may show in their old state
  #chosen = new Set();
  #cursor = null;
  #hovered = null;
  #focused = false;
  #pointers = new Map();
  #drag = null;
  #frame = 0;
  #redraw = 0;
  #animation = null;
  #stage;
  #family = 'sans-serif';
  #text = 1; // size of the texts relative to a root font of 16 px
  #observer;
  #scheme = matchMedia('(prefers-color-scheme: dark)');
  #onScheme = () => {
    this.#colours = coloursOf(this.#canvas);
    this.#build();
  };

  /**
   * @param looks result of `looksOf`
   * @param handlers `toggle(seat)`, `point(seat, x, y)` with null at the end, `move(seat)` of the keyboard,
   *     `sectionText(section)`, and the texts `label`, `help` (an id) and `stage`
   */
  constructor(map, looks, handlers) {
    this.#map = map;
    this.#looks = looks;
    this.#handlers = handlers;
    this.#stage = map.hasStageOnTop;
    this.#canvas = el('canvas', {
      class: 'seat-canvas', tabindex: '0', role: 'application', 'aria-label': handlers.label, 'aria-describedby': handlers.help,
      onpointerdown: event => this.#onDown(event),
      onpointermove: event => this.#onMove(event),
      onpointerup: event => this.#onUp(event),
      onpointercancel: event => this.#onUp(event),
      onpointerleave: () => this.#point(null),
      onkeydown: event => this.#onKey(event),
      onfocus: () => this.#setFocused(this.#canvas.matches(':focus-visible')),
      onblur: () => this.#setFocused(false),
    });
    this.#canvas.addEventListener('wheel', event => this.#onWheel(event), {passive: false});
    this.#context = this.#canvas.getContext('2d');
    this.#scheme.addEventListener('change', this.#onScheme);
    this.#observer = new ResizeObserver(() => this.#resize());
    this.#observer.observe(this.#canvas);
  }

  get node() {
    return this.#canvas;
  }

  close() {
    cancelAnimationFrame(this.#frame);
    clearTimeout(this.#redraw);
    this.#observer.disconnect();
    this.#scheme.removeEventListener('change', this.#onScheme);
    this.#building = null;
    this.#animation = null;
    this.#width = 0;
  }

  /** Draws seats whose state has changed. */
  update(indexes) {
    for (const index of indexes) {
      this.#changed.add(index);
      if (this.#layer) {
        this.#drawInto(this.#layer, this.#map.seats[index]);
      }
    }
    this.#request();
  }

  setChosen(indexes) {
    this.#chosen = new Set(indexes);
    this.#request();
  }

  zoom(factor) {
    this.#cancelAnimation();
    this.#animateTo(this.#scale * factor, this.#left + this.#width / 2 / this.#scale, this.#top + this.#height / 2 / this.#scale);
  }

  showAll() {
    this.#cursor = null;
    this.#animateTo(this.#fitScale, this.#map.box.left + this.#map.box.width / 2, this.#center().y);
  }

  showSection(section) {
    const {box} = section;
    this.#animateTo(this.#fit(box), box.left + box.width / 2, box.top + box.height / 2);
  }

  /** Shows seats at a size at which they can be chosen. */
  showSeats(indexes) {
    const seats = indexes.map(index => this.#map.seats[index]);
    const mean = key => seats.reduce((sum, seat) => sum + seat[key], 0) / seats.length;
    this.#animateTo(Math.max(this.#scale, CHOOSABLE_SEAT / this.#map.pitch), mean('x'), mean('y'));
  }

  /** Size of a seat with its gap, in CSS pixels. */
  get seatSize() {
    return this.#map.pitch * this.#scale;
  }

  /** Position of a seat in the canvas, in CSS pixels. */
  positionOf(index) {
    const {x, y} = this.#map.seats[index];
    return {x: (x - this.#left) * this.#scale, y: (y - this.#top) * this.#scale};
  }

  // Geometry

  #resize() {
    const {clientWidth, clientHeight} = this.#canvas;
    if (clientWidth === 0 || clientHeight === 0) {
      return;
    }
    const first = this.#width === 0;
    const center = {x: this.#left + this.#width / 2 / this.#scale, y: this.#top + this.#height / 2 / this.#scale};
    const atFit = first || this.#scale <= this.#fitScale * 1.01;
    this.#ratio = Math.min(MAX_PIXEL_RATIO, devicePixelRatio || 1);
    this.#width = clientWidth;
    this.#height = clientHeight;
    this.#canvas.width = Math.round(clientWidth * this.#ratio);
    this.#canvas.height = Math.round(clientHeight * this.#ratio);
    this.#colours = coloursOf(this.#canvas);
    this.#family = getComputedStyle(this.#canvas).fontFamily;
    this.#text = parseFloat(getComputedStyle(document.documentElement).fontSize) / 16;
    this.#fitScale = this.#fit(this.#map.box);
    if (atFit) {
      center.x = this.#map.box.left + this.#map.box.width / 2;
      center.y = this.#center().y;
      this.#scale = this.#fitScale;
    }
    this.#moveTo(this.#scale, center.x, center.y);
    this.#build();
    this.#draw(); // the resized canvas is empty
  }

  /** Height of the stage with the gap below it, in units. */
  get #stageHeight() {
    const {box, pitch} = this.#map;
    return this.#stage ? Math.max(4 * pitch, box.height * STAGE_SHARE) : 0;
  }

  #center() {
    const {box} = this.#map;
    return {x: box.left + box.width / 2, y: box.top + (box.height - this.#stageHeight) / 2};
  }

  #fit({width, height}) {
    const space = 4 * this.#map.pitch;
    return Math.min(this.#width / (width + space), this.#height / (height + space + this.#stageHeight), MAX_SEAT / this.#map.pitch);
  }

  /** Nearest scale at which the map is not smaller than the view and a seat not too large. */
  #boundedScale(scale) {
    return Math.max(this.#fitScale, Math.min(scale, MAX_SEAT / this.#map.pitch));
  }

  /** Sets the scale and the center, within the map. */
  #moveTo(scale, x, y) {
    const {box, pitch} = this.#map;
    this.#scale = this.#boundedScale(scale);
    const bounded = (value, from, length, view) => {
      const space = 4 * pitch;
      const min = from - space + view / 2;
      const max = from + length + space - view / 2;
      return min > max ? (min + max) / 2 : Math.max(min, Math.min(max, value));
    };
    const width = this.#width / this.#scale;
    const height = this.#height / this.#scale;
    const top = box.top - this.#stageHeight;
    this.#left = bounded(x, box.left, box.width, width) - width / 2;
    this.#top = bounded(y, top, box.bottom - top, height) - height / 2;
    this.#request();
  }

  #animateTo(scale, x, y) {
    if (matchMedia('(prefers-reduced-motion: reduce)').matches || this.#width === 0) {
      this.#moveTo(scale, x, y);
      return;
    }
    this.#animation = {
      start: performance.now(), scale: this.#scale,
      x: this.#left + this.#width / 2 / this.#scale, y: this.#top + this.#height / 2 / this.#scale, to: {scale, x, y},
    };
    this.#request();
  }

  #cancelAnimation() {
    this.#animation = null;
  }

  #animate(now) {
    const {start, scale, x, y, to} = this.#animation;
    const share = Math.min(1, (now - start) / ANIMATION);
    const eased = 1 - (1 - share) ** 3;
    const mix = (from, target) => from + (target - from) * eased;
    if (share === 1) {
      this.#animation = null;
    }
    this.#moveTo(scale * (to.scale / scale) ** eased, mix(x, to.x), mix(y, to.y));
  }

  /** Zooms by a factor and keeps the point below the pointer. */
  #zoomAt(factor, x, y) {
    const unitX = this.#left + x / this.#scale;
    const unitY = this.#top + y / this.#scale;
    const scale = this.#boundedScale(this.#scale * factor);
    this.#moveTo(scale, unitX + (this.#width / 2 - x) / scale, unitY + (this.#height / 2 - y) / scale);
  }

  #panBy(dx, dy) {
    this.#moveTo(this.#scale, this.#left + (this.#width / 2 - dx) / this.#scale, this.#top + (this.#height / 2 - dy) / this.#scale);
  }

  // Drawing

  #request() {
    if (this.#frame === 0 && this.#width > 0) {
      this.#frame = requestAnimationFrame(now => {
        this.#frame = 0;
        this.#onFrame(now);
      });
    }
  }

  #onFrame(now) {
    if (this.#animation) {
      this.#animate(now);
    }
    if (this.#building) {
      this.#continueBuilding();
    }
    this.#draw();
    if (this.#building || this.#animation) {
      this.#request();
    }
  }

  #isCovered() {
    const {left, top, width, height} = this.#layer;
    const {box, pitch} = this.#map;
    const viewRight = Math.min(this.#left + this.#width / this.#scale, box.right + pitch);
    const viewBottom = Math.min(this.#top + this.#height / this.#scale, box.bottom + pitch);
    return left <= Math.max(this.#left, box.left - pitch) && top <= Math.max(this.#top, box.top - pitch)
      && left + width >= viewRight && top + height >= viewBottom;
  }

  /** Starts a new layer now if the view left the old one, and a little later if the scale changed. */
  #refreshLayer() {
    if (this.#building) {
      return;
    }
    if (!this.#layer || (this.#layer.scale === this.#scale && !this.#isCovered())) {
      this.#build();
    } else if (this.#layer.scale !== this.#scale && this.#redraw === 0) {
      const wanted = this.#scale;
      this.#redraw = setTimeout(() => {
        this.#redraw = 0;
        if (this.#scale === wanted) {
          this.#build();
        }
        this.#request();
      }, REDRAW_DELAY);
    }
  }

  #build() {
    if (this.#width === 0) {
      return;
    }
    const scale = this.#scale;
    const width = this.#width * (1 + 2 * MARGIN) / scale;
    const height = this.#height * (1 + 2 * MARGIN) / scale;
    const layer = {
      scale, width, height,
      left: this.#left - this.#width * MARGIN / scale, top: this.#top - this.#height * MARGIN / scale,
      pixels: scale * this.#ratio,
      canvas: document.createElement('canvas'),
    };
    layer.canvas.width = Math.ceil(width * layer.pixels);
    layer.canvas.height = Math.ceil(height * layer.pixels);
    layer.context = layer.canvas.getContext('2d');
    layer.size = Math.max(1, this.#map.pitch * SEAT_SHARE * layer.pixels);
    layer.sprites = this.#sprites(layer.size);
    this.#changed.clear();
    const area = {left: layer.left, top: layer.top, right: layer.left + width, bottom: layer.top + height};
    this.#building = {layer, cells: this.#map.cellsIn(area)};
    this.#request();
  }

  /** Pictures of a free seat of each look and of a taken seat, so that a seat is one copy. */
  #sprites(size) {
    const side = Math.ceil(size);
    return [...Array(PATTERNS).keys(), null].map(look => {
      const canvas = document.createElement('canvas');
      canvas.width = side;
      canvas.height = side;
      drawSeat(canvas.getContext('2d'), 0, 0, Math.min(size, side), look ?? 0, this.#colours, look === null);
      return canvas;
    });
  }

  #continueBuilding() {
    const {layer, cells} = this.#building;
    const end = performance.now() + (this.#layer ? SLICE : FIRST_SLICE);
    for (;;) {
      const {value, done} = cells.next();
      if (done) {
        break;
      }
      for (const seat of value) {
        this.#copy(layer, seat);
      }
      if (performance.now() > end) {
        return;
      }
    }
    this.#changed.forEach(index => this.#drawInto(layer, this.#map.seats[index]));
    this.#changed.clear();
    this.#layer = layer;
    this.#building = null;
  }

  #copy(layer, seat) {
    const sprite = this.#map.isTaken(seat.index)
      ? layer.sprites[PATTERNS] : layer.sprites[(this.#looks.get(seat.seatType) ?? 0) % PATTERNS];
    layer.context.drawImage(sprite,
      Math.round((seat.x - layer.left) * layer.pixels - layer.size / 2),
      Math.round((seat.y - layer.top) * layer.pixels - layer.size / 2));
  }

  #drawInto(layer, seat) {
    const side = Math.ceil(layer.size);
    layer.context.clearRect(Math.round((seat.x - layer.left) * layer.pixels - layer.size / 2),
      Math.round((seat.y - layer.top) * layer.pixels - layer.size / 2), side, side);
    this.#copy(layer, seat);
  }

  #draw() {
    if (this.#width === 0) {
      return;
    }
    const context = this.#context;
    context.setTransform(this.#ratio, 0, 0, this.#ratio, 0, 0);
    context.clearRect(0, 0, this.#width, this.#height);
    this.#drawStage(context);
    this.#drawSections(context);
    this.#refreshLayer();
    if (this.#layer) {
      const {canvas, left, top, pixels, scale} = this.#layer;
      const zoom = this.#scale / pixels; // CSS pixels of a pixel of the layer
      context.imageSmoothingEnabled = scale !== this.#scale;
      context.drawImage(canvas, (left - this.#left) * this.#scale, (top - this.#top) * this.#scale,
        canvas.width * zoom, canvas.height * zoom);
    }
    this.#chosen.forEach(index => this.#mark(context, this.#map.seats[index]));
    if (this.#hovered) {
      this.#outline(context, this.#hovered, this.#colours.ink, 2);
    }
    if (this.#cursor && this.#focused) {
      this.#outline(context, this.#cursor, this.#colours.accent, 3);
    }
    if (this.seatSize < LABEL_SEAT) {
      this.#drawLabels(context);
    }
  }

  #drawStage(context) {
    if (!this.#stage) {
      return;
    }
    const {box, pitch} = this.#map;
    const height = (this.#stageHeight - 1.5 * pitch) * this.#scale;
    const width = box.width * 0.3 * this.#scale;
    const x = (box.left + box.width / 2 - this.#left) * this.#scale - width / 2;
    const y = (box.top - this.#stageHeight - this.#top) * this.#scale;
    context.beginPath();
    context.roundRect(x, y, width, height, [height / 6, height / 6, height / 2, height / 2]);
    context.fillStyle = this.#colours.line;
    context.fill();
    const size = Math.min(16 * this.#text, Math.max(11, height * 0.6));
    if (height > 8 || this.seatSize < LABEL_SEAT) {
      context.font = `600 ${size}px ${this.#family}`;
      context.textAlign = 'center';
      context.textBaseline = 'middle';
      context.fillStyle = this.#colours.ink;
      context.fillText(this.#handlers.stage, x + width / 2, y + height / 2 + 0.5, width * 0.9);
    }
  }

  #drawSections(context) {
    const space = this.#map.pitch * this.#scale;
    context.lineJoin = 'round';
    context.lineWidth = space * 1.6;
    context.fillStyle = this.#colours.section;
    context.strokeStyle = this.#colours.section;
    for (const {hull} of this.#map.sections) {
      context.beginPath();
      hull.forEach(({x, y}) => context.lineTo((x - this.#left) * this.#scale, (y - this.#top) * this.#scale));
      context.closePath();
      context.fill();
      context.stroke();
    }
  }

  #drawLabels(context) {
    context.textAlign = 'center';
    context.textBaseline = 'middle';
    for (const section of this.#map.sections) {
      const {box, from, to} = section;
      const middle = this.#map.seats[Math.floor((from + to) / 2)];
      const x = (box.left + box.width / 2 - this.#left) * this.#scale;
      const y = (middle.y - this.#top) * this.#scale;
      const lines = [section.name, this.#handlers.sectionText(section)];
      context.font = `600 ${13 * this.#text}px ${this.#family}`;
      const width = Math.max(...lines.map(line => context.measureText(line).width)) + 14;
      const fits = width < box.width * this.#scale + 8;
      if (!fits && context.measureText(section.name).width + 10 > box.width * this.#scale + 8) {
        continue;
      }
      const height = (fits ? 38 : 22) * this.#text;
      const shown = fits ? width : context.measureText(section.name).width + 10;
      context.beginPath();
      context.roundRect(x - shown / 2, y - height / 2, shown, height, 8);
      context.globalAlpha = 0.92;
      context.fillStyle = this.#colours.card;
      context.fill();
      context.globalAlpha = 1;
      context.fillStyle = this.#colours.ink;
      context.fillText(lines[0], x, fits ? y - 8 * this.#text : y);
      if (fits) {
        context.font = `${12 * this.#text}px ${this.#family}`;
        context.fillStyle = this.#colours.muted;
        context.fillText(lines[1], x, y + 9 * this.#text);
      }
    }
  }

  #boxOf(seat, grow) {
    const size = Math.max(4, this.seatSize * SEAT_SHARE) + grow;
    const {x, y} = this.positionOf(seat.index);
    return {x: x - size / 2, y: y - size / 2, size};
  }

  /** A chosen seat: inverted, with a check mark. */
  #mark(context, seat) {
    const {x, y, size} = this.#boxOf(seat, 3);
    roundRect(context, x, y, size, size * 0.26);
    context.fillStyle = this.#colours.ink;
    context.fill();
    context.beginPath();
    context.moveTo(x + size * 0.25, y + size * 0.52);
    context.lineTo(x + size * 0.43, y + size * 0.7);
    context.lineTo(x + size * 0.76, y + size * 0.32);
    context.strokeStyle = this.#colours.card;
    context.lineWidth = Math.max(1.5, size * 0.13);
    context.stroke();
  }

  #outline(context, seat, colour, width) {
    const {x, y, size} = this.#boxOf(seat, 6);
    roundRect(context, x, y, size, size * 0.28);
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.stroke();
  }

  // Input

  #local(event) {
    const box = this.#canvas.getBoundingClientRect();
    return {x: event.clientX - box.left, y: event.clientY - box.top};
  }

  #seatNear({x, y}, type) {
    const distance = Math.max(0.6 * this.#map.pitch, (type === 'touch' ? TOUCH_DISTANCE : 2) / this.#scale);
    return this.#map.seatAt(this.#left + x / this.#scale, this.#top + y / this.#scale, distance);
  }

  #onDown(event) {
    if (event.button !== 0) {
      return;
    }
    this.#cancelAnimation();
    this.#canvas.setPointerCapture(event.pointerId);
    this.#pointers.set(event.pointerId, this.#local(event));
    this.#drag = this.#pointers.size === 1 ? {from: this.#local(event), moved: false} : {from: null, moved: true};
  }

  #onMove(event) {
    const at = this.#local(event);
    const before = this.#pointers.get(event.pointerId);
    if (!before) {
      this.#point(event.pointerType === 'mouse' ? at : null);
      return;
    }
    if (this.#pointers.size === 2) {
      const [other] = [...this.#pointers].filter(([id]) => id !== event.pointerId).map(([, place]) => place);
      const length = point => Math.max(1, Math.hypot(point.x - other.x, point.y - other.y));
      this.#panBy((at.x - before.x) / 2, (at.y - before.y) / 2);
      this.#zoomAt(length(at) / length(before), (at.x + other.x) / 2, (at.y + other.y) / 2);
    } else if (this.#drag.moved || Math.hypot(at.x - this.#drag.from.x, at.y - this.#drag.from.y) > DRAG_DISTANCE) {
      this.#drag.moved = true;
      this.#panBy(at.x - before.x, at.y - before.y);
    } else {
      return;
    }
    this.#point(null);
    this.#pointers.set(event.pointerId, at);
  }

  #onUp(event) {
    if (!this.#pointers.delete(event.pointerId)) {
      return;
    }
    if (event.type === 'pointerup' && !this.#drag.moved) {
      this.#onClick(this.#local(event), event.pointerType);
    }
  }

  #onClick(at, type) {
    const seat = this.#seatNear(at, type);
    const least = MIN_CHOOSABLE_SEAT[type] ?? MIN_CHOOSABLE_SEAT.mouse;
    const x = this.#left + at.x / this.#scale;
    const y = this.#top + at.y / this.#scale;
    if (this.seatSize >= least) {
      if (seat) {
        this.#cursor = seat;
        this.#handlers.toggle(seat);
      }
      return;
    }
    const section = this.#map.sectionAt(x, y) ?? (seat && this.#map.sections.find(({name}) => name === seat.section));
    if (section && this.#scale < this.#fit(section.box) * 0.95) {
      this.showSection(section);
    } else if (section) {
      this.#animateTo(CHOOSABLE_SEAT / this.#map.pitch, x, y);
    }
  }

  #point(at) {
    const seat = at && this.seatSize >= MIN_CHOOSABLE_SEAT.mouse ? this.#seatNear(at, 'mouse') : null;
    if (seat !== this.#hovered) {
      this.#hovered = seat;
      this.#canvas.classList.toggle('pointing', seat !== null);
      const place = seat ? this.positionOf(seat.index) : {x: 0, y: 0};
      this.#handlers.point(seat, place.x, place.y - this.seatSize / 2);
      this.#request();
    }
  }

  #onWheel(event) {
    const atEnd = event.deltaY > 0 && this.#scale <= this.#fitScale * 1.001;
    if (atEnd && !event.ctrlKey) {
      return; // scrolls the page
    }
    event.preventDefault();
    this.#cancelAnimation();
    const {x, y} = this.#local(event);
    const pixels = event.deltaY * (event.deltaMode === WheelEvent.DOM_DELTA_LINE ? 16 : 1) * (event.ctrlKey ? 4 : 1);
    this.#zoomAt(Math.exp(-pixels * WHEEL_ZOOM), x, y);
    this.#point(null);
  }

  #setFocused(focused) {
    this.#focused = focused;
    this.#request();
  }

  #onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) {
      return;
    }
    const arrow = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1]}[event.key];
    if (arrow && event.shiftKey) {
      this.#panBy(-arrow[0] * PAN_STEP, -arrow[1] * PAN_STEP);
    } else if (arrow) {
      this.#moveCursor(...arrow);
    } else if (event.key === '+' || event.key === '=') {
      this.zoom(ZOOM_STEP);
    } else if (event.key === '-') {
      this.zoom(1 / ZOOM_STEP);
    } else if (event.key === '0' || event.key === 'Home') {
      this.showAll();
    } else if ((event.key === 'Enter' || event.key === ' ') && this.#cursor) {
      this.#handlers.toggle(this.#cursor);
    } else {
      return;
    }
    this.#setFocused(true);
    event.preventDefault();
  }

  #moveCursor(dx, dy) {
    const next = this.#cursor
      ? (dy === 0 ? this.#neighbour(this.#cursor, dx) : null) ?? this.#map.seatTowards(this.#cursor, dx, dy)
      : this.#map.seats.filter(seat => !this.#map.isTaken(seat.index)).sort((a, b) => a.rank - b.rank)[0] ?? this.#map.seats[0];
    if (next) {
      this.#cursor = next;
      this.#moveTo(Math.max(this.#scale, CHOOSABLE_SEAT / this.#map.pitch), next.x, next.y);
      this.#handlers.move(next);
    }
  }

  /** Neighbour on the screen, or null: rows may be numbered from either side. */
  #neighbour(seat, direction) {
    const {seats} = this.#map;
    return [seat.left, seat.right].filter(index => index >= 0).map(index => seats[index])
      .find(({x}) => Math.sign(x - seat.x) === direction) ?? null;
  }
}
