// Texts, numbers, times and prices in the selected language.

import {read, write} from './store.js';
import {ApiError, config} from './api.js';

const LANGUAGES = ['en', 'ko'];

let texts = {};
export let language = 'en';
let currency = 'KRW';

function preferredLanguage() {
  const chosen = read('language');
  if (LANGUAGES.includes(chosen)) {
    return chosen;
  }
  return navigator.languages.map(tag => tag.slice(0, 2)).find(tag => LANGUAGES.includes(tag)) ?? 'en';
}

/** Loads the texts. Call it once, ahead of all other functions. */
export async function load() {
  await loadLanguage(preferredLanguage());
  currency = (await config).currency;
}

/** @throws ApiError if the texts cannot be read; the language then stays */
export async function chooseLanguage(to) {
  await loadLanguage(to);
  write('language', to);
}

async function loadLanguage(to) {
  let found;
  try {
    const response = await fetch(new URL(`./${to}.json`, import.meta.url));
    found = await response.json();
  } catch {
    throw new ApiError(0, 'NETWORK');
  }
  texts = found;
  language = to;
  document.documentElement.lang = to;
}

export const otherLanguage = () => LANGUAGES.find(each => each !== language);

/** The text of a key, with each {name} replaced by its value. */
export function t(key, values = {}) {
  const text = texts[key] ?? key;
  return text.replace(/\{(\w+)\}/g, (whole, name) => {
    const value = values[name];
    return value === undefined ? whole : typeof value === 'number' ? number(value) : value;
  });
}

export const has = key => key in texts;

export function number(value, digits = 0) {
  return new Intl.NumberFormat(language, {maximumFractionDigits: digits}).format(value);
}

export function price(amount) {
  const value = Number(amount);
  const digits = {minimumFractionDigits: Number.isInteger(value) ? 0 : 2, maximumFractionDigits: 2};
  if (language === 'ko' && currency === 'KRW') {
    // Korean shops write the unit behind the amount. The formatter has the symbol ahead of it only.
    return `${new Intl.NumberFormat(language, digits).format(value)}원`;
  }
  return new Intl.NumberFormat(language, {
    ...digits, style: 'currency', currency, currencyDisplay: 'narrowSymbol',
  }).format(value);
}

/** The second argument of each function is an IANA time zone; without it, that of the browser. */
const formatted = options => (time, timeZone) =>
  new Intl.DateTimeFormat(language, {...options, timeZone}).format(new Date(time));

const ownZone = () => Intl.DateTimeFormat().resolvedOptions().timeZone;

/** Name of a time zone at a time in words: "Korean Standard Time". */
export function zoneName(time, timeZone) {
  return new Intl.DateTimeFormat(language, {timeZone, timeZoneName: 'long'}).formatToParts(new Date(time))
    .find(({type}) => type === 'timeZoneName').value;
}

const withZone = format => (time, timeZone = ownZone()) => `${format(time, timeZone)} (${zoneName(time, timeZone)})`;

/** Times with the name of their zone. */
export const dateTime = withZone(formatted({dateStyle: 'full', timeStyle: 'short'}));
export const shortDateTime = withZone(formatted({dateStyle: 'medium', timeStyle: 'short'}));
export const time = withZone(formatted({timeStyle: 'short'}));
export const exactTime = withZone(formatted({dateStyle: 'medium', timeStyle: 'medium'}));

/** Times without a zone. */
export const plainDateTime = formatted({dateStyle: 'medium', timeStyle: 'short'});
export const clockTime = formatted({timeStyle: 'medium'});
export const axisTime =
  formatted({hour: '2-digit', minute: '2-digit', second: '2-digit', hourCycle: 'h23'});
export const axisDate = formatted({month: 'numeric', day: 'numeric', hour: '2-digit', hourCycle: 'h23'});
export const month = formatted({month: 'short'});
export const monthAndYear = formatted({month: 'long', year: 'numeric'});
export const day = formatted({day: 'numeric'});
export const weekday = formatted({weekday: 'short'});

/** The time in the zone of the browser as a sentence; null if it equals the time in the zone. */
export function ownTime(instant, timeZone) {
  return plainDateTime(instant, timeZone) === plainDateTime(instant, undefined)
    ? null : t('time.own', {time: shortDateTime(instant)});
}

/** An approximate duration: "3 seconds", "2 minutes". */
export function span(seconds) {
  const [value, unit] =
    seconds < 60 ? [Math.max(1, Math.round(seconds)), 'second']
      : seconds < 5400 ? [Math.round(seconds / 60), 'minute'] : [Math.round(seconds / 3600), 'hour'];
  return new Intl.NumberFormat(language, {style: 'unit', unit, unitDisplay: 'long'}).format(value);
}

/** An exact duration: "1 hr 50 min", or with long units "1 hour 50 minutes". */
export function minutes(all, unitDisplay = 'short') {
  return [[Math.floor(all / 60), 'hour'], [all % 60, 'minute']]
    .filter(([value]) => value > 0)
    .map(([value, unit]) =>
      new Intl.NumberFormat(language, {style: 'unit', unit, unitDisplay}).format(value))
    .join(' ');
}

/** A duration as minutes and seconds, "4:05", with hours if there are any. */
export function clockSpan(milliseconds) {
  const all = Math.max(0, Math.ceil(milliseconds / 1000));
  const parts = [Math.floor(all / 60) % 60, all % 60].map(part => String(part).padStart(2, '0'));
  const hours = Math.floor(all / 3600);
  return hours > 0 ? `${hours}:${parts.join(':')}` : parts.join(':').replace(/^0/, '');
}
