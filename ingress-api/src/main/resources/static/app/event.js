// View of one event: its sale, or the countdown to its opening.

import {ApiError, get, loaded, measureClock, orNull, useWhenLoaded} from './api.js';
import {bookingForm, choiceOf} from './choice.js';
import * as clock from './clock.js';
import {availability, bothTimes, chip, isOpen, KINDS, poster, stateOf, venue} from './eventparts.js';
import {dateTime, language, minutes, number, ownTime, price, shortDateTime, t} from './i18n.js';
import {backTo} from './router.js';
import {announce, el, failure, loading, notice} from './ui.js';

const REFRESH_INTERVAL = 30_000; // ms; status and times are not pushed
const PAUSED_REFRESH_INTERVAL = 5_000; // ms
const STALE_DELAY = 60_000; // ms without a successful read or frame
const COUNTDOWN_TICK = 100; // ms
const MEASUREMENTS = 3; // readings of the server's clock
const MEASUREMENT_DELAY = 400; // ms
const LAST_MEASUREMENTS = 20_000; // ms ahead of the opening, on average

/** Measures the clock a few times: the differing delays narrow its bounds. */
async function measureRepeatedly(isEnded) {
  for (let i = 0; i < MEASUREMENTS && !isEnded(); i++) {
    await measureClock();
    await new Promise(resolve => {
      setTimeout(resolve, MEASUREMENT_DELAY * (0.5 + Math.random()));
    });
  }
}

/** Countdown to the opening of the sale. Calls `onOpen` when the server has certainly opened it. */
function countdown(event, onOpen) {
  const opens = Date.parse(event.saleOpensAt);
  const units = ['days', 'hours', 'minutes', 'seconds'].map(unit => {
    const figure = el('strong', {});
    return {figure, node: el('div', {}, figure, el('span', {}, t(`countdown.${unit}`)))};
  });
  let ended = false;
  // Random, so that the pages do not measure at the same moment.
  let lastMeasurements = LAST_MEASUREMENTS * (0.5 + Math.random());
  measureRepeatedly(() => ended);

  function tick() {
    const left = opens - clock.earliest();
    if (left <= 0) {
      leave();
      onOpen();
      return;
    }
    if (left < lastMeasurements) {
      lastMeasurements = 0;
      measureRepeatedly(() => ended);
    }
    show(left);
  }

  function show(left) {
    const seconds = Math.ceil(Math.max(0, left) / 1000);
    [Math.floor(seconds / 86400), Math.floor(seconds / 3600) % 24, Math.floor(seconds / 60) % 60, seconds % 60]
      .forEach((value, index) => {
        units[index].figure.textContent = index === 0 ? number(value) : String(value).padStart(2, '0');
      });
  }

  const timer = setInterval(tick, COUNTDOWN_TICK);
  function leave() {
    ended = true;
    clearInterval(timer);
  }
  const own = ownTime(event.saleOpensAt, event.timeZone);
  const view = {
    node: el('div', {class: 'opening'},
      el('h2', {}, t('sale.opens', {time: dateTime(event.saleOpensAt, event.timeZone)})),
      own && el('p', {class: 'muted'}, own),
      el('div', {class: 'countdown', role: 'timer', 'aria-live': 'off'}, units.map(unit => unit.node)),
      el('p', {class: 'muted'}, t('countdown.words'))),
    leave,
  };
  show(opens - clock.earliest());
  return view;
}

function prices(event) {
  return el('ul', {class: 'types plain'}, event.seatTypes.map(type =>
    el('li', {class: 'type'}, el('strong', {}, type.seatType), el('span', {}, price(type.price)))));
}

const KOREAN_ZONE = 'Asia/Seoul';

/** Search for the venue on a map: for Korean readers of a Korean venue, on the map that they use. */
function mapUrl(event) {
  const place = encodeURIComponent([event.venueName, event.venueAddress].filter(Boolean).join(' '));
  return language === 'ko' && event.timeZone === KOREAN_ZONE
    ? `https://map.naver.com/p/search/${place}`
    : `https://www.openstreetmap.org/search?query=${place}`;
}

function age(years) {
  return years === 0 ? t('event.age.all') : t('event.age.from', {years});
}

/** The description, which the server renders as safe HTML. Null without one. */
function description(event) {
  if (!event.descriptionHtml) {
    return null;
  }
  const parsed = document.createElement('template');
  parsed.innerHTML = event.descriptionHtml;
  return el('section', {class: 'description', 'aria-labelledby': 'description-title'},
    el('h2', {id: 'description-title'}, t('event.about')), el('div', {class: 'prose'}, parsed.content));
}

/** Facts of an event, with all times in the zone of the venue. */
function facts(event) {
  return el('dl', {class: 'facts'},
    el('dt', {}, t('event.when')), el('dd', {}, dateTime(event.eventDate, event.timeZone)),
    venue(event) && [el('dt', {}, t('event.where')), el('dd', {}, `${venue(event)} `,
      el('a', {class: 'map', href: mapUrl(event), target: '_blank', rel: 'noopener'}, t('event.map')))],
    event.runningMinutes && [el('dt', {}, t('event.running')), el('dd', {}, minutes(event.runningMinutes))],
    Number.isInteger(event.minimumAge) && [el('dt', {}, t('event.age')), el('dd', {}, age(event.minimumAge))],
    event.saleClosesAt && [el('dt', {}, t('event.closes')), el('dd', {},
      bothTimes(shortDateTime(event.saleClosesAt, event.timeZone), event.saleClosesAt, event.timeZone))],
    event.refundRule && [el('dt', {}, t('event.refund')), el('dd', {class: 'lines'}, event.refundRule)]);
}

export async function eventView(eventId) {
  const event = await get(`/api/v1/events/${eventId}`);
  if (event.saleOpensAt && clock.error() === Infinity) {
    await measureClock(); // the local clock alone may be wrong by hours
  }
  const state = el('div', {class: 'badge'});
  const title = el('h1', {tabindex: '-1'});
  const picture = el('div', {class: 'picture'});
  const about = el('div', {});
  const text = el('div', {class: 'event-description'});
  const seats = el('div', {});
  const sale = el('div', {});
  const stale = el('p', {class: 'line', role: 'status', hidden: true}, t('line.stale'));
  let drawn = '';
  let drawnPicture = '';
  let shownState = null;
  let shownOpening = null;
  let form = null;
  let seating = null; // choice of numbered seats
  let join = null; // form of the waiting list
  let joinable = ''; // seat types that are sold out
  let leaveSale = () => {};
  let updatedAt = Date.now();
  let left = false;

  function draw() {
    stale.hidden = Date.now() - updatedAt < STALE_DELAY;
    const now = stateOf(event);
    const values = JSON.stringify([now, event]);
    if (values !== drawn) {
      drawn = values;
      state.replaceChildren(chip(event));
      title.textContent = event.eventName;
      about.replaceChildren(facts(event));
      text.replaceChildren(...[description(event)].filter(Boolean));
      drawPicture();
      seats.replaceChildren(...(isOpen(now) ? [availability(event)] : []));
      drawSale(now);
    }
  }

  function drawPicture() {
    const shown = event.posterUrl ?? event.eventName;
    if (shown !== drawnPicture) {
      drawnPicture = shown;
      picture.replaceChildren(poster(event, t('event.poster', {name: event.eventName})));
    }
  }

  function drawSale(now) {
    if (form && isOpen(now) && form.fits()) {
      form.update();
      seating?.updatePrices();
      drawJoin(now);
      shownState = now;
      return;
    }
    const loadingSeats = isOpen(now) && isOpen(shownState) && event.seatMapRevision && !form;
    if (loadingSeats || (now === shownState && event.saleOpensAt === shownOpening && !isOpen(now))) {
      return;
    }
    const redrawn = shownState !== null && !isOpen(shownState);
    shownState = now;
    shownOpening = event.saleOpensAt;
    leaveSale();
    form = null;
    leaveSale = () => {};
    if (isOpen(now)) {
      if (event.seatMapRevision) {
        drawSeats();
      } else {
        drawForm();
      }
      if (redrawn) {
        announce(t('sale.open.now'));
      }
    } else if (now === 'NOT_OPEN') {
      const opening = countdown(event, draw);
      leaveSale = opening.leave;
      sale.replaceChildren(opening.node, prices(event));
    } else {
      sale.replaceChildren(notice(KINDS[now] || 'info', t(`state.${now}.words`)), prices(event));
      drawJoin(now);
    }
  }

  /** Adds the form that joins the waiting list while seat types are sold out. */
  async function drawJoin(now) {
    if (!event.waitingList || !(now === 'SOLD_OUT' || isOpen(now))) {
      return;
    }
    const types = event.seatTypes.filter(type => type.availableSeats === 0).map(type => type.seatType).join();
    if (types === joinable && join?.isConnected) {
      return;
    }
    joinable = types;
    const script = await orNull(loaded(import('./waitlist.js')));
    if (!script) {
      joinable = ''; // the next update reads it again
    }
    if (!script || left || types !== joinable) {
      return;
    }
    join?.remove();
    join = script.joinForm(event);
    if (join) {
      sale.append(join);
    }
  }

  function drawForm() {
    form = bookingForm(event, refresh, seating);
    leaveSale = form.leave;
    sale.replaceChildren(form.node);
    drawJoin(stateOf(event));
  }

  /** Reads the seat map, and shows the form with it. */
  async function drawSeats() {
    let ended = false;
    leaveSale = () => {
      ended = true;
    };
    sale.replaceChildren(loading());
    try {
      const {seatChoice} = await loaded(import('./seatchoice.js'));
      const found = await seatChoice(event, choiceOf(eventId).seats, () => form?.update());
      if (ended || left) {
        found.leave();
        return;
      }
      seating = found;
      drawForm();
      const {leave} = form;
      leaveSale = () => {
        leave();
        found.leave();
        seating = null;
      };
    } catch (error) {
      if (!(error instanceof ApiError)) {
        throw error;
      }
      if (!ended && !left) {
        sale.replaceChildren(failure(error, drawSeats));
      }
    }
  }

  function update(values) {
    if (!left) {
      updatedAt = Date.now();
      Object.assign(event, values);
      draw();
    }
  }

  async function refresh() {
    try {
      const read = await get(`/api/v1/events/${eventId}`);
      Object.keys(event).filter(name => !(name in read)).forEach(name => delete event[name]);
      update(read);
    } catch (error) {
      if (!(error instanceof ApiError)) {
        throw error;
      }
      // The view keeps its last state.
    }
  }

  let refreshing = 0;
  function refreshLater() {
    // Random, so that the pages do not send their requests at the same moment.
    const delay = (event.status === 'PAUSED' ? PAUSED_REFRESH_INTERVAL : REFRESH_INTERVAL) * (0.75 + Math.random() / 2);
    refreshing = setTimeout(async () => {
      await refresh();
      if (!left) {
        refreshLater();
      }
    }, delay);
  }

  draw();
  refreshLater();
  const end = useWhenLoaded(() => import('./live.js'), live => live.watchSeats(eventId, now =>
    update({availableSeats: now.availableSeats, seatTypes: now.seatTypes})));
  const timer = setInterval(draw, 1000);
  return {
    title: event.eventName,
    node: el('article', {class: event.seatMapRevision ? 'seated-event' : 'split event-page'},
      el('div', {},
        el('p', {class: 'back'}, el('a', {href: '/', onclick: backTo('/')}, `← ${t('events.title')}`)),
        picture, state, title, about, seats, stale),
      el('div', {class: 'card'}, sale), text),
    leave: () => {
      left = true;
      end();
      clearTimeout(refreshing);
      clearInterval(timer);
      leaveSale();
    },
  };
}
