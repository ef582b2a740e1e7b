// Generator of seat maps: blocks of sections from front to back, and its form with a preview.

import {number, t} from './i18n.js';
import {SeatMap} from './seatmap.js';
import {looksOf, SeatView} from './seatview.js';
import {el, field} from './ui.js';

const MAX_SEATS = 60_000;
const MAX_BLOCKS = 20;
const ROW_DISTANCE = 1.2; // in units of a seat
const SECTION_GAP = 2.5;
const BLOCK_GAP = 3;
const MAX_ANGLE = 2.6; // radians of the widest block at the highest curve
const STAGE_DISTANCE = 6; // to the first row
const SIDE_WEIGHT = 1.3; // a seat at the side ranks worse than one behind it
const PREVIEW_DELAY = 200; // ms after the last input
const LIMITS = {sections: [1, 30], rows: [1, 100], seats: [1, 200], aisles: [0, 9]};
const DEFAULTS = {sections: 3, rows: 10, seats: 20, aisles: 1};

const rounded = value => Math.round(value * 100) / 100;

const widthOf = ({sections, seats, aisles}) => sections * (seats + aisles) + (sections - 1) * SECTION_GAP;

/**
 * Seat map of a hall. Ranks follow the distance from the stage.
 * @param curve 0 (straight rows) to 100
 * @param blocks `{name, seatType, sections, rows, seats, aisles}` from front to back; seats of one row
 */
export function hallOf({curve, blocks}) {
  const angle = MAX_ANGLE * curve / 100;
  const radius = angle === 0 ? Infinity : Math.max(...blocks.map(widthOf)) / angle;
  const at = (along, depth) => {
    if (radius === Infinity) {
      return {x: along, y: depth};
    }
    const turn = along / (radius + depth);
    return {x: (radius + depth) * Math.sin(turn), y: (radius + depth) * Math.cos(turn) - radius};
  };
  const placed = [];
  const sections = [];
  let depth = 0;
  blocks.forEach((block, index) => {
    const sectionWidth = block.seats + block.aisles;
    for (let section = 0; section < block.sections; section++) {
      const start = -widthOf(block) / 2 + section * (sectionWidth + SECTION_GAP);
      const rows = [];
      for (let row = 1; row <= block.rows; row++) {
        const seats = [];
        let aisles = 0;
        for (let seat = 1; seat <= block.seats; seat++) {
          if (seat > 1 && Math.floor((seat - 1) * (block.aisles + 1) / block.seats) > aisles) {
            aisles++;
            seats.push(null);
          }
          const {x, y} = at(start + seat - 0.5 + aisles, depth + row * ROW_DISTANCE);
          const added = {
            id: `${String.fromCharCode(65 + index)}${section + 1}-${row}-${seat}`, seatType: block.seatType, rank: 1,
            x: rounded(x), y: rounded(y),
          };
          seats.push(added);
          placed.push(added);
        }
        rows.push({row: String(row), seats});
      }
      sections.push({section: block.sections > 1 ? `${block.name}-${section + 1}` : block.name, rows});
    }
    depth += block.rows * ROW_DISTANCE + BLOCK_GAP;
  });
  placed.sort((a, b) => Math.hypot(SIDE_WEIGHT * a.x, a.y + STAGE_DISTANCE) - Math.hypot(SIDE_WEIGHT * b.x, b.y + STAGE_DISTANCE))
    .forEach((seat, index) => {
      seat.rank = index + 1;
    });
  return {sections};
}

const seatsOf = block => block.sections * block.rows * block.seats;

/**
 * Form of the generator.
 * @param seatTypes returns `[{seatType, price}]` of the event form
 */
export function hallForm(seatTypes) {
  let blocks = [];
  let added = 0;
  let timer = 0;
  let view = null;
  const list = el('div', {});
  const preview = el('div', {class: 'seat-frame hall-preview'});
  const count = el('p', {class: 'hint', role: 'status'});
  const error = el('p', {class: 'field-error', role: 'alert'});
  const curve = field('hallCurve', t('hall.curve'), {type: 'range', min: 0, max: 100, step: 5, value: 40});
  const add = el('button', {class: 'button small', type: 'button', onclick: () => {
    addBlock().name.input.focus();
    drawLater();
  }}, t('hall.add'));

  function addBlock() {
    const id = added++;
    const numberField = name => field(`hall-${name}-${id}`, t(`hall.${name}`),
      {type: 'number', required: true, min: LIMITS[name][0], max: LIMITS[name][1], value: DEFAULTS[name]});
    const type = el('select', {id: `hall-type-${id}`, name: `hall-type-${id}`});
    const block = {
      name: field(`hall-name-${id}`, t('hall.name'), {required: true, maxlength: 30, value: t('hall.name.default', {number: blocks.length + 1})}),
      type, sections: numberField('sections'), rows: numberField('rows'), seats: numberField('seats'), aisles: numberField('aisles'),
    };
    block.node = el('fieldset', {class: 'hall-block'}, el('legend', {class: 'spoken'}, t('hall.block', {number: id + 1})),
      block.name.node, el('div', {class: 'field'}, el('label', {for: type.id}, t('field.seatType')), type),
      block.sections.node, block.rows.node, block.seats.node, block.aisles.node,
      el('button', {class: 'button', type: 'button', onclick: () => {
        if (blocks.length > 1) {
          blocks = blocks.filter(each => each !== block);
          block.node.remove();
          drawLater();
        }
      }}, t('admin.types.remove')));
    blocks.push(block);
    list.append(block.node);
    drawTypes();
    type.selectedIndex = Math.min(blocks.length - 1, type.options.length - 1);
    add.disabled = blocks.length >= MAX_BLOCKS;
    return block;
  }

  function drawTypes() {
    const names = seatTypes().map(({seatType}) => seatType).filter(Boolean);
    for (const {type} of blocks) {
      if (names.join('\n') !== [...type.options].map(({value}) => value).join('\n')) {
        const index = type.selectedIndex;
        type.replaceChildren(...names.map(name => el('option', {value: name}, name)));
        type.selectedIndex = Math.max(0, Math.min(index, names.length - 1));
      }
    }
  }

  const numbers = ['sections', 'rows', 'seats', 'aisles'];

  function values() {
    return {
      curve: Number(curve.input.value),
      blocks: blocks.map(block => ({
        name: block.name.input.value.trim(), seatType: block.type.value,
        ...Object.fromEntries(numbers.map(name => [name, Number(block[name].input.value)])),
      })),
    };
  }

  /** The first error as a text, or null. Marks the invalid inputs. */
  function invalid() {
    const wrong = blocks.flatMap(block => ['name', ...numbers].map(name => [name, block[name]]))
      .filter(([, each]) => {
        each.showError(null);
        return !each.input.checkValidity() || each.input.value.trim() === '';
      });
    wrong.forEach(([name, each]) => each.showError(name === 'name' ? t('hall.name.invalid')
      : t('hall.number.invalid', {min: LIMITS[name][0], max: LIMITS[name][1]})));
    if (wrong.length > 0) {
      return t('hall.invalid');
    }
    const {blocks: now} = values();
    const names = now.map(({name}) => name);
    if (new Set(names).size < names.length) {
      return t('hall.names.invalid');
    }
    if (now.reduce((sum, block) => sum + seatsOf(block), 0) > MAX_SEATS) {
      return t('hall.tooMany', {max: MAX_SEATS});
    }
    const unused = seatTypes().filter(({seatType}) => !now.some(block => block.seatType === seatType));
    return unused.length > 0 ? t('hall.unused', {types: unused.map(({seatType}) => seatType).join(', ')}) : null;
  }

  function draw() {
    drawTypes();
    const problem = invalid();
    error.textContent = problem ?? '';
    const {curve: bend, blocks: now} = values();
    const total = now.reduce((sum, block) => sum + seatsOf(block), 0);
    if (!(total > 0 && total <= MAX_SEATS) || now.some(block => !block.name)) {
      return;
    }
    count.textContent = t('hall.count', {seats: number(total)});
    const map = new SeatMap({revision: 0, sections: hallOf({curve: bend, blocks: now}).sections});
    view?.close();
    view = new SeatView(map, looksOf(seatTypes()), {
      label: t('hall.preview'), help: 'hall-help', stage: t('seats.stage'),
      toggle: () => {}, point: () => {}, move: () => {},
      sectionText: ({from, to}) => number(to - from),
    });
    preview.replaceChildren(view.node);
  }

  function drawLater() {
    clearTimeout(timer);
    timer = setTimeout(draw, PREVIEW_DELAY);
  }

  addBlock();
  drawLater();
  return {
    node: el('div', {class: 'hall', oninput: drawLater},
      el('p', {class: 'hint', id: 'hall-help'}, t('hall.help')), list, add, curve.node, count, preview, error),
    /** Draws the types of the event form. */
    draw: drawLater,
    invalid,
    showError(text) {
      error.textContent = text;
      error.scrollIntoView({block: 'center'});
    },
    seatMap: () => hallOf(values()),
    close() {
      clearTimeout(timer);
      view?.close();
    },
  };
}
