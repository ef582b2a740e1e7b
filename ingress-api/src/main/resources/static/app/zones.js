// Conversions between instants and the local times of a time zone, exact to the second.

const DAY = 86_400_000; // ms

const formats = new Map();

function formatOf(zone) {
  if (!formats.has(zone)) {
    formats.set(zone, new Intl.DateTimeFormat('en-u-ca-iso8601', {
      timeZone: zone, hourCycle: 'h23', era: 'short',
      year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit', second: '2-digit',
    }));
  }
  return formats.get(zone);
}

/** True for a time zone that this browser knows. */
export function isZone(zone) {
  try {
    return Boolean(formatOf(zone));
  } catch {
    return false;
  }
}

/** Offset of the local time from UTC, in milliseconds. */
function offset(instant, zone) {
  const parts = Object.fromEntries(formatOf(zone).formatToParts(instant).map(part => [part.type, part.value]));
  const local = Date.UTC(Number(parts.year), Number(parts.month) - 1, Number(parts.day),
    Number(parts.hour), Number(parts.minute), Number(parts.second));
  return local - Math.floor(instant / 1000) * 1000;
}

/** Value of a datetime-local input, with seconds: "2026-11-01T01:30:15". */
export function localTime(time, zone) {
  const instant = new Date(time).getTime();
  return new Date(instant + offset(instant, zone)).toISOString().slice(0, 19);
}

/**
 * The instants of a local time in milliseconds, in order: none in the hour that a change of the
 * offset skips, two in the hour that it repeats.
 */
export function instantsOf(local, zone) {
  const utc = Date.parse(`${local}Z`);
  if (Number.isNaN(utc)) {
    return [];
  }
  const offsets = new Set([utc - DAY, utc + DAY].map(instant => offset(instant, zone)));
  return [...offsets].filter(each => offset(utc - each, zone) === each).map(each => utc - each)
    .sort((a, b) => a - b);
}

/** Offset as "UTC+09:00". */
export function offsetName(instant, zone) {
  const minutes = Math.round(offset(instant, zone) / 60_000);
  const part = value => String(Math.floor(value)).padStart(2, '0');
  return `UTC${minutes < 0 ? '-' : '+'}${part(Math.abs(minutes) / 60)}:${part(Math.abs(minutes) % 60)}`;
}
