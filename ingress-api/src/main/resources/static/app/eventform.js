// Making and changing an event.

import {ApiError, call, post} from './api.js';
import {t} from './i18n.js';
import {busy, el, field, notice, refuse, wordsFor} from './ui.js';

/** The value of a datetime-local input for a time of the server, and back. */
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
 * Asks for an event and saves it.
 * @param event null: a new one
 * @return whether it was saved
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
    let added = 0; // rows in all: an id is not used again when one was removed

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

    /** Every field under the name that the server calls it by. */
    function named() {
      const all = {...fields};
      types.forEach((row, index) => {
        for (const part of ['seatType', 'price', 'totalSeats']) {
          all[`seatTypes[${index}].${part}`] = row[part];
        }
      });
      return all;
    }

    const wordsOf = name => t(`field.${name.replace(/^.*\./, '')}.invalid`);

    async function submitted(submit) {
      submit.preventDefault();
      problem.replaceChildren();
      const all = named();
      Object.values(all).forEach(each => each.refuse(null));
      const wrong = Object.entries(all).filter(([, each]) => !each.input.checkValidity());
      wrong.forEach(([name, each]) => each.refuse(wordsOf(name)));
      if (wrong.length > 0) {
        wrong[0][1].input.focus();
        return;
      }
      const value = name => fields[name].input.value;
      const body = {
        eventName: value('eventName').trim(),
        eventDate: fromInput(value('eventDate')),
        venueName: orNull(value('venueName')),
        venueAddress: orNull(value('venueAddress')),
        saleOpensAt: fromInput(value('saleOpensAt')),
        saleClosesAt: fromInput(value('saleClosesAt')),
        maxSeatsPerUser: numberOrNull(value('maxSeatsPerUser')),
        holdMinutes: numberOrNull(value('holdMinutes')),
        seatTypes: types.map(row => ({
          seatType: row.seatType.input.value.trim(),
          price: row.price.input.value.trim(),
          totalSeats: Number(row.totalSeats.input.value),
        })),
      };
      try {
        await busy(save, () => (event
          ? call('PUT', `/api/v1/events/${event.eventId}`, {body}) : post('/api/v1/events', body)));
        dialog.close('saved');
      } catch (error) {
        if (!(error instanceof ApiError)) {
          throw error;
        }
        const words = error.errors.length > 0 ? refuse(all, error, wordsOf) : wordsFor(error);
        if (words) {
          problem.replaceChildren(notice('bad', words));
        }
      }
    }

    const dialog = el('dialog', {class: 'dialog', 'aria-labelledby': 'event-title', onclose: () => {
      resolve(dialog.returnValue === 'saved');
      dialog.remove();
    }},
    el('form', {novalidate: true, onsubmit: submitted},
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
