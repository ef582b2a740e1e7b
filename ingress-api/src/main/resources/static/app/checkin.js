// Check-in at an entrance: verifies the entry passes of buyers, with or without a connection.

import {ApiError, get, orNull, signedOut} from './api.js';
import * as clock from './clock.js';
import {clockTime, plainDateTime, shortDateTime, t} from './i18n.js';
import {checkPass} from './passcheck.js';
import * as store from './store.js';
import {confirmed, el, notice} from './ui.js';

const MAX_SCANNED = 20_000; // reservations kept on this device
const MAX_STATUS_DELAY = 1500; // ms for the current status
const SCAN_INTERVAL = 200; // ms between two pictures of the camera
const REPEAT_DELAY = 4000; // ms in which the camera ignores the same code
const PAGE_SIZE = 100; // events
const MAX_PAGES = 10; // in the list
const RECENT_HOURS = 24;

/** Times of the accepted passes on this device by reservation, oldest first. */
function acceptedPasses() {
  const times = new Map(store.read('scanned') ?? []);
  return {
    at: reservationId => times.get(reservationId),
    count: () => times.size,
    /** @return false if the time lasts only as long as the page */
    add(reservationId, at) {
      times.set(reservationId, at);
      while (times.size > MAX_SCANNED) {
        times.delete(times.keys().next().value);
      }
      return store.write('scanned', [...times]);
    },
    clear() {
      times.clear();
      store.write('scanned', null);
    },
    /** Adds the passes of other tabs, or removes all after their reset. */
    merge() {
      const others = store.read('scanned');
      if (others === null) {
        times.clear();
      }
      others?.forEach(([reservationId, at]) => times.set(reservationId, at));
    },
  };
}

/** Keys of the server, else the ones of the last visit. */
async function readKeys() {
  const found = await orNull(get('/.well-known/entry-pass-keys.json'));
  if (found) {
    store.write('passKeys', found.keys);
  }
  return found?.keys ?? store.read('passKeys') ?? [];
}

/**
 * Current state of a reservation: 'CONFIRMED', 'CANCELLED', or 'SIGNED_OUT' if the server rejects the
 * session. 'UNKNOWN' without an answer in time, and for answers that a repetition may change.
 */
async function stateOf(reservationId) {
  try {
    const reservation = await Promise.race([
      get(`/api/v1/reservations/${reservationId}`),
      new Promise(resolve => {
        setTimeout(resolve, MAX_STATUS_DELAY, null);
      }),
    ]);
    if (reservation === null) {
      return 'UNKNOWN';
    }
    return reservation.status === 'CONFIRMED' ? 'CONFIRMED' : 'CANCELLED';
  } catch (error) {
    if (!(error instanceof ApiError)) {
      throw error;
    }
    if (error.status === 401) {
      return 'SIGNED_OUT';
    }
    return error.retryable ? 'UNKNOWN' : 'CANCELLED';
  }
}

/** Events that began recently or later. */
async function recentEvents() {
  const from = new Date(clock.now() - RECENT_HOURS * 3_600_000).toISOString();
  const events = [];
  for (let page = 0, pages = 1; page < Math.min(pages, MAX_PAGES); page++) {
    const found = await get(`/api/v1/events?from=${from}&page=${page}&size=${PAGE_SIZE}`);
    events.push(...found.content);
    pages = found.page.totalPages;
  }
  return events;
}

/** Choices of the entrance: `{id, words}`. Without an answer, the last choice, so that it stays in force. */
async function entrances() {
  const found = await orNull(recentEvents());
  if (found) {
    return found.map(({eventId, eventName, eventDate, timeZone}) =>
      ({id: String(eventId), words: `${plainDateTime(eventDate, timeZone)} · ${eventName}`})); // a long name is cut off
  }
  const last = store.read('checkInEvent');
  return last ? [{id: last, words: t('ticket.event.number', {id: last})}] : [];
}

export async function checkInView() {
  const {role} = store.session();
  if (role !== 'STAFF' && role !== 'ADMIN') {
    return {title: t('checkin.title'), node: el('section', {class: 'empty'},
      el('h1', {tabindex: '-1'}, t('checkin.forbidden')), el('p', {}, t('checkin.forbidden.words')))};
  }
  const [keys, events] = await Promise.all([readKeys(), entrances()]);
  const result = el('div', {class: 'check-result', role: 'alert'});
  const count = el('span', {});
  const event = el('select', {id: 'check-event', onchange: () => store.write('checkInEvent', event.value)},
    el('option', {value: ''}, t('checkin.all')),
    events.map(({id, words}) => el('option', {value: id}, words)));
  event.value = events.some(({id}) => id === store.read('checkInEvent')) ? store.read('checkInEvent') : '';
  const input = el('input', {id: 'check-code', name: 'check-code', autocomplete: 'off', autocapitalize: 'off', spellcheck: 'false', maxlength: 3000});
  const accepted = acceptedPasses();
  const left = new AbortController();
  const warning = el('div', {'aria-live': 'polite'});
  let checks = 0;

  function drawCount() {
    count.textContent = t('checkin.count', {count: accepted.count()});
  }

  store.onChange(name => {
    if (name === 'scanned' || name === null) {
      accepted.merge();
      drawCount();
    }
  }, left.signal);

  function show(state, claims, more = null) {
    const good = state === 'VALID';
    navigator.vibrate?.(good ? 80 : [200, 80, 200]);
    result.replaceChildren(el('div', {class: `card verdict ${good ? 'good' : 'bad'}`, 'data-state': state},
      el('h2', {}, t(`checkin.${state}`)),
      more && el('p', {}, more),
      claims && el('dl', {class: 'facts'},
        el('dt', {}, t('ticket.event')), el('dd', {}, claims.evn),
        el('dt', {}, t('event.when')), el('dd', {}, shortDateTime(claims.evd * 1000, claims.tz)),
        el('dt', {}, t('ticket.seats')), el('dd', {}, t('ticket.seats.value', {type: claims.type, quantity: claims.qty}),
          claims.seats && el('ul', {class: 'seat-names'}, claims.seats.map(seat => el('li', {}, seat)))),
        claims.name && [el('dt', {}, t('field.name')), el('dd', {}, claims.name)],
        el('dt', {}, t('ticket.reservation')), el('dd', {}, claims.sub))));
  }

  async function check(text) {
    const number = ++checks;
    result.replaceChildren();
    const {state, claims} = await checkPass(text, keys, clock.now(), event.value === '' ? null : Number(event.value));
    if (state !== 'VALID') {
      show(state, claims);
      return;
    }
    const at = accepted.at(claims.sub);
    if (at) {
      show('REPEATED', claims, t('checkin.scannedAt', {time: clockTime(at)}));
      return;
    }
    const reservation = await stateOf(claims.sub);
    if (number !== checks || left.signal.aborted) {
      return; // another code was read meanwhile, or the page was left
    }
    if (reservation === 'SIGNED_OUT') {
      store.saveSession(null);
      signedOut.dispatchEvent(new Event('signed-out'));
      return;
    }
    if (reservation === 'CANCELLED') {
      show('CANCELLED', claims);
      return;
    }
    const isStored = accepted.add(claims.sub, Date.now());
    warning.replaceChildren(...(isStored ? [] : [notice('warn', t('checkin.unsaved'))]));
    drawCount();
    show('VALID', claims, reservation === 'CONFIRMED' ? null : t('checkin.offline'));
  }

  const camera = 'BarcodeDetector' in window && navigator.mediaDevices ? cameraPart(check) : null;
  drawCount();
  return {
    title: t('checkin.title'),
    node: el('section', {class: 'narrow'},
      el('h1', {tabindex: '-1'}, t('checkin.title')),
      el('p', {class: 'lead'}, t(keys.length > 0 ? 'checkin.lead' : 'checkin.noKeys')),
      el('div', {class: 'field'}, el('label', {for: event.id}, t('checkin.event')), event),
      camera?.node,
      el('form', {class: 'check-form', onsubmit: submitEvent => {
        submitEvent.preventDefault();
        const text = input.value;
        input.value = '';
        input.focus();
        if (text.trim() !== '') {
          check(text);
        }
      }},
      el('div', {class: 'field'}, el('label', {for: input.id}, t('checkin.code')), input),
      el('button', {class: 'button primary', type: 'submit'}, t('checkin.check'))),
      result, warning,
      el('div', {class: 'hint check-count'}, count, el('button', {class: 'quiet', type: 'button', onclick: async () => {
        if (await confirmed(t('checkin.reset'), t('checkin.reset.words'), t('checkin.reset'))) {
          accepted.clear();
          warning.replaceChildren();
          drawCount();
        }
      }}, t('checkin.reset')))),
    leave: () => {
      left.abort();
      camera?.leave();
    },
  };
}

/** Button that reads codes with the camera. */
function cameraPart(check) {
  const video = el('video', {class: 'check-camera', muted: true, playsinline: true, hidden: true});
  const problem = el('p', {class: 'field-error', role: 'status'});
  const detector = new BarcodeDetector({formats: ['qr_code']});
  let run = null; // from the start of the camera until its end
  let timer = 0;
  let last = {text: '', at: 0};

  const stop = stream => stream.getTracks().forEach(track => track.stop());

  async function scan(current) {
    const [found] = await detector.detect(video).catch(() => []); // a picture may be unreadable
    if (run !== current) {
      return;
    }
    const now = Date.now();
    if (found && (found.rawValue !== last.text || now - last.at > REPEAT_DELAY)) {
      check(found.rawValue);
    }
    if (found) {
      last = {text: found.rawValue, at: now};
    }
    timer = setTimeout(scan, SCAN_INTERVAL, current);
  }

  function leave() {
    clearTimeout(timer);
    if (run?.stream) {
      stop(run.stream);
    }
    run = null;
    video.hidden = true;
  }

  async function start() {
    const current = {stream: null};
    run = current;
    problem.textContent = '';
    let stream;
    try {
      stream = await navigator.mediaDevices.getUserMedia({video: {facingMode: 'environment'}});
    } catch {
      if (run === current) {
        run = null;
        problem.textContent = t('checkin.noCamera'); // refused, or no camera
      }
      return;
    }
    if (run !== current) {
      stop(stream); // ended ahead of the permission
      return;
    }
    current.stream = stream;
    video.srcObject = stream;
    video.hidden = false;
    await video.play().catch(() => {}); // the camera ended
    if (run === current) {
      scan(current);
    }
  }

  const button = el('button', {class: 'button', type: 'button', onclick: () => (run ? leave() : start())}, t('checkin.camera'));
  return {node: el('div', {}, button, problem, video), leave};
}
