// What survives closing the page: the language, who is signed in, what is being sent, and which
// tickets are followed. Without localStorage (private windows may refuse it) it lasts as long as
// the page does.

const PREFIX = 'ticketing.';
const DAY = 24 * 60 * 60 * 1000;
const MOST_TICKETS = 50;
const SENDING = 10 * 60 * 1000; // after which nobody expects an unsent request to be sent any more

const memory = new Map();

export function read(name) {
  try {
    const text = localStorage.getItem(PREFIX + name);
    return text === null ? null : JSON.parse(text);
  } catch {
    return memory.get(name) ?? null;
  }
}

export function write(name, value) {
  memory.set(name, value);
  try {
    if (value === null) {
      localStorage.removeItem(PREFIX + name);
    } else {
      localStorage.setItem(PREFIX + name, JSON.stringify(value));
    }
  } catch {
    // Kept in memory.
  }
}

/** Calls back when another tab of this browser changes something. */
export function onChange(listener) {
  addEventListener('storage', event => {
    if (event.key === null || event.key.startsWith(PREFIX)) {
      listener(event.key === null ? null : event.key.slice(PREFIX.length));
    }
  });
}

/** The signed-in user with the token, or null. */
export function session() {
  const session = read('session');
  return session && session.expiresAt > Date.now() ? session : null;
}

export function signedIn(session) {
  write('session', session);
}

function mine(name) {
  const user = session()?.userId;
  return (read(name) ?? []).filter(item => item.userId === user);
}

function change(name, edit) {
  write(name, edit(read(name) ?? []));
}

/** Tickets of the signed-in user, newest first. */
export function tickets() {
  return mine('tickets').filter(item => item.at > Date.now() - DAY);
}

export function ticket(ticketId) {
  return tickets().find(item => item.ticket.ticketId === ticketId) ?? null;
}

/** Remembers the ticket's newest state; a final one is never replaced. */
export function keepTicket(ticket, about = {}) {
  const user = session()?.userId;
  if (!user) {
    return;
  }
  change('tickets', all => {
    const known = all.find(item => item.ticket.ticketId === ticket.ticketId);
    if (known && isFinal(known.ticket)) {
      return all;
    }
    const item = {
      at: Date.now(), userId: user, seen: false, first: ticket.position ?? null,
      ...known, ...about, ticket,
    };
    item.first = Math.max(item.first ?? 0, ticket.position ?? 0);
    return [item, ...all.filter(other => other !== known)]
      .filter(other => other.at > Date.now() - DAY)
      .slice(0, MOST_TICKETS);
  });
}

/** Whoever has seen the outcome needs not be told of it again. */
export function seen(ticketId) {
  change('tickets', all =>
    all.map(item => (item.ticket.ticketId === ticketId ? {...item, seen: true} : item)));
}

export function isFinal(ticket) {
  return ticket.status !== 'PENDING';
}

/** Requests that were begun and not answered yet. */
export function attempts() {
  return mine('attempts').filter(item => item.at > Date.now() - SENDING);
}

export function keepAttempt(attempt) {
  change('attempts', all => [
    ...all.filter(item => item.key !== attempt.key && item.at > Date.now() - SENDING),
    attempt,
  ]);
}

export function dropAttempt(key) {
  change('attempts', all => all.filter(item => item.key !== key));
}
