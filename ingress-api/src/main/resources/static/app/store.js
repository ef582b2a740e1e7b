// Data that survives closing the page: language, session, unanswered requests and followed tickets.
// Without localStorage, which private windows may refuse, the data lasts as long as the page.

const PREFIX = 'ticketing.';
const TICKET_LIFETIME = 24 * 60 * 60 * 1000; // ms
const MAX_TICKETS = 50;
const ATTEMPT_LIFETIME = 10 * 60 * 1000; // ms; older unanswered requests are not sent again

/** Values that localStorage refused. */
const memory = new Map();

addEventListener('storage', ({key}) => (key === null ? memory.clear() : memory.delete(key.slice(PREFIX.length))));

export function read(name) {
  if (memory.has(name)) {
    return memory.get(name);
  }
  try {
    const text = localStorage.getItem(PREFIX + name);
    return text === null ? null : JSON.parse(text);
  } catch {
    return null;
  }
}

/** @return false if the value lasts only as long as the page */
export function write(name, value) {
  try {
    if (value === null) {
      localStorage.removeItem(PREFIX + name);
    } else {
      localStorage.setItem(PREFIX + name, JSON.stringify(value));
    }
    memory.delete(name);
    return true;
  } catch {
    memory.set(name, value); // refused, or no space
    return false;
  }
}

/** Calls the listener when another tab of this browser changes a value, until the signal. */
export function onChange(listener, signal) {
  addEventListener('storage', event => {
    if (event.key === null || event.key.startsWith(PREFIX)) {
      listener(event.key === null ? null : event.key.slice(PREFIX.length));
    }
  }, {signal});
}

/** The signed-in user with the token, or null. */
export function session() {
  const session = read('session');
  const end = Math.max(session?.expiresAt ?? 0, session?.refreshExpiresAt ?? 0);
  return end > Date.now() ? session : null;
}

export function saveSession(session) {
  write('session', session);
}

function ownItems(name) {
  const user = session()?.userId;
  return (read(name) ?? []).filter(item => item.userId === user);
}

function update(name, edit) {
  write(name, edit(read(name) ?? []));
}

/** Tickets of the signed-in user, newest first. */
export function tickets() {
  return ownItems('tickets').filter(item => item.at > Date.now() - TICKET_LIFETIME);
}

export function ticket(ticketId) {
  return tickets().find(item => item.ticket.ticketId === ticketId) ?? null;
}

/** Stores the newest state of a ticket. A final state is only replaced after `GAVE_UP`. */
export function saveTicket(ticket, about = {}) {
  const user = session()?.userId;
  if (!user) {
    return;
  }
  update('tickets', all => {
    const known = all.find(item => item.ticket.ticketId === ticket.ticketId);
    // An operator can redrive a command that was given up.
    if (known && isFinal(known.ticket) && (known.ticket.reason !== 'GAVE_UP' || !isFinal(ticket))) {
      return all;
    }
    const item = {
      at: Date.now(), userId: user, seen: false, first: ticket.position ?? null,
      // An evicted pending ticket has an id and a status only.
      ...known, ...about, ticket: ticket.action ? ticket : {...known?.ticket, ...ticket},
    };
    item.first = Math.max(item.first ?? 0, ticket.position ?? 0);
    return [item, ...all.filter(other => other !== known)]
      .filter(other => other.at > Date.now() - TICKET_LIFETIME)
      .slice(0, MAX_TICKETS);
  });
}

/** Marks the decision of a ticket as seen. */
export function markSeen(ticketId) {
  update('tickets', all =>
    all.map(item => (item.ticket.ticketId === ticketId ? {...item, seen: true} : item)));
}

/** @param left 'LEFT' if the user left the line, 'CANCELLED' or 'REFUSED' after the cancellation, or null */
export function markLeft(ticketId, left) {
  update('tickets', all =>
    all.map(item => (item.ticket.ticketId === ticketId ? {...item, left} : item)));
}

export function removeTicket(ticketId) {
  update('tickets', all => all.filter(item => item.ticket.ticketId !== ticketId));
}

/** Holds of the signed-in user: running ones, and ended ones with an open message. */
export function holds() {
  return ownItems('holds');
}

/** Replaces the running holds. */
export function saveHolds(running) {
  const user = session()?.userId;
  const ids = new Set(running.map(hold => hold.reservationId));
  update('holds', all => [
    ...all.filter(hold => hold.userId !== user || !ids.has(hold.reservationId)),
    ...running.map(hold => ({...hold, userId: user})),
  ].slice(-MAX_TICKETS));
}

export function saveHold(hold) {
  update('holds', all => all.map(each => (each.reservationId === hold.reservationId ? hold : each)));
}

export function removeHold(reservationId) {
  update('holds', all => all.filter(each => each.reservationId !== reservationId));
}

export function isFinal(ticket) {
  return ticket.status !== 'PENDING';
}

/** Requests without an answer. */
export function attempts() {
  return ownItems('attempts').filter(item => item.at > Date.now() - ATTEMPT_LIFETIME);
}

export function saveAttempt(attempt) {
  update('attempts', all => [
    ...all.filter(item => item.key !== attempt.key && item.at > Date.now() - ATTEMPT_LIFETIME),
    attempt,
  ]);
}

export function removeAttempt(key) {
  update('attempts', all => all.filter(item => item.key !== key));
}
