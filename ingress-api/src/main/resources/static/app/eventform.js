// Dialog that creates or changes an event.

import {ApiError, call, post} from './api.js';
import {t} from './i18n.js';
import {busy, el, errorText, field, notice, showFieldErrors} from './ui.js';

/** Converts a time of the API to the value of a datetime-local input. */
function toInput(time) {
  if (!time) {
    return '';
  }
  const date = new Date(time);
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

function fromInput(value) {
  return value === '' ? null : new Date(value).toISOString().replace('.000Z', 'Z');
}

const orNull = value => (value.trim() === '' ? null : value.trim());
const numberOrNull = value => (value === '' ? null : Number(value));

/**
 * Shows the dialog.
 * @param event the event to change; null creates one
 * @return a promise of true if the event was saved
 */
export function eventDialog(event) {
  return new Promise(resolve => {
    const optional = name => `${t(`field.${name}`)} (${t('admin.optional')})`;
    const fields = {
      eventName: field('eventName', t('field.eventName'), {required: true, maxlength: 255, value: event?.eventName}),
      eventDate: field('eventDate', t('field.eventDate'),
        {type: 'datetime-local', required: true, value: toInput(event?.eventDate)}),
      venueName: field('venueName', optional('venueName'), {maxlength: 255, value: event?.venueName}),
      venueAddress: field('venueAddress', optional('venueAddress'), {maxlength: 500, value: event?.venueAddress}),
      timeZone: field('timeZone', t('field.timeZone'),
        {required: true, maxlength: 64, value: event?.timeZone ?? 'Asia/Seoul'}),
      saleOpensAt: field('saleOpensAt', optional('saleOpensAt'),
        {type: 'datetime-local', value: toInput(event?.saleOpensAt)}),
      saleClosesAt: field('saleClosesAt', optional('saleClosesAt'),
        {type: 'datetime-local', value: toInput(event?.saleClosesAt)}),
      maxSeatsPerUser: field('maxSeatsPerUser', optional('maxSeatsPerUser'),
        {type: 'number', min: 1, max: 1_000_000, value: event?.maxSeatsPerUser}),
      holdMinutes: field('holdMinutes', optional('holdMinutes'),
        {type: 'number', min: 1, max: 43_200, value: event?.holdMinutes}, t('field.holdMinutes.hint')),
    };
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
          if (types.length === 0) {
            addType(null);
          }
        }}, t('admin.types.remove')));
      types.push(row);
      rows.append(row.node);
      return row;
    }

    (event?.seatTypes ?? [null]).forEach(addType);
    const problem = el('div', {'aria-live': 'assertive'});
    const save = el('button', {class: 'button primary', type: 'submit', id: 'save-event'}, t('admin.save'));

    /** All fields by their names in the API. */
    function fieldsByApiName() {
      const all = {...fields};
      types.forEach((row, index) => {
        for (const part of ['seatType', 'price', 'totalSeats']) {
          all[`seatTypes[${index}].${part}`] = row[part];
        }
      });
      return all;
    }

    const invalidText = name => t(`field.${name.replace(/^.*\./, '')}.invalid`);

    async function onSubmit(submitEvent) {
      submitEvent.preventDefault();
      problem.replaceChildren();
      const all = fieldsByApiName();
      Object.values(all).forEach(each => each.showError(null));
      const invalid = Object.entries(all).filter(([, each]) => !each.input.checkValidity());
      invalid.forEach(([name, each]) => each.showError(invalidText(name)));
      if (invalid.length > 0) {
        invalid[0][1].input.focus();
        return;
      }
      const value = name => fields[name].input.value;
      const body = {
        eventName: value('eventName').trim(),
        eventDate: fromInput(value('eventDate')),
        venueName: orNull(value('venueName')),
        venueAddress: orNull(value('venueAddress')),
        timeZone: value('timeZone').trim(),
        saleOpensAt: fromInput(value('saleOpensAt')),
        saleClosesAt: fromInput(value('saleClosesAt')),
        maxSeatsPerUser: numberOrNull(value('maxSeatsPerUser')),
        holdMinutes: numberOrNull(value('holdMinutes')),
        seatTypes: types.map(row => ({
          seatType: row.seatType.input.value.trim(),
          price: row.price.input.value.trim(),
          totalSeats: Number(row.totalSeats.input.value),
        })),
        revision: event?.revision,
      };
      try {
        await busy(save, () => (event
          ? call('PUT', `/api/v1/events/${event.eventId}`, {body}) : post('/api/v1/events', body)));
        dialog.close('saved');
      } catch (error) {
        if (!(error instanceof ApiError)) {
          throw error;
        }
        const text = error.errors.length > 0 ? showFieldErrors(all, error, invalidText) : errorText(error);
        if (text) {
          problem.replaceChildren(notice('bad', text));
        }
      }
    }

    const dialog = el('dialog', {class: 'dialog', 'aria-labelledby': 'event-title', onclose: () => {
      resolve(dialog.returnValue === 'saved');
      dialog.remove();
    }},
    el('form', {novalidate: true, onsubmit: onSubmit},
      el('h2', {id: 'event-title'}, event ? t('admin.edit.of', {name: event.eventName}) : t('admin.create')),
      problem,
      el('div', {class: 'form-grid'}, Object.values(fields).map(each => each.node)),
      el('p', {class: 'hint'}, t('admin.times')),
      el('fieldset', {}, el('legend', {}, t('admin.types')), rows,
        el('button', {class: 'button small', type: 'button', onclick: () =>
          addType(null).seatType.input.focus()}, t('admin.types.add'))),
      el('div', {class: 'buttons'},
        el('button', {class: 'button', type: 'button', onclick: () => dialog.close('')}, t('admin.close')), save)));
    document.body.append(dialog);
    dialog.showModal();
  });
}
