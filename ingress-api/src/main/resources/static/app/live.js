// What changes while one looks: tickets and seats, pushed over WebSocket. While there is no socket
// they are asked for, and the socket is tried again, ever less often.

import {call, get, socketUrl, ApiError} from './api.js';
import * as store from './store.js';

const FIRST_PAUSE = 500; // ms
const LONGEST_PAUSE = 15_000;
const SAFETY = 20_000; // a socket may be dead without anybody having noticed
const POLL_EVENT = 5_000;
const MOST_TICKETS = 100; // of one socket

/** A WebSocket that comes back. */
class Line {
  #path;
  #protocols;
  #handlers;
  #socket = null;
  #pause = FIRST_PAUSE;
  #timer = 0;
  #closed = false;
  #again = () => {
    if (!this.#socket && document.visibilityState === 'visible') {
      this.#pause = FIRST_PAUSE;
      this.#connect();
    }
  };
  // Without a network a socket stays open for minutes, and nobody hears anything.
  #cut = () => {
    const socket = this.#socket;
    if (socket) {
      socket.onclose = null;
      socket.onmessage = null;
      socket.close();
      this.#lost();
    }
  };

  constructor(path, protocols, handlers) {
    this.#path = path;
    this.#protocols = protocols;
    this.#handlers = handlers;
    addEventListener('online', this.#again);
    addEventListener('offline', this.#cut);
    document.addEventListener('visibilitychange', this.#again);
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
    removeEventListener('online', this.#again);
    removeEventListener('offline', this.#cut);
    document.removeEventListener('visibilitychange', this.#again);
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
      this.#pause = FIRST_PAUSE;
      this.#handlers.opened?.();
    };
    socket.onmessage = message => {
      if (!this.#closed) {
        this.#handlers.frame(JSON.parse(message.data));
      }
    };
    socket.onclose = () => this.#lost();
  }

  #lost() {
    this.#socket = null;
    if (this.#closed) {
      return;
    }
    this.#handlers.lost?.();
    // Not all at the same moment, when a server comes back.
    this.#timer = setTimeout(() => this.#connect(), this.#pause * (0.5 + Math.random()));
    this.#pause = Math.min(this.#pause * 2, LONGEST_PAUSE);
  }
}

/** Follows the undecided tickets of the signed-in user, all over one socket. */
export class TicketFeed extends EventTarget {
  #watched = new Map();
  #line = null;

  /** Whether states are pushed at the moment. */
  get live() {
    return this.#line?.open ?? false;
  }

  watch(ticketId) {
    if (this.#watched.has(ticketId) || this.#watched.size >= MOST_TICKETS) {
      return;
    }
    this.#watched.set(ticketId, {timer: 0, asking: false});
    if (this.#line) {
      this.#line.send({action: 'subscribe', ticketIds: [ticketId]});
    } else {
      this.#line = new Line('/ws/tickets',
        () => ['ticketing.v1', `bearer.${store.session()?.token ?? ''}`],
        {
          opened: () => {
            this.#line.send({action: 'subscribe', ticketIds: [...this.#watched.keys()]});
            this.#changed();
          },
          frame: frame => this.#frame(frame),
          lost: () => {
            this.#changed();
            this.#watched.forEach((state, id) => this.#pollIn(id, 0));
          },
        });
    }
    this.#pollIn(ticketId, 1000);
  }

  /** Forgets all, when the user signs out. */
  reset() {
    this.#watched.forEach(state => clearTimeout(state.timer));
    this.#watched.clear();
    this.#line?.close();
    this.#line = null;
  }

  #frame(frame) {
    if (frame.ticketId) {
      this.#tell(frame);
    } else if (frame.error?.ticketId) {
      this.#pollIn(frame.error.ticketId, 0);
    }
  }

  #tell(ticket) {
    if (!this.#watched.has(ticket.ticketId)) {
      return;
    }
    if (store.isFinal(ticket)) {
      this.#forget(ticket.ticketId);
    }
    this.dispatchEvent(new CustomEvent('ticket', {detail: ticket}));
  }

  #forget(ticketId) {
    clearTimeout(this.#watched.get(ticketId)?.timer);
    this.#watched.delete(ticketId);
    if (this.#watched.size === 0) {
      this.#line?.close();
      this.#line = null;
    }
  }

  #changed() {
    this.dispatchEvent(new Event('line'));
  }

  #pollIn(ticketId, delay) {
    const state = this.#watched.get(ticketId);
    if (state) {
      clearTimeout(state.timer);
      state.timer = setTimeout(() => this.#poll(ticketId, state), delay);
    }
  }

  async #poll(ticketId, state) {
    if (state.asking) {
      return;
    }
    state.asking = true;
    let seconds = 2;
    try {
      const ticket = await call('GET', `/api/v1/tickets/${ticketId}`, {
        answer: ({retryAfter}) => {
          seconds = retryAfter ?? seconds;
        },
      });
      this.#tell(ticket);
    } catch (error) {
      if (!(error instanceof ApiError)) {
        throw error;
      }
      seconds = error.retryAfter ?? 3;
      if (!error.passing) {
        this.#forget(ticketId);
        this.dispatchEvent(new CustomEvent('missing', {detail: {ticketId, error}}));
      }
    } finally {
      state.asking = false;
    }
    this.#pollIn(ticketId, this.live ? SAFETY : seconds * 1000);
  }
}

/**
 * Watches the seats of an event.
 * @param seen called with `{availableSeats, seatTypes}`
 * @return a function that ends it
 */
export function watchSeats(eventId, seen) {
  let timer = 0;
  let ended = false;
  const line = new Line(`/ws/events/${eventId}`, () => [], {
    opened: () => clearTimeout(timer),
    frame: frame => {
      if (frame.seatTypes) {
        seen(frame);
      }
    },
    lost: () => poll(),
  });
  async function poll() {
    clearTimeout(timer);
    try {
      const event = await get(`/api/v1/events/${eventId}`);
      if (!ended) {
        seen(event);
      }
    } catch (error) {
      if (!(error instanceof ApiError)) {
        throw error;
      }
    }
    if (!ended && !line.open) {
      clearTimeout(timer);
      timer = setTimeout(poll, POLL_EVENT);
    }
  }
  return () => {
    ended = true;
    clearTimeout(timer);
    line.close();
  };
}
