// Live updates of tickets and seats over WebSocket. Without a connection the page polls and
// reconnects with increasing delays.

import {ApiError, call, get, socketUrl} from './api.js';
import * as store from './store.js';

const MIN_RECONNECT_DELAY = 500; // ms
const MAX_RECONNECT_DELAY = 15_000; // ms
const PING_DELAY = 8_000; // ms without a frame
const STALE_DELAY = 13_000; // ms without a frame; the connection is then replaced
const CHECK_INTERVAL = 1_000; // ms
const EVENT_POLL_INTERVAL = 5_000; // ms
const MAX_SUBSCRIPTIONS = 100; // on one connection

/** A WebSocket that reconnects. */
class ReconnectingSocket {
  #path;
  #protocols;
  #handlers;
  #socket = null;
  #delay = MIN_RECONNECT_DELAY;
  #timer = 0;
  #checks = 0;
  #receivedAt = 0;
  #pingedAt = 0;
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
    this.#checks = setInterval(() => this.#check(), CHECK_INTERVAL);
    this.#connect();
  }

  // A dead connection stays open for minutes. The page cannot see the pings of the server, so it
  // requests a frame itself.
  #check() {
    const silence = Date.now() - this.#receivedAt;
    if (this.open && silence > STALE_DELAY) {
      this.#dropConnection();
    } else if (this.open && silence > PING_DELAY && this.#pingedAt < this.#receivedAt) {
      this.#pingedAt = Date.now();
      this.#handlers.ping();
    }
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
    clearInterval(this.#checks);
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
      this.#receivedAt = Date.now();
      this.#handlers.opened?.();
    };
    socket.onmessage = message => {
      this.#receivedAt = Date.now();
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

  /** Time of the last state of any ticket, in milliseconds since 1970. */
  updatedAt = 0;

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
          ping: () => this.#socket.send({action: 'subscribe', ticketIds: [...this.#watched.keys()].slice(0, 1)}),
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
    this.updatedAt = Date.now();
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
        if (error.status === 404) { // an ended session keeps the ticket
          this.dispatchEvent(new CustomEvent('missing', {detail: {ticketId, error}}));
        }
      }
    } finally {
      state.polling = false;
    }
    if (!this.live) {
      this.#pollIn(ticketId, seconds * 1000);
    }
  }
}

/** Watches the seats of many events over one connection, and polls them without a connection. */
class EventFeed {
  #watches = new Map(); // sets of listeners by event id
  #socket = null;
  #timer = 0;

  get live() {
    return this.#socket?.open ?? false;
  }

  /**
   * @param onSeats called with `{availableSeats, seatTypes}`
   * @return a function that ends the watch; null if the connection has the maximum number of events
   */
  watch(eventId, onSeats) {
    const known = this.#watches.get(eventId);
    if (!known && this.#watches.size >= MAX_SUBSCRIPTIONS) {
      return null;
    }
    const listeners = known ?? new Set();
    listeners.add(onSeats);
    this.#watches.set(eventId, listeners);
    if (!this.#socket) {
      this.#connect();
    } else {
      this.#socket.send({action: 'subscribe', eventIds: [eventId]});
    }
    return () => this.#end(eventId, listeners, onSeats);
  }

  #end(eventId, listeners, onSeats) {
    listeners.delete(onSeats);
    if (listeners.size === 0 && this.#watches.get(eventId) === listeners) {
      this.#watches.delete(eventId);
      this.#socket?.send({action: 'unsubscribe', eventIds: [eventId]});
    }
    if (this.#watches.size === 0) {
      clearTimeout(this.#timer);
      this.#socket?.close();
      this.#socket = null;
    }
  }

  #connect() {
    this.#socket = new ReconnectingSocket('/ws/events', () => ['ticketing.v1'], {
      opened: () => {
        clearTimeout(this.#timer);
        this.#socket.send({action: 'subscribe', eventIds: [...this.#watches.keys()]});
      },
      frame: frame => this.#publish(frame),
      ping: () => this.#socket.send({action: 'subscribe', eventIds: [...this.#watches.keys()].slice(0, 1)}),
      lost: () => this.#poll(),
    });
  }

  #publish(frame) {
    if (frame.seatTypes) {
      this.#watches.get(frame.eventId)?.forEach(listener => listener(frame));
    }
  }

  /** Reads the first event only: lists read their pages themselves. */
  async #poll() {
    clearTimeout(this.#timer);
    const [eventId] = this.#watches.keys();
    try {
      this.#publish(await get(`/api/v1/events/${eventId}`));
    } catch (error) {
      if (!(error instanceof ApiError)) {
        throw error;
      }
    }
    if (this.#watches.size > 0 && !this.live) {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(() => this.#poll(), EVENT_POLL_INTERVAL);
    }
  }
}

const eventFeed = new EventFeed();

/** Watches the seats of an event. @see EventFeed#watch */
export const watchSeats = (eventId, onSeats) => eventFeed.watch(eventId, onSeats) ?? (() => {});

/**
 * Watches the bitmaps of a seat map, and polls them without a connection.
 * @param onFrame called with `{revision, sections}`: all sections first, then the changed ones
 * @return a function that ends the watch
 */
export function watchSeatMap(eventId, onFrame) {
  let timer = 0;
  let ended = false;
  const receive = frame => {
    if (frame.sections && !ended) {
      onFrame(frame);
    }
  };
  async function poll() {
    clearTimeout(timer);
    try {
      receive(await get(`/api/v1/events/${eventId}/seats`));
    } catch (error) {
      if (!(error instanceof ApiError)) {
        throw error;
      }
      // The map keeps its last state, and the next poll repeats the read.
    }
    if (!ended && !socket.open) {
      clearTimeout(timer);
      timer = setTimeout(poll, EVENT_POLL_INTERVAL * (0.75 + Math.random() / 2));
    }
  }
  const socket = new ReconnectingSocket(`/ws/events/${eventId}/seats`, () => ['ticketing.v1'], {
    opened: () => clearTimeout(timer),
    frame: receive,
    ping: () => socket.send({}), // answered with an error frame
    lost: poll,
  });
  return () => {
    ended = true;
    clearTimeout(timer);
    socket.close();
  };
}
