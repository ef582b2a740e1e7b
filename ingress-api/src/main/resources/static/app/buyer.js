// The buyer's page. The path of the address selects the view.

import {ApiError, config, loaded, orNull, signedOut, useWhenLoaded} from './api.js';
import {load, t} from './i18n.js';
import * as router from './router.js';
import * as store from './store.js';
import {announce, el, failure, icon, languageSwitch, loading, notice, restoreInputs, savedInputs} from './ui.js';

const LOADING_DELAY = 150; // ms

// Views are loaded on demand.
const VIEWS = [
  [/^$/, async () => (await loaded(import('./eventlist.js'))).listView()],
  [/^events\/(\d+)$/, async id => (await loaded(import('./event.js'))).eventView(Number(id))],
  [/^tickets\/([0-9a-f-]{36})$/, async id => (await loaded(import('./tickets.js'))).ticketView(id)],
  [/^reservations$/, async () => (await loaded(import('./reservations.js'))).listView()],
  [/^reservations\/(\d+)\/pass$/, async id => (await loaded(import('./pass.js'))).passView(Number(id))],
  [/^check-in$/, async () => (await loaded(import('./checkin.js'))).checkInView()],
  [/^sign-in$/, signInView],
  [/^sign-up$/, signUpView],
  [/^account$/, async () => (await loaded(import('./settings.js'))).settingsView(() => router.go('/'))],
  [/^forgot-password$/, async () => (await loaded(import('./settings.js'))).forgotView()],
  [/^reset-password$/, async () => (await loaded(import('./settings.js'))).resetView(mailedToken())],
  [/^confirm-email$/, async () => (await loaded(import('./settings.js'))).confirmView(mailedToken())],
];
const PRIVATE = /^(tickets|reservations|account|check-in)/;

let leave = () => {};
let shown = 0;
let failed = false; // the view could not be read
let shop = {}; // legal details
let accountMenu; // function, loaded for a session
let commands = null; // script, loaded after the first view
let drawTray = () => {};
let sync = () => {};

/** Path of the view to show after the sign-in. */
const nextAddress = () => router.query().get('next') ?? '';

const signInAddress = (next, ended) => `/sign-in?next=${encodeURIComponent(next)}${ended ? '&ended=1' : ''}`;

/** Token of the link in a mail. */
const mailedToken = () => router.query().get('token') ?? '';

async function signInView() {
  const account = await loaded(import('./account.js'));
  const ended = router.query().has('ended');
  const node = await account.signInForm({
    intro: ended ? t('code.UNAUTHENTICATED') : nextAddress() ? t('signIn.needed') : null,
    accounts: ['buyer@ticketing.local'],
    signUp: `/sign-up?next=${encodeURIComponent(nextAddress())}`,
    done: onSignIn,
  });
  return {node, title: t('signIn.title')};
}

async function signUpView() {
  const account = await loaded(import('./account.js'));
  return {
    node: account.signUpForm({signIn: signInAddress(nextAddress(), false), done: onSignIn}),
    title: t('signUp.title'),
  };
}

function onSignIn(isShown) {
  commands?.resume();
  sync();
  if (isShown) {
    // A path of this page only: no other site.
    router.replace(`/${nextAddress().replace(/^[/\\]+/, '')}`);
  } else {
    render('same');
  }
}

/** Loads the tray ahead of the view if it has items, so that it does not move the view later. */
async function loadTray() {
  if (store.holds().length > 0 || store.attempts().length > 0 || store.tickets().some(({seen}) => !seen)) {
    ({drawTray} = await orNull(loaded(import('./tray.js'))) ?? {drawTray});
  }
}

async function loadMenu() {
  if (store.session()) {
    ({accountMenu} = await orNull(loaded(import('./accountmenu.js'))) ?? {});
  }
}

/**
 * Shows the view of the address.
 * @param kind 'first', 'new' entry, 'old' entry of the history, or 'same' view in another language
 */
async function render(kind) {
  const number = ++shown;
  const here = router.address();
  const main = document.getElementById('main');
  const saved = kind === 'same' ? savedInputs(main) : [];
  const {top = 0} = router.viewState();
  leave();
  leave = () => {};
  if (PRIVATE.test(here) && !store.session()) {
    router.replace(signInAddress(router.here(), false));
    return;
  }
  const waiting = kind === 'first' || kind === 'same'
    ? 0 : setTimeout(() => main.replaceChildren(loading()), LOADING_DELAY);
  const found = VIEWS.map(([pattern, view]) => [pattern.exec(here), view]).find(([match]) => match);
  let view;
  failed = false;
  try {
    [view] = await Promise.all([found ? found[1](...found[0].slice(1)) : notFoundView(), loadMenu(), loadTray()]);
  } catch (error) {
    if (!(error instanceof ApiError)) {
      throw error;
    }
    failed = error.retryable;
    view = {node: failure(error, () => render('new')), title: t('failure.title')};
  } finally {
    clearTimeout(waiting);
  }
  if (number !== shown) {
    view.leave?.();
    return;
  }
  leave = view.leave ?? leave;
  main.replaceChildren(view.node);
  restoreInputs(main, saved);
  document.title = `${view.title} · Ticketing`;
  frame();
  if (kind === 'new') {
    main.querySelector('h1')?.focus({preventScroll: true});
    scrollTo(0, 0);
    if (location.hash) {
      document.getElementById(location.hash.slice(1))?.scrollIntoView();
    }
  } else if (kind !== 'same') {
    scrollTo(0, top);
  }
}

function notFoundView() {
  return {
    node: el('section', {class: 'empty'},
      el('h1', {tabindex: '-1'}, t('lost.title')),
      el('p', {}, el('a', {class: 'button', href: '/'}, t('events.all')))),
    title: t('lost.title'),
  };
}

/** Details of the shop that its settings contain; null without any. */
function legal(details) {
  const {termsUrl, privacyUrl, ...texts} = details;
  const filled = Object.entries(texts).filter(([, value]) => value);
  const links = [['terms', termsUrl], ['privacy', privacyUrl]].filter(([, url]) => url);
  return filled.length + links.length === 0 ? null : el('div', {class: 'legal'},
    filled.length > 0 && el('dl', {}, filled.map(([name, value]) =>
      el('div', {}, el('dt', {}, t(`legal.${name}`)), el('dd', {}, value)))),
    links.map(([name, url]) => el('a', {href: url}, t(`legal.${name}`))));
}

/** Header, tray and footer. */
function frame() {
  const session = store.session();
  const here = router.address();
  const link = (to, name, words) =>
    el('a', {href: `/${to}`, 'aria-current': here === to ? 'page' : null}, icon(name), el('span', {}, words));
  document.getElementById('skip').textContent = t('page.skip');
  document.getElementById('header').replaceChildren(el('div', {class: 'bar'},
    el('a', {class: 'brand', href: '/'},
      el('img', {src: new URL('./icon.svg', import.meta.url), alt: '', width: 28, height: 28}), 'Ticketing'),
    el('nav', {class: 'places', 'aria-label': t('nav.label')},
      link('', 'events', t('nav.events')),
      session && link('reservations', 'tickets', t('nav.reservations')),
      session ? link('account', 'account', t('account.title')) : link('sign-in', 'account', t('nav.signIn'))),
    el('div', {class: 'tools'},
      languageSwitch(() => render('same')),
      session && accountMenu?.(session, {onLanguageChange: () => render('same'), onSignOut: () => {
        commands?.stop();
        router.go('/');
      }}))));
  document.getElementById('footer').replaceChildren(
    el('p', {id: 'kept'}),
    session?.role === 'ADMIN' ? el('a', {href: '/operations', 'data-page': ''}, t('nav.operations')) : '',
    // A new page, because only its response permits the camera.
    session?.role === 'ADMIN' || session?.role === 'STAFF' ? el('a', {href: '/check-in', 'data-page': ''}, t('checkin.title')) : '',
    legal(shop) ?? '');
  drawRequests();
}

/** Tray, and a promise in the footer while a request is in the queue. */
function drawRequests() {
  const queued = store.attempts().length > 0 || store.tickets().some(({ticket}) => !store.isFinal(ticket));
  const kept = document.getElementById('kept');
  if (kept) {
    kept.textContent = queued ? t('page.footer') : '';
  }
  drawTray();
}

/** Starts what the first view does not need: the sender of commands, the tray and the reads of tickets and holds. */
function startRequests() {
  useWhenLoaded(() => Promise.all([
    import('./commands.js'), import('./tray.js'), import('./sync.js'),
    store.read('alerts') && import('./alerts.js'), // decisions alert the user on every view
  ]), ([sender, tray, synchronization]) => {
    commands = sender;
    commands.changes.addEventListener('change', drawRequests);
    commands.resume();
    ({drawTray} = tray);
    ({sync} = synchronization);
    drawTray();
    synchronization.startSync();
  });
}

/** Message above the view until the next sign-in. The view stays as it is. */
function showSignedOut() {
  const here = router.address();
  if (PRIVATE.test(here)) {
    router.replace(signInAddress(router.here(), true));
  } else if (here !== 'sign-in' && here !== 'sign-up') {
    const main = document.getElementById('main');
    main.querySelector('.signed-out')?.remove();
    main.prepend(el('div', {class: 'signed-out'}, notice('warn', t('code.UNAUTHENTICATED'),
      el('a', {href: signInAddress(router.here(), true)}, t('nav.signIn')))));
    frame();
  }
}

document.getElementById('skip').addEventListener('click', event => {
  event.preventDefault();
  const main = document.getElementById('main');
  main.focus();
  main.scrollIntoView();
});
await load();
shop = (await config).legal ?? {};
signedOut.addEventListener('signed-out', () => {
  commands?.stop();
  announce(t('code.UNAUTHENTICATED'));
  showSignedOut();
});
store.onChange(name => {
  if (name === 'session' || name === null) {
    commands?.stop();
    render('same');
  }
  commands?.follow();
  drawRequests();
});
addEventListener('online', () => failed && render('same'));
router.start(render);
await render('first');
startRequests();
