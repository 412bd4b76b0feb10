// The language of the page, and how it writes money, times and durations.

/**
 * @typedef {typeof import('./ko.mjs').texts} LineTexts
 * @typedef {typeof import('./ko-more.mjs').texts} MoreTexts
 * @typedef {typeof import('./ko-tickets.mjs').texts} TicketTexts
 * @typedef {typeof import('./operator-ko.mjs').texts} OperatorTexts
 * @typedef {typeof import('./operator-ko-more.mjs').texts} OperatorMoreTexts
 * @typedef {LineTexts & MoreTexts & TicketTexts & OperatorTexts & OperatorMoreTexts} Texts
 *
 * @typedef {(language: string) => Promise<{ texts: object, errors: Record<string, string> }>} Source
 *   Loads some of the texts in a language.
 */

/** The languages that the page speaks. */
export const LANGUAGES = ['ko', 'en'];

/**
 * The texts. Those of {@link LineTexts} are there after {@link speak}, the others after
 * {@link speakMore}, and those of {@link OperatorTexts} only on the page for operators.
 *
 * @type {Texts}
 */
export let t;

/** @type {Record<string, string>} */
let errors = {};

/** The codes for which the text of the service says more. */
const FROM_THE_SERVICE = ['BAD_REQUEST', 'PERSON_LIMIT'];

/** The language in force, or the one that is being loaded first. */
export let language = 'ko';

let zone = 'Asia/Seoul';

/** The texts that a language is loaded with. @type {Set<Source>} */
export const sources = new Set([(wanted) => (wanted === 'en' ? import('./en.mjs') : import('./ko.mjs'))]);

/**
 * The language for a person: the one that they have chosen, else the first one of their browser that
 * the page speaks, else Korean.
 *
 * @param {string | undefined} chosen
 * @param {readonly string[]} wanted
 */
export function languageFor(chosen, wanted) {
  const known = (/** @type {string} */ tag) => LANGUAGES.includes(tag);
  const tags = wanted.map((tag) => tag.split('-')[0].toLowerCase());
  return chosen && known(chosen) ? chosen : (tags.find(known) ?? 'ko');
}

/**
 * Loads a language.
 *
 * @param {string} wanted
 */
export async function speak(wanted) {
  const parts = await Promise.all([...sources].map((load) => load(wanted)));
  t = /** @type {Texts} */ (Object.assign({}, ...parts.map(({ texts }) => texts)));
  errors = Object.assign({}, ...parts.map(({ errors }) => errors));
  language = wanted;
  document.documentElement.lang = wanted;
}

/**
 * Loads more texts.
 *
 * @param {Source} source
 */
export async function speakMore(source) {
  sources.add(source);
  const wanted = language;
  const { texts, errors: added } = await source(wanted);
  // The language may have changed meanwhile, and then its texts are here already.
  if (wanted === language) {
    t = { ...t, ...texts };
    errors = { ...errors, ...added };
  }
}

/** @type {Source} The texts of the screens outside the line. */
export const more = (wanted) => (wanted === 'en' ? import('./en-more.mjs') : import('./ko-more.mjs'));

/**
 * Sets the time zone in which the shows take place.
 *
 * @param {string} wanted An IANA name.
 */
export function useTimeZone(wanted) {
  zone = wanted;
}

/**
 * What went wrong, for people. The page's own text for a code that it knows. The service's text for
 * the others, and where only the service knows what is wrong: with an entry, or how many seats one
 * person may have.
 *
 * @param {{ code: string, body?: { error: string } }} problem
 * @returns {string}
 */
export function errorText({ code, body }) {
  if (body?.error && (FROM_THE_SERVICE.includes(code) || !(code in errors))) return body.error;
  return errors[code] ?? errors.INTERNAL;
}

/**
 * An amount of money. Won have no decimals, unless an amount has some.
 *
 * @param {number} amount
 */
export function money(amount) {
  const digits = Number.isInteger(amount) ? 0 : 2;
  const number = new Intl.NumberFormat(language, { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(amount);
  return language === 'ko' ? `${number}원` : number.replace(/\d/, '₩$&');
}

/** @param {number} value */
export function whole(value) {
  return new Intl.NumberFormat(language).format(value);
}

/**
 * A time of day, such as 20:14.
 *
 * @param {number} time In milliseconds since 1970.
 */
export function clockTime(time) {
  return new Intl.DateTimeFormat(language, { timeZone: zone, hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }).format(time);
}

/**
 * A day and a time of day.
 *
 * @param {string} time RFC 3339.
 */
export function dayAndTime(time) {
  return new Intl.DateTimeFormat(language, {
    timeZone: zone, year: 'numeric', month: 'short', day: 'numeric', weekday: 'short', hour: '2-digit', minute: '2-digit', hourCycle: 'h23',
  }).format(new Date(time));
}

/**
 * A time of day, with its day if that is not today or tonight.
 *
 * @param {number} time In milliseconds since 1970.
 * @param {number} now The service's time.
 */
export function clockOrDay(time, now) {
  return time - now < 43_200_000 ? clockTime(time) : dayAndTime(new Date(time).toISOString());
}

/**
 * A show by its name, such as `2026-12-24` or `2026-12-24T19:30`. It is a local time already.
 *
 * @param {string} show
 */
export function showTime(show) {
  const [date, start] = show.split('T');
  const day = new Intl.DateTimeFormat(language, {
    timeZone: 'UTC', year: 'numeric', month: 'long', day: 'numeric', weekday: 'short',
  }).format(new Date(`${date}T00:00:00Z`));
  return start ? `${day} ${start}` : day;
}

/**
 * A countdown: 4:05, or 1:02:03, or 3 days and 1:02:03.
 *
 * @param {number} seconds
 * @returns {string}
 */
export function countdown(seconds) {
  const two = (/** @type {number} */ part) => String(part).padStart(2, '0');
  const days = Math.floor(seconds / 86_400);
  if (days) return `${t.days(days)} ${countdown(seconds % 86_400)}`;
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60];
  return hours ? `${hours}:${two(minutes)}:${two(seconds % 60)}` : `${minutes}:${two(seconds % 60)}`;
}

/**
 * A wait in words, rounded up, so that it is never too short.
 *
 * @param {number} seconds
 */
export function waitText(seconds) {
  if (seconds < 60) return t.underAMinute;
  const minutes = Math.ceil(seconds / 60);
  if (minutes < 60) return t.aboutMinutes(minutes);
  return t.aboutHours(Math.floor(minutes / 60), minutes % 60);
}

/**
 * A length of time in words, such as a limit: 5 minutes, 90 seconds.
 *
 * @param {number} seconds
 */
export function lengthText(seconds) {
  const [value, unit] = seconds % 60 === 0 ? [seconds / 60, 'minute'] : [seconds, 'second'];
  return new Intl.NumberFormat(language, { style: 'unit', unit, unitDisplay: 'long' }).format(value);
}

/**
 * The text of the language in force, else whichever there is.
 *
 * @param {{ ko?: string, en?: string } | undefined} texts
 */
export function inLanguage(texts) {
  return (language === 'en' ? (texts?.en ?? texts?.ko) : (texts?.ko ?? texts?.en)) ?? '';
}
