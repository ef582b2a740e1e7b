// Check-in at an entrance: verifies the entry passes of buyers, with or without a connection.

import {get, orNull} from './api.js';
import * as clock from './clock.js';
import {clockTime, shortDateTime, t} from './i18n.js';
import {checkPass} from './passcheck.js';
import * as store from './store.js';
import {confirmed, el, empty} from './ui.js';

const MAX_SCANNED = 20_000; // reservations kept on this device
const MAX_STATUS_DELAY = 1500; // ms for the current status
const SCAN_INTERVAL = 200; // ms between two pictures of the camera
const REPEAT_DELAY = 4000; // ms in which the camera ignores the same code
const EVENTS = 50; // in the list
const RECENT_HOURS = 24;

/** Times of the accepted passes on this device by reservation, oldest first. */
const scanned = () => new Map(store.read('scanned') ?? []);

function saveScanned(reservationId, at) {
  store.write('scanned', [...scanned().set(reservationId, at)].slice(-MAX_SCANNED));
}

/** Keys of the server, else the ones of the last visit. */
async function readKeys() {
  const found = await orNull(get('/.well-known/entry-pass-keys.json'));
  if (found) {
    store.write('passKeys', found.keys);
  }
  return found?.keys ?? store.read('passKeys') ?? [];
}

/** True unless the server answers in time that the reservation is not confirmed any more. */
async function isConfirmed(reservationId) {
  const reservation = await Promise.race([
    orNull(get(`/api/v1/reservations/${reservationId}`)),
    new Promise(resolve => {
      setTimeout(resolve, MAX_STATUS_DELAY, null);
    }),
  ]);
  return {known: reservation !== null, valid: reservation === null || reservation.status === 'CONFIRMED'};
}

async function upcomingEvents() {
  const from = new Date(clock.now() - RECENT_HOURS * 3_600_000).toISOString();
  return (await orNull(get(`/api/v1/events?from=${from}&size=${EVENTS}`)))?.content ?? [];
}

export async function checkInView() {
  const {role} = store.session();
  if (role !== 'STAFF' && role !== 'ADMIN') {
    return {title: t('checkin.title'), node: empty(t('checkin.forbidden'), t('checkin.forbidden.words'))};
  }
  const [keys, events] = await Promise.all([readKeys(), upcomingEvents()]);
  const result = el('div', {class: 'check-result', role: 'alert'});
  const count = el('span', {});
  const event = el('select', {id: 'check-event', onchange: () => store.write('checkInEvent', event.value)},
    el('option', {value: ''}, t('checkin.all')),
    events.map(({eventId, eventName, eventDate, timeZone}) =>
      el('option', {value: eventId}, `${eventName} · ${shortDateTime(eventDate, timeZone)}`)));
  event.value = events.some(({eventId}) => String(eventId) === store.read('checkInEvent')) ? store.read('checkInEvent') : '';
  const input = el('input', {id: 'check-code', autocomplete: 'off', autocapitalize: 'off', spellcheck: 'false', maxlength: 3000});
  let checks = 0;

  function drawCount() {
    count.textContent = t('checkin.count', {count: scanned().size});
  }

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
    const at = scanned().get(claims.sub);
    if (at) {
      show('REPEATED', claims, t('checkin.scannedAt', {time: clockTime(at)}));
      return;
    }
    const {known, valid} = await isConfirmed(claims.sub);
    if (number !== checks) {
      return; // another code was read meanwhile
    }
    if (!valid) {
      show('CANCELLED', claims);
      return;
    }
    saveScanned(claims.sub, Date.now());
    drawCount();
    show('VALID', claims, known ? null : t('checkin.offline'));
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
      result,
      el('p', {class: 'hint'}, count, ' ', el('button', {class: 'quiet', type: 'button', onclick: async () => {
        if (await confirmed(t('checkin.reset'), t('checkin.reset.words'), t('checkin.reset'))) {
          store.write('scanned', null);
          drawCount();
        }
      }}, t('checkin.reset')))),
    leave: () => camera?.leave(),
  };
}

/** Button that reads codes with the camera. */
function cameraPart(check) {
  const video = el('video', {class: 'check-camera', muted: true, playsinline: true, hidden: true});
  const problem = el('p', {class: 'field-error', role: 'status'});
  const detector = new BarcodeDetector({formats: ['qr_code']});
  let stream = null;
  let timer = 0;
  let last = {text: '', at: 0};

  async function scan() {
    const [found] = await detector.detect(video).catch(() => []); // a picture may be unreadable
    const now = Date.now();
    if (found && (found.rawValue !== last.text || now - last.at > REPEAT_DELAY)) {
      check(found.rawValue);
    }
    if (found) {
      last = {text: found.rawValue, at: now};
    }
    if (stream) {
      timer = setTimeout(scan, SCAN_INTERVAL);
    }
  }

  function leave() {
    clearTimeout(timer);
    stream?.getTracks().forEach(track => track.stop());
    stream = null;
    video.hidden = true;
  }

  const button = el('button', {class: 'button', type: 'button', onclick: async () => {
    if (stream) {
      leave();
      return;
    }
    problem.textContent = '';
    try {
      stream = await navigator.mediaDevices.getUserMedia({video: {facingMode: 'environment'}});
    } catch {
      problem.textContent = t('checkin.noCamera'); // refused, or no camera
      return;
    }
    video.srcObject = stream;
    video.hidden = false;
    await video.play();
    scan();
  }}, t('checkin.camera'));
  return {node: el('div', {}, button, problem, video), leave};
}
