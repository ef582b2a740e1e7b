// Client of the REST API. Returns bodies; throws ApiError with a stable code.

import * as clock from './clock.js';
import * as store from './store.js';

const TIMEOUT = 15_000; // ms
const REFRESH_AHEAD = 60_000; // ms before the access token expires
const RELOAD_DELAY = 5_000; // ms after a failed read of a script

// Data that the server wrote into the page, so that the first view needs no request.
const element = document.querySelector('meta[name="start"]');
const start = element ? JSON.parse(element.content) : {};
const startResponses = new Map(Object.entries(start.responses ?? {}));

/** The response that the page contains for a GET of the path, once. A later request reads the server. */
function takeResponse(path) {
  const response = startResponses.get(path) ?? null;
  startResponses.delete(path);
  return response;
}

export class ApiError extends Error {
  /**
   * @param code of the problem details, or NETWORK without an answer
   * @param retryAfter seconds, or null
   * @param opensAt opening of the sale, or null
   */
  constructor(status, code, {detail = '', errors = [], retryAfter = null, opensAt = null} = {}) {
    super(detail || code);
    this.status = status;
    this.code = code;
    this.errors = errors;
    this.retryAfter = retryAfter;
    this.opensAt = opensAt;
  }

  /** True if the same request may succeed later. */
  get retryable() {
    return this.status === 0 || this.status === 408 || this.status === 429 || this.status >= 500;
  }
}

/** The result, or null after an ApiError. Other errors are defects and are thrown. */
export async function orNull(promise) {
  try {
    return await promise;
  } catch (error) {
    if (!(error instanceof ApiError)) {
      throw error;
    }
    return null;
  }
}

/** `{value}`, or `{error}` after an ApiError. Other errors are defects and are thrown. */
export async function settled(promise) {
  try {
    return {value: await promise};
  } catch (error) {
    if (!(error instanceof ApiError)) {
      throw error;
    }
    return {error};
  }
}

/** Fires `signed-out` when the server rejects the token. */
export const signedOut = new EventTarget();

/** One refresh at a time, in all tabs: the second use of a refresh token ends the session. */
let refreshing = null;
const exclusive = async action =>
  (navigator.locks ? navigator.locks.request('refresh', action) : action());

const isFresh = session => !session?.refreshToken || session.expiresAt > Date.now() + REFRESH_AHEAD;

/** Returns the session, with a new access token if the old one expires soon. */
async function freshSession() {
  if (isFresh(store.session())) {
    return store.session();
  }
  refreshing ??= exclusive(refresh).finally(() => {
    refreshing = null;
  });
  await refreshing;
  return store.session();
}

async function refresh() {
  const session = store.session();
  if (isFresh(session)) {
    return;
  }
  let response;
  let tokens;
  try {
    response = await fetch('/api/v1/auth/refresh', {
      method: 'POST',
      headers: {'Accept': 'application/json', 'Content-Type': 'application/json'},
      body: JSON.stringify({refreshToken: session.refreshToken}),
      cache: 'no-store',
      credentials: 'omit',
      signal: AbortSignal.timeout(TIMEOUT),
    });
    tokens = await response.json();
  } catch {
    return; // The next request refreshes again.
  }
  if (response.ok) {
    store.saveSession({...session, ...lifetimes(tokens)});
  } else if (response.status === 401) {
    store.saveSession(null);
    signedOut.dispatchEvent(new Event('signed-out'));
  }
}

function lifetimes({accessToken, expiresIn, refreshToken = null, refreshExpiresIn = 0}) {
  const now = Date.now();
  return {
    token: accessToken,
    expiresAt: now + expiresIn * 1000,
    refreshToken,
    refreshExpiresAt: now + refreshExpiresIn * 1000,
  };
}

/**
 * Sends a request.
 * @param wait maximum seconds until the server answers with an undecided ticket
 * @param onResponse called with the headers of a successful response
 * @param blob true: the body of a successful response is returned as a Blob
 * @param file body that is sent as it is
 * @param timeout ms without `wait`
 * @return the body, or null if there is none
 */
export async function call(method, path, {body, file, key, wait, onResponse, blob = false, timeout = TIMEOUT} = {}) {
  const session = await freshSession();
  const headers = {Accept: blob ? '*/*' : 'application/json'};
  if (file || body !== undefined) {
    headers['Content-Type'] = file ? file.type : 'application/json';
  }
  if (session) {
    headers.Authorization = `Bearer ${session.token}`;
  }
  if (key) {
    headers['Idempotency-Key'] = key;
  }
  if (wait) {
    headers.Prefer = `wait=${wait}`;
  }
  const sentAt = Date.now();
  let response;
  let content;
  try {
    response = await fetch(path, {
      method,
      headers,
      body: file ?? (body === undefined ? undefined : JSON.stringify(body)),
      cache: 'no-store',
      credentials: 'omit',
      signal: AbortSignal.timeout(timeout + (wait ?? 0) * 1000),
    });
    clock.adjust(response.headers.get('Date'), sentAt, Date.now());
    content = await (blob && response.ok ? response.blob() : response.text());
  } catch {
    throw new ApiError(0, 'NETWORK');
  }
  const json = typeof content === 'string' ? parse(content) : null;
  if (!response.ok) {
    const problem = new ApiError(response.status, json?.code ?? 'INTERNAL_ERROR', {
      detail: json?.detail,
      errors: json?.errors,
      retryAfter: seconds(response),
      opensAt: json?.opensAt,
    });
    if (problem.code === 'UNAUTHENTICATED' && session) {
      store.saveSession(null);
      signedOut.dispatchEvent(new Event('signed-out'));
    }
    throw problem;
  }
  onResponse?.({retryAfter: seconds(response)});
  return blob ? content : json;
}

function parse(text) {
  try {
    return text === '' ? null : JSON.parse(text);
  } catch {
    return null;
  }
}

function seconds(response) {
  const value = Number.parseInt(response.headers.get('Retry-After') ?? '', 10);
  return Number.isNaN(value) ? null : value;
}

export const get = async (path, options) => takeResponse(path) ?? call('GET', path, options);
export const post = (path, body, options) => call('POST', path, {...options, body});

/**
 * The module of a dynamic import. A later import reads it again.
 * @throws ApiError if it cannot be read
 */
export async function loaded(module) {
  try {
    return await module;
  } catch (error) {
    if (!(error instanceof TypeError)) {
      throw error;
    }
    throw new ApiError(0, 'NETWORK');
  }
}

/**
 * Uses a script that the first view does not need. A failed read is repeated.
 * @param read imports the script
 * @param use called with the script; its result ends the use
 * @return a function that ends the use
 */
export function useWhenLoaded(read, use) {
  let end = () => {};
  let ended = false;
  let timer = 0;
  async function start() {
    const script = await orNull(loaded(read()));
    if (ended) {
      return;
    }
    if (script) {
      end = use(script);
    } else {
      timer = setTimeout(start, RELOAD_DELAY);
    }
  }
  start();
  return () => {
    ended = true;
    clearTimeout(timer);
    end();
  };
}

/** Settings of this deployment. */
export const config = start.config
  ? Promise.resolve(start.config)
  : orNull(call('GET', '/config.json')).then(found => found ?? {notifierUrl: '', currency: 'KRW', local: false});

/** Measures the offset of the local clock. */
export async function measureClock() {
  const sentAt = Date.now();
  try {
    const response = await fetch('/time.json', {
      cache: 'no-store', credentials: 'omit', signal: AbortSignal.timeout(TIMEOUT),
    });
    const receivedAt = Date.now(); // the body follows the headers
    const {now} = await response.json();
    if (response.ok && Number.isFinite(now)) {
      clock.adjustExactly(now, sentAt, receivedAt);
    }
  } catch {
    // The Date headers of other responses remain.
  }
}

/** Address of a WebSocket of the notifier. */
export async function socketUrl(path) {
  const {notifierUrl} = await config;
  return (notifierUrl || location.origin.replace(/^http/, 'ws')) + path;
}

/** A new idempotency key: 128 random bits. */
export function newKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), byte =>
    byte.toString(16).padStart(2, '0')).join('');
}

export async function signIn(email, password, staySignedIn = false) {
  const session = lifetimes(await post('/api/v1/auth/token', {email, password, staySignedIn}));
  store.saveSession(session);
  try {
    const user = await get('/api/v1/users/me');
    store.saveSession({...session, ...user});
  } catch (error) {
    store.saveSession(null);
    throw error;
  }
}

/** Replaces the tokens of the session, e.g. after a change of the password. */
export function renewSession(tokens) {
  store.saveSession({...store.session(), ...lifetimes(tokens)});
}

export async function signOut() {
  try {
    await call('POST', '/api/v1/auth/logout');
  } catch {
    // Without an answer the token stays valid until it expires.
  }
  store.saveSession(null);
}
