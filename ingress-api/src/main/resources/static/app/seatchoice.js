// Choice of numbered seats: the map or the list, the chosen seats, and the offer of other seats when
// a chosen one is taken.

import {loaded, orNull, useWhenLoaded} from './api.js';
import {number, price, t} from './i18n.js';
import {readSeatMap, seatName} from './seatmap.js';
import {looksOf, SeatView, swatch} from './seatview.js';
import {announce, busy, el, errorText, notice} from './ui.js';

const ZOOM = 1.6; // factor of a button
const MAX_SEATS = 10; // in one booking

/**
 * @param event its prices may change
 * @param ids seats that were chosen earlier
 * @param onChange called when other seats are chosen
 * @throws ApiError if the map cannot be read
 */
export async function seatChoice(event, ids, onChange) {
  const place = el('div', {class: 'seat-place'});
  const message = el('div', {class: 'seat-message', role: 'status'});
  const tip = el('div', {class: 'seat-tip', 'aria-hidden': 'true', hidden: true});
  const legend = el('ul', {class: 'seat-legend'});
  const jump = el('select', {id: 'seat-section', 'aria-label': t('seats.jump'), onchange: () => {
    const section = map.sections[Number(jump.value)];
    jump.value = '';
    if (section) {
      view.showSection(section);
    }
  }});
  let legendPrices = new Map(); // nodes by seat type
  let map = null;
  let view = null;
  let list = null;
  let seatList = null; // function, loaded on demand
  let asList = false;
  let chosen = [];
  let submitting = false;
  let loading = 0; // revision of a map that is read now
  let left = false;

  const priceText = seatType => {
    const type = event.seatTypes.find(each => each.seatType === seatType);
    return type ? price(type.price) : '';
  };
  const max = () => Math.min(MAX_SEATS, event.maxSeatsPerUser ?? MAX_SEATS);
  const seatText = seat => `${seatName(seat)}, ${seat.seatType} ${priceText(seat.seatType)}`;

  function say(...nodes) {
    message.replaceChildren(...nodes);
  }

  function set(indexes) {
    chosen = indexes;
    view?.setChosen(chosen);
    list?.update();
    onChange();
  }

  function toggle(seat) {
    const first = chosen.length > 0 ? map.seats[chosen[0]] : null;
    if (chosen.includes(seat.index)) {
      say();
      set(chosen.filter(index => index !== seat.index));
      announce(t('seat.removed', {seat: seatName(seat)}));
    } else if (map.isTaken(seat.index)) {
      announce(t('seat.taken', {seat: seatName(seat)}));
    } else if (first && first.seatType !== seat.seatType) {
      say(notice('info', t('seats.oneType', {type: first.seatType}),
        choiceButton(t('seats.switch', {type: seat.seatType}), [seat.index])));
    } else if (chosen.length >= max()) {
      say(notice('info', t('seats.max', {max: max()})));
    } else {
      say();
      set([...chosen, seat.index]);
      announce(t('seat.chosen', {seat: seatText(seat), count: chosen.length}));
    }
  }

  function choiceButton(text, indexes) {
    return el('button', {class: 'button small', type: 'button', onclick: () => {
      say();
      set(indexes);
      view.showSeats(indexes);
      announce(indexes.map(index => seatName(map.seats[index])).join('; '));
    }}, text);
  }

  /** Message that seats are gone, with the next best seats near them. */
  function offerInstead(lost, wanted) {
    const near = map.seats[lost[0]];
    // The bitmap may not show yet that they are taken.
    const next = map.bestTogether(near.seatType, wanted, near, new Set(lost));
    const names = lost.map(index => seatName(map.seats[index])).join('; ');
    say(notice('warn', t('seats.lost', {seats: names}), ...(next ? [
      el('p', {}, t('seats.next', {seats: next.map(index => seatName(map.seats[index])).join('; ')})),
      el('div', {class: 'buttons'}, choiceButton(t('seats.next.choose'), next))]
      : [el('p', {}, t('seats.next.none'))])));
  }

  function onFrame(frame) {
    if (frame.revision !== map.revision) {
      reload(frame.revision);
      return;
    }
    const changed = map.apply(frame.sections);
    if (changed.length === 0) {
      return;
    }
    view.update(changed);
    list?.update();
    updateSections();
    const lost = submitting ? [] : chosen.filter(index => map.isTaken(index));
    if (lost.length > 0) {
      const wanted = chosen.length;
      set(chosen.filter(index => !lost.includes(index)));
      offerInstead(lost, wanted);
    }
  }

  async function reload(revision) {
    if (loading === revision) {
      return;
    }
    loading = revision;
    const next = await orNull(readSeatMap(event.eventId, revision));
    loading = 0;
    if (next && !left) {
      const kept = chosen.map(index => map.seats[index].id);
      end();
      show(next, kept);
      end = watch();
    }
  }

  const watch = () => useWhenLoaded(() => import('./live.js'), live => live.watchSeatMap(event.eventId, onFrame));

  const sectionText = section => t('seats.left.short', {left: number(map.freeIn(section))});

  function drawSections() {
    jump.replaceChildren(el('option', {value: ''}, t('seats.jump')),
      ...map.sections.map((section, index) => el('option', {value: index})));
    updateSections();
  }

  /** Writes the texts in place: a replaced option closes the open list. */
  function updateSections() {
    map.sections.forEach((section, index) => {
      jump.options[index + 1].textContent = `${section.name} · ${sectionText(section)}`;
    });
  }

  function drawLegend() {
    const looks = looksOf(event.seatTypes);
    legendPrices = new Map([...looks.keys()].map(type => [type, el('b', {})]));
    legend.replaceChildren(
      ...[...looks].map(([type, look]) => el('li', {}, swatch(look), el('span', {}, `${type} `, legendPrices.get(type)))),
      el('li', {}, swatch(0, true), el('span', {}, t('seats.taken'))));
    updatePrices();
  }

  function updatePrices() {
    legendPrices.forEach((node, type) => {
      node.textContent = priceText(type);
    });
  }

  function show(document, keptIds) {
    map = document;
    view?.close();
    view = new SeatView(map, looksOf(event.seatTypes), {
      label: t('seats.map'), help: 'seat-help', stage: t('seats.stage'),
      toggle, sectionText,
      point(seat, x, y) {
        tip.hidden = seat === null;
        if (seat) {
          tip.textContent = map.isTaken(seat.index) ? t('seat.taken', {seat: seatName(seat)}) : seatText(seat);
          tip.style.transform = `translate(${Math.round(x)}px, ${Math.round(y)}px) translate(-50%, -100%)`;
        }
      },
      move: seat => announce(map.isTaken(seat.index) ? t('seat.taken', {seat: seatName(seat)})
        : `${seatText(seat)}${chosen.includes(seat.index) ? `, ${t('seat.pressed')}` : ''}`),
    });
    list = null;
    drawSections();
    drawLegend();
    drawPlace();
    set(keptIds.map(id => map.byId.get(id)).filter(index => index !== undefined));
  }

  function drawPlace() {
    list = asList ? list ?? seatList(map, {priceText, isChosen: index => chosen.includes(index), toggle}) : null;
    place.replaceChildren(asList ? list.node : el('div', {class: 'seat-frame'}, view.node, tip));
    zooms.hidden = asList;
    mode.textContent = t(asList ? 'seats.asMap' : 'seats.asList');
  }

  const zoomButton = (label, text, work) =>
    el('button', {class: 'step', type: 'button', 'aria-label': label, title: label, onclick: work}, text);
  const zooms = el('div', {class: 'seat-zooms', role: 'group', 'aria-label': t('seats.zoom')},
    zoomButton(t('seats.zoom.out'), '−', () => view.zoom(1 / ZOOM)),
    zoomButton(t('seats.zoom.in'), '+', () => view.zoom(ZOOM)),
    zoomButton(t('seats.zoom.all'), '⤢', () => view.showAll()));
  const mode = el('button', {class: 'button small', type: 'button', onclick: () => busy(mode, async () => {
    try {
      ({seatList} = await loaded(import('./seatlist.js')));
    } catch (error) {
      say(notice('warn', errorText(error)));
      return;
    }
    asList = !asList;
    drawPlace();
  })});

  let end = () => {};
  show(await readSeatMap(event.eventId, event.seatMapRevision), ids);
  end = watch();

  return {
    node: el('section', {class: 'seating', 'aria-labelledby': 'seat-title'},
      el('div', {class: 'seat-tools'}, el('h2', {id: 'seat-title'}, t('seats.title')), jump, zooms, mode),
      el('p', {class: 'spoken', id: 'seat-help'}, t('seats.help')),
      place, legend, message),
    chosen: () => chosen.map(index => map.seats[index]),
    nameOf: seatName,
    remove: toggle,
    clear: () => {
      say();
      set([]);
    },
    /** Chooses and shows the best seats of a type, or reports that no row has enough of them. */
    chooseBest(seatType, quantity) {
      const best = map.bestTogether(seatType, quantity);
      if (!best) {
        say(notice('info', t('seats.next.none')));
        return;
      }
      say();
      set(best);
      view.showSeats(best);
    },
    /** Offers other seats after the server refused the chosen ones. */
    offerOthers() {
      const lost = [...chosen];
      const wanted = lost.length;
      if (wanted > 0) {
        set(chosen.filter(index => !map.isTaken(index)));
        const gone = lost.filter(index => map.isTaken(index));
        offerInstead(gone.length > 0 ? gone : lost, wanted);
      }
    },
    setSubmitting(value) {
      submitting = value;
    },
    updatePrices,
    leave() {
      left = true;
      end();
      view.close();
    },
  };
}
