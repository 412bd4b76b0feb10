// Calls of the API, and the service's time.
//
// A call that got no answer is sent again, and so is one that the service was too busy for. Every
// call of this page may be sent twice: it happens once. (A guest who signs up twice is two guests, and one
// of them is never used.)
//
// The time is read from `server_time` in answers, and goes on with `performance.now()`, which nobody
// sets. It is never ahead of the service.

import { clockOffset, milliseconds } from './line.mjs';

/** How often a call is sent, at most. */
const TRIES = 4;

/** How long an answer may take, in milliseconds. API Gateway gives up after 30 seconds. */
const PATIENCE = 31_000;

/** How long a call waits until it is sent again, at most, in milliseconds. */
const LONGEST_WAIT = 30_000;

/** An answer that is not a success. */
export class Problem extends Error {
  /**
   * @param {number} status The HTTP status. 0 if there was no answer.
   * @param {Api.Error} [body] The error that the service has sent.
   * @param {number} [retryAfter] The seconds after which to ask again.
   */
  constructor(status, body, retryAfter) {
    // API Gateway's own errors have no code, and neither has the answer of a firewall that wants to check
    // the browser first. It does that when the page is loaded.
    super(body?.code ?? (status === 0 ? 'OFFLINE' : status === 202 ? 'CHALLENGED' : status === 500 ? 'INTERNAL' : status > 500 || status === 429 ? 'BUSY' : 'BAD_REQUEST'));
    this.status = status;
    this.code = this.message;
    this.body = body;
    this.retryAfter = retryAfter;
  }

  /** Why the call did not get through. `null` if it did, and the service has refused it. */
  get trouble() {
    if (this.code === 'OFFLINE' || this.code === 'BUSY') return this.code;
    return this.status >= 500 ? 'FAULT' : null;
  }

  /** Whether the same call may succeed later, without anything else being done. */
  get passes() {
    return this.trouble !== null;
  }
}

/**
 * @typedef {object} Wish
 * @property {string} [token]
 * @property {unknown} [body]
 * @property {string} [key] The `Idempotency-Key`.
 * @property {Record<string, string>} [headers] More headers.
 * @property {number} [tries] How often the call is sent, at most. Polls are sent once, because they
 *   come again anyway.
 */

/** @typedef {'OFFLINE' | 'BUSY' | 'FAULT'} Trouble Why calls do not get through. */

/** @type {(trouble: Trouble | null) => void} */
let onTrouble = () => {};

/** @type {() => string} */
let language = () => 'ko';

/**
 * Sets the function that is called when calls do not get through, and the language of texts.
 *
 * @param {{ onTrouble: typeof onTrouble, language: typeof language }} settings
 */
export function useApi(settings) {
  ({ onTrouble, language } = settings);
}

/**
 * Sends a call, and returns the body of its answer.
 *
 * @template [T=any]
 * @param {string} method
 * @param {string} path
 * @param {Wish} [wish]
 * @returns {Promise<T>}
 * @throws {Problem}
 */
export async function call(method, path, wish = {}) {
  for (let sent = 1; ; sent += 1) {
    try {
      const answer = await send(method, path, wish);
      onTrouble(null);
      return answer;
    } catch (error) {
      const problem = /** @type {Problem} */ (error);
      onTrouble(problem.trouble);
      if (!problem.passes || sent >= (wish.tries ?? TRIES)) throw problem;
      await pause(waitBefore(sent, problem.retryAfter));
    }
  }
}

/**
 * The milliseconds to wait before a call is sent again: 1, 2, 4 s and so on, up to 30 s, and 30 %
 * more or less; or what the service has said, and up to 30 % more. So not everybody comes back at the
 * same moment.
 *
 * @param {number} sent How often the call has been sent.
 * @param {number} [retryAfter] The seconds that the service has said.
 * @param {number} [chance] From 0 to 1.
 */
export function waitBefore(sent, retryAfter, chance = Math.random()) {
  if (retryAfter) return 1000 * retryAfter * (1 + 0.3 * chance);
  return Math.min(1000 * 2 ** (sent - 1), LONGEST_WAIT) * (0.7 + 0.6 * chance);
}

/**
 * @param {string} method
 * @param {string} path
 * @param {Wish} wish
 */
async function send(method, path, { token, body, key, headers: more }) {
  /** @type {Record<string, string>} */
  const headers = { 'Accept-Language': language(), ...more };
  if (token) headers.Authorization = `Bearer ${token}`;
  if (key) headers['Idempotency-Key'] = key;
  if (body !== undefined) headers['Content-Type'] = 'application/json';
  let response;
  let answer;
  const sent = performance.now();
  try {
    response = await fetch(path, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.timeout(PATIENCE),
    });
    answer = await response.text();
  } catch {
    throw new Problem(0);
  }
  const json = parsed(answer);
  if (response.ok && json) {
    // What has a token is not from a CDN.
    learnTime(json, token ? sent : undefined);
    return json;
  }
  const after = Number(response.headers.get('Retry-After') ?? NaN);
  // A success that is not JSON is not an answer of the service: a hotel's log-in page, perhaps. The
  // service never answers 202.
  throw new Problem(response.ok && response.status !== 202 ? 0 : response.status, json?.code ? json : undefined, Number.isFinite(after) ? after : undefined);
}

/** @param {string} text */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** @param {number} milliseconds */
function pause(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/**
 * How much earlier than the service a deadline ends here, in milliseconds, at least. The page's time
 * may be behind by as long as an answer takes, or as a CDN has kept it. A countdown must not show
 * time that is gone.
 */
const EARLY = 2000;

/** @type {number | undefined} */
let offset;

/** The offset is not greater than this: no answer is written before it is asked for. */
let mostOffset = Infinity;

/**
 * Takes the service's time from an answer that has just arrived.
 *
 * @param {{ server_time?: string }} answer
 * @param {number} [sent] When it was asked for, by `performance.now()`. Only if no CDN may have kept
 *   it.
 */
export function learnTime({ server_time }, sent) {
  if (!server_time) return;
  offset = clockOffset({ server_time }, performance.now(), offset);
  if (sent !== undefined) mostOffset = Math.min(mostOffset, milliseconds(server_time) - sent);
  // The device was asleep, and its clock stood still.
  if (mostOffset < offset) mostOffset = sent === undefined ? Infinity : milliseconds(server_time) - sent;
}

/** How much earlier a deadline ends here: more if every answer has taken long. */
function early() {
  return mostOffset === Infinity ? EARLY : Math.max(EARLY, mostOffset - (offset ?? 0));
}

/** The service's time, in milliseconds since 1970. 0 before the first answer. */
export function serviceTime() {
  return offset === undefined ? 0 : performance.now() + offset;
}

/**
 * The whole seconds that are left until a deadline, at least 0. At most 3 too few, or as many as the
 * fastest answer has taken.
 *
 * @param {string | undefined} deadline RFC 3339.
 * @param {number} [time] The service's time.
 */
export function secondsLeft(deadline, time = serviceTime()) {
  if (!deadline || !time) return 0;
  return Math.max(0, Math.floor((milliseconds(deadline) - early() - time) / 1000));
}

/**
 * Whether a deadline has passed, for the page.
 *
 * @param {string | undefined} deadline RFC 3339.
 */
export function hasPassed(deadline) {
  return deadline !== undefined && secondsLeft(deadline) === 0;
}
