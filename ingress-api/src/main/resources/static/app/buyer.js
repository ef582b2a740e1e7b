// The buyer's page. The fragment of the address selects the view.

import {ApiError, config, signedOut, signOut} from './api.js';
import * as account from './account.js';
import * as events from './events.js';
import * as reservations from './reservations.js';
import * as settings from './settings.js';
import * as tickets from './tickets.js';
import {load, number, t} from './i18n.js';
import * as store from './store.js';
import {announce, el, failure, languageSwitch, loading} from './ui.js';

const VIEWS = [
  [/^$/, () => events.listView()],
  [/^events\/(\d+)$/, id => events.eventView(Number(id))],
  [/^tickets\/([0-9a-f-]{36})$/, id => tickets.ticketView(id)],
  [/^reservations$/, () => reservations.listView()],
  [/^sign-in$/, signInView],
  [/^sign-up$/, signUpView],
  [/^account$/, () => settings.settingsView(() => {
    location.hash = '#/';
  })],
  [/^forgot-password$/, () => settings.forgotView()],
  [/^reset-password$/, () => settings.resetView(mailedToken())],
  [/^confirm-email$/, () => settings.confirmView(mailedToken())],
];
const PRIVATE = /^(tickets|reservations|account)/;

let leave = () => {};
let shown = 0;

const address = () => location.hash.replace(/^#\/?/, '').split('?')[0];

/** Address of the view to show after the sign-in. */
function nextAddress() {
  return new URLSearchParams(location.hash.split('?')[1] ?? '').get('next') ?? '';
}

/** Token of the link in a mail. */
function mailedToken() {
  return new URLSearchParams(location.hash.split('?')[1] ?? '').get('token') ?? '';
}

function signInView() {
  return account.signInForm({
    intro: nextAddress() ? t('signIn.needed') : null,
    accounts: ['buyer@ticketing.local'],
    signUp: `#/sign-up?next=${encodeURIComponent(nextAddress())}`,
    done: onSignIn,
  }).then(node => ({node, title: t('signIn.title')}));
}

function signUpView() {
  return {
    node: account.signUpForm({
      signIn: `#/sign-in?next=${encodeURIComponent(nextAddress())}`,
      done: onSignIn,
    }),
    title: t('signUp.title'),
  };
}

function onSignIn() {
  const to = `#/${nextAddress()}`;
  tickets.resume();
  frame();
  location.replace(to);
}

/** Shows the view of the address. @param focus true moves the focus to its heading */
async function render(focus) {
  const number = ++shown;
  const here = address();
  leave();
  leave = () => {};
  const main = document.getElementById('main');
  if (PRIVATE.test(here) && !store.session()) {
    location.replace(`#/sign-in?next=${encodeURIComponent(here)}`);
    return;
  }
  const waiting = setTimeout(() => main.replaceChildren(loading()), 150);
  const found = VIEWS.map(([pattern, view]) => [pattern.exec(here), view]).find(([match]) => match);
  let view;
  try {
    view = found ? await found[1](...found[0].slice(1)) : notFoundView();
  } catch (error) {
    if (!(error instanceof ApiError)) {
      throw error;
    }
    view = {node: failure(error, () => render(true)), title: t('failure.title')};
  } finally {
    clearTimeout(waiting);
  }
  if (number !== shown) {
    view.leave?.();
    return;
  }
  leave = view.leave ?? leave;
  main.replaceChildren(view.node);
  document.title = `${view.title} · Ticketing`;
  frame();
  if (focus) {
    main.querySelector('h1')?.focus();
    scrollTo(0, 0);
  }
}

function notFoundView() {
  return {
    node: el('section', {class: 'empty'},
      el('h1', {tabindex: '-1'}, t('lost.title')),
      el('p', {}, el('a', {class: 'button', href: '#/'}, t('events.all')))),
    title: t('lost.title'),
  };
}

/** Header, tray and footer. */
function frame() {
  const session = store.session();
  const here = address();
  const link = (to, words) =>
    el('a', {href: `#/${to}`, 'aria-current': here === to ? 'page' : null}, words);
  document.getElementById('skip').textContent = t('page.skip');
  document.getElementById('header').replaceChildren(el('div', {class: 'bar'},
    el('a', {class: 'brand', href: '#/'},
      el('img', {src: '/app/icon.svg', alt: '', width: 28, height: 28}), 'Ticketing'),
    el('nav', {'aria-label': t('nav.label')},
      link('', t('nav.events')),
      session && link('reservations', t('nav.reservations')),
      session && link('account', t('account.title')),
      session
        ? el('button', {class: 'quiet', type: 'button', title: session.email, onclick: async () => {
          await signOut();
          tickets.stop();
          location.hash = '#/';
          render(true);
        }}, t('nav.signOut'))
        : link('sign-in', t('nav.signIn')),
      languageSwitch(() => render(false)))));
  document.getElementById('footer').replaceChildren(
    el('p', {}, t('page.footer')),
    session?.role === 'ADMIN' ? el('a', {href: '/operations'}, t('nav.operations')) : '');
  tray();
}

/** Shows the tickets that are undecided, or decided and not seen yet. */
function tray() {
  const here = address();
  const items = store.tickets()
    .filter(({ticket, seen}) => !seen && here !== `tickets/${ticket.ticketId}`)
    .slice(0, 3)
    .map(({ticket, eventName}) => {
      const words = store.isFinal(ticket)
        ? t('tray.decided')
        : ticket.position > 0 ? t('tray.ahead', {ahead: number(ticket.position)}) : t('tray.next');
      return el('a', {class: 'tray-item', href: `#/tickets/${ticket.ticketId}`},
        el('span', {class: store.isFinal(ticket) ? 'dot good' : 'dot pulse', 'aria-hidden': 'true'}),
        el('strong', {}, eventName ?? t('ticket.title')), el('span', {}, words));
    });
  const sending = store.attempts().length > 0
    && el('p', {class: 'tray-item', role: 'status'},
      el('span', {class: 'spinner', 'aria-hidden': 'true'}), t('tray.sending'));
  document.getElementById('tray').replaceChildren(
    ...(items.length > 0 || sending
      ? [el('section', {class: 'tray', 'aria-label': t('tray.label')}, sending, items)] : []));
}

await load();
await config;
addEventListener('hashchange', () => render(true));
signedOut.addEventListener('signed-out', () => {
  tickets.stop();
  announce(t('code.UNAUTHENTICATED'));
  render(true);
});
store.onChange(name => {
  if (name === 'session' || name === null) {
    tickets.stop();
    render(false);
  }
  tickets.follow();
  tray();
});
tickets.changes.addEventListener('change', tray);
tickets.resume();
render(false);
