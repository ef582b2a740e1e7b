// Addresses of the buyer's views: /events/1, with the state of each history entry. Old addresses
// with a fragment (/#/events/1) are replaced.

const STORED = 'ticketing-views'; // key of the session storage
const MAX_ENTRIES = 50; // with a stored state

history.scrollRestoration = 'manual';

const newId = () => `${Date.now()}-${Math.random()}`;
let onRoute = () => {};
let known = location.pathname + location.search;

/** Path of the view, without slashes at its ends. */
export const address = () => location.pathname.replace(/^\/|\/$/g, '').replace(/^index\.html$/, '');

export const query = () => new URLSearchParams(location.search);

/** Address of the view with its query, as the target of a sign-in. */
export const here = () => (address() + location.search);

function entryId() {
  if (!history.state?.id) {
    history.replaceState({id: newId()}, '');
  }
  return history.state.id;
}

function states() {
  try {
    return JSON.parse(sessionStorage.getItem(STORED) ?? '[]');
  } catch {
    return [];
  }
}

/** State that a view stored for this history entry, else {}. */
export function viewState() {
  const id = entryId();
  return states().find(([each]) => each === id)?.[1] ?? {};
}

/** Adds values to the state of this history entry. */
export function saveViewState(values) {
  const id = entryId();
  const all = states();
  const state = {...all.find(([each]) => each === id)?.[1], ...values};
  try {
    sessionStorage.setItem(STORED,
      JSON.stringify([...all.filter(([each]) => each !== id), [id, state]].slice(-MAX_ENTRIES)));
  } catch {
    // Without storage the view starts at its top.
  }
}

/** Opens a view as a new history entry. */
export function go(path) {
  if (path !== known) {
    saveViewState({top: scrollY});
    history.pushState({id: newId(), from: known}, '', path);
  }
  route('new');
}

/** Opens a view in place of the current history entry. */
export function replace(path) {
  history.replaceState({id: newId(), from: history.state?.from}, '', path);
  route('new');
}

const isPlain = click =>
  click.button === 0 && !click.ctrlKey && !click.metaKey && !click.shiftKey && !click.altKey;

/**
 * Listener of a link to a list. If the list is the entry ahead, the link goes back to it, so that it keeps
 * its position and its search.
 */
export const backTo = path => click => {
  if (isPlain(click) && history.state?.from?.split('?')[0] === path) {
    click.preventDefault();
    history.back();
  }
};

function route(kind) {
  known = location.pathname + location.search;
  onRoute(kind);
}

function replaceOldAddress() {
  if (location.hash.startsWith('#/')) {
    history.replaceState({id: newId()}, '', location.hash.slice(1));
    return true;
  }
  return false;
}

/** @param listener called with 'new' for a new entry and 'old' for one of the history */
export function start(listener) {
  onRoute = listener;
  replaceOldAddress();
  known = location.pathname + location.search;
  addEventListener('popstate', () => {
    const old = !replaceOldAddress();
    // A change of the fragment alone, such as that of a skip link, keeps the view.
    if (location.pathname + location.search !== known || !old) {
      route(old ? 'old' : 'new');
    }
  });
  document.addEventListener('click', event => {
    const link = event.target.closest?.('a[href^="/"]');
    if (link && isPlain(event) && !link.target && !link.hasAttribute('data-page') && !event.defaultPrevented) {
      event.preventDefault();
      go(link.getAttribute('href'));
    }
  });
  let pending = 0;
  addEventListener('scroll', () => {
    clearTimeout(pending);
    const id = entryId();
    pending = setTimeout(() => {
      if (history.state?.id === id) {
        saveViewState({top: scrollY});
      }
    }, 100);
  }, {passive: true});
}
