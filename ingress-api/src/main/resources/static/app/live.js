// Live updates of tickets and seats over WebSocket. Without a connection the page polls and
// reconnects with increasing delays.

import {ApiError, call, get, socketUrl} from './api.js';
import * as store from './store.js';

const MIN_RECONNECT_DELAY = 500; // ms
const MAX_RECONNECT_DELAY = 15_000; // ms
const SAFETY_POLL_INTERVAL = 20_000; // ms; detects a dead connection
const EVENT_POLL_INTERVAL = 5_000; // ms
const MAX_SUBSCRIPTIONS = 100; // of one connection

/** A WebSocket that reconnects. */
class ReconnectingSocket {
  #path;
  #protocols;
  #handlers;
  #socket = null;
  #delay = MIN_RECONNECT_DELAY;
  #timer = 0;
  #closed = false;
  #reconnectNow = () => {
    if (!this.#socket && document.visibilityState === 'visible') {
      this.#delay = MIN_RECONNECT_DELAY;
      this.#connect();
    }
  };
  // Without a network a WebSocket stays open for minutes and delivers no frames.
  #dropConnection = () => {
    const socket = this.#socket;
    if (socket) {
      socket.onclose = null;
      socket.onmessage = null;
      socket.close();
      this.#onClose();
    }
  };

  constructor(path, protocols, handlers) {
    this.#path = path;
    this.#protocols = protocols;
    this.#handlers = handlers;
    addEventListener('online', this.#reconnectNow);
    addEventListener('offline', this.#dropConnection);
    document.addEventListener('visibilitychange', this.#reconnectNow);
    this.#connect();
  }

  get open() {
    return this.#socket?.readyState === WebSocket.OPEN;
  }

  send(frame) {
    if (this.open) {
      this.#socket.send(JSON.stringify(frame));
    }
  }

  close() {
    this.#closed = true;
    clearTimeout(this.#timer);
    removeEventListener('online', this.#reconnectNow);
    removeEventListener('offline', this.#dropConnection);
    document.removeEventListener('visibilitychange', this.#reconnectNow);
    this.#socket?.close();
  }

  async #connect() {
    clearTimeout(this.#timer);
    const url = await socketUrl(this.#path);
    if (this.#closed || this.#socket) {
      return;
    }
    const socket = new WebSocket(url, this.#protocols());
    this.#socket = socket;
    socket.onopen = () => {
      this.#delay = MIN_RECONNECT_DELAY;
      this.#handlers.opened?.();
    };
    socket.onmessage = message => {
      if (!this.#closed) {
        this.#handlers.frame(JSON.parse(message.data));
      }
    };
    socket.onclose = () => this.#onClose();
  }

  #onClose() {
    this.#socket = null;
    if (this.#closed) {
      return;
    }
    this.#handlers.lost?.();
    // Random, so that clients do not reconnect at the same moment after a restart.
    this.#timer = setTimeout(() => this.#connect(), this.#delay * (0.5 + Math.random()));
    this.#delay = Math.min(this.#delay * 2, MAX_RECONNECT_DELAY);
  }
}

/** Follows the undecided tickets of the signed-in user over one connection. */
export class TicketFeed extends EventTarget {
  #watched = new Map();
  #socket = null;

  /** True while states are pushed. */
  get live() {
    return this.#socket?.open ?? false;
  }

  watch(ticketId) {
    if (this.#watched.has(ticketId) || this.#watched.size >= MAX_SUBSCRIPTIONS) {
      return;
    }
    this.#watched.set(ticketId, {timer: 0, polling: false});
    if (this.#socket) {
      this.#socket.send({action: 'subscribe', ticketIds: [ticketId]});
    } else {
      this.#socket = new ReconnectingSocket('/ws/tickets',
        () => ['ticketing.v1', `bearer.${store.session()?.token ?? ''}`],
        {
          opened: () => {
            this.#socket.send({action: 'subscribe', ticketIds: [...this.#watched.keys()]});
            this.#onConnectionChange();
          },
          frame: frame => this.#frame(frame),
          lost: () => {
            this.#onConnectionChange();
            this.#watched.forEach((state, id) => this.#pollIn(id, 0));
          },
        });
    }
    this.#pollIn(ticketId, 1000);
  }

  /** Closes the connection and unwatches all tickets. */
  reset() {
    this.#watched.forEach(state => clearTimeout(state.timer));
    this.#watched.clear();
    this.#socket?.close();
    this.#socket = null;
  }

  #frame(frame) {
    if (frame.ticketId) {
      this.#publish(frame);
    } else if (frame.error?.ticketId) {
      this.#pollIn(frame.error.ticketId, 0);
    }
  }

  #publish(ticket) {
    if (!this.#watched.has(ticket.ticketId)) {
      return;
    }
    if (store.isFinal(ticket)) {
      this.#unwatch(ticket.ticketId);
    }
    this.dispatchEvent(new CustomEvent('ticket', {detail: ticket}));
  }

  #unwatch(ticketId) {
    clearTimeout(this.#watched.get(ticketId)?.timer);
    this.#watched.delete(ticketId);
    if (this.#watched.size === 0) {
      this.#socket?.close();
      this.#socket = null;
    }
  }

  #onConnectionChange() {
    this.dispatchEvent(new Event('connection'));
  }

  #pollIn(ticketId, delay) {
    const state = this.#watched.get(ticketId);
    if (state) {
      clearTimeout(state.timer);
      state.timer = setTimeout(() => this.#poll(ticketId, state), delay);
    }
  }

  async #poll(ticketId, state) {
    if (state.polling) {
      return;
    }
    state.polling = true;
    let seconds = 2;
    try {
      const ticket = await call('GET', `/api/v1/tickets/${ticketId}`, {
        onResponse: ({retryAfter}) => {
          seconds = retryAfter ?? seconds;
        },
      });
      this.#publish(ticket);
    } catch (error) {
      if (!(error instanceof ApiError)) {
        throw error;
      }
      seconds = error.retryAfter ?? 3;
      if (!error.retryable) {
        this.#unwatch(ticketId);
        this.dispatchEvent(new CustomEvent('missing', {detail: {ticketId, error}}));
      }
    } finally {
      state.polling = false;
    }
    this.#pollIn(ticketId, this.live ? SAFETY_POLL_INTERVAL : seconds * 1000);
  }
}

/**
 * Watches the seats of an event.
 * @param onSeats called with `{availableSeats, seatTypes}`
 * @return a function that ends the watch
 */
export function watchSeats(eventId, onSeats) {
  let timer = 0;
  let ended = false;
  const socket = new ReconnectingSocket(`/ws/events/${eventId}`, () => [], {
    opened: () => clearTimeout(timer),
    frame: frame => {
      if (frame.seatTypes) {
        onSeats(frame);
      }
    },
    lost: () => poll(),
  });
  async function poll() {
    clearTimeout(timer);
    try {
      const event = await get(`/api/v1/events/${eventId}`);
      if (!ended) {
        onSeats(event);
      }
    } catch (error) {
      if (!(error instanceof ApiError)) {
        throw error;
      }
    }
    if (!ended && !socket.open) {
      clearTimeout(timer);
      timer = setTimeout(poll, EVENT_POLL_INTERVAL);
    }
  }
  return () => {
    ended = true;
    clearTimeout(timer);
    socket.close();
  };
}
