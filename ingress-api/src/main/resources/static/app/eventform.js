// Dialog that creates or changes an event.

import {ApiError, call, get, post} from './api.js';
import * as clock from './clock.js';
import {hallForm} from './hall.js';
import {t} from './i18n.js';
import {posterForm} from './posterform.js';
import {busy, confirmed, el, errorText, field, notice, showFieldErrors} from './ui.js';
import {instantsOf, isZone, localTime, offsetName} from './zones.js';

/**
 * A time in the zone of the venue. An unchanged input returns the exact time of the API, which may
 * have fractions of a second and may be in a repeated hour.
 * @param zone returns the current time zone
 */
function timeField(name, label, time, zone, attributes) {
  const shown = time ? localTime(time, zone()) : '';
  const at = field(name, label, {type: 'datetime-local', step: 1, value: shown, ...attributes});
  const shownZone = zone();
  const choice = el('select', {id: `${name}-repeated`, name: `${name}-repeated`, 'aria-label': t('admin.repeated')});
  at.input.after(choice);

  const unchanged = () => Boolean(time) && at.input.value === withoutZeroSeconds(shown, at.input.value) && zone() === shownZone;
  const instants = () => (at.input.value === '' || !isZone(zone()) ? [] : instantsOf(at.input.value, zone()));

  /** Offers both instants of a repeated local time. */
  function offer() {
    const found = unchanged() ? [] : instants();
    choice.hidden = found.length < 2;
    choice.replaceChildren(...found.map((instant, index) => el('option', {value: instant},
      t(index === 0 ? 'admin.earlier' : 'admin.later', {offset: offsetName(instant, zone())}))));
  }

  at.input.addEventListener('input', offer);
  offer();
  return {
    ...at,
    offer,
    /** The time for the API, or null. */
    value() {
      if (at.input.value === '') {
        return null;
      }
      if (unchanged()) {
        return time;
      }
      const found = instants();
      const instant = found.length > 1 ? Number(choice.value) : found[0];
      return instant === undefined ? null : new Date(instant).toISOString().replace('.000Z', 'Z');
    },
    /** True for a local time that the change of the clocks skips. */
    skipped: () => at.input.value !== '' && !unchanged() && isZone(zone()) && instants().length === 0,
  };
}

/** A browser may omit seconds of zero. */
function withoutZeroSeconds(full, shown) {
  return shown.length === 16 && full.endsWith(':00') ? full.slice(0, 16) : full;
}

const DEFAULT_ZONE = 'Asia/Seoul';
const MAX_HALL_ERRORS = 3; // shown
const MAX_DESCRIPTION = 5000; // characters
const MAX_REFUND_RULE = 500; // characters
const CONFLICTS = new Set(['REVISION_CONFLICT', 'PRECONDITION_FAILED']);

const orNull = value => (value.trim() === '' ? null : value.trim());
/** A text of several lines. */
function textField(name, label, value, rows, hint) {
  const text = field(name, label, {tag: 'textarea', rows}, hint);
  text.input.value = value ?? '';
  return text;
}

const characters = text => [...text.trim()].length;
const numberOrNull = value => (value === '' ? null : Number(value));

/**
 * Shows the dialog.
 * @param original the event to change; null creates one
 * @return a promise of true if the event was saved
 */
export function eventDialog(original) {
  let event = original;
  return new Promise(resolve => {
    const optional = name => `${t(`field.${name}`)} (${t('admin.optional')})`;
    const timeZone = field('timeZone', t('field.timeZone'),
      {required: true, maxlength: 64, value: event?.timeZone ?? DEFAULT_ZONE});
    const zone = () => (isZone(timeZone.input.value.trim()) ? timeZone.input.value.trim() : DEFAULT_ZONE);
    const times = {
      eventDate: timeField('eventDate', t('field.eventDate'), event?.eventDate, zone, {required: true}),
      saleOpensAt: timeField('saleOpensAt', optional('saleOpensAt'), event?.saleOpensAt, zone, {}),
      saleClosesAt: timeField('saleClosesAt', optional('saleClosesAt'), event?.saleClosesAt, zone, {}),
    };
    timeZone.input.addEventListener('input', () => Object.values(times).forEach(each => each.offer()));
    const fields = {
      eventName: field('eventName', t('field.eventName'), {required: true, maxlength: 255, value: event?.eventName}),
      eventDate: times.eventDate,
      venueName: field('venueName', optional('venueName'), {maxlength: 255, value: event?.venueName}),
      venueAddress: field('venueAddress', optional('venueAddress'), {maxlength: 500, value: event?.venueAddress}),
      timeZone,
      saleOpensAt: times.saleOpensAt,
      saleClosesAt: times.saleClosesAt,
      maxSeatsPerUser: field('maxSeatsPerUser', optional('maxSeatsPerUser'),
        {type: 'number', min: 1, max: 1_000_000, value: event?.maxSeatsPerUser}),
      holdMinutes: field('holdMinutes', optional('holdMinutes'),
        {type: 'number', min: 1, max: 43_200, value: event?.holdMinutes}, t('field.holdMinutes.hint')),
    };
    const waitingList = el('input', {type: 'checkbox', id: 'waitingList', name: 'waitingList', checked: Boolean(event?.waitingList)});
    fields.offerMinutes = field('offerMinutes', optional('offerMinutes'),
      {type: 'number', min: 1, max: 1440, value: event?.offerMinutes});
    Object.assign(fields, {
      runningMinutes: field('runningMinutes', optional('runningMinutes'),
        {type: 'number', min: 1, max: 1440, value: event?.runningMinutes}),
      minimumAge: field('minimumAge', optional('minimumAge'),
        {type: 'number', min: 0, max: 21, value: event?.minimumAge}, t('field.minimumAge.hint')),
    });
    const texts = {
      description: textField('description', optional('description'), event?.description, 8, t('field.description.hint')),
      refundRule: textField('refundRule', optional('refundRule'), event?.refundRule, 3),
    };
    const image = posterForm(event);
    const rows = el('div', {});
    let types = [];
    let added = 0; // number of all rows, so that no id is used twice

    function addType(type) {
      const id = added++;
      const row = {
        seatType: field(`seatType${id}`, t('field.seatType'), {required: true, maxlength: 10, value: type?.seatType}),
        price: field(`price${id}`, t('field.price'),
          {required: true, inputmode: 'decimal', pattern: '[0-9]{1,7}([.][0-9]{1,2})?', value: type?.price}),
        totalSeats: field(`totalSeats${id}`, t('field.totalSeats'),
          {type: 'number', required: true, min: 1, max: 10_000_000, value: type?.totalSeats}),
      };
      row.node = el('div', {class: 'seat-row'}, row.seatType.node, row.price.node, row.totalSeats.node,
        el('button', {class: 'button', type: 'button', onclick: () => {
          types = types.filter(each => each !== row);
          row.node.remove();
          hall?.draw();
          if (types.length === 0) {
            addType(null);
          }
        }}, t('admin.types.remove')));
      types.push(row);
      rows.append(row.node);
      drawHall();
      return row;
    }

    let hall = null; // generator of a new seat map
    const hallPlace = el('div', {});
    const modes = event?.seatMapRevision ? ['keep', 'new', 'remove'] : ['none', 'new'];
    const mode = el('select', {id: 'hallMode', name: 'hallMode', 'aria-label': t('hall.title'), onchange: () => {
      hall?.close();
      hall = mode.value === 'new' ? hallForm(() =>
        types.map(row => ({seatType: row.seatType.input.value.trim(), price: row.price.input.value}))) : null;
      hallPlace.replaceChildren(...(hall ? [hall.node] : []));
      drawHall();
    }}, modes.map(each => el('option', {value: each}, t(`hall.${each}`))));

    /** With a seat map the totals of the types follow from it. */
    function drawHall() {
      const numbered = mode.value === 'new' || mode.value === 'keep';
      types.forEach(({totalSeats}) => {
        totalSeats.node.hidden = numbered;
        totalSeats.input.disabled = numbered;
      });
      hall?.draw();
    }

    (event?.seatTypes ?? [null]).forEach(addType);
    const problem = el('div', {'aria-live': 'assertive'});
    const save = el('button', {class: 'button primary', type: 'submit', id: 'save-event'}, t('admin.save'));

    /** All fields by their names in the API. */
    function fieldsByApiName() {
      const all = {...fields, ...texts};
      types.forEach((row, index) => {
        for (const part of ['seatType', 'price', 'totalSeats']) {
          all[`seatTypes[${index}].${part}`] = row[part];
        }
      });
      return all;
    }

    /** Errors between fields, as the server finds them: texts by field name. */
    function crossFieldErrors(all) {
      const errors = {};
      const millis = name => (times[name].value() === null ? null : Date.parse(times[name].value()));
      const [date, opens, closes] = ['eventDate', 'saleOpensAt', 'saleClosesAt'].map(millis);
      if (date !== null && date <= clock.now()) {
        errors.eventDate = invalidText('eventDate');
      }
      if (opens !== null && date !== null && opens >= date) {
        errors.saleOpensAt = invalidText('saleOpensAt');
      }
      const changedClose = times.saleClosesAt.value() !== (event?.saleClosesAt ?? null);
      if (closes !== null && ((date !== null && closes > date) || (opens !== null && closes <= opens)
          || (changedClose && closes <= clock.now()))) {
        errors.saleClosesAt = invalidText('saleClosesAt');
      }
      if (waitingList.checked && fields.offerMinutes.input.value === '') {
        errors.offerMinutes = invalidText('offerMinutes');
      }
      if (characters(texts.description.input.value) > MAX_DESCRIPTION) {
        errors.description = invalidText('description');
      }
      if (characters(texts.refundRule.input.value) > MAX_REFUND_RULE) {
        errors.refundRule = invalidText('refundRule');
      }
      if (!isZone(timeZone.input.value.trim())) {
        errors.timeZone = invalidText('timeZone');
      }
      for (const [name, each] of Object.entries(times)) {
        if (each.skipped()) {
          errors[name] = t('field.skipped');
        }
      }
      const names = new Set();
      for (const [name, each] of Object.entries(all)) {
        const key = each.input.value.trim().normalize('NFC').toLowerCase();
        if (name.endsWith('].seatType') && names.size === names.add(key).size) {
          errors[name] = invalidText(name);
        }
      }
      return errors;
    }

    const invalidText = name => t(`field.${name.replace(/^.*\./, '')}.invalid`);

    async function onSubmit(submitEvent) {
      submitEvent.preventDefault();
      problem.replaceChildren();
      const all = fieldsByApiName();
      Object.values(all).forEach(each => each.showError(null));
      const invalid = Object.entries(all).filter(([, each]) => !each.input.checkValidity());
      const errors = {...crossFieldErrors(all), ...Object.fromEntries(invalid.map(([name]) => [name, invalidText(name)]))};
      const wrong = Object.keys(all).filter(name => errors[name]);
      wrong.forEach(name => all[name].showError(errors[name]));
      if (wrong.length > 0) {
        all[wrong[0]].input.focus();
        return;
      }
      const hallProblem = hall?.invalid();
      if (hallProblem) {
        hall.showError(hallProblem);
        return;
      }
      if (image.invalid()) {
        return;
      }
      const value = name => fields[name].input.value;
      const body = {
        eventName: value('eventName').trim(),
        eventDate: times.eventDate.value(),
        venueName: orNull(value('venueName')),
        venueAddress: orNull(value('venueAddress')),
        timeZone: value('timeZone').trim(),
        saleOpensAt: times.saleOpensAt.value(),
        saleClosesAt: times.saleClosesAt.value(),
        maxSeatsPerUser: numberOrNull(value('maxSeatsPerUser')),
        holdMinutes: numberOrNull(value('holdMinutes')),
        waitingList: waitingList.checked,
        offerMinutes: numberOrNull(value('offerMinutes')),
        description: orNull(texts.description.input.value),
        runningMinutes: numberOrNull(value('runningMinutes')),
        minimumAge: numberOrNull(value('minimumAge')),
        refundRule: orNull(texts.refundRule.input.value),
        seatTypes: types.map(row => ({
          seatType: row.seatType.input.value.trim(),
          price: row.price.input.value.trim(),
          totalSeats: row.totalSeats.input.disabled ? undefined : Number(row.totalSeats.input.value),
        })),
        revision: event?.revision,
        ...(hall && {seatMap: hall.seatMap()}),
        ...(mode.value === 'remove' && {seatMap: null}),
      };
      try {
        await busy(save, async () => {
          event = await (event
            ? call('PUT', `/api/v1/events/${event.eventId}`, {body}) : post('/api/v1/events', body));
          saved = true;
          kept = values();
          const withPoster = await image.save(event);
          event = withPoster ?? event;
          if (withPoster) {
            dialog.close('saved');
          }
        });
      } catch (error) {
        if (!(error instanceof ApiError)) {
          throw error;
        }
        const hallErrors = error.errors.filter(each => each.field.startsWith('seatMap'));
        if (hall && hallErrors.length > 0) {
          hall.showError(t('hall.refused',
            {errors: hallErrors.slice(0, MAX_HALL_ERRORS).map(each => `${each.field} ${each.message}`).join('; ')}));
          return;
        }
        const text = error.errors.length > 0 ? showFieldErrors(all, error, invalidText)
          : error.code === 'SEATS_SOLD' && event?.seatMapRevision ? t('hall.sold') : errorText(error);
        if (text) {
          problem.replaceChildren(notice('bad', text, ...[CONFLICTS.has(error.code) && reloadButton(),
            error.code === 'UNAUTHENTICATED' && signInLink()].filter(Boolean)));
        }
      }
    }

    /** Another tab signs in, so the form keeps its values. */
    const signInLink = () => el('a', {class: 'button small', href: '/operations', target: '_blank'}, t('admin.signIn'));

    /** Values of all inputs, to find unsaved changes. */
    const values = () => JSON.stringify([...dialog.querySelectorAll('input, select, textarea')]
      .map(({type, checked, value}) => (type === 'checkbox' ? checked : value)));

    async function close() {
      if (values() === kept || await confirmed(t('admin.discard.sure'), t('admin.discard.words'), t('admin.discard'))) {
        dialog.close('');
      }
    }

    /** Replaces the dialog by one with the current values. */
    function reloadButton() {
      const button = el('button', {class: 'button small', type: 'button', onclick: () => busy(button, async () => {
        const current = await get(`/api/v1/events/${event.eventId}`);
        replaced = true;
        dialog.close('');
        dialog.remove(); // the event of the close follows later
        resolve(eventDialog(current));
      })}, t('admin.reload'));
      return button;
    }

    let replaced = false;
    let saved = false; // the event, perhaps without its poster
    const dialog = el('dialog', {class: 'dialog', 'aria-labelledby': 'event-title', oncancel: escape => {
      if (escape.target === dialog) { // not the choice of a file
        escape.preventDefault();
        close();
      }
    }, onclose: () => {
      hall?.close();
      if (!replaced) {
        resolve(saved);
      }
      dialog.remove();
    }},
    el('form', {novalidate: true, onsubmit: onSubmit},
      el('h2', {id: 'event-title'}, event ? t('admin.edit.of', {name: event.eventName}) : t('admin.create')),
      el('div', {class: 'form-grid'}, Object.values(fields).map(each => each.node)),
      el('label', {class: 'check'}, waitingList, t('field.waitingList')),
      el('p', {class: 'hint'}, t('admin.times')),
      Object.values(texts).map(each => each.node),
      image.node,
      el('fieldset', {oninput: () => hall?.draw()}, el('legend', {}, t('admin.types')), rows,
        el('button', {class: 'button small', type: 'button', onclick: () =>
          addType(null).seatType.input.focus()}, t('admin.types.add'))),
      el('fieldset', {}, el('legend', {}, t('hall.title')), mode, hallPlace),
      problem,
      el('div', {class: 'buttons'},
        el('button', {class: 'button', type: 'button', onclick: close}, t('admin.close')), save)));
    document.body.append(dialog);
    dialog.showModal();
    let kept = values();
  });
}
