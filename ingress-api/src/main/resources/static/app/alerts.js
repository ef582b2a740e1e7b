// Alerts of decisions: a sound, a vibration, and a notification while the page is hidden. One
// control permits all of them, and the browser remembers the choice. A page plays a sound only
// after a gesture of the user.

import {feed} from './commands.js';
import {t} from './i18n.js';
import * as store from './store.js';
import {el} from './ui.js';

const NOTES = [659.3, 880]; // Hz
const NOTE_LENGTH = 0.18; // s
const VOLUME = 0.2;
const VIBRATION = 200; // ms
const SOUND_LOCK = 1000; // ms; of several open pages one plays the sound
const GESTURES = ['pointerdown', 'keydown'];

let audio = null; // context, created by a gesture

const isPermitted = () => store.read('alerts') === true;

/** Called in a gesture. */
function allowSound() {
  audio ??= 'AudioContext' in window ? new AudioContext() : null;
  audio?.resume().catch(() => {}); // the browser refuses sounds
}

function play() {
  if (audio?.state !== 'running') {
    return;
  }
  NOTES.forEach((frequency, index) => {
    const from = audio.currentTime + index * NOTE_LENGTH;
    const volume = new GainNode(audio, {gain: VOLUME});
    volume.gain.setValueAtTime(VOLUME, from);
    volume.gain.exponentialRampToValueAtTime(0.001, from + 2 * NOTE_LENGTH);
    const note = new OscillatorNode(audio, {frequency});
    note.connect(volume).connect(audio.destination);
    note.start(from);
    note.stop(from + 2 * NOTE_LENGTH);
  });
}

/** Plays the sound unless another page of this browser plays it. */
function playOnce(name) {
  if (audio?.state !== 'running' || !navigator.locks) {
    play();
    return;
  }
  navigator.locks.request(name, {ifAvailable: true}, lock => lock && new Promise(resolve => {
    play();
    setTimeout(resolve, SOUND_LOCK);
  }));
}

function notify(title, body, tag) {
  if (document.hidden && 'Notification' in window && Notification.permission === 'granted') {
    try {
      new Notification(title, {body, tag}); // pages with the same tag show one
    } catch {
      // Some browsers permit notifications of service workers only.
    }
  }
}

feed.addEventListener('ticket', ({detail: ticket}) => {
  const known = store.ticket(ticket.ticketId);
  if (!isPermitted() || !store.isFinal(ticket) || known?.left) {
    return;
  }
  const {action, status, ticketId} = ticket;
  const key = status === 'REJECTED' ? `rejected.${action}` : status === 'HELD' && action === 'BOOK' ? 'outcome.held' : `outcome.${action}.done`;
  notify(t(key), known?.eventName ?? '', ticketId);
  navigator.vibrate?.(VIBRATION); // the browser ignores it ahead of a gesture
  playOnce(`ticketing.alert.${ticketId}`);
});

GESTURES.forEach(gesture => addEventListener(gesture, () => isPermitted() && allowSound(), {capture: true, passive: true}));

/** Button that permits the alerts or ends them. It plays the sound, so that the user knows it. */
export function alertButton() {
  const button = el('button', {class: 'button small toggle', type: 'button', 'aria-pressed': String(isPermitted()), onclick: async () => {
    const permitted = !isPermitted();
    store.write('alerts', permitted || null);
    button.setAttribute('aria-pressed', String(permitted));
    if (permitted) {
      allowSound();
      navigator.vibrate?.(VIBRATION);
      if ('Notification' in window && Notification.permission === 'default') {
        Notification.requestPermission();
      }
      await audio?.resume().catch(() => {});
      play();
    }
  }}, t('waiting.notify'));
  return button;
}
