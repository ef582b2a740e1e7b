// View of an undecided ticket: its place in the queue.

import {alertButton} from './alerts.js';
import {changed, feed} from './commands.js';
import {smallPoster} from './eventparts.js';
import {clockTime, number, span, t} from './i18n.js';
import {watchSeats} from './live.js';
import * as store from './store.js';
import {announce, confirmed, el, notice} from './ui.js';

const MIN_ANNOUNCEMENT_INTERVAL = 5000; // ms; for screen readers
const STOPPED_DELAY = 30_000; // ms without progress
const TICK = 1000; // ms

/** Button that leaves the line, or the notice that the user left it. */
function leavePart(ticketId) {
  const place = el('div', {role: 'status'});
  function mark(left) {
    store.markLeft(ticketId, left);
    draw();
    changed();
  }
  function draw() {
    place.replaceChildren(store.ticket(ticketId)?.left
      ? notice('warn', t('line.left'), el('button', {class: 'button small', type: 'button', onclick: () => mark(null)}, t('line.stay')))
      : el('button', {class: 'button small danger', type: 'button', onclick: async () => {
        if (await confirmed(t('line.leave'), t('line.leave.words'), t('line.leave'), t('line.keep'))) {
          mark('LEFT');
        }
      }}, t('line.leave')));
  }
  draw();
  return place;
}

/**
 * @param event current data of the event, or null
 * @param summary facts of the ticket
 */
export function waitingView(ticket, event, summary) {
  const place = el('strong', {class: 'place'});
  const words = el('p', {class: 'place-words'});
  const wait = el('p', {class: 'muted'});
  const odds = el('p', {class: 'muted'});
  const bar = el('span', {});
  const line = el('p', {class: 'line'});
  const updated = el('p', {class: 'hint'});
  const stopped = el('div', {role: 'status'});
  let seats = event;
  let now = ticket;
  let announcedAt = 0;
  let progressAt = Date.now();

  function drawLine() {
    line.className = feed.live ? 'line live' : 'line';
    line.textContent = feed.live ? t('line.live') : t('line.polling');
    updated.textContent = t('waiting.updated', {time: clockTime(feed.updatedAt || Date.now())});
    const still = Date.now() - progressAt > STOPPED_DELAY;
    if (!still) {
      stopped.replaceChildren();
    } else if (stopped.children.length === 0) {
      stopped.replaceChildren(notice('warn', t('waiting.stopped', {time: clockTime(progressAt)})));
    }
  }

  function drawOdds() {
    const left = seats?.seatTypes.find(type => type.seatType === now.seatType)?.availableSeats;
    odds.textContent = now.action !== 'BOOK' || left === undefined || now.position === undefined ? ''
      : t('waiting.odds', {ahead: now.position, left, type: now.seatType});
  }

  function waitText() {
    if (now.estimatedWaitSeconds) {
      return t('waiting.estimate',
        {span: span(now.estimatedWaitSeconds), time: clockTime(Date.now() + now.estimatedWaitSeconds * 1000)});
    }
    return t('waiting.unknown');
  }

  const end = ticket.action === 'BOOK' && ticket.eventId
    ? watchSeats(ticket.eventId, frame => {
      seats = frame;
      drawOdds();
    }) : () => {};
  const timer = setInterval(drawLine, TICK);
  return {
    node: el('div', {class: 'card ticket'},
      event && smallPoster(event, '(max-width: 48rem) 100vw, 40rem'),
      event && el('p', {class: 'muted'}, event.eventName),
      el('h1', {tabindex: '-1'}, t(`waiting.${ticket.action ?? 'BOOK'}`)),
      el('div', {class: 'waiting', role: 'group', 'aria-label': t('waiting.title')},
        place, words, el('div', {class: 'meter big', 'aria-hidden': 'true'}, bar), wait, odds),
      line, stopped,
      el('p', {class: 'hint'}, t('waiting.leave')), updated,
      el('div', {class: 'buttons'}, alertButton()), el('p', {class: 'hint'}, t('waiting.notify.hint')),
      ticket.action === 'BOOK' && leavePart(ticket.ticketId),
      el('hr', {}),
      summary),
    /** Title of the page, with the number of requests ahead. */
    title: () => (now.position > 0 ? `(${number(now.position)}) ${t('waiting.title')}` : t('waiting.title')),
    update(state, first) {
      if (state.position !== now.position) {
        progressAt = Date.now();
      }
      now = state;
      const ahead = now.position ?? null;
      place.textContent = ahead === null ? '…' : number(ahead);
      words.textContent = ahead === 0 ? t('waiting.next') : t('waiting.ahead');
      wait.textContent = waitText();
      bar.style.width = `${ahead === null || first === 0 ? 100 : Math.max(4, 100 * (1 - ahead / (first + 1)))}%`;
      drawLine();
      drawOdds();
      if (Date.now() - announcedAt > MIN_ANNOUNCEMENT_INTERVAL && ahead !== null) {
        announcedAt = Date.now();
        announce(`${t('tray.ahead', {ahead})} ${wait.textContent}`);
      }
    },
    leave() {
      end();
      clearInterval(timer);
    },
  };
}
