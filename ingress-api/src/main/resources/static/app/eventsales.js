// Sales of one event: figures, course, reservations, and the history of prices and capacity.

import {call, config, get, newKey, settled} from './api.js';
import {changesOf, shown} from './audit.js';
import {salesTiles} from './business.js';
import {Chart} from './charts.js';
import {chip, operatorStateOf} from './eventparts.js';
import {has, number, price, shortDateTime, t} from './i18n.js';
import * as store from './store.js';
import {busy, el, empty, errorText, notice, retryNotice} from './ui.js';

const REFRESH_INTERVAL = 5000; // ms
const SEARCH_DELAY = 300; // ms after the last key
const PAGE = 20;
const HISTORY = 50; // entries
const TIMEOUT = 120_000; // ms for the file
const STATUSES = ['CONFIRMED', 'HELD', 'CANCELLED', 'EXPIRED'];
const KINDS = {CONFIRMED: 'good', HELD: 'warn', CANCELLED: '', EXPIRED: ''};

const table = (labelledBy, columns, body) => el('div', {class: 'scroll', tabindex: '0', role: 'group', 'aria-labelledby': labelledBy},
  el('table', {}, el('thead', {}, el('tr', {}, columns.map(column => el('th', {scope: 'col'}, t(`column.${column}`))))), body));

const panel = (id, title, ...content) => el('section', {class: 'panel', 'aria-labelledby': id},
  el('div', {class: 'panel-head'}, el('h2', {id}, title)), content);

function typeRow({seatType, price: cost, totalSeats, availableSeats, soldSeats, heldSeats, revenue}) {
  const part = (kind, seats) => {
    const bar = el('span', {class: kind});
    bar.style.width = `${100 * seats / totalSeats}%`;
    return bar;
  };
  return el('tr', {},
    el('th', {scope: 'row'}, seatType), el('td', {class: 'number'}, price(cost)),
    el('td', {class: 'number'}, number(soldSeats)), el('td', {class: 'number'}, number(heldSeats)),
    el('td', {class: 'number'}, number(availableSeats)), el('td', {class: 'number'}, number(totalSeats)),
    el('td', {}, el('div', {class: 'parts', 'aria-hidden': 'true'}, part('sold', soldSeats), part('held', heldSeats))),
    el('td', {class: 'number'}, price(revenue)));
}

/** Dialog that requests the reason of a cancellation; null if the user keeps the seats. */
function reasonOf(reservation) {
  return new Promise(resolve => {
    const input = el('input', {id: 'cancel-reason', required: true, maxlength: 200, autocomplete: 'off'});
    const dialog = el('dialog', {class: 'dialog', 'aria-labelledby': 'reason-title', onclose: () => {
      resolve(dialog.returnValue === 'yes' ? input.value.trim() : null);
      dialog.remove();
    }},
    el('form', {method: 'dialog'},
      el('h2', {id: 'reason-title'}, t('sales.cancel.sure', {id: String(reservation.reservationId)})),
      el('p', {}, t('sales.cancel.words')),
      el('div', {class: 'field'}, el('label', {for: input.id}, t('sales.reason')), input),
      el('div', {class: 'buttons'},
        el('button', {class: 'button', value: 'no', formnovalidate: true}, t('sure.keep')),
        el('button', {class: 'button danger', value: 'yes'}, t('reservation.cancel')))));
    document.body.append(dialog);
    dialog.showModal();
  });
}

function reservations(eventId) {
  const body = el('tbody', {});
  const place = el('div', {});
  const problem = el('div', {'aria-live': 'polite'});
  const pager = el('div', {class: 'more'});
  const unread = el('div', {});
  const count = el('p', {class: 'hint', role: 'status'});
  // The state of the history entry keeps them for another language, a reload and the way back.
  const saved = history.state?.reservations ?? {};
  let page = saved.page ?? 0;
  let reads = 0;
  let typing = 0;
  const search = el('input', {
    type: 'search', id: 'reservation-search', maxlength: 100, autocomplete: 'off', value: saved.search,
    placeholder: t('sales.search'), 'aria-label': t('sales.search'),
    oninput: () => {
      keep(0);
      clearTimeout(typing);
      typing = setTimeout(() => load(0), SEARCH_DELAY);
    },
  });
  const status = el('select', {id: 'reservation-status', 'aria-label': t('column.status'), onchange: () => openPage(0)},
    el('option', {value: ''}, t('sales.anyStatus')), STATUSES.map(each => el('option', {value: each}, t(`reservation.${each}`))));
  status.value = saved.status ?? '';

  function keep(wanted) {
    history.replaceState({...history.state, reservations: {search: search.value, status: status.value, page: wanted}}, '');
  }

  function openPage(wanted) {
    keep(wanted);
    return load(wanted);
  }

  function row(reservation) {
    const {reservationId, name, email, userId, seatType, quantity, seats, totalPrice, reservedAt} = reservation;
    const active = reservation.status === 'CONFIRMED' || reservation.status === 'HELD';
    return el('tr', {'data-reservation': reservationId},
      el('th', {scope: 'row'}, String(reservationId)),
      el('td', {}, name ?? userId, email && el('div', {class: 'muted'}, email)),
      el('td', {}, t('ticket.seats.value', {type: seatType, quantity}), seats && el('div', {class: 'muted'}, seats.join(', '))),
      el('td', {class: 'number'}, totalPrice ? price(totalPrice) : '–'),
      el('td', {}, el('span', {class: `chip ${KINDS[reservation.status]}`}, t(`reservation.${reservation.status}`))),
      el('td', {class: 'number'}, shortDateTime(reservedAt)),
      el('td', {class: 'actions'}, active && store.session()?.role === 'ADMIN' && el('button', {
        class: 'quiet danger', type: 'button', 'aria-label': t('sales.cancel.of', {id: String(reservationId)}),
        onclick: click => cancel(click.currentTarget, reservation),
      }, t('reservation.cancel'))));
  }

  async function cancel(button, reservation) {
    const reason = await reasonOf(reservation);
    if (!reason) {
      return;
    }
    problem.replaceChildren();
    try {
      await busy(button, () => call('DELETE',
        `/api/v1/reservations/${reservation.reservationId}?reason=${encodeURIComponent(reason)}`, {key: newKey()}));
      problem.replaceChildren(notice('info', t('sales.cancel.sent')));
    } catch (error) {
      problem.replaceChildren(notice('bad', errorText(error)));
    }
  }

  /** Reads a page. A failed read keeps the rows. The answer of an older read is ignored. */
  async function load(wanted = page) {
    const read = ++reads;
    const query = new URLSearchParams({page: wanted, size: PAGE,
      ...(search.value.trim() && {q: search.value.trim()}), ...(status.value && {status: status.value})});
    try {
      const found = await get(`/api/v1/operations/events/${eventId}/reservations?${query}`);
      if (read !== reads) {
        return;
      }
      page = wanted;
      unread.replaceChildren();
      draw(found);
    } catch (error) {
      // The repeated message is not replaced, so that its button keeps the focus.
      if (read === reads && (wanted !== page || unread.children.length === 0)) {
        unread.replaceChildren(retryNotice(error, () => load(wanted)));
      }
    }
  }

  function draw({content, page: {number: at, totalElements, totalPages}}) {
    count.textContent = t('sales.count', {total: totalElements});
    const focused = body.contains(document.activeElement) ? document.activeElement.closest('tr').dataset.reservation : null;
    body.replaceChildren(...content.map(row));
    if (focused) {
      body.querySelector(`[data-reservation="${focused}"] button`)?.focus();
    }
    if (content.length === 0) {
      place.replaceChildren(empty(t('sales.none'), t('sales.none.words')));
    } else if (!body.isConnected || !place.contains(body)) {
      place.replaceChildren(table('reservations-title', ['reservation', 'buyer', 'bookedSeats', 'total', 'status', 'time', 'actions'], body));
    }
    const step = (words, to) => el('button', {class: 'button small', type: 'button', disabled: to < 0 || to >= totalPages,
      onclick: () => openPage(to)}, words);
    pager.replaceChildren(...(totalPages > 1 ? [step(t('sales.newer'), at - 1), step(t('sales.older'), at + 1)] : []));
  }

  const file = el('button', {class: 'button small', type: 'button', id: 'export', onclick: async () => {
    problem.replaceChildren();
    try {
      await busy(file, () => download(`/api/v1/operations/events/${eventId}/reservations.csv`, `event-${eventId}-reservations.csv`));
    } catch (error) {
      problem.replaceChildren(notice('bad', errorText(error)));
    }
  }}, t('sales.csv'));
  return {
    load,
    node: panel('reservations-title', t('sales.reservations'),
      el('div', {class: 'search', role: 'search'}, search, status, file), count, problem, unread, place, pager),
    leave: () => clearTimeout(typing),
  };
}

/** Saves a file of the API. @throws ApiError */
async function download(path, name) {
  const url = URL.createObjectURL(await call('GET', path, {blob: true, timeout: TIMEOUT}));
  el('a', {href: url, download: name}).click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** Edits that changed seat types. */
async function editHistory(eventId) {
  const found = await settled(get(`/api/v1/operations/audit?object=events/${eventId}&size=${HISTORY}`));
  if (found.error) {
    const failed = panel('history-title', t('sales.history'), retryNotice(found.error, async () =>
      failed.replaceWith(await editHistory(eventId))));
    return failed;
  }
  const edits = found.value.content
    .map(({recordedAt, actor, action, oldValue, newValue}) => ({recordedAt, actor, action,
      changes: changesOf(oldValue, newValue).filter(({name}) => name === 'seatTypes' || name === 'totalSeats')}))
    .filter(({changes}) => changes.length > 0);
  const types = value => (Array.isArray(value)
    ? value.map(({seatType, price: cost, totalSeats}) => `${seatType} ${price(cost)} × ${number(totalSeats)}`).join(', ') : shown(value));
  return panel('history-title', t('sales.history'), edits.length === 0 ? el('p', {class: 'muted'}, t('sales.history.none'))
    : table('history-title', ['time', 'action', 'actor', 'change'], el('tbody', {}, edits.map(({recordedAt, actor, action, changes}) =>
      el('tr', {}, el('td', {class: 'number'}, shortDateTime(recordedAt)), el('td', {}, t(`audit.${action}`)),
        el('td', {}, el('code', {}, actor)), el('td', {}, el('ul', {}, changes.map(({before, after}) =>
          el('li', {}, `${types(before)} → ${types(after)}`)))))))));
}

/** View of an event. It refreshes until `leave`. */
export async function eventSales(eventId) {
  await config; // the currency
  const event = await get(`/api/v1/events/${eventId}`);
  const problem = el('div', {});
  const tiles = salesTiles();
  const types = el('tbody', {});
  const rejections = el('ul', {class: 'chips'});
  const curve = new Chart(`sales-${eventId}`, t('sales.curve'), key => t(`sales.${key}`), t('chart.none'));
  const list = reservations(eventId);
  let left = false;
  let timer = 0;

  async function refresh() {
    try {
      const sales = await get(`/api/v1/operations/events/${eventId}/sales`);
      if (left) {
        return;
      }
      problem.replaceChildren();
      tiles.update([sales]);
      types.replaceChildren(...sales.seatTypes.map(typeRow));
      curve.replace(sales.curve.map(({at, seats}) => ({at: Date.parse(at), values: {curveSeats: seats}})));
      rejections.replaceChildren(...Object.entries(sales.rejections).map(([reason, times]) =>
        el('li', {class: 'chip'}, `${has(`rejects.${reason}`) ? t(`rejects.${reason}`) : reason}: ${number(times)}`)));
    } catch (error) {
      problem.replaceChildren(notice('warn', errorText(error)));
    }
    if (!left) {
      timer = setTimeout(async () => {
        await list.load();
        await refresh();
      }, REFRESH_INTERVAL);
    }
  }

  list.load();
  refresh();
  return {
    node: el('section', {class: 'event-sales'},
      el('p', {class: 'back'}, el('a', {href: '/operations?tab=events'}, `← ${t('tab.events')}`)),
      el('h2', {class: 'event-title', tabindex: '-1'}, event.eventName),
      el('p', {class: 'muted'}, shortDateTime(event.eventDate, event.timeZone), ' ', chip(event, operatorStateOf(event)), ' ',
        el('a', {href: `/events/${eventId}`}, t('nav.buyer'))),
      problem, tiles.node,
      el('div', {class: 'charts'}, curve.node),
      panel('types-title', t('sales.types'),
        table('types-title', ['type', 'price', 'sold', 'held', 'free', 'capacity', 'share', 'revenue'], types), rejections),
      list.node,
      await editHistory(eventId)),
    leave: () => {
      left = true;
      clearTimeout(timer);
      list.leave();
    },
  };
}
