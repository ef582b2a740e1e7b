// The operations page: sale statistics, events and dead letters.

import {call, config, get, loaded, post, settled, signedOut, signOut} from './api.js';
import * as account from './account.js';
import {auditPanel} from './audit.js';
import {businessTiles} from './business.js';
import * as clock from './clock.js';
import {Chart} from './charts.js';
import {eventDialog} from './eventform.js';
import {chip, operatorStateOf, stateOf} from './eventparts.js';
import {load, number, shortDateTime, t} from './i18n.js';
import * as store from './store.js';
import {announce, busy, confirmed, el, empty, errorText, languageSwitch, notice, restoreInputs, retryNotice, savedInputs} from './ui.js';

const REFRESH_INTERVAL = 1000; // ms
const MAX_CHART_EVENTS = 4; // lines in the chart of seats
const EVENT_PAGE_SIZE = 100; // events of one request
const MAX_EVENTS = 1000; // shown; a search finds the others
const REST_INTERVAL = 10_000; // ms between two reads of the pages after the first
const STALE_DELAY = 4000; // ms without new statistics
const SEARCH_DELAY = 300; // ms after the last key

/** Event names by series of the chart of seats. */
const names = new Map();

/** Areas of the page. The overview has everything except the audit log. */
const TABS = ['overview', 'events', 'queue', 'dead', 'audit'];

const tabOf = () => {
  const tab = new URLSearchParams(location.search).get('tab');
  return TABS.includes(tab) ? tab : 'overview';
};

/** Id of the event whose sales are shown, or null. */
const eventOf = () => {
  const id = new URLSearchParams(location.search).get('event');
  return /^\d{1,18}$/.test(id ?? '') ? Number(id) : null;
};

let stop = () => {};
let showTab = () => {};

/** Opens a view as a new history entry. It keeps the search of events. */
function openView(path) {
  history.pushState({search: history.state?.search}, '', path);
  showTab();
}

function frame() {
  const session = store.session();
  document.getElementById('skip').textContent = t('page.skip');
  document.getElementById('header').replaceChildren(el('div', {class: 'bar'},
    el('a', {class: 'brand', href: '/operations'},
      el('img', {src: new URL('./icon.svg', import.meta.url), alt: '', width: 28, height: 28}), `Ticketing ${t('ops.title')}`),
    el('nav', {'aria-label': t('nav.label')},
      el('a', {href: '/'}, t('nav.buyer')),
      session && el('button', {class: 'quiet', type: 'button', title: session.email, onclick: async () => {
        await signOut();
        render();
      }}, t('nav.signOut')),
      languageSwitch(renderAgain))));
  document.title = `${t('ops.title')} · Ticketing`;
}

/** Shows the page in the chosen language. */
async function renderAgain() {
  const main = document.getElementById('main');
  const saved = savedInputs(main);
  await render();
  restoreInputs(main, saved);
}

/** @param ended the server ended the session */
async function render(ended = false) {
  stop();
  stop = () => {};
  showTab = () => {};
  frame();
  const main = document.getElementById('main');
  const session = store.session();
  if (!session) {
    main.replaceChildren(await account.signInForm({
      intro: t(ended ? 'code.UNAUTHENTICATED' : 'ops.needed'), accounts: ['admin@ticketing.local'], signUp: null, done: () => render(),
    }));
    if (ended && !document.querySelector('dialog[open]')) {
      main.querySelector('h1').focus();
    }
  } else if (session.role !== 'ADMIN') {
    main.replaceChildren(el('section', {class: 'empty'},
      el('h1', {tabindex: '-1'}, t('ops.forbidden')), el('p', {}, t('ops.forbidden.words')),
      el('button', {class: 'button primary', type: 'button', onclick: async () => {
        await signOut();
        render();
      }}, t('nav.signOut'))));
  } else {
    main.replaceChildren(await dashboard());
  }
}

/** The view of an administrator. It refreshes every second until `stop`. */
async function dashboard() {
  const {local} = await config;
  const line = el('p', {class: 'line live'}, t('ops.live'));
  const problem = el('div', {});
  const figures = tiles();
  const business = businessTiles();
  const graphs = charts();
  const list = eventsPanel();
  const dead = deadLetters();
  const audit = auditPanel();
  const sales = el('div', {hidden: true});
  let leaveSales = () => {};
  const simulation = local ? simulationButton(() => list.refresh()) : null;
  let ended = false;
  let lastDead = null;
  let updatedAt = Date.now();
  // A request without an answer takes seconds to fail.
  const freshness = setInterval(() => {
    line.hidden = line.hidden || Date.now() - updatedAt > STALE_DELAY;
  }, 500);

  async function readAll(at) {
    const [queue, sale] = await Promise.all([
      settled(get('/api/v1/operations/queue')), settled(get('/api/v1/operations/figures'))]);
    if (ended) {
      return;
    }
    const error = queue.error ?? sale.error;
    line.hidden = Boolean(error);
    updatedAt = error ? updatedAt : Date.now();
    problem.replaceChildren(...(error ? [notice('warn', t('ops.stale', {why: errorText(error)}))] : []));
    figures.update(queue.value, sale.value);
    graphs.update(at, queue.value, sale.value);
    await list.refresh();
    graphs.seats(at, list.shown());
    business.update(list.onSale()); // not awaited: it reads many events
    if (queue.value && queue.value.deadLetters !== lastDead) {
      lastDead = queue.value.deadLetters;
      // Not awaited, because reading the dead letters takes a second. A failed read is repeated.
      dead.refresh().then(refreshed => {
        lastDead = refreshed ? lastDead : null;
      });
    }
    await simulation?.update();
  }

  async function update() {
    const at = Date.now();
    try {
      await readAll(at);
    } finally {
      // An unexpected error must not end the updates.
      if (!ended) {
        timer = setTimeout(update, Math.max(0, REFRESH_INTERVAL - (Date.now() - at)));
      }
    }
  }

  let timer = setTimeout(update, 0);
  stop = () => {
    ended = true;
    clearTimeout(timer);
    clearInterval(freshness);
    leaveSales();
  };
  const links = TABS.map(tab => el('a', {href: tab === 'overview' ? '/operations' : `/operations?tab=${tab}`, onclick: event => {
    if (!event.ctrlKey && !event.metaKey && !event.shiftKey) {
      event.preventDefault();
      openView(event.currentTarget.getAttribute('href'));
    }
  }}, t(`tab.${tab}`)));
  const parts = {
    overview: [figures.node, business.node, graphs.node, list.node, dead.node], events: [list.node],
    queue: [figures.node, graphs.node], dead: [dead.node], audit: [audit.node],
  };
  /** Shows the sales of an event in place of the list, or ends them. */
  async function showSales(eventId) {
    leaveSales();
    leaveSales = () => {};
    sales.hidden = eventId === null;
    sales.replaceChildren();
    if (eventId === null) {
      return;
    }
    const {value: view, error} =
      await settled(loaded(import('./eventsales.js')).then(({eventSales}) => eventSales(eventId)));
    if (ended || eventOf() !== eventId) {
      view?.leave();
      return;
    }
    sales.replaceChildren(error ? retryNotice(error, () => showSales(eventId)) : view.node);
    leaveSales = view?.leave ?? leaveSales;
  }

  showTab = () => {
    const tab = tabOf();
    const eventId = eventOf();
    [figures, business, graphs, list, dead, audit].forEach(({node}) => {
      node.hidden = eventId !== null || !parts[tab].includes(node);
    });
    showSales(eventId);
    links.forEach((link, index) => {
      link.toggleAttribute('aria-current', false);
      if (TABS[index] === tab) {
        link.setAttribute('aria-current', 'page');
      }
    });
    if (tab === 'audit') {
      audit.refresh();
    }
  };
  showTab();
  return el('div', {},
    el('div', {class: 'ops-head'},
      el('div', {}, el('h1', {tabindex: '-1'}, t('ops.title')), line), simulation?.node),
    el('nav', {class: 'tabs', 'aria-label': t('tab.label')}, links),
    problem, figures.node, business.node, graphs.node, list.node, dead.node, audit.node, sales);
}

function span(millis) {
  return millis < 1000
    ? t('unit.millis', {value: millis}) : t('unit.seconds', {value: number(millis / 1000, 1)});
}

const known = value => value !== null && value !== undefined;

function tiles() {
  const places = {};
  const node = el('dl', {class: 'tiles'},
    ['depth', 'age', 'inFlight', 'accepted', 'decided', 'sockets', 'workers', 'dead', 'latency'].map(name => {
      const value = el('dd', {}, '–');
      const tile = el('div', {class: 'tile'}, value, el('dt', {}, t(`tile.${name}`)));
      places[name] = {tile, value};
      return tile;
    }));
  const set = (name, text, alarm = false) => {
    places[name].value.textContent = text;
    places[name].tile.classList.toggle('alarm', alarm);
  };
  return {
    node,
    update(queue, sale) {
      if (queue) {
        set('depth', number(queue.depth));
        set('age', known(queue.oldestAgeSeconds)
          ? t('unit.seconds', {value: queue.oldestAgeSeconds}) : t('unit.unknown'));
        set('inFlight', number(queue.inFlight));
        set('dead', number(queue.deadLetters), queue.deadLetters > 0);
      }
      if (sale) {
        set('decided', number(total(sale.decisions)));
        set('latency', sale.latency ? `${span(sale.latency.p50)} / ${span(sale.latency.p99)}` : '–');
        set('accepted', number(sale.acceptedPerSecond));
        set('sockets', number(sale.sockets), sale.notifiers === 0);
        set('workers', number(sale.workers), sale.workers === 0);
      }
    },
  };
}

function total(rates) {
  return Object.values(rates).reduce((sum, rate) => sum + rate, 0);
}

function charts() {
  const words = key => t(`series.${key}`);
  const none = t('chart.none');
  const queue = new Chart('queue', t('chart.queue'), words, none);
  const rate = new Chart('rate', t('chart.rate'), words, none);
  const latency = new Chart('latency', t('chart.latency'), words, none);
  const rejects = new Chart('rejects', t('chart.rejects'), key => t(`rejects.${key}`), none);
  const seats = new Chart('seats', t('chart.seats'), key => names.get(key) ?? key, none);
  const age = new Chart('age', t('chart.age'), words, none);
  const sockets = new Chart('sockets', t('chart.sockets'), words, none);
  const workers = new Chart('workers', t('chart.workers'), words, none);
  return {
    node: el('div', {class: 'charts'},
      [queue, age, rate, latency, rejects, seats, sockets, workers].map(chart => chart.node)),
    update(at, now, sale) {
      if (now) {
        queue.add(at, {depth: now.depth, inFlight: now.inFlight});
        age.add(at, {age: now.oldestAgeSeconds});
      }
      if (sale) {
        rate.add(at, {
          accepted: sale.acceptedPerSecond, refused: sale.refusedPerSecond, decided: total(sale.decisions),
        });
        latency.add(at, sale.latency ? {p50: sale.latency.p50, p99: sale.latency.p99} : {p50: null, p99: null});
        rejects.add(at, sale.rejects);
        sockets.add(at, {sockets: sale.sockets});
        workers.add(at, {workers: sale.workers});
      }
    },
    seats(at, events) {
      const values = {};
      for (const event of events) {
        names.set(`e${event.eventId}`, event.eventName);
        values[`e${event.eventId}`] = event.availableSeats;
      }
      seats.add(at, values);
    },
  };
}

function eventsPanel() {
  const body = el('tbody', {});
  const problem = el('div', {'aria-live': 'polite'});
  const unread = el('div', {});
  const none = el('div', {});
  const count = el('p', {class: 'hint', role: 'status'});
  const rows = new Map(); // by event id
  let all = [];
  let rest = []; // events after the first page
  let restReadAt = 0;
  let total = 0;
  let search = (history.state?.search ?? '').trim(); // kept for a reload and another language
  let readSearch = search;

  async function act(button, work) {
    problem.replaceChildren();
    try {
      await busy(button, work);
    } catch (error) {
      problem.replaceChildren(notice('bad', errorText(error)));
    }
    await refresh(true);
  }

  const isChangeable = event => event.status !== 'CANCELLED' && Date.parse(event.eventDate) > clock.now();

  function row(event) {
    const actionButton = (action, work) => el('button', {
      class: action === 'cancel' ? 'quiet danger' : 'quiet', type: 'button', 'aria-label': t(`admin.${action}.of`, {name: event.eventName}),
      'data-action': action, onclick: click => work(click.currentTarget),
    }, t(`admin.${action}`));
    const saleButton = action => actionButton(action, button =>
      act(button, () => post(`/api/v1/operations/events/${event.eventId}/${action}`)));
    return el('tr', {'data-event': event.eventId},
      el('th', {scope: 'row'}, el('a', {href: `/operations?tab=events&event=${event.eventId}`, 'data-action': 'sales', onclick: click => {
        if (!click.ctrlKey && !click.metaKey && !click.shiftKey) {
          click.preventDefault();
          openView(click.currentTarget.getAttribute('href'));
        }
      }}, event.eventName)),
      el('td', {class: 'number'}, shortDateTime(event.eventDate, event.timeZone)),
      el('td', {}, chip(event, operatorStateOf(event))),
      el('td', {class: 'number'}, `${number(event.availableSeats)} / ${number(event.totalSeats)}`),
      el('td', {class: 'actions'}, isChangeable(event) && [
        actionButton('edit', () => edit(event)),
        saleButton(event.status === 'PAUSED' ? 'resume' : 'pause'),
        actionButton('cancel', async button => {
          if (await confirmed(t('admin.cancel.sure', {name: event.eventName}), t('admin.cancel.words'), t('admin.cancel'), t('admin.keep'))) {
            await act(button, () => call('DELETE', `/api/v1/events/${event.eventId}`));
          }
        })]));
  }

  /** Edits the current values, not those of the list. */
  async function edit(event) {
    let current = null;
    if (event) {
      const read = await settled(get(`/api/v1/events/${event.eventId}`));
      if (read.error) {
        problem.replaceChildren(notice('bad', errorText(read.error)));
        return;
      }
      current = read.value;
    }
    if (await eventDialog(current)) {
      await refresh(true);
    }
  }

  const path = page => `/api/v1/events?from=1970-01-01T00:00:00Z&sort=-eventId&page=${page}&size=${EVENT_PAGE_SIZE}`
    + (search ? `&q=${encodeURIComponent(search)}` : '');

  /** Keeps the rows after a failed read. */
  function reportUnread(error) {
    if (unread.children.length === 0) {
      unread.replaceChildren(retryNotice(error, () => refresh(true)));
    }
  }

  /** Reads the newest events, and the others if they are due. */
  async function refresh(withRest = false) {
    const wanted = search;
    const first = await settled(get(path(0)));
    if (wanted !== search) {
      return;
    }
    if (first.error) {
      reportUnread(first.error);
      return;
    }
    let {content} = first.value;
    const {totalElements, totalPages} = first.value.page;
    if (withRest || wanted !== readSearch || Date.now() - restReadAt > REST_INTERVAL || totalElements !== total) {
      const others = [];
      for (let page = 1; page < Math.min(totalPages, MAX_EVENTS / EVENT_PAGE_SIZE); page++) {
        const next = await settled(get(path(page)));
        if (wanted !== search) {
          return;
        }
        if (next.error) {
          reportUnread(next.error);
          return;
        }
        others.push(...next.value.content);
      }
      rest = others;
      restReadAt = Date.now();
      readSearch = wanted;
      total = totalElements;
    }
    unread.replaceChildren();
    const ids = new Set(content.map(event => event.eventId));
    // A new event moves the last one of a page to the next page.
    all = [...content, ...rest.filter(event => !ids.has(event.eventId))].sort((a, b) => b.eventId - a.eventId);
    draw();
  }

  /** Replaces the rows that have changed. */
  function draw() {
    const words = t('admin.count', {shown: all.length, total});
    if (count.textContent !== words) {
      count.textContent = words;
    }
    none.replaceChildren(...(all.length > 0 ? [] : [search
      ? empty(t('events.unfound'), t('admin.unfound', {search})) : empty(t('admin.none'), t('admin.none.words'))]));
    const shown = new Set(all.map(event => event.eventId));
    for (const [id, {node}] of rows) {
      if (!shown.has(id)) {
        node.remove();
        rows.delete(id);
      }
    }
    let at = body.firstElementChild;
    for (const event of all) {
      const now = JSON.stringify([operatorStateOf(event), isChangeable(event), event]);
      let known = rows.get(event.eventId);
      if (!known || known.now !== now) {
        const node = row(event);
        if (known) {
          const action = known.node.contains(document.activeElement) ? document.activeElement.dataset.action : null;
          at = at === known.node ? node : at;
          known.node.replaceWith(node);
          if (action) {
            // The focused button keeps the focus.
            (node.querySelector(`[data-action="${action}"]`) ?? node.querySelector('button'))?.focus();
          }
        }
        known = {node, now};
        rows.set(event.eventId, known);
      }
      if (known.node === at) {
        at = at.nextElementSibling;
      } else {
        body.insertBefore(known.node, at);
      }
    }
  }

  let typing = 0;
  const input = el('input', {
    type: 'search', id: 'event-search', maxlength: 100, autocomplete: 'off', value: history.state?.search,
    placeholder: t('admin.search'), 'aria-label': t('admin.search'),
    oninput: () => {
      history.replaceState({...history.state, search: input.value}, '');
      clearTimeout(typing);
      typing = setTimeout(() => {
        search = input.value.trim();
        refresh(true);
      }, SEARCH_DELAY);
    },
  });

  return {
    refresh,
    onSale: () => all.filter(event => ['ON_SALE', 'SCARCE', 'SOLD_OUT'].includes(stateOf(event))),
    shown: () => all.filter(event => event.status !== 'CANCELLED').slice(0, MAX_CHART_EVENTS),
    node: el('section', {class: 'panel', 'aria-labelledby': 'events-title'},
      el('div', {class: 'panel-head'}, el('h2', {id: 'events-title'}, t('admin.events')),
        el('button', {class: 'button small', type: 'button', id: 'new-event', onclick: () => edit(null)}, t('admin.create'))),
      el('div', {class: 'search', role: 'search'}, input), count, problem, unread,
      el('div', {class: 'scroll', tabindex: '0', role: 'group', 'aria-labelledby': 'events-title'}, el('table', {},
        el('thead', {}, el('tr', {}, ['event', 'date', 'state', 'seats', 'actions'].map(column =>
          el('th', {scope: 'col'}, t(`column.${column}`))))),
        body)), none),
  };
}

function deadLetters() {
  const path = letter => `/api/v1/operations/dead-letters/${encodeURIComponent(letter.messageId)}`;
  const place = el('div', {});
  const unread = el('div', {});
  const message = el('div', {'aria-live': 'polite'});
  const redrive = el('button', {class: 'button small', type: 'button', id: 'redrive', disabled: true, onclick: () =>
    act(redrive, () => post('/api/v1/operations/dead-letters/redrive'), redriven)}, t('dead.redrive'));
  const redriven = ({messages}) => t('dead.redriven', {messages});

  async function act(button, work, text) {
    try {
      const answer = await busy(button, work);
      message.replaceChildren(notice('info', text(answer)));
    } catch (error) {
      message.replaceChildren(notice('bad', errorText(error)));
    }
    await refresh();
  }

  async function discard(button, letter) {
    if (await confirmed(t('dead.discard.sure'), t('dead.discard.words'), t('dead.discard'))) {
      await act(button, () => call('DELETE', path(letter)), () => t('dead.discarded'));
    }
  }

  function row(letter) {
    const button = (label, name, work) => el('button', {
      class: label === 'dead.discard' ? 'quiet danger' : 'quiet', type: 'button', 'aria-label': t(name, {id: letter.messageId}),
      onclick: click => work(click.currentTarget),
    }, t(label));
    return el('tr', {'data-message': letter.messageId},
      el('td', {class: 'number'}, letter.sentAt ? shortDateTime(letter.sentAt) : t('unit.unknown')),
      el('td', {class: 'number'}, number(letter.receiveCount)),
      el('td', {}, el('code', {}, letter.body)),
      el('td', {class: 'actions'},
        button('dead.redrive.one', 'dead.redrive.of', target =>
          act(target, () => post(`${path(letter)}/redrive`), redriven)),
        button('dead.discard', 'dead.discard.of', target => discard(target, letter))));
  }

  let reads = 0;

  /** Reads the dead letters. A failed read keeps the rows. The answer of an older read is ignored. */
  async function refresh() {
    const read = ++reads;
    const list = await settled(get('/api/v1/operations/dead-letters'));
    if (read !== reads) {
      return true;
    }
    if (list.error) {
      unread.replaceChildren(retryNotice(list.error, refresh));
      return false;
    }
    unread.replaceChildren();
    const letters = list.value.content;
    redrive.disabled = letters.length === 0;
    place.replaceChildren(letters.length === 0
      ? empty(t('dead.none'), t('dead.none.words'))
      : el('div', {class: 'scroll', tabindex: '0', role: 'group', 'aria-labelledby': 'dead-title'}, el('table', {},
        el('thead', {}, el('tr', {}, ['sent', 'received', 'message', 'actions'].map(column =>
          el('th', {scope: 'col'}, t(`column.${column}`))))),
        el('tbody', {}, letters.map(row)))));
    return true;
  }

  return {
    refresh,
    node: el('section', {class: 'panel', 'aria-labelledby': 'dead-title'},
      el('div', {class: 'panel-head'}, el('h2', {id: 'dead-title'}, t('dead.title')),
        el('div', {}, el('button', {class: 'quiet', type: 'button', onclick: refresh}, t('dead.refresh')), redrive)),
      message, unread, place),
  };
}

function simulationButton(started) {
  const state = el('p', {class: 'hint', 'aria-live': 'polite', id: 'simulation-state'}, t('ops.simulate.hint'));
  const button = el('button', {class: 'button primary', type: 'button', id: 'simulate', onclick: async () => {
    try {
      write(await busy(button, () => post('/api/v1/operations/simulation')));
      await started();
    } catch (error) {
      state.textContent = errorText(error);
    }
  }}, t('ops.simulate'));

  function write(now) {
    if (now.eventId !== null) {
      const sent = now.accepted + now.refused + now.failed;
      button.disabled = now.running;
      state.textContent = now.running
        ? t('ops.simulate.running', {sent, buyers: now.buyers})
        : t('ops.simulate.done', {accepted: now.accepted, refused: now.refused, failed: now.failed});
    }
  }

  return {
    node: el('div', {class: 'simulation'}, button, state),
    async update() {
      const now = await settled(get('/api/v1/operations/simulation'));
      if (now.value) {
        write(now.value);
      }
    },
  };
}

await load();
addEventListener('popstate', () => showTab());
signedOut.addEventListener('signed-out', () => {
  announce(t('code.UNAUTHENTICATED'));
  render(true);
});
store.onChange(name => {
  if (name === 'session' || name === null) {
    render();
  }
});
render();
