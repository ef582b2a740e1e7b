// List of the seats by section and row, for screen readers and keyboards. A part is filled when it
// is opened.

import {number, t} from './i18n.js';
import {el} from './ui.js';

/**
 * @param priceText returns the price of a seat type
 * @param isChosen true for the index of a chosen seat
 * @param toggle called with a seat
 */
export function seatList(map, {priceText, isChosen, toggle}) {
  const open = new Map(); // redraw functions of opened parts

  function part(className, text, fill) {
    const summary = el('summary', {}, text());
    const details = el('details', {class: className, ontoggle: () => {
      if (details.open && details.children.length === 1) {
        const filled = fill();
        details.append(filled.node);
        open.set(details, filled.update ?? (() => {}));
      }
    }}, summary);
    return {node: details, update: () => {
      summary.textContent = text();
      open.get(details)?.();
    }};
  }

  const group = (parts, className) => ({
    node: el('div', {class: className}, parts.map(({node}) => node)),
    update: () => parts.forEach(each => each.update()),
  });

  function seatButton(seat) {
    const button = el('button', {class: 'seat-button', type: 'button', onclick: () => toggle(seat)});
    function update() {
      const taken = map.isTaken(seat.index) && !isChosen(seat.index);
      button.disabled = taken;
      button.setAttribute('aria-pressed', isChosen(seat.index));
      button.textContent = seat.id;
      button.setAttribute('aria-label', taken ? t('seat.taken', {seat: seat.id})
        : t('seat.free', {seat: seat.id, type: seat.seatType, price: priceText(seat.seatType)}));
    }
    update();
    return {node: button, update};
  }

  const row = ({row: name, from, to}) => part('seat-row-list',
    () => t('seats.row', {row: name, left: number(map.freeIn({from, to}))}),
    () => group(map.seats.slice(from, to).map(seatButton), 'seat-buttons'));

  const parts = map.sections.map(section => part('seat-section',
    () => t('seats.section', {section: section.name, left: number(map.freeIn(section))}),
    () => group(section.rows.map(row), 'seat-rows')));
  return group(parts, 'seat-list');
}
