// The REST interface: answers as values, errors as ApiError with a stable code.

import * as clock from './clock.js';
import * as store from './store.js';

const TIMEOUT = 15_000;

export class ApiError extends Error {
  /**
   * @param code of the problem details, or NETWORK when there was no answer
   * @param retryAfter seconds, or null
   */
  constructor(status, code, {detail = '', errors = [], retryAfter = null} = {}) {
    super(detail || code);
    this.status = status;
    this.code = code;
    this.errors = errors;
    this.retryAfter = retryAfter;
  }

  /** Whether the same request may succeed later. */
  get passing() {
    return this.status === 0 || this.status === 429 || this.status >= 500;
  }
}

/** Told when the server no longer believes the token. */
export const signedOut = new EventTarget();

/**
 * Sends a request.
 * @param wait seconds that the server may wait for a decision
 * @return the body, or null if there is none
 */
export async function call(method, path, {body, key, wait, answer} = {}) {
  const session = store.session();
  const headers = {Accept: 'application/json'};
  if (body !== undefined) {
    headers['Content-Type'] = 'application/json';
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
  let text;
  try {
    response = await fetch(path, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      cache: 'no-store',
      credentials: 'omit',
      signal: AbortSignal.timeout(TIMEOUT + (wait ?? 0) * 1000),
    });
    clock.heard(response.headers.get('Date'), sentAt, Date.now());
    text = await response.text();
  } catch {
    throw new ApiError(0, 'NETWORK');
  }
  const json = parse(text);
  if (!response.ok) {
    const problem = new ApiError(response.status, json?.code ?? 'INTERNAL_ERROR', {
      detail: json?.detail,
      errors: json?.errors,
      retryAfter: seconds(response),
    });
    if (problem.code === 'UNAUTHENTICATED' && session) {
      store.signedIn(null);
      signedOut.dispatchEvent(new Event('signed-out'));
    }
    throw problem;
  }
  answer?.({retryAfter: seconds(response)});
  return json;
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

export const get = (path, options) => call('GET', path, options);
export const post = (path, body, options) => call('POST', path, {...options, body});

/** What the server says of this installation. */
export const config = get('/config.json').catch(() => ({notifierUrl: '', currency: 'KRW', local: false}));

/** Address of a WebSocket of the notifier. */
export async function socketUrl(path) {
  const {notifierUrl} = await config;
  return (notifierUrl || location.origin.replace(/^http/, 'ws')) + path;
}

/** Random, so that a repeated request is known for the same, and nobody else's. */
export function newKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), byte =>
    byte.toString(16).padStart(2, '0')).join('');
}

export async function signIn(email, password) {
  const {accessToken, expiresIn} = await post('/api/v1/auth/token', {email, password});
  const expiresAt = Date.now() + expiresIn * 1000;
  store.signedIn({token: accessToken, expiresAt});
  try {
    const user = await get('/api/v1/users/me');
    store.signedIn({token: accessToken, expiresAt, ...user});
  } catch (error) {
    store.signedIn(null);
    throw error;
  }
}

export async function signOut() {
  try {
    await call('POST', '/api/v1/auth/logout');
  } catch {
    // The token expires by itself.
  }
  store.signedIn(null);
}
