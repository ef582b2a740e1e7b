// Calendar file of a booking (RFC 5545).

import {venue} from './eventparts.js';
import {t} from './i18n.js';
import {el} from './ui.js';

const MAX_LINE = 74; // bytes
const encoder = new TextEncoder();

const escaped = text => text.replace(/[\\;,]/g, character => `\\${character}`).replace(/\r?\n/g, '\\n');

const utc = instant => new Date(instant).toISOString().replace(/[-:]|\.\d+/g, '');

/** Folds a line: a continuation begins with a blank. */
function folded(line) {
  const parts = [];
  let part = '';
  for (const character of line) {
    if (encoder.encode(part + character).length > MAX_LINE) {
      parts.push(part);
      part = '';
    }
    part += character;
  }
  return [...parts, part].join('\r\n ');
}

/** Text of a calendar file with one entry. */
export function calendarText(event, reservationId, description) {
  return [
    'BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:-//Ticketing//EN', 'BEGIN:VEVENT',
    `UID:reservation-${reservationId}@${location.hostname}`, `DTSTAMP:${utc(Date.now())}`, `DTSTART:${utc(event.eventDate)}`,
    `SUMMARY:${escaped(event.eventName)}`, ...(venue(event) ? [`LOCATION:${escaped(venue(event))}`] : []),
    `DESCRIPTION:${escaped(description)}`, 'END:VEVENT', 'END:VCALENDAR', '',
  ].map(folded).join('\r\n');
}

/** Buttons that save the booking in a calendar and print it. */
export function keepButtons(event, reservationId, description) {
  return el('div', {class: 'buttons keep'},
    el('button', {class: 'button small', type: 'button', onclick: () => {
      const url = URL.createObjectURL(new Blob([calendarText(event, reservationId, description)], {type: 'text/calendar'}));
      el('a', {href: url, download: `reservation-${reservationId}.ics`}).click();
      setTimeout(() => URL.revokeObjectURL(url), 10_000);
    }}, t('keep.calendar')),
    el('button', {class: 'button small', type: 'button', onclick: () => print()}, t('keep.print')));
}
